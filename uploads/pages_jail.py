"""The program inside the jail for PDFs: one untrusted file in, a new JPEG of each of its pages out.

Run as a process of its own, of which nothing is left afterwards. Reads the file from standard input; writes one line of
JSON and, if it went well, the pictures one behind the other to standard output. What is not drawn on a page does not
come out: no script, no attachment, no link, no layer of text. The reader of PDFs is built without a script engine.
"""

from __future__ import annotations

import ctypes
import io
import json
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageFont

from uploads.jail import LONGEST_SIDE, QUALITY, Refused, close_the_doors

ADDRESS_SPACE = 1_024 * 1024**2
CPU_SECONDS = 40
MAX_BYTES = 48 * 1024**2
# Points of 1/72 inch; a PDF itself knows no page longer than 200 inches (ISO 32000, annex C).
MAX_POINTS = 14_400
DOTS_PER_POINT = 200 / 72

# Charsets as Windows numbers them; "symbol" is asked for when only the font itself could tell which letters are meant.
_JAPANESE = 128
_EAST_ASIA = {129, 130, 134, 136}
_ONLY_THEIR_OWN = {2} | _EAST_ASIA
_PICTOGRAMS = re.compile(rb"(wing|web)dings", re.IGNORECASE)
_FONT = 1


class Fonts:
    """Stands in for the machine's fonts, which are files: Japanese is drawn with the one font that was read before.

    For Latin letters the reader has outlines of its own. ``lacks`` becomes true when a file leaves out the font of
    another script, or of pictograms: they would be drawn as something else, or not at all.
    """

    def __init__(self, font: bytes) -> None:
        self.lacks = False
        self._font = font
        self._buffer = ctypes.create_string_buffer(font, len(font)) if font else None
        self._any = {b"", b"ChromeSansMM", *([_name_of(font)] if font else [])}
        self._info = pdfium.FPDF_SYSFONTINFO(version=2)
        for name in ("MapFont", "GetFont", "GetFontData", "GetFaceName", "GetFontCharset", "DeleteFont"):
            kind = dict(pdfium.FPDF_SYSFONTINFO._fields_)[name]
            setattr(self._info, name, kind(getattr(self, f"_{name.lower()}")))

    def set_up(self) -> None:
        """To be called once, before the first document."""
        pdfium.FPDF_SetSystemFontInfo(self._info)

    def _mapfont(self, _: Any, weight: int, italic: int, charset: int, pitch: int, face: Any, exact: Any) -> int | None:
        name = ctypes.cast(face, ctypes.c_char_p).value or b""
        # Typed into a form, the letters that Chinese and Japanese share are asked for as Chinese ones of any font.
        is_ours = charset == _JAPANESE or (name in self._any and charset in _EAST_ASIA)
        if is_ours and self._font:
            return _FONT
        self.lacks = self.lacks or is_ours or charset in _ONLY_THEIR_OWN or _PICTOGRAMS.match(name) is not None
        return None

    def _getfont(self, _: Any, face: Any) -> int | None:
        return None

    def _getfontdata(self, _: Any, font: Any, table: int, buffer: Any, size: int) -> int:
        """The whole font for table 0; for another its bytes, as the directory of the file has them."""
        start, length = (0, len(self._font)) if table == 0 else _table(self._font, table)
        if buffer and length and size >= length:
            assert self._buffer is not None
            ctypes.memmove(buffer, ctypes.addressof(self._buffer) + start, length)
        return length

    def _getfacename(self, _: Any, font: Any, buffer: Any, size: int) -> int:
        return 0

    def _getfontcharset(self, _: Any, font: Any) -> int:
        return _JAPANESE

    def _deletefont(self, _: Any, font: Any) -> None:
        return None


def _name_of(font: bytes) -> bytes:
    """As the reader asks for it, once it was given that font."""
    return str(ImageFont.truetype(io.BytesIO(font)).getname()[0]).replace(" ", "").encode()


def _table(font: bytes, tag: int) -> tuple[int, int]:
    """Where a table of an OpenType font begins, and its length; (0, 0) if it has none, or is a collection of fonts."""
    if font.startswith(b"ttcf"):
        return 0, 0
    for place in range(12, 12 + 16 * int.from_bytes(font[4:6]), 16):
        if int.from_bytes(font[place : place + 4]) == tag:
            return int.from_bytes(font[place + 8 : place + 12]), int.from_bytes(font[place + 12 : place + 16])
    return 0, 0


def drawn(data: bytes, fonts: Fonts, *, most_pages: int) -> list[tuple[bytes, int, int]]:
    """A new JPEG of each page, with its width and height. Raises Refused, or anything that the reader may raise."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        raise Refused("pdf_locked" if locked else "pdf_damaged") from error
    if document.get_formtype() == pdfium.FORMTYPE_XFA_FULL:
        raise Refused("pdf_form")  # its pages are drawn by the program of one maker only; others see a request to wait
    if len(document) > most_pages:
        raise Refused("pdf_too_many_pages")
    document.init_forms()  # what was typed into a form is drawn too
    pictures = []
    left = MAX_BYTES
    for number in range(len(document)):
        pictures.append(_page(document, number))
        left -= len(pictures[-1][0])
        if left < 0:
            raise Refused("pdf_too_costly")
    if fonts.lacks:
        raise Refused("pdf_fonts")
    return pictures


def _page(document: pypdfium2.PdfDocument, number: int) -> tuple[bytes, int, int]:
    page = document[number]
    longest = max(page.get_size())
    # written so that what is no number is refused too
    if not 1 <= min(page.get_size()) <= longest <= MAX_POINTS:
        raise Refused("pdf_page_size")
    bitmap = page.render(scale=min(DOTS_PER_POINT, (LONGEST_SIDE - 1) / longest))
    picture = bitmap.to_pil().convert("RGB")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, optimize=False)
    size = picture.size
    bitmap.close()
    page.close()
    return out.getvalue(), *size


def main(font: str, most_pages: int) -> int:
    """``font``: path of a font with Japanese letters; empty if the machine has none."""
    Image.preinit()
    data = sys.stdin.buffer.read()
    letters = b""
    with suppress(OSError):
        letters = Path(font).read_bytes() if font else b""
    fonts = Fonts(letters)
    fonts.set_up()
    close_the_doors(memory=ADDRESS_SPACE, seconds=CPU_SECONDS)
    pictures: list[tuple[bytes, int, int]] = []
    try:
        pictures = drawn(data, fonts, most_pages=most_pages)
        said: dict[str, object] = {"pages": [[len(body), width, height] for body, width, height in pictures]}
    except Refused as refused:
        said = {"reason": str(refused)}
    except MemoryError:
        said = {"reason": "pdf_too_costly"}
    except Exception:  # a reader raises what it likes at bytes made for it
        said = {"reason": "pdf_damaged"}
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n")
    for body, _, _ in pictures:
        sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()
    return 0
