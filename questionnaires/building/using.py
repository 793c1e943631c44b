"""What in a document reads an answer or a calculated value: conditions, checks, and other calculated values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from questionnaires.building.parts import Document, check_key, name_of
from questionnaires.building.reaching import reads_of_value
from questionnaires.building.renaming import fields_renamed, reads_of

_CHANGED = "changed:"


class Reading(StrEnum):
    """What reads it."""

    CONDITION = "condition"  # of a page
    CHECK = "check"  # between answers
    STOP = "stop"  # a check that stops the customer there
    CALCULATED = "calculated"


@dataclass(frozen=True, slots=True)
class Place:
    """One reader. ``id``: of the page or calculated value; ``name``: what that is called; ``key``: of a check."""

    reading: Reading
    id: str
    name: str
    key: str = ""


def places_reading(document: Document, language: str) -> dict[str, list[Place]]:
    """Every reader by the name of what it reads, in the order of the document."""
    found: dict[str, list[Place]] = {}
    for variable, place in _all(document, language):
        ones = found.setdefault(variable.removeprefix(_CHANGED), [])
        if place not in ones:
            ones.append(place)
    return found


def places_of(question_id: str, reading: dict[str, list[Place]]) -> list[Place]:
    """The readers of whatever a question, or a calculated value, gives."""
    found = [place for field in fields_renamed(question_id, question_id) for place in reading.get(field, ())]
    return list(dict.fromkeys(found))


def _all(document: Document, language: str) -> Iterator[tuple[str, Place]]:
    for page in document["pages"]:
        name = name_of(page, language)
        for variable in reads_of(page.get("show_if")):
            yield variable, Place(Reading.CONDITION, page["id"], name)
        for check in page.get("checks", ()):
            key = check_key(check)
            for variable in reads_of(check["holds"]):
                yield variable, Place(Reading.CHECK, page["id"], name, key)
            yield check["at"], Place(Reading.STOP, page["id"], name, key)
    for one in document.get("calculated", ()):
        for variable in reads_of_value(one):
            yield variable, Place(Reading.CALCULATED, one["id"], one["id"])
