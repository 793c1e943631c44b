"""F4: whatever a file calls itself, it is shown harmlessly, and no path is ever made of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploads.naming import LONGEST, shown_name


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("免許証 表.jpg", "免許証 表.jpg"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("C:secret.jpg", "secret.jpg"),
        ("/", ""),
        ("..", ""),
        ("a\0b.jpg", "ab.jpg"),
        ("a\r\nSet-Cookie: x.jpg", "x.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2066\u200b\ufeffx.png\u2069", "x.png"),
        ("CON", "_CON"),
        ("nul.jpg", "_nul.jpg"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("console.jpg", "console.jpg"),
        (" . .jpg. . ", "jpg"),
        ("a\tb.jpg", "ab.jpg"),
        ("\ud800.jpg", "jpg"),
        ('"><script>alert(1)</script>.jpg', "script>.jpg"),
    ],
)
def test_a_name_is_made_fit_to_be_shown(given_name: str, shown: str) -> None:
    assert shown_name(given_name) == shown


def test_a_long_name_keeps_its_ending() -> None:
    shown = shown_name("長" * 4_096 + ".jpeg")
    assert len(shown) <= LONGEST
    assert shown.endswith("….jpeg")


@given(st.text())
def test_no_name_holds_a_path_or_anything_unseen(name: str) -> None:
    shown = shown_name(name)
    assert len(shown) <= LONGEST
    assert not set(shown) & set("/\\:\0\r\n\t\u202e")
    assert shown == shown_name(shown)
