"""Answer sheets that go with letters. What stands on them is a matter of the rooms above, which register it here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from channels.binding import apart, bound, pages_of
from channels.rendering import CannotRender, render_pages

STYLE = "answer-sheet.css"


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A sheet that is alike for many: the version of a questionnaire by its id, a language, and for whom."""

    version: str
    language: str
    is_company: bool


@dataclass(frozen=True, slots=True)
class Maker:
    """Writes sheets as HTML. ``alike``: all of it but the number; ``heads``: a page with the number alone for each."""

    alike: Callable[[Enclosure], str]
    heads: Callable[[Enclosure, Sequence[str]], str]


_makers: list[Maker] = []
_one_at_a_time = threading.Lock()


def register_maker(maker: Maker) -> None:
    """Called when the apps are ready, by the room that knows questionnaires."""
    _makers[:] = [maker]


def with_sheets(letters: Mapping[str, bytes], enclosure: Enclosure) -> dict[str, bytes]:
    """Letters by the reference number that stands on them, each with its sheet behind it.

    Raises:
        CannotRender: something would be missing on a sheet, in whatever language.
    """
    numbers = list(letters)
    page, language = _set(enclosure)
    heads = apart(render_pages(_maker().heads(_in(enclosure, language), numbers), style=STYLE))
    if len(heads) != len(numbers):
        raise CannotRender("does_not_fit")
    with _one_at_a_time:
        return {
            number: bound(letter=letters[number], sheet=page, head=head)
            for number, head in zip(numbers, heads, strict=True)
        }


def pages_of_sheet(enclosure: Enclosure) -> int:
    """How many pages a sheet has.

    Raises:
        CannotRender: something would be missing on it.
    """
    return pages_of(_set(enclosure)[0])


def _set(enclosure: Enclosure) -> tuple[bytes, str]:
    """The sheet in the customer's language, or in the next one for whose letters this machine has a font."""
    for language in dict.fromkeys((enclosure.language, "en", "ja")):
        try:
            return _rendered(_maker().alike(_in(enclosure, language))), language
        except CannotRender:
            continue
    raise CannotRender("no_sheet")


@lru_cache(maxsize=32)
def _rendered(page: str) -> bytes:
    """Kept by its whole text: a letter of the next batch has the same sheet, and one with other words has not."""
    return render_pages(page, style=STYLE)


def _in(enclosure: Enclosure, language: str) -> Enclosure:
    return Enclosure(enclosure.version, language, enclosure.is_company)


def _maker() -> Maker:
    if not _makers:
        raise CannotRender("no_sheet")
    return _makers[0]
