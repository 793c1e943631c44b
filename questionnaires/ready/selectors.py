"""What there is to begin with, and which questionnaires came of an older state of it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language, gettext

from questionnaires import standard
from questionnaires.models import Questionnaire
from questionnaires.timing import minutes


@dataclass(frozen=True, slots=True)
class ReadyRow:
    """One ready questionnaire as the page lists it. ``outdated``: what began as an earlier state of it."""

    key: str
    audience: str
    name: str
    about: str
    pages: int
    questions: int
    minutes: int
    languages: int
    used_by: tuple[Questionnaire, ...]
    outdated: tuple[Questionnaire, ...]


def ready_rows() -> list[ReadyRow]:
    """All of them, in one query."""
    language = get_language() or "ja"
    used: dict[str, list[Questionnaire]] = {}
    for one in Questionnaire.objects.exclude(template="").order_by("key"):
        used.setdefault(one.template, []).append(one)
    return [_row(ready, used.get(key, []), language) for key, ready in standard.READY.items()]


def _row(ready: standard.Ready, used: list[Questionnaire], language: str) -> ReadyRow:
    found = standard.questionnaire(ready.key)
    return ReadyRow(
        key=ready.key,
        audience=ready.audience,
        name=ready.name.in_language(language),
        about=gettext(ready.about),
        pages=len(found.pages),
        questions=len(list(found.questions())),
        minutes=minutes(found),
        languages=len(found.languages),
        used_by=tuple(used),
        outdated=tuple(one for one in used if one.template_sha256 != found.digest),
    )
