"""How long a questionnaire takes somebody to answer, for the page on which it is chosen. No Django, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from questionnaires.schema import Kind, Page, Questionnaire

# Seconds for somebody who reads slowly on a telephone. An estimate of ours, to be put right by what is measured.
_SECONDS: Mapping[Kind, int] = {
    Kind.ADDRESS: 40,
    Kind.NAME: 25,
    Kind.PARAGRAPH: 60,
    Kind.PEOPLE: 90,
    Kind.FILE: 90,
    Kind.EKYC: 180,
    Kind.INFORMATION: 10,
}
_USUAL, _READING, _CONFIRMING, _ENDING = 12, 8, 12, 30


def minutes(questionnaire: Questionnaire) -> int:
    """Whole minutes, at least one: what is on file is confirmed, and every second page with a condition is asked."""
    asked = sum(_seconds(page) / (2 if page.show_if else 1) for page in questionnaire.pages)
    return max(1, ceil((asked + _ENDING) / 60))


def _seconds(page: Page) -> int:
    if page.block:
        return _READING + _CONFIRMING
    return _READING + sum(_SECONDS.get(question.kind, _USUAL) for question in page.questions)
