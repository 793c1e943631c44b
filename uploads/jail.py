"""The program inside the jail: one untrusted picture in, a new JPEG of the same pixels out.

Run as a process of its own, of which nothing is left afterwards. Reads the picture from standard input, writes one
line of JSON and, if it went well, the new picture to standard output. Knows neither Django nor models.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import resource
import sys
import warnings
from contextlib import suppress

# Everything that needs a file is loaded before the doors close.
import pillow_heif
from PIL import Image, MpoImagePlugin, WebPImagePlugin  # noqa: F401  # as said above

from uploads.confining import allow_only_threads
from uploads.looking import hints_about

MIB = 1024**2
ADDRESS_SPACE = 1_024 * MIB
CPU_SECONDS = 10
MAX_PIXELS = 40_000_000
# Paper of A4 at 300 dots an inch has 3,508: more shows nothing more.
LONGEST_SIDE = 4_096
QUALITY = 88
KINDS = ("JPEG", "PNG", "WEBP", "HEIF")
NOBODY = 65_534
PR_SET_NO_NEW_PRIVS = 38
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

ON_ITS_SIDE = {TURNS[5], TURNS[6], TURNS[7], TURNS[8]}


class Refused(Exception):
    """A picture we do not take; the text is the reason's code."""


def close_the_doors(*, memory: int = ADDRESS_SPACE, seconds: int = CPU_SECONDS, has_threads: bool = False) -> None:
    """No new file, socket or process; little memory and time; nobody's rights. What a system lacks is left out.

    ``memory`` in bytes, ``seconds`` of processor time. ``has_threads``: the decoder begins threads of its own.
    """
    with suppress(OSError, AttributeError):  # a network of its own, with nothing in it
        os.unshare(os.CLONE_NEWNET | (0 if os.geteuid() == 0 else os.CLONE_NEWUSER))
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    may_begin = has_threads and allow_only_threads()
    for kind, value in (
        *(() if may_begin else ((resource.RLIMIT_NPROC, 0),)),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (value, value))


def remade(data: bytes) -> tuple[bytes, dict[str, object]]:
    """A new JPEG of the first frame, upright, without a byte of what came along with the pixels.

    Raises Refused, or anything that a decoder may raise.
    """
    with Image.open(io.BytesIO(data), formats=KINDS) as picture:
        width, height = picture.size
        if width * height > MAX_PIXELS:
            raise Refused("too_many_pixels")
        kind = {"MPO": "JPEG", "HEIF": "HEIC"}.get(str(picture.format), str(picture.format))
        turn = _turn_of(picture)
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        picture.load()
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=2.0)
        paper = _on_white(picture)
    if turn is not None:
        paper = paper.transpose(turn)
        if turn in ON_ITS_SIDE:
            width, height = height, width
    hints = hints_about(paper, width=width, height=height)
    out = io.BytesIO()
    paper.save(out, "JPEG", quality=QUALITY, optimize=False)
    return out.getvalue(), {"kind": kind, "width": paper.width, "height": paper.height, "hints": hints}


def _turn_of(picture: Image.Image) -> Image.Transpose | None:
    """How the camera was held. Broken notes about a whole picture are common and no reason to refuse it."""
    try:
        return TURNS.get(picture.getexif().get(ORIENTATION, 1))
    except Exception:
        return None


def _on_white(picture: Image.Image) -> Image.Image:
    """A fresh picture: pasting brings pixels and nothing else."""
    paper = Image.new("RGB", picture.size, "white")
    if picture.mode.startswith("I;16"):
        picture = picture.point(lambda level: level / 256).convert("L")
    if "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        picture = picture.convert("RGBA")
        paper.paste(picture, mask=picture.getchannel("A"))
    else:
        paper.paste(picture.convert("RGB"))
    return paper


def main() -> int:
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.preinit()
    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    data = sys.stdin.buffer.read()
    close_the_doors(has_threads=data[4:8] == b"ftyp")
    body = b""
    said: dict[str, object]
    try:
        body, said = remade(data)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        said = {"reason": "too_many_pixels"}
    except Refused as refused:
        said = {"reason": str(refused)}
    except MemoryError:
        said = {"reason": "too_costly"}
    except Exception:  # a decoder raises what it likes at bytes made for it
        said = {"reason": "damaged"}
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + body)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
