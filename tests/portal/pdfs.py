"""What is in a PDF that customers get: its words, its structure, what it looks like."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import pypdfium2
from pypdfium2 import raw


def words_of(pdf: bytes) -> str:
    """The text of all pages in the order in which it is read, without blanks."""
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.get_textpage().get_text_bounded() for page in document]
    return re.sub(r"\s+", "", "".join(pages))


def pages_of(pdf: bytes) -> int:
    return len(pypdfium2.PdfDocument(pdf))


def title_of(pdf: bytes) -> str:
    return str(pypdfium2.PdfDocument(pdf).get_metadata_value("Title"))


def language_of(pdf: bytes) -> str:
    """As a screen reader is told it, as a tag of BCP 47."""
    document = pypdfium2.PdfDocument(pdf)
    size = raw.FPDFCatalog_GetLanguage(document.raw, None, 0)
    held = ctypes.create_string_buffer(size)
    raw.FPDFCatalog_GetLanguage(document.raw, ctypes.cast(held, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return held.raw.decode("utf-16-le").rstrip("\0")


def is_tagged(pdf: bytes) -> bool:
    document = pypdfium2.PdfDocument(pdf)
    return bool(raw.FPDFCatalog_IsTagged(document.raw))


def structure_of(pdf: bytes) -> list[str]:
    """The kinds of elements on the first page, in order."""
    document = pypdfium2.PdfDocument(pdf)
    page = document[0]
    tree = raw.FPDF_StructTree_GetForPage(page.raw)
    found: list[str] = []

    def walk(element: object) -> None:
        size = raw.FPDF_StructElement_GetType(element, None, 0)
        held = ctypes.create_string_buffer(size)
        raw.FPDF_StructElement_GetType(element, held, size)
        found.append(held.raw.decode("utf-16-le").rstrip("\0"))
        for place in range(raw.FPDF_StructElement_CountChildren(element)):
            child = raw.FPDF_StructElement_GetChildAtIndex(element, place)
            if child:
                walk(child)

    for place in range(raw.FPDF_StructTree_CountChildren(tree)):
        walk(raw.FPDF_StructTree_GetChildAtIndex(tree, place))
    raw.FPDF_StructTree_Close(tree)
    return found


def draw(pdf: bytes, to: Path) -> None:
    """Every page as a picture, to be looked at."""
    for number, page in enumerate(pypdfium2.PdfDocument(pdf), start=1):
        page.render(scale=1.4).to_pil().save(to.with_name(f"{to.stem}-{number}.png"))
