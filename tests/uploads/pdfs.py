"""PDFs made on the fly: ordinary ones, and those that are made to do harm."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from weasyprint import HTML

# Of a page drawn at 200 dots an inch.
POINT = 200 / 72


def written(html: str, *, forms: bool = False) -> bytes:
    """As the printing of a page gives it, with its fonts in it."""
    return bytes(HTML(string=f"<html lang=ja>{html}</html>").write_pdf(pdf_forms=forms) or b"")


def put_together(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A file of these objects, numbered from 1; the first is the catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start, size = len(out), len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size + table
    return out + b"trailer << /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF" % (size, trailer, start)


def stream(body: bytes, about: bytes = b"") -> bytes:
    return b"<< /Length %d %s>>\nstream\n" % (len(body), about) + body + b"\nendstream"


def page(
    content: bytes,
    *further: bytes,
    box: bytes = b"0 0 595 842",
    resources: bytes = b"",
    catalogue: bytes = b"",
    about: bytes = b"",
    trailer: bytes = b"",
) -> bytes:
    """One page; ``further`` objects are numbered from 5."""
    return put_together(
        [
            b"<< /Type /Catalog /Pages 2 0 R " + catalogue + b">>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [" + box + b"] /Contents 4 0 R "
            b"/Resources << " + resources + b" >> " + about + b">>",
            stream(content),
            *further,
        ],
        trailer,
    )  # fmt: skip


def red_square(**options: bytes) -> bytes:
    """Something red in the middle of the page."""
    return page(b"1 0 0 rg 200 300 200 200 re f", **options)


def of_pages(count: int) -> bytes:
    """As many pages as wanted, all of them the same object's size."""
    kids = b" ".join(b"%d 0 R" % (3 + number) for number in range(count))
    return put_together(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [" + kids + b"] /Count %d >>" % count,
            *[b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>"] * count,
        ]
    )


def in_font(text: str, *, order: bytes, encoding: bytes, name: bytes) -> bytes:
    """East Asian text in a font that the file only names."""
    letters = text.encode("utf-16-be").hex().encode()
    return page(
        b"BT /F1 40 Tf 100 600 Td <" + letters + b"> Tj ET",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /" + name + b" /Encoding /" + encoding
        + b" /DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /" + name
        + b" /CIDSystemInfo << /Registry (Adobe) /Ordering (" + order + b") /Supplement 2 >> /FontDescriptor 7 0 R >>",
        b"<< /Type /FontDescriptor /FontName /" + name + b" /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0"
        b" /Ascent 900 /Descent -200 /CapHeight 700 /StemV 80 >>",
        resources=b"/Font << /F1 5 0 R >>",
    )  # fmt: skip


def in_pictograms() -> bytes:
    """A tick that is the letter ü in any other font."""
    font = b"<< /Type /Font /Subtype /TrueType /BaseFont /Wingdings /Encoding /WinAnsiEncoding >>"
    return page(b"BT /F1 40 Tf 100 600 Td (\xfc) Tj ET", font, resources=b"/Font << /F1 5 0 R >>")


def with_script_and_attachment() -> bytes:
    """Runs when it is opened, offers a link to click, and carries a file."""
    return page(
        b"1 0 0 rg 200 300 200 200 re f",
        b"<< /S /JavaScript /JS (app.alert\\('secret script'\\)) >>",
        b"<< /Names [(a.exe) 7 0 R] >>",
        b"<< /Type /Filespec /F (a.exe) /EF << /F 8 0 R >> >>",
        stream(b"MZ secret attachment", b"/Type /EmbeddedFile "),
        b"<< /Type /Annot /Subtype /Link /Rect [0 0 595 842] /A << /S /URI /URI (https://secret.example/) >> >>",
        catalogue=b"/OpenAction 5 0 R /Names << /EmbeddedFiles 6 0 R >> ",
        about=b"/Annots [9 0 R] ",
    )


def locked() -> bytes:
    """What the standard handler of revision 2 asks a password for."""
    handler = b"<< /Filter /Standard /V 1 /R 2 /O <" + b"00" * 32 + b"> /U <" + b"11" * 32 + b"> /P -44 >>"
    return red_square(trailer=b"/Encrypt " + handler + b" /ID [<00><00>] ")


def dynamic_form() -> bytes:
    """A form of which the pages are not in the file."""
    form = stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><template/></xdp:xdp>")
    return page(b"", form, catalogue=b"/NeedsRendering true /AcroForm << /Fields [] /XFA 5 0 R >> ")


def picture_bomb(side: int = 60_000) -> bytes:
    """A few kilobytes that want to be a picture of several gigabytes."""
    squeeze = zlib.compressobj(9)
    block = bytes(1024**2)
    body = b"".join(squeeze.compress(block) for _ in range(256)) + squeeze.flush()
    size = b"/Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8" % (side, side)
    picture = stream(body, b"/Type /XObject /Subtype /Image /Filter /FlateDecode " + size)
    return page(b"q 500 0 0 500 0 0 cm /I Do Q", picture, resources=b"/XObject << /I 5 0 R >>")


def laughs(depth: int = 12, times: int = 10) -> bytes:
    """Each drawing draws the next one ten times."""
    forms = []
    for number in range(depth):
        following = b"/Resources << /XObject << /X %d 0 R >> >> " % (6 + number)
        about = b"/Type /XObject /Subtype /Form /BBox [0 0 600 850] " + (following if number + 1 < depth else b"")
        forms.append(stream(b"/X Do " * times if number + 1 < depth else b"0 0 9 9 re f", about))
    return page(b"/X Do", *forms, resources=b"/XObject << /X 5 0 R >>")


def nested(depth: int = 100_000) -> bytes:
    """Lists in lists in lists, where the reader looks first."""
    return red_square(catalogue=b"/Odd " + b"[" * depth + b"]" * depth + b" ")


def endless_tree() -> bytes:
    """Pages that are their own parents."""
    return put_together(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 /Parent 2 0 R >>"]
    )


def flate_bomb() -> bytes:
    """The content of a page, packed a thousandfold: half a gigabyte of strokes."""
    squeeze = zlib.compressobj(9)
    line = b"0 0 m 600 800 l S\n" * 60_000
    body = b"".join(squeeze.compress(line) for _ in range(500)) + squeeze.flush()
    return put_together(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
            stream(body, b"/Filter /FlateDecode "),
        ]
    )
