"""Marks inside texts: the reading of kanji, and words of another language than the page's.

Texts write a reading as ``{漢字|かんじ}``. From then on it travels between noncharacters of Unicode, which no
file may hold, through translation, placeholders and templates alike; whoever finishes a page turns the marks into
elements, and leaves plain words where no element may stand. What a customer types is never taken for a mark.
"""

from __future__ import annotations

import re

from django.utils.translation import get_language

_BASE, _READING, _END = "\ufdd0", "\ufdd1", "\ufdd2"
_FOREIGN, _WORDS, _OVER = "\ufdd3", "\ufdd4", "\ufdd5"
_TAGS = {"ja-easy": "ja", "zh-hans": "zh-Hans", "pt-br": "pt-BR"}

_WRITTEN = re.compile(r"\{([^{}|]+)\|([^{}|]+)\}")
_READINGS = re.compile(f"{_BASE}([^{_BASE}{_READING}{_END}]*){_READING}([^{_BASE}{_READING}{_END}]*){_END}")
_FOREIGNS = re.compile(f"{_FOREIGN}([A-Za-z-]+){_WORDS}([^{_FOREIGN}{_OVER}]*){_OVER}")
_MARK = f"[{_BASE}{_FOREIGN}]"
# Inside of a tag, and of what holds text alone.
_TAG = re.compile(f"<[^<>{_BASE}{_FOREIGN}]*{_MARK}[^<>]*>")
_TEXT_ALONE = re.compile(f"<(title|option|textarea|text)\\b([^<>]*)>([^<]*{_MARK}[^<]*)(?=</)")


def tag(language: str) -> str:
    """The language of a page, or of its words, as HTML names it (BCP 47)."""
    return _TAGS.get(language, language)


def with_readings(text: str) -> str:
    """A text whose ``{漢字|かんじ}`` have become marks."""
    return _WRITTEN.sub(rf"{_BASE}\1{_READING}\2{_END}", text)


def without_readings(text: str) -> str:
    """A text as it is written, with its kanji alone."""
    return _WRITTEN.sub(r"\1", text)


def as_read(text: str) -> str:
    """A text in kana alone, wherever it has readings."""
    return _READINGS.sub(r"\2", _WRITTEN.sub(r"\2", text))


def in_language(text: str, language: str) -> str:
    """Words in this language, marked if the page speaks another."""
    if not text or tag(language) == tag(get_language() or language):
        return text
    return f"{_FOREIGN}{tag(language)}{_WORDS}{text}{_OVER}"


def unmarked(text: str) -> str:
    """The words alone."""
    return _FOREIGNS.sub(r"\2", _READINGS.sub(r"\1", text))


def rendered(page: str) -> str:
    """A finished page of HTML: marks in its text become elements, those in its tags and titles vanish.

    The text between marks is already escaped, and the elements are fixed: nothing else can become markup.
    End tags that HTML leaves out are left out: a page of やさしい日本語 has hundreds.
    """
    if _BASE not in page and _FOREIGN not in page:
        return page
    page = _TEXT_ALONE.sub(_alone, _TAG.sub(lambda found: unmarked(found[0]), page))
    page = _READINGS.sub(r"<ruby>\1<rp>(<rt>\2<rp>)</ruby>", page)
    return _FOREIGNS.sub(r'<span lang="\1">\2</span>', page)


def _alone(found: re.Match[str]) -> str:
    name, attributes, words = found[1], found[2], found[3]
    whole = _FOREIGNS.fullmatch(words.strip())
    language = f' lang="{whole[1]}"' if whole and name == "option" else ""
    return f"<{name}{attributes}{language}>{unmarked(words)}"
