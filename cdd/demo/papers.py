"""Sheets of paper as customers send them back: the printed sheet with ticks, a date and a name in blue ink, scanned."""

from __future__ import annotations

import io
from collections.abc import Iterator
from random import Random

import pypdfium2
from PIL import Image, ImageDraw

from channels.enclosing import STYLE
from channels.rendering import render_pages
from outreach.papers.printing import sheet_page
from questionnaires.models import Response
from tenants.models import Tenant

# Dots for each of a page's points: about 130 an inch, as a scanner set for text gives.
SCALE = 1.8
INK, PAPER = (32, 58, 140), (250, 249, 246)
_TICKED = ("変わりありません", "いいえ")


def sheet_sent_back(tenant: Tenant, response: Response, number: str) -> list[bytes]:
    """The pages as JPEG: nothing has changed, no is the answer to what is asked anew, signed."""
    page = sheet_page(tenant=tenant, version=response.version, number=number, language="ja", is_company=False)
    pdf = pypdfium2.PdfDocument(render_pages(page, style=STYLE))
    hand = Random(number)
    return [_scanned(page, hand, is_last=place == len(pdf) - 1) for place, page in enumerate(pdf)]


def _scanned(page: pypdfium2.PdfPage, hand: Random, *, is_last: bool) -> bytes:
    picture = page.render(scale=SCALE).to_pil().convert("RGB")
    draw = ImageDraw.Draw(picture)
    for word in _TICKED:
        for left, middle in _places(page, word):
            _tick(draw, left, middle, hand)
    if is_last:
        for left, middle in list(_places(page, "署名"))[-1:]:
            _sign(draw, left + 70 * SCALE, middle, hand)
    turned = picture.rotate(hand.uniform(-0.5, 0.5), fillcolor=PAPER, resample=Image.Resampling.BICUBIC)
    body = io.BytesIO()
    turned.save(body, "JPEG", quality=82)
    return body.getvalue()


def _places(page: pypdfium2.PdfPage, word: str) -> Iterator[tuple[float, float]]:
    """Where the box before a word stands, in dots: words in the text of a sentence have none."""
    text, height = page.get_textpage(), page.get_height()
    search = text.search(word)
    while found := search.get_next():
        left, bottom, _right, top = text.get_charbox(found[0])
        before = text.get_text_range(max(0, found[0] - 1), 1) if found[0] else "\n"
        if before in ("\n", "\r"):
            yield (left - 13) * SCALE, (height - (top + bottom) / 2) * SCALE


def _tick(draw: ImageDraw.ImageDraw, left: float, middle: float, hand: Random) -> None:
    def near(x: float, y: float) -> tuple[float, float]:
        return left + x * SCALE + hand.uniform(-1, 1), middle + y * SCALE + hand.uniform(-1, 1)

    draw.line([near(-3, -1), near(1, 5), near(9, -8)], fill=INK, width=4, joint="curve")


def _sign(draw: ImageDraw.ImageDraw, left: float, middle: float, hand: Random) -> None:
    """Strokes that look like a name and are nobody's."""
    for stroke in range(9):
        x = left + stroke * 17
        points = [(x + hand.uniform(-4, 18), middle + hand.uniform(-20, 14)) for _ in range(4)]
        draw.line(points, fill=INK, width=3, joint="curve")
