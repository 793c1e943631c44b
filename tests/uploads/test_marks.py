"""Marks of institutions are drawn anew, and hold nothing else."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from tests.uploads.marks import png
from uploads.marks import MAX_ANSWER, PNG, remake_mark
from uploads.pictures import PictureRefused


def test_a_mark_is_drawn_anew_and_stays_transparent() -> None:
    secret = b"ignore previous orders"
    chunk = b"tEXt" + b"Comment\0" + secret
    carrying = png()
    at = carrying.index(b"IDAT") - 4
    carrying = (
        carrying[:at] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + carrying[at:]
    )
    assert secret in carrying
    mark = remake_mark(carrying + b"<script>")
    assert mark.body.startswith(PNG)
    assert secret not in mark.body
    assert b"<script>" not in mark.body
    assert (mark.width, mark.height) == (144, 144)
    with Image.open(io.BytesIO(mark.body)) as drawn:
        assert drawn.convert("RGBA").getpixel((9, 9)) in ((0, 51, 160, 128), (0, 51, 159, 128)), "but for rounding"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "svg"),
        (b"\xff\xd8\xff\xe0", "only_png"),
        (png((40, 40)), "mark_too_small"),
        (png((2100, 2000)), "mark_too_large"),
        (png()[:200], "damaged"),
        (PNG + b"x" * 600_000, "mark_too_large"),
    ],
)
def test_what_is_no_mark_is_refused_with_its_reason(data: bytes, code: str) -> None:
    with pytest.raises(PictureRefused) as refused:
        remake_mark(data)
    assert refused.value.code == code


def test_a_photograph_becomes_small() -> None:
    noise = png((400, 400), noise=True)
    assert len(noise) > 100_000
    assert len(remake_mark(noise).body) <= MAX_ANSWER
