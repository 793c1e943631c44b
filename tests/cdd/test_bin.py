"""The commands in bin/, the settings file and the compose file keep what they promise."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdd.demonstration import SEALER_VARIABLES, SERVER_VARIABLES, WORKERS, Addresses

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = [path for path in (ROOT / "bin").rglob("*") if path.is_file()]
NOT_COPIED = shutil.ignore_patterns(".*", "tests", "docs", "__pycache__")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that every account can enter, with a space in its name."""
    place = Path(tempfile.mkdtemp(prefix="keizoku in a "))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place)


def write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def in_setup(code: str, *, root: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run shell code as a command in bin/ would, with its set-up sourced."""
    return subprocess.run(
        ["/bin/sh", "-euc", f'. "{root}/bin/lib/setup.sh"\n{code}', f"{root}/bin/test"],
        env={"PATH": os.defpath, "HOME": "/nowhere", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return services


def example_names() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_plain_posix_shell(script: Path) -> None:
    subprocess.run(["/bin/sh", "-n", str(script)], check=True)
    assert script.read_text().startswith("#!/bin/sh\n") or script.parent.name == "lib"
    assert os.access(script, os.X_OK) is (script.parent.name == "bin")


def test_ci_runs_the_two_commands_a_newcomer_runs() -> None:
    script = ROOT / ".ci" / "run"
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert os.access(script, os.X_OK)
    lines = script.read_text().splitlines()
    assert any(line.startswith("bin/test ") for line in lines)
    assert any(line.startswith("bin/demo --check") for line in lines)


def test_a_python_that_is_on_path_but_does_not_run_is_passed_over(tmp_path: Path) -> None:
    for name in ("python3.13", "python3.14"):
        write_program(tmp_path / name, "echo 'pyenv: command not found' >&2; exit 127")
    write_program(tmp_path / "python3.12", f'exec "{sys.executable}" "$@"')
    path = f"{tmp_path}:{os.defpath}"
    assert in_setup("find_python", PATH=path).stdout.strip() == f"{tmp_path}/python3.12"


def test_a_python_too_old_is_passed_over_and_the_one_of_pyenv_found(tmp_path: Path) -> None:
    for name in ("python3.13", "python3.14", "python3.12", "python3"):
        write_program(tmp_path / "bin" / name, "exit 1")
    kept = tmp_path / "pyenv" / "versions" / "3.13.9" / "bin" / "python3"
    write_program(kept, f'exec "{sys.executable}" "$@"')
    found = in_setup("find_python", PATH=f"{tmp_path}/bin:{os.defpath}", PYENV_ROOT=f"{tmp_path}/pyenv")
    assert found.stdout.strip() == str(kept)
    without = in_setup("find_python", PATH=f"{tmp_path}/bin:{os.defpath}", PYENV_ROOT="/nowhere")
    assert without.stdout.strip() == "3.13", "uv is asked to fetch one"


def test_without_rights_the_exact_command_to_type_is_printed(tmp_path: Path) -> None:
    for tool in ("dirname", "cat", "id", "head"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or "")
    result = in_setup("ensure_system test", PATH=str(tmp_path))
    assert result.returncode == 1
    assert (
        "apt-get install --no-install-recommends fontconfig fonts-morisawa-bizud-gothic fonts-wqy-microhei"
        " fonts-lohit-deva fonts-dejavu-core openssl chromium" in result.stderr
    )


def test_commands_work_from_a_copy_whose_path_has_spaces(place: Path) -> None:
    copy = place / "check out"
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
    write_program(copy / ".venv" / "bin" / "python", f'exec "{sys.executable}" "$@"')
    stamp = in_setup("stamp_of run", root=copy)
    assert str(copy) in stamp.stdout
    (copy / ".venv" / ".made-from").write_text(stamp.stdout)
    code = (
        "from django.db import connection; connection.ensure_connection(); of = connection.settings_dict;"
        " print(of['USER'], of['HOST'])"
    )
    done = subprocess.run(
        [str(copy / "bin" / "manage"), "shell", "--no-imports", "-c", code],
        cwd="/",
        env={"PATH": os.environ["PATH"], "HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"keizoku_app {copy / '.data' / 'servers' / 'run'}"
    assert not (copy / ".data" / "servers" / "run" / ".s.PGSQL.5432").exists(), "the servers stopped with the command"


def test_the_first_command_on_a_new_database_makes_its_tables(place: Path) -> None:
    named = {
        "DATABASE_URL", "DATABASE_OWNER_URL", "KEYS_DATABASE_URL", "KEYS_DATABASE_OWNER_URL", "REDIS_URL", "EMBEDDED",
        "KEK", "KEK_FILE",
    }  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if name not in named}
    for is_first in (True, False):
        done = subprocess.run(
            [sys.executable, "-m", "cdd.run", "manage", "check_tenancy"],
            cwd=ROOT,
            env=environment | {"DATA_DIR": str(place / "data")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout.strip()) == (0, "Tenancy: every table is guarded."), done.stderr
        assert ("The database is new" in done.stderr) == is_first


def test_production_refuses_the_embedded_servers(place: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "cdd.run", "manage", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "KEIZOKU_ENV": "production", "DATA_DIR": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "Set DATABASE_URL and REDIS_URL" in result.stderr


def test_two_demonstrations_never_choose_the_same_port() -> None:
    one, other = Addresses(), Addresses()
    try:
        assert not set(one.environment().values()) & set(other.environment().values())
        one.release()
        socket.create_server(("127.0.0.1", one.web_port)).close()
    finally:
        one.release()
        other.release()


def test_every_setting_that_is_read_is_in_the_example_with_a_sentence() -> None:
    read: set[str] = set()
    for path in [*ROOT.glob("*/*.py"), *ROOT.glob("*/*/*.py")]:
        if path.is_relative_to(ROOT / "tests") or path.parts[len(ROOT.parts)].startswith("."):
            continue
        text = path.read_text(encoding="utf-8")
        read |= set(re.findall(r"\benv\.(?:text|boolean|integer|words|choice)\(\s*\"([A-Z_]+)\"", text))
    assert len(read) > 10
    assert read <= example_names()
    lines = (ROOT / ".env.example").read_text().splitlines()
    for before, line in pairwise(lines):
        if re.match(r"[A-Z_]+=", line):
            assert before.startswith("# ") or re.match(r"[A-Z_]+=", before), line


def test_the_compose_file_asks_only_for_what_the_example_has() -> None:
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert asked
    assert asked <= example_names()


def test_only_migrations_may_sign_in_as_the_owner_in_containers() -> None:
    for variable in ("DATABASE_OWNER_URL", "KEYS_DATABASE_OWNER_URL"):
        holders = {name for name, service in compose().items() if variable in service.get("environment", {})}
        assert holders == {"migrate"}


def test_customers_keys_live_apart_from_what_they_open_in_containers() -> None:
    """Their back-ups are to be deleted sooner: a volume of their own is what makes that possible."""
    mounts = {name: service["volumes"] for name, service in compose().items() if name in ("postgres", "keys")}
    assert not set(mounts["postgres"]) & set(mounts["keys"])
    assert "@keys/" in compose()["web"]["environment"]["KEYS_DATABASE_URL"]


def test_only_the_sealer_holds_its_role_and_its_key_in_containers() -> None:
    for name in ("DATABASE_SEALER_URL", "AUDIT_SIGNING_KEY_FILE"):
        holders = {service for service, parts in compose().items() if name in parts.get("environment", {})}
        assert holders == {"sealer"}, name
    mounts = {name: " ".join(service.get("volumes", [])) for name, service in compose().items()}
    assert {name for name, volumes in mounts.items() if "signing-key:" in volumes} == {"sealer"}
    assert {name for name, volumes in mounts.items() if "keizoku-checkpoints" in volumes} == {"sealer"}


def test_the_demonstration_gives_the_sealers_secrets_to_nobody_else() -> None:
    assert set(SEALER_VARIABLES) == {"DATABASE_SEALER_URL", "AUDIT_SIGNING_KEY_FILE"}
    assert set(SEALER_VARIABLES) < set(SERVER_VARIABLES)


def test_every_queue_has_a_worker_in_the_demonstration_and_in_containers() -> None:
    from cdd.celery import app

    routed = {route["queue"] for route in app.conf.task_routes.values()} | {app.conf.task_default_queue}
    assert {queue for queues, _ in WORKERS.values() for queue in queues.split(",")} == routed
    commands = [compose()[name]["command"] for name in WORKERS]
    served = {queue for command in commands for queue in command[command.index("--queues") + 1].split(",")}
    assert served == routed
