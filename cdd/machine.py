"""What this machine gives our processes: servers when none are named, keys, a data directory."""

import fcntl
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from cdd.servers import EmbeddedServers
from cdd.servers.embedded import CHECKOUT
from cdd.servers.places import make_directory, write_private

console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


class CannotRun(Exception):
    """Why the command cannot run here, and what to do about it."""


def django(*command: str) -> list[str]:
    """The command line of a Django command."""
    return [sys.executable, str(CHECKOUT / "manage.py"), *command]


def data_directory() -> Path:
    """DATA_DIR, or `.data` in the checkout."""
    data = Path(os.environ.get("DATA_DIR") or CHECKOUT / ".data").absolute()
    # Others may pass through but not look around: the embedded servers may run as another account.
    make_directory(data, mode=0o711)
    return data


@contextmanager
def environment_on(
    data: Path, given: Mapping[str, str], servers: EmbeddedServers | None = None
) -> Iterator[dict[str, str]]:
    """The environment of our processes: what is given, completed with embedded servers and keys kept in `data`.

    Raises CannotRun in production, where nothing is made up.
    """
    environment = {**given, "DATA_DIR": str(data), "PYTHONPATH": str(CHECKOUT)}
    environment.setdefault("DJANGO_SETTINGS_MODULE", "cdd.settings")
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not environment.get(name)]
    if environment.get("KEIZOKU_ENV") == "production":
        if missing:
            raise CannotRun(f"Set {' and '.join(missing)}: the embedded servers are not for production.")
        yield environment
        return
    if not environment.get("SECRET_KEY"):
        environment["SECRET_KEY"] = _secret_key(data)
    if not environment.get("KEK") and not environment.get("KEK_FILE"):
        environment["KEK_FILE"] = str(_key_file(data))
    if not missing:
        yield environment
        return
    with servers or EmbeddedServers(data / "servers") as running:
        offered = running.environment()
        if "DATABASE_URL" not in missing:
            offered = {"REDIS_URL": offered["REDIS_URL"], "EMBEDDED": "1"}
        elif "REDIS_URL" not in missing:
            del offered["REDIS_URL"]
        yield {**environment, **offered}


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Holds the place: a second demonstration on the same data is told so. The lock ends with the process."""
    make_directory(data, mode=0o711)
    with (data / "demonstration.lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRun(
                f"A demonstration already runs on {data}. Stop it with Ctrl-C, or set DATA_DIR to another directory."
            ) from None
        yield


def _secret_key(data: Path) -> str:
    path = data / "secret-key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48))
    return path.read_text()


def _key_file(data: Path) -> Path:
    path = data / "kek"
    if not path.exists():
        write_private(path, secrets.token_bytes(32))
    return path
