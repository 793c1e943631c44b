"""Putting sheets behind a letter: the pages that are alike for everybody once, and each customer's number on top.

A questionnaire of four pages takes the typesetter half a second, and only the number in its head differs. So it is set
once without, the heads of a batch are set together, and the two are laid over one another here: pure functions of PDFs.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import pypdfium2


def bound(*, letter: bytes, sheet: bytes, head: bytes) -> bytes:
    """One piece: the letter, then every page of the sheet with the head of this customer on it.

    ``head``: one page of the same size, empty but for what is the customer's.
    """
    piece = pypdfium2.PdfDocument(letter)
    alike = pypdfium2.PdfDocument(sheet)
    own = pypdfium2.PdfDocument(head)
    first = len(piece)
    piece.import_pages(alike)
    stamp = own.page_as_xobject(0, piece)
    for number in range(first, len(piece)):
        page = piece[number]
        page.insert_obj(stamp.as_pageobject())
        page.gen_content()
    out = io.BytesIO()
    piece.save(out)
    return out.getvalue()


def pages_of(pdf: bytes) -> int:
    """How many it has."""
    return len(pypdfium2.PdfDocument(pdf))


def apart(pdf: bytes) -> Sequence[bytes]:
    """Every page as a document of its own."""
    whole, found = pypdfium2.PdfDocument(pdf), []
    for number in range(len(whole)):
        one = pypdfium2.PdfDocument.new()
        one.import_pages(whole, [number])
        out = io.BytesIO()
        one.save(out)
        found.append(out.getvalue())
    return found
