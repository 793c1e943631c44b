"""The program inside the jail for marks: one untrusted PNG in, a new small PNG of the same pixels out.

Run as a process of its own, of which nothing is left afterwards; it answers as `jail` does. What is transparent stays
so.
"""

from __future__ import annotations

import io
import json
import sys
import warnings

from PIL import Image

from uploads.jail import Refused, close_the_doors

MAX_PIXELS = 4_000_000
SMALLEST, SIDE = 72, 144
# Above it the colours are counted out: a mark has few, a photograph is none.
PLAIN_BYTES = 16 * 1024


def remade(data: bytes) -> tuple[bytes, int, int]:
    """A new PNG, its width and height. Raises Refused, or anything that the decoder may raise."""
    with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise Refused("mark_too_large")
        if max(picture.size) < SMALLEST:
            raise Refused("mark_too_small")
        picture.load()
        drawn = picture.convert("RGBA")
    drawn.thumbnail((SIDE, SIDE))
    fresh = Image.new("RGBA", drawn.size)
    fresh.paste(drawn)
    body = _written(fresh)
    if len(body) > PLAIN_BYTES:
        body = _written(fresh.quantize(64, method=Image.Quantize.FASTOCTREE))
    return body, fresh.width, fresh.height


def _written(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> int:
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.preinit()
    data = sys.stdin.buffer.read()
    close_the_doors()
    body = b""
    said: dict[str, object]
    try:
        body, width, height = remade(data)
        said = {"width": width, "height": height}
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        said = {"reason": "mark_too_large"}
    except Refused as refused:
        said = {"reason": str(refused)}
    except MemoryError:
        said = {"reason": "mark_too_large"}
    except Exception:  # a decoder raises what it likes at bytes made for it
        said = {"reason": "damaged"}
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + body)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
