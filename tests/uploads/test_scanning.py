"""F2: the scanner's no is a no, and its silence is never a yes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.uploads.hostile import EICAR, photograph, zip_of
from uploads.scanning import ScannerUnavailable, scan


def test_a_harmless_file_is_found_harmless(running_clamd: str) -> None:
    verdict = scan(photograph(), socket=running_clamd)
    assert verdict.signature == ""
    assert verdict.scanner.startswith("ClamAV ")


@pytest.mark.parametrize(
    "data",
    [EICAR, photograph() + EICAR, zip_of("a.txt", EICAR), zip_of("b.zip", zip_of("a.txt", EICAR))],
    ids=["plain", "behind a picture", "packed", "packed twice"],
)
def test_the_test_virus_is_found(running_clamd: str, data: bytes) -> None:
    assert scan(data, socket=running_clamd).signature == "Keizoku.Test.Eicar.UNOFFICIAL"


def test_a_file_beyond_the_scanners_own_limit_has_no_verdict(running_clamd: str) -> None:
    with pytest.raises(ScannerUnavailable):
        scan(bytes(17 * 1024**2), socket=running_clamd)


@pytest.mark.parametrize("address", ["unix:///nowhere/clamd.sock", "tcp://127.0.0.1:1", "", "clamd", "http://clamd"])
def test_a_scanner_that_is_not_there_gives_no_verdict(address: str) -> None:
    with pytest.raises(ScannerUnavailable):
        scan(photograph(), socket=address)


@contextmanager
def impostor(place: Path, answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Speaks clamd's protocol as far as VERSION; what it says to INSTREAM is up to the test."""
    path = str(place / "impostor.sock")
    ends = threading.Event()
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as listening:
        listening.bind(path)
        listening.listen()

        def serve() -> None:
            for turn in range(2):
                connection = listening.accept()[0]
                with connection, connection.makefile("rb") as asked:
                    asked.readline()
                    if turn == 0:
                        connection.sendall(b"ClamAV 1.4.3\n")
                    else:
                        while size := int.from_bytes(asked.read(4)):
                            asked.read(size)
                        answer(connection)
                        ends.wait(0.1)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"unix://{path}"
        finally:
            ends.set()
            thread.join(10)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"stream: O",
        b"stream: OK",  # may go on: «OKasaVirus FOUND»
        b"stream: Keizoku.Test",
        b"stream: perhaps OK\n",
        b"stream: ERROR\n",
        b"INSTREAM size limit exceeded. ERROR\n",
        b"OK\n",
        b"other: OK\n",
        b"\xff\xfe\n",
        b"UNKNOWN COMMAND\n",
    ],
)
def test_an_answer_that_is_not_whole_and_clear_is_no_verdict(tmp_path: Path, said: bytes) -> None:
    with impostor(tmp_path, lambda connection: connection.sendall(said)) as address, pytest.raises(ScannerUnavailable):
        scan(photograph(), socket=address)


def test_the_same_impostor_is_believed_when_it_speaks_clearly(tmp_path: Path) -> None:
    """Positive control."""
    with impostor(tmp_path, lambda connection: connection.sendall(b"stream: OK\n")) as address:
        assert scan(photograph(), socket=address).signature == ""


def test_a_slow_scanner_gives_no_verdict(tmp_path: Path) -> None:
    began = time.monotonic()
    with impostor(tmp_path, lambda _: time.sleep(2)) as address, pytest.raises(ScannerUnavailable):
        scan(photograph(), socket=address, seconds=1)
    assert time.monotonic() - began < 5
