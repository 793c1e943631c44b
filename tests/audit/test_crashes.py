"""A6: a sealer that is killed at any step leaves neither a gap nor a fork, and the next one finishes what it began."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import psycopg
import pytest

from audit.checkpoints import CheckpointDirectory, trusted_keys
from audit.verifying import verify
from tenants.models import Tenant
from tests.audit.conftest import happen
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

# Runs the real command and kills it, as the system would, the moment it does the given thing for the n-th time. A
# process of its own for each line it reads, forked from one that has started already; answers with how each ended.
KILLED_AT = """
import os, signal, sys
import django
django.setup()
for line in sys.stdin:
    kind, number = line.rsplit(" ", 1)
    n = int(number)
    if (child := os.fork()) == 0:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
def count():
    global n
    n -= 1
    if n == 0:
        os.kill(os.getpid(), signal.SIGKILL)
def watch(event, arguments):
    if event == kind and "checkpoints" in str(arguments[0]):
        count()
sys.addaudithook(watch)
import psycopg
execute = psycopg.Cursor.execute
def counted(self, *arguments, **options):
    if kind == "before statement":
        count()
    result = execute(self, *arguments, **options)
    if kind == "after statement":
        count()
    return result
for name in ("Cursor", "ClientCursor"):
    getattr(psycopg, name).execute = counted
commit = psycopg.Connection.commit
def committed(self):
    if kind == "before commit":
        count()
    commit(self)
    if kind == "after commit":
        count()
psycopg.Connection.commit = committed
from django.core.management import call_command
call_command("seal_audit", "--once")
"""
STEPS = [
    *(("before statement", n) for n in (2, 4, 6, 8)),
    *(("after statement", n) for n in (5, 7, 9)),
    ("before commit", 1),
    ("after commit", 1),
    ("os.link", 1),
    ("os.chmod", 1),
    ("os.remove", 1),
]


@pytest.fixture
def environment(process_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A sealer of its own."""
    return {
        **process_environment,
        "AUDIT_CHECKPOINTS": str(tmp_path / "checkpoints"),
        "AUDIT_SIGNING_KEY_FILE": str(tmp_path / "key"),
        "AUDIT_TRUSTED_KEYS_FILE": str(tmp_path / "trusted"),
    }


def test_killed_at_any_step_it_leaves_no_gap_and_no_fork(
    tenant: Tenant, environment: dict[str, str], tmp_path: Path, superuser: psycopg.Connection
) -> None:
    ends = []
    sealers = subprocess.Popen(
        [sys.executable, "-c", KILLED_AT], cwd=ROOT, env=environment, stdin=PIPE, stdout=PIPE, text=True
    )
    with sealers as process:
        assert process.stdin
        assert process.stdout
        for kind, n in STEPS:
            happen(tenant, 3)
            print(kind, n, file=process.stdin, flush=True)
            ends.append(process.stdout.readline().strip())
    assert set(ends) <= {"0", "-9"}, "what it said stands above"
    assert ends.count("-9") >= len(STEPS) - 3, "control: it is really killed"

    finishing = [sys.executable, "manage.py", "seal_audit", "--once"]
    subprocess.run(finishing, cwd=ROOT, env=environment, check=True, capture_output=True)

    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    keys, store = trusted_keys(tmp_path / "trusted"), CheckpointDirectory(tmp_path / "checkpoints")
    verdict = verify(tenant.pk, keys=keys, store=store)
    assert (verdict.bad, verdict.waiting) == (None, 0)
    (events,) = superuser.execute(
        "SELECT count(*) FROM audit_auditevent WHERE tenant_id = %s", [tenant.pk]
    ).fetchone() or (0,)
    assert verdict.size == events
    (checkpoints,) = superuser.execute(
        "SELECT count(*) FROM audit_checkpoint WHERE tenant_id = %s", [tenant.pk]
    ).fetchone() or (0,)
    assert len(list(store.of(tenant.pk))) == checkpoints == verdict.checkpoints


def test_the_command_line_names_the_altered_event_and_ends_with_one(
    tenant: Tenant, environment: dict[str, str], tmp_path: Path, superuser: psycopg.Connection
) -> None:
    happen(tenant, 2)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert run("seal_audit", "--once").returncode == 0
    sound = run("audit_verify")
    assert (sound.returncode, "The audit trail is what was sealed." in sound.stdout) == (0, True), sound.stderr
    exported = run("audit_export", "--tenant", "asanagi", "--output", str(tmp_path / "trail.zip"))
    assert (exported.returncode, (tmp_path / "trail.zip").is_file()) == (0, True), exported.stderr

    (event_id,) = superuser.execute("SELECT max(id) FROM audit_auditevent").fetchone() or (0,)
    superuser.execute(
        "UPDATE audit_auditevent SET actor_id = 'x' WHERE event = 'tenant.examined' AND id < %s", [event_id]
    )
    (first,) = superuser.execute(
        "SELECT min(id) FROM audit_auditevent WHERE event = 'tenant.examined' AND tenant_id = %s", [tenant.pk]
    ).fetchone() or (0,)
    found = run("audit_verify", "--tenant", "asanagi", "--checkpoints", str(tmp_path / "checkpoints"))
    assert found.returncode == 1
    assert f"event {first}: the event is not what was sealed" in found.stderr
