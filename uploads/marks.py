"""Making the picture of a mark harmless: a PNG drawn anew, small, in a jail (`marks_jail`)."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from uploads.pictures import PictureRefused, ask

MAX_BYTES = 500 * 1024
# Of what is kept: as large as sharp screens need for 36 points, and no more than a page's style sheet weighs.
SIDE = 144
MAX_ANSWER = 24 * 1024
SECONDS = 10.0
PNG = b"\x89PNG\r\n\x1a\n"
_ROOT = Path(__file__).resolve().parents[1]
_PROGRAM = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from uploads.marks_jail import main; sys.exit(main())"
_JAIL = (sys.executable, "-I", "-B", "-c", _PROGRAM)


@dataclass(frozen=True, slots=True)
class Mark:
    """A PNG that we made ourselves, at most `SIDE` pixels wide and high."""

    body: bytes
    width: int
    height: int


def remake_mark(data: bytes) -> Mark:
    """The mark drawn anew by a process of its own, without a byte of what came along with the pixels.

    Raises:
        PictureRefused: it is no PNG (drawings in SVG can hold programs), too large, damaged or too small to be seen.
    """
    if not data:
        raise PictureRefused("empty")
    if not data.startswith(PNG):
        raise PictureRefused("svg" if b"<svg" in data[:4096].lower() else "only_png")
    if len(data) > MAX_BYTES:
        raise PictureRefused("mark_too_large")
    header, _, body = ask(_JAIL, data, seconds=SECONDS, most=MAX_ANSWER + 1024).partition(b"\n")
    try:
        said = json.loads(header)
        if "reason" in said:
            raise PictureRefused(str(said["reason"])[:40])
        mark = Mark(body, int(said["width"]), int(said["height"]))
    except (ValueError, KeyError, TypeError) as error:
        # Killed for its time or memory: it said nothing, or not to the end.
        raise PictureRefused("too_costly") from error
    if not mark.body.startswith(PNG) or len(mark.body) > MAX_ANSWER:
        raise PictureRefused("mark_too_busy")
    return mark
