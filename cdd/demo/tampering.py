"""The last steps of the story: the trail is sealed and verified, altered by a superuser, caught, and exported."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import psycopg
from django.conf import settings

from audit.checkpoints import checkpoint_directory, trusted_keys
from audit.exporting import Wanted, export_trail
from audit.services import Actor
from audit.verifying import Verdict, verify
from cdd.demo.branches import Branch
from cdd.demo.looking import check, wait_for
from cdd.demo.steps import Done
from tenants.scoping import tenant_context

ALTERATION = "UPDATE audit_auditevent SET actor_id = %s WHERE id = %s"


@dataclass(frozen=True)
class Trail:
    """One bank's trail, as the verifier and as a superuser see it."""

    tenant_id: int

    def verified(self) -> Verdict:
        """Everything read again, against the checkpoints outside the database."""
        keys = trusted_keys(Path(settings.AUDIT_TRUSTED_KEYS_FILE))
        return verify(self.tenant_id, keys=keys, store=checkpoint_directory())

    def check_sealed(self) -> int:
        """The sealer has caught up, and what it sealed is what is there; returns how many entries were verified."""
        verdict = wait_for(self._sealed, 60, "the sealer to catch up")
        check(verdict.bad is None, f"the trail is not what was sealed: {verdict.bad}")
        check(verdict.checkpoints > 0, "nothing was signed")
        return verdict.verified

    def _sealed(self) -> Verdict | None:
        verdict = self.verified()
        return None if verdict.waiting or not verdict.size else verdict

    def check_tampering(self) -> int:
        """A superuser makes somebody else the author of a decision; the verifier names exactly that event."""
        with psycopg.connect(os.environ["SUPERUSER_URL"], autocommit=True) as superuser:
            row = superuser.execute(
                "SELECT e.id, e.actor_id, l.position FROM audit_auditevent e JOIN audit_leaf l ON l.event_id = e.id"
                " WHERE e.tenant_id = %s AND e.event = 'case.closed' AND e.actor_kind = 'user' ORDER BY e.id LIMIT 1",
                [self.tenant_id],
            ).fetchone()
            assert row is not None, "no decision is in the trail"
            event_id, actor_id, position = row
            superuser.execute(ALTERATION, ["1", event_id])
            try:
                bad = self.verified().bad
            finally:
                superuser.execute(ALTERATION, [actor_id, event_id])
        assert bad is not None, "the altered event was not found"
        check((bad.event_id, bad.position) == (event_id, position), f"found instead: {bad}")
        check(self.verified().bad is None, "the trail is not as before")
        return 1

    def check_export(self, now: datetime) -> int:
        """A stranger's computer: the package alone, Python isolated, another directory."""
        package = io.BytesIO()
        with tenant_context(self.tenant_id):
            exported = export_trail(
                tenant_id=self.tenant_id,
                wanted=Wanted(),
                keys=trusted_keys(Path(settings.AUDIT_TRUSTED_KEYS_FILE)),
                authority=_authority(),
                file=package,
                actor=Actor.system("demo"),
                now=now,
            )
        with tempfile.TemporaryDirectory() as place:
            ZipFile(package).extractall(place)
            command = [sys.executable, "-I", f"{place}/verify.py"]
            told = subprocess.run(command, cwd="/", env={}, capture_output=True, text=True, check=False)
            check(told.returncode == 0, f"verify.py: {told.stdout}{told.stderr}")
            check(told.stdout.startswith(f"OK: {exported.events} events"), f"verify.py: {told.stdout}")
        return exported.events


def steps_of_the_trail(now: datetime) -> list[tuple[str, Callable[[Branch], Done]]]:
    """The names of these steps in the story, and what each does for one bank."""
    return [
        (
            "Every event is sealed, verified against the checkpoints",
            lambda branch: Done(Trail(branch.tenant_id).check_sealed(), "entries verified"),
        ),
        (
            "An event altered by a superuser is found, by its number",
            lambda branch: Done(Trail(branch.tenant_id).check_tampering(), "forgery found"),
        ),
        (
            "A stranger verifies the exported trail offline",
            lambda branch: Done(Trail(branch.tenant_id).check_export(now), "events exported"),
        ),
    ]


def _authority() -> bytes:
    pem = settings.TIMESTAMP_AUTHORITY_CERTIFICATES
    return Path(pem).read_bytes() if pem and Path(pem).exists() else b""
