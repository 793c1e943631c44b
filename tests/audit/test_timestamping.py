"""An outside authority's stamp: asked for over HTTP, verified, kept beside the checkpoint; without it nothing waits."""

from __future__ import annotations

import io
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import psycopg
import pytest
from cryptography.x509 import load_pem_x509_certificates

from audit.exporting import Wanted, export_trail
from audit.models import AuditTimestamp
from audit.timestamping import Authority, NoTimestamp, stamp_heads, stamped_at
from audit.verifying import verify_timestamps
from sandbox import timestamping as sandbox_authority
from tenants.models import Tenant
from tenants.scoping import tenant_context
from tests.audit.conftest import Sealer, happen
from tests.audit.test_exporting import verifying
from tests.conftest import NOW, SYSTEM, Sandbox


@pytest.fixture
def authority(sandbox: Sandbox) -> Authority:
    """The sandbox's, over a real socket."""
    pem = (sandbox.data / sandbox_authority.AUTHORITY).read_bytes()
    return Authority(f"{sandbox.url}/tsa", load_pem_x509_certificates(pem))


def stamp(sealer: Sealer, authority: Authority) -> int:
    return stamp_heads(authority=authority, store=sealer.store, now=datetime.now(UTC))


def test_one_stamp_vouches_for_every_tenant(
    tenant: Tenant, other_tenant: Tenant, sealer: Sealer, authority: Authority, superuser: psycopg.Connection
) -> None:
    happen(tenant)
    happen(other_tenant)
    sealer.seal()

    count = stamp(sealer, authority)

    rows = superuser.execute("SELECT tenant_id, head, response FROM audit_timestamp ORDER BY tenant_id").fetchall()
    assert count == len(rows) >= 2
    assert len({(head, response) for _, head, response in rows}) == 1
    for tenant_id, head, response in rows:
        latest, bad = verify_timestamps(tenant_id, roots=authority.roots)
        assert bad is None
        assert latest is not None
        assert abs(datetime.now(UTC) - latest) < timedelta(minutes=1)
        folder = sealer.store.place / str(tenant_id)
        assert [path.read_bytes() for path in sorted(folder.glob("*.tsr"))] == [response]
        assert [path.read_text() for path in sorted(folder.glob("*.head"))] == [head]
    assert stamp(sealer, authority) == 0, "what is stamped is not stamped again"
    happen(tenant)
    sealer.seal()
    assert stamp(sealer, authority) == 1


CHANGES = {
    "path": "set_byte(path, 0, get_byte(path, 0) # 1)",
    "head": "replace(head, E'heads\\n', E'heads\\n1')",
    "response": "set_byte(response, 400, get_byte(response, 400) # 1)",
}


@pytest.mark.parametrize("column", CHANGES)
def test_a_stamp_that_was_tampered_with_is_named(
    tenant: Tenant,
    other_tenant: Tenant,
    sealer: Sealer,
    authority: Authority,
    superuser: psycopg.Connection,
    column: str,
) -> None:
    happen(tenant)
    happen(other_tenant)
    sealer.seal()
    stamp(sealer, authority)
    assert verify_timestamps(tenant.pk, roots=authority.roots)[1] is None
    superuser.execute(f"UPDATE audit_timestamp SET {column} = {CHANGES[column]}")
    bad = verify_timestamps(tenant.pk, roots=authority.roots)[1]
    assert bad is not None
    assert "the timestamp of the checkpoint of size" in bad.problem


def test_a_stamp_of_another_authority_does_not_hold(authority: Authority, tmp_path: Path) -> None:
    sandbox_authority.prepare(tmp_path)
    other = load_pem_x509_certificates((tmp_path / sandbox_authority.AUTHORITY).read_bytes())
    response = authority.stamp(b"what is stamped")
    assert stamped_at(response, b"what is stamped", authority.roots)
    with pytest.raises(NoTimestamp, match="does not hold"):
        stamped_at(response, b"what is stamped", other)
    with pytest.raises(NoTimestamp, match="does not hold"):
        stamped_at(response, b"something else", authority.roots)


@pytest.mark.parametrize("path", ["/nowhere", "/control/summary"])
def test_an_authority_that_fails_writes_nothing_and_delays_nothing(
    tenant: Tenant, sealer: Sealer, authority: Authority, superuser: psycopg.Connection, path: str
) -> None:
    happen(tenant)
    sealer.seal()
    broken = Authority(authority.url.replace("/tsa", path), authority.roots)
    with pytest.raises(NoTimestamp, match="did not answer"):
        stamp(sealer, broken)
    assert not AuditTimestamp.objects.using("sealer").exists()
    happen(tenant)
    assert sealer.seal().events == 1


def test_a_stranger_verifies_the_stamp_with_our_program_and_with_openssl(
    tenant: Tenant, other_tenant: Tenant, sealer: Sealer, authority: Authority, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A8."""
    happen(tenant)
    happen(other_tenant)
    sealer.seal(datetime.now(UTC) - timedelta(days=1))
    stamp(sealer, authority)
    happen(tenant)
    sealer.seal()
    file, place = io.BytesIO(), tmp_path / "export"
    with tenant_context(tenant.pk):
        export_trail(
            tenant_id=tenant.pk,
            wanted=Wanted(),
            keys=[sealer.key.public_key()],
            authority=(sandbox.data / sandbox_authority.AUTHORITY).read_bytes(),
            file=file,
            actor=SYSTEM,
            now=NOW,
        )
    ZipFile(file).extractall(place)

    code, told = verifying(place)
    assert (code, "; stamped by an authority at 20" in told) == (0, True), told
    parts = ["-data", "timestamp-head.txt", "-in", "timestamp.tsr", "-CAfile", "timestamp-authority.pem"]
    done = subprocess.run(["openssl", "ts", "-verify", *parts], cwd=place, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout + done.stderr

    original = (place / "timestamp.tsr").read_bytes()
    for at in range(40, len(original), len(original) // 6):
        flipped = bytearray(original)
        flipped[at] ^= 1
        (place / "timestamp.tsr").write_bytes(flipped)
        code, told = verifying(place)
        assert (code, "timestamp.tsr" in told) == (1, True), (at, told)
