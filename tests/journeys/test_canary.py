"""P1: marked people through the whole story with real processes, then everything on disk is searched for them."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import httpx
import psycopg
import pytest
import redis

from cdd.demonstration import SERVER_VARIABLES, _start
from cdd.machine import only_one
from cdd.processes import Process
from cdd.servers import EmbeddedServers
from tests.journeys.canary_story import ADDRESS, EMAIL, KANA, NAME

# The bank's own file and the providers are other people's houses.
ELSEWHERE = ("sandbox", "books", "logs/sandbox.log")


def forms_of(secret: str) -> dict[str, bytes]:
    """How a value may look when it has been copied somewhere without thinking."""
    utf8 = secret.encode()
    forms = {
        "utf-8": utf8,
        "utf-16": secret.encode("utf-16-le"),
        "hex": utf8.hex().encode(),
        "percent": quote(secret).encode(),
        "escape": secret.encode("unicode_escape"),
    }
    if not secret.isascii():
        forms |= {"cp932": secret.encode("cp932"), "cp932 hex": secret.encode("cp932").hex().encode()}
        forms["half width"] = half_width(secret)
    forms["bytes"] = "".join(f"\\x{byte:02x}" for byte in utf8).encode()
    for inner in ("utf-8", "escape"):  # Celery's messages are JSON inside base64
        for shift in range(3):
            coded = base64.b64encode(b"\0" * shift + forms[inner])
            # What stands at the ends depends on the neighbours.
            forms[f"base64 of {inner} +{shift}"] = coded[4 if shift else 0 : -4]
    return forms


def half_width(secret: str) -> bytes:
    return secret.translate(str.maketrans("カナリヤムシノ", "ｶﾅﾘﾔﾑｼﾉ")).encode()


NEEDLES = {(secret, name): form for secret in (NAME, KANA, ADDRESS, EMAIL) for name, form in forms_of(secret).items()}


def hits(root: Path) -> set[tuple[str, str, str]]:
    """(file, value, form) of every needle that lies in clear under a directory; percent and hex in either case."""
    found = set()
    for path in sorted(root.rglob("*")):
        place = path.relative_to(root).as_posix()
        if not path.is_file() or path.is_symlink() or place.startswith(ELSEWHERE):
            continue
        content = path.read_bytes()
        folded = content.lower()
        found |= {
            (place, secret, name)
            for (secret, name), form in NEEDLES.items()
            if form in content or (name in {"percent", "hex", "cp932 hex", "escape"} and form.lower() in folded)
        }
    return found


class Listener:
    """Writes down every command that Valkey is given: Celery's messages, whatever becomes of them."""

    def __init__(self, url: str, file: Path) -> None:
        self.file = file
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(unquote(urlsplit(url).path))
        self.socket.sendall(b"MONITOR\r\n")
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def _listen(self) -> None:
        with self.file.open("wb", buffering=0) as out:
            while heard := self.socket.recv(65_536):
                out.write(heard)

    def stop(self) -> None:
        """Hang up."""
        if self.thread.is_alive():
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.socket.close()


@pytest.fixture
def place() -> Iterator[Path]:
    """A data directory that the servers' account can enter."""
    place = Path(tempfile.mkdtemp(prefix="keizoku-canary-"))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.mark.slow
def test_nobodys_name_lies_in_clear_anywhere(place: Path) -> None:
    """P1, P6: logs, database log and files, Valkey and its messages, temporary files, error pages; then controls."""
    with ExitStack() as stack:
        stack.enter_context(only_one(place))
        servers = EmbeddedServers(place / "servers", durable=False)
        stack.callback(servers.remove)
        given = {name: value for name, value in os.environ.items() if name not in SERVER_VARIABLES}
        temporary = place / "tmp"
        temporary.mkdir(mode=0o1777)
        given["TMPDIR"] = str(temporary)
        _, supervisor, environment = _start(stack, place, given, with_books=False, servers=servers)
        valkey = redis.Redis.from_url(environment["REDIS_URL"])
        heard = place / "valkey-commands"
        listener = Listener(environment["REDIS_URL"], heard)
        stack.callback(listener.stop)
        told = Process("story", [sys.executable, "-m", "tests.journeys.canary_story"], environment)
        assert supervisor.run(told) == 0
        assert heard.read_bytes().count(b"channels.tasks.dispatch_due") > 5, "control: messages were heard"
        for path in (f"/{NAME}/", f"/customers/{KANA}/", f"/sign-in/?next={ADDRESS}"):
            assert NAME not in httpx.get(environment["WEB_URL"] + quote(path)).text.replace(quote(NAME), "")
        superuser = stack.enter_context(psycopg.connect(environment["SUPERUSER_URL"], autocommit=True))
        assert superuser.execute("SELECT count(*) FROM customers_customer").fetchone() == (210,), "control"
        keep_everything(superuser, valkey, servers, place)
        assert hits(place) == set()
        plant(superuser, valkey, place)
        keep_everything(superuser, valkey, servers, place)
        planted = {file for file, _, _ in hits(place)}
        assert {"logs/control.log", "tmp/upload", "valkey-dump"} <= planted
        assert any(file.startswith("servers/postgres/data/") for file in planted)


def keep_everything(superuser: psycopg.Connection, valkey: redis.Redis, servers: EmbeddedServers, place: Path) -> None:
    """Have what is only in memory written to where it can be searched."""
    superuser.execute("CHECKPOINT")
    dump = place / "valkey-dump"
    with dump.open("wb") as out:
        for key in valkey.scan_iter():
            out.write(key + b"\n" + (valkey.dump(key) or b"") + b"\n")


def plant(superuser: psycopg.Connection, valkey: redis.Redis, place: Path) -> None:
    """Do what must never be done, in each place."""
    (place / "logs" / "control.log").write_text(f"customer {NAME} not found".encode().hex())
    (place / "tmp" / "upload").write_bytes(KANA.encode("cp932"))
    valkey.set("task", base64.b64encode(f'["{ADDRESS}"]'.encode()))
    superuser.execute("CREATE TABLE control (name text)")
    superuser.execute("INSERT INTO control VALUES (%s)", [NAME])
