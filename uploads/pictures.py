"""Making a stranger's picture harmless: known by its first bytes, decoded in a jail, drawn anew."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

_ROOT = Path(__file__).resolve().parents[1]
_PROGRAM = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from uploads.jail import main; sys.exit(main())"
JAIL = (sys.executable, "-I", "-B", "-c", _PROGRAM)
SECONDS = 20.0
MAX_ANSWER = 24 * 1024**2
JPEG = b"\xff\xd8\xff"
# What an iPhone calls its own format; that of AVIF, which looks alike, is not among them.
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


class PictureRefused(Exception):
    """A file that is not taken; ``code`` makes the sentence at the edge."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG that we made ourselves. ``hints``: codes of what makes it hard to read (`looking`)."""

    body: bytes
    kind: str
    width: int
    height: int
    hints: tuple[str, ...] = ()


def kind_of(data: bytes) -> str:
    """JPEG, PNG, WEBP, HEIC or PDF by the first bytes; the name and the type that the sender gave count for nothing.

    Raises:
        PictureRefused: it is something else; the commonest are told apart, so that the sentence can help.
    """
    if not data:
        raise PictureRefused("empty")
    if data.startswith(JPEG):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return "HEIC"
    if b"%PDF-" in data[:1024]:
        return "PDF"
    raise PictureRefused("not_a_picture")


def remake(data: bytes) -> Picture:
    """The picture drawn anew by a process of its own, which has neither time, memory, files nor network to spare.

    Raises:
        PictureRefused: it is too large, damaged, animated beyond use, or costs more than a picture may.
    """
    header, _, body = ask(JAIL, data, seconds=SECONDS, most=MAX_ANSWER).partition(b"\n")
    try:
        said = json.loads(header)
        if "reason" in said:
            raise PictureRefused(str(said["reason"])[:40])
        picture = Picture(
            body, str(said["kind"]), int(said["width"]), int(said["height"]), tuple(map(str, said["hints"]))
        )
    except (ValueError, KeyError, TypeError) as error:
        # Killed for its time or memory: it said nothing, or not to the end.
        raise PictureRefused("too_costly") from error
    if not picture.body.startswith(JPEG) or len(picture.body) > MAX_ANSWER:
        raise PictureRefused("too_costly")
    return picture


def ask(jail: Sequence[str], data: bytes, *, seconds: float, most: int) -> bytes:
    """What a program in a jail says to some bytes, within a time by the clock and up to one byte more than allowed."""
    with subprocess.Popen(
        jail, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", env={}
    ) as child:
        timer = Timer(seconds, child.kill)
        timer.start()
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            with suppress(BrokenPipeError):  # it died, and what it said until then decides
                child.stdin.write(data)
                child.stdin.close()
            return child.stdout.read(most + 1)
        finally:
            timer.cancel()
            timer.join()
            child.kill()
