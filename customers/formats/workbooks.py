"""Taking in an Excel workbook: looked through, then read by a process of its own, and handed on as a tape."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Timer

from customers.decoding import FileRefused
from uploads.spreadsheets import WorkbookRefused, inspect_workbook

MAX_BYTES = 64 * 1024**2
SECONDS = 90.0
PIECE = 256 * 1024
SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")
_ROOT = Path(__file__).resolve().parents[2]
_JAIL = (
    sys.executable, "-I", "-B", "-c",
    f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from customers.formats.sheets import main; sys.exit(main())",
)  # fmt: skip


def tape_of_workbook(data: bytes) -> Iterator[bytes]:
    """The one sheet of a workbook, row by row; formulas count by the value that they had when the file was saved.

    Raises:
        FileRefused: with a code that begins with ``workbook_``.
    """
    if len(data) > MAX_BYTES:
        raise FileRefused("workbook_too_many_bytes", limit=MAX_BYTES // 1024**2)
    try:
        inspect_workbook(io.BytesIO(data))
    except WorkbookRefused as refused:
        raise FileRefused(f"workbook_{refused.code}", **refused.params) from refused
    yield from _ask(data)


def _ask(data: bytes) -> Iterator[bytes]:
    with subprocess.Popen(
        _JAIL, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/", env={}
    ) as child:
        timer = Timer(SECONDS, child.kill)
        timer.start()
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            assert child.stderr is not None
            with suppress(BrokenPipeError):  # it died, and what it said until then decides
                child.stdin.write(data)
                child.stdin.close()
            while piece := child.stdout.read(PIECE):
                yield piece
            said = child.stderr.read(PIECE)
            if child.wait():
                raise _refusal(said)
        finally:
            timer.cancel()
            timer.join()
            child.kill()


def _refusal(said: bytes) -> FileRefused:
    """What the child said, or, if it was killed for its time or memory, that."""
    try:
        params = json.loads(said.splitlines()[-1])
        return FileRefused(f"workbook_{params.pop('reason')}", **params)
    except (ValueError, IndexError, KeyError, AttributeError, TypeError):
        return FileRefused("workbook_too_costly")
