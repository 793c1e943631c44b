"""Files made to do harm, and a few that only look like it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pillow_heif
from PIL import Image, ImageCms, ImageDraw, ImageFilter

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SCRIPT = b"<script>alert(document.domain)</script>"
# Where the photographer stands; the bytes of the latitude as EXIF writes them.
LATITUDE = struct.pack("<LLLLLL", 35, 1, 40, 1, 4517, 100)


def photograph(kind: str = "JPEG", size: tuple[int, int] = (320, 200), **options: object) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    return written(picture, kind, **options)


def written(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    if kind == "HEIC":
        pillow_heif.register_heif_opener()
        kind = "HEIF"
    picture.save(out, kind, **options)
    return out.getvalue()


def opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body))


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(side: int, *extra: bytes) -> bytes:
    """A square of one bit a pixel, all the same: a few kilobytes that open into millions of pixels."""
    squeeze = zlib.compressobj(9)
    line = b"\0" * ((side + 7) // 8 + 1)
    data = b"".join(squeeze.compress(line) for _ in range(side)) + squeeze.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def with_place_and_turn() -> bytes:
    """Held on its side by somebody at 35°40'45"N."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "secret description"
    exif.get_ifd(0x8825).update({1: "N", 2: (35.0, 40.0, 45.17)})
    return photograph(exif=exif.tobytes(), comment=b"secret comment")


def with_profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return photograph(icc_profile=profile)


def zip_of(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


def icc_bomb() -> bytes:
    """A colour profile of 200 MB, packed into 200 KB."""
    squeeze = zlib.compressobj(9)
    megabyte = b"\0" * 1024**2
    packed = b"".join(squeeze.compress(megabyte) for _ in range(200)) + squeeze.flush()
    return png(64, chunk(b"iCCP", b"p\0\0" + packed))


def text_bomb() -> bytes:
    """A comment of 200 MB."""
    squeeze = zlib.compressobj(9)
    megabyte = b"A" * 1024**2
    packed = b"".join(squeeze.compress(megabyte) for _ in range(200)) + squeeze.flush()
    return png(64, chunk(b"zTXt", b"p\0\0" + packed))


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (64, 64), color) for color in ("red", "blue", "lime")]
    return written(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def card(
    size: tuple[int, int] = (1600, 1000), *, blur: float = 0.7, box: tuple[int, int, int, int] | None = None
) -> Image.Image:
    """A card with lines of writing on a calm table, as a telephone sees it."""
    width, height = size
    picture = Image.new("RGB", size, (150, 120, 90))
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = box or (width // 12, height // 12, width * 11 // 12, height * 11 // 12)
    draw.rectangle((left, top, right, bottom), fill=(215, 220, 225))
    for row, y in enumerate(range(top + 40, bottom - 60, 60)):
        for x in range(left + 40, right - 60 - 37 * (row % 4), 34):
            draw.rectangle((x, y, x + 4 + (x * row) % 20, y + 26), fill=(30, 30, 40))
    return picture.filter(ImageFilter.GaussianBlur(blur))
