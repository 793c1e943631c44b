"""A real virus scanner with one signature of our own, and what people send."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.uploads.hostile import EICAR


@pytest.fixture(scope="session")
def running_clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """clamd with a signature of the EICAR test file, for the whole run; nothing is downloaded."""
    place = tmp_path_factory.mktemp("clamd")
    (place / "db").mkdir()
    (place / "db" / "own.ndb").write_text(f"Keizoku.Test.Eicar:0:*:{EICAR.hex()}\n")
    config = place / "clamd.conf"
    config.write_text(
        f"LocalSocket {place}/clamd.sock\nDatabaseDirectory {place}/db\nForeground yes\n"
        "SelfCheck 0\nMaxThreads 2\nStreamMaxLength 16M\n"
    )
    with (place / "log").open("wb") as log:
        command = ["/usr/sbin/clamd", f"--config-file={config}"]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(place / "clamd.sock", process)
        yield f"unix://{place}/clamd.sock"
    finally:
        process.kill()
        process.wait(10)


def _wait_for(socket: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if socket.exists():
            return
        assert process.poll() is None, (socket.parent / "log").read_text()[-500:]
        time.sleep(0.05)
    raise AssertionError("clamd did not become ready within 30 seconds.")


@pytest.fixture
def clamd(running_clamd: str, settings: Settings) -> str:
    """The scanner, with the product pointed at it."""
    settings.CLAMAV_SOCKET = running_clamd
    settings.UPLOAD_SCAN = "required"
    return running_clamd
