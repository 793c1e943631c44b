"""A8: a stranger verifies an export with nothing of ours, and one flipped bit in any file is named."""

from __future__ import annotations

import base64
import io
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import notes
from audit.exporting import Exported, NothingSealed, Wanted, export_trail
from audit.models import AuditEvent
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.audit.conftest import Sealer, happen
from tests.conftest import NOW, SYSTEM

type Export = Callable[..., tuple[Path, Exported]]


def verifying(place: Path, *arguments: str) -> tuple[int, str]:
    """The export's own program, isolated, somewhere else, with nothing of ours on its path."""
    command = [sys.executable, "-I", str(place / "verify.py"), *arguments]
    done = subprocess.run(command, cwd="/", env={}, capture_output=True, text=True, check=False)
    assert done.stderr == "", done.stderr
    return done.returncode, done.stdout


@pytest.fixture
def export(tenant: Tenant, sealer: Sealer, tmp_path: Path, superuser: psycopg.Connection) -> Export:
    """20 entries sealed on three days; returns what makes an export and unpacks it."""
    superuser.execute("DELETE FROM audit_auditevent")
    for days, times in ((2, 6), (1, 7), (0, 6)):
        happen(tenant, times)
        happen(tenant, 1 if days == 1 else 0, event="tenant.odd", text='"\\ \x01 日本')
        sealer.seal(datetime.now(UTC) - timedelta(days=days))

    def make(**wanted: object) -> tuple[Path, Exported]:
        place, file = tmp_path / f"export-{random.random()}", io.BytesIO()
        with tenant_context(tenant.pk):
            exported = export_trail(
                tenant_id=tenant.pk,
                wanted=Wanted(**wanted),  # type: ignore[arg-type]  # fields, whichever
                keys=[sealer.key.public_key()],
                authority=b"",
                file=file,
                actor=SYSTEM,
                now=NOW,
            )
        ZipFile(file).extractall(place)
        return place, exported

    return make


def test_a_stranger_verifies_the_whole_trail(export: Export, sealer: Sealer, tenant: Tenant) -> None:
    place, exported = export()
    key = base64.b64encode(notes.raw_key(sealer.key.public_key())).decode()

    assert exported == Exported(events=20, size=20)
    told = "OK: 20 events of a trail of 20 entries; 2 earlier checkpoints; no timestamp\n"
    assert verifying(place) == verifying(place, "--key", key) == (0, told)
    lines = (place / "events.jsonl").read_text(encoding="utf-8").splitlines()
    with tenant_scope(tenant.pk):
        assert [json.loads(line)[0] for line in lines] == list(
            AuditEvent.objects.filter(pk__in=[json.loads(line)[0] for line in lines])
            .order_by("id")
            .values_list("pk", flat=True)
        )
    assert "verify.py" in (place / "README.txt").read_text(encoding="utf-8")
    with tenant_scope(tenant.pk):
        event = AuditEvent.objects.latest("id")
    assert (event.event, event.data["count"]) == ("auditcheckpoint.exported", 20)


def test_a_part_is_proven_to_be_of_the_whole(export: Export, tenant: Tenant) -> None:
    place, exported = export(event="tenant.odd")

    assert exported == Exported(events=1, size=20)
    assert verifying(place)[1].startswith("OK: 1 events of a trail of 20 entries")
    assert len((place / "proofs.jsonl").read_text().splitlines()) < 10
    assert verifying(export(target=str(tenant.pk))[0])[0] == 0
    assert verifying(export(target="nothing")[0])[1].startswith("OK: 0 events of a trail of 20")
    assert export(since=NOW, until=NOW + timedelta(seconds=1))[1].events == 20
    assert export(until=NOW)[1].events == 0


def test_another_key_than_the_one_given_is_refused(export: Export) -> None:
    other = base64.b64encode(notes.raw_key(Ed25519PrivateKey.generate().public_key())).decode()
    assert verifying(export()[0], "--key", other) == (1, "FAILED: public-key.txt: not the key you were given\n")


def test_one_flipped_bit_in_any_file_is_named(export: Export, tmp_path: Path) -> None:
    """A8: wherever it is, the file that holds it (or what it contradicts) is named."""
    place, _ = export()
    dice = random.Random(8)
    for name in sorted(path.name for path in place.iterdir()):
        damaged = tmp_path / "damaged"
        shutil.copytree(place, damaged)
        content = bytearray((damaged / name).read_bytes())
        at = dice.randrange(len(content)) if name != "verify.py" else content.index(b"1. checkpoint")
        content[at] ^= 1 << dice.randrange(5 if name != "verify.py" else 1)
        (damaged / name).write_bytes(content)

        code, told = verifying(damaged)

        assert code == 1, (name, at)
        assert told.startswith("FAILED: "), (name, at, told)
        blamed = {"SHA256SUMS": "SHA256SUMS", "public-key.txt": "key", "checkpoint.txt": "checkpoint"}
        assert blamed.get(name, name) in told, (name, at, told)
        shutil.rmtree(damaged)


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_forger_who_recomputes_hashes_is_found_at_the_root(export: Export) -> None:
    """Whoever changes an event and its proof meets the root, whoever changes that meets the signature."""
    from audit.merkle import leaf_hash

    place, _ = export()
    lines = (place / "events.jsonl").read_bytes().splitlines()
    forged = lines[6].replace(b"system", b"user")
    (place / "events.jsonl").write_bytes(b"\n".join([*lines[:6], forged, *lines[7:], b""]))
    assert "events.jsonl, line 7: event" in verifying(place)[1]
    was, becomes = (base64.b64encode(leaf_hash(line)).decode() for line in (lines[6], forged))
    replaced(place / "proofs.jsonl", was, becomes)
    assert verifying(place)[1] == "FAILED: proofs.jsonl: its hashes do not lead to the root in checkpoint.txt\n"


def test_dropped_and_added_lines_are_found(export: Export) -> None:
    place, _ = export()
    content = (place / "events.jsonl").read_bytes()
    lines = content.splitlines(keepends=True)
    (place / "events.jsonl").write_bytes(content + lines[0])
    assert verifying(place)[1] == "FAILED: events.jsonl, line 21: an event that no proof knows\n"
    (place / "events.jsonl").write_bytes(b"".join(lines[:3] + lines[4:]))
    assert "events.jsonl, line 4: event" in verifying(place)[1]
    (place / "events.jsonl").write_bytes(content)
    (place / "checkpoint.txt").unlink()
    assert verifying(place)[1] == "FAILED: checkpoint.txt: No such file or directory\n"


def test_nothing_sealed_is_nothing_to_export(tenant: Tenant, other_tenant: Tenant, sealer: Sealer) -> None:
    with tenant_context(tenant.pk), pytest.raises(NothingSealed):
        export_trail(
            tenant_id=tenant.pk,
            wanted=Wanted(),
            keys=[],
            authority=b"",
            file=io.BytesIO(),
            actor=SYSTEM,
            now=NOW,
        )
