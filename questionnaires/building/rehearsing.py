"""Walks through a questionnaire as a customer would, with answers that are carried along and stored nowhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from questionnaires import routing, schema
from questionnaires.answering import Errors, validate
from questionnaires.models import Response
from questionnaires.presenting import Writer
from questionnaires.sittings import Sitting

_LONGEST = 200_000
# Of nobody: what a file might say, so that pages that show it can be seen.
_FILE: Mapping[str, object] = {
    "name": "見本 太郎",
    "kana": "ミホン タロウ",
    "postal_code": "100-0001",
    "address": "東京都千代田区千代田1-1",
    "phone": "03-0000-0000",
    "email": "mihon@example.jp",
    "occupation": "employee",
    "purpose": "living",
    "nationality": "JP",
    "country_of_residence": "JP",
}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Where somebody is, and what they answered so far. ``has_file``: pages show what a file might say."""

    questionnaire: schema.Questionnaire
    page: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    confirmed: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()
    has_file: bool = False

    @property
    def state(self) -> str:
        """All of it as text, to be carried by the forms of the page."""
        held = {"page": self.page, "answers": self.answers, "confirmed": self.confirmed, "typed": self.typed}
        return json.dumps({**held, "has_file": self.has_file}, ensure_ascii=False)

    @property
    def sitting(self) -> Sitting:
        """What the pages of questions need to know."""
        response = Response(answers=dict(self.answers), confirmed_pages=list(self.confirmed))
        facts = _FILE if self.has_file else {}
        return Sitting(response=response, questionnaire=self.questionnaire, facts=facts, typed=frozenset(self.typed))

    @property
    def route(self) -> list[str]:
        """The pages that are asked by these answers."""
        return routing.route(self.questionnaire, self.answers)

    def writer(self, language: str, errors: Errors | None = None) -> Writer:
        """The words of the page."""
        return Writer(self.sitting, language, errors or {}, finds=True)


def resumed(questionnaire: schema.Questionnaire, state: str) -> Rehearsal:
    """Where the page left off; from the beginning where that cannot be read or the draft has changed since."""
    start = Rehearsal(questionnaire, questionnaire.pages[0].id)
    try:
        held = json.loads(state) if len(state) < _LONGEST else {}
        carried = replace(
            start,
            page=str(held["page"]),
            answers=dict(held["answers"]),
            confirmed=tuple(map(str, held["confirmed"])),
            typed=tuple(map(str, held["typed"])),
            has_file=bool(held["has_file"]),
        )
        carried.sitting.next_page  # noqa: B018  # what answers of a forged state would break
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return start
    return carried if carried.page in (*carried.route, "") else start


def answered(
    rehearsal: Rehearsal, data: Mapping[str, str], *, is_unchanged: bool, today: date
) -> tuple[Rehearsal, Errors]:
    """The rehearsal with the answers of its page, on the page after it; or where it is, with errors."""
    page = rehearsal.questionnaire.page(rehearsal.page)
    if page is None:
        return rehearsal, {}
    sitting = rehearsal.sitting
    known = sitting.known(page)
    is_confirmed = is_unchanged and bool(known)
    errors: Errors = {}
    if is_confirmed:
        answers: dict[str, object] = {name: known.get(name) for name in page.fields}
    else:
        held = sitting.held(page)
        answers, errors = validate(page, data, today=today, known=held, before=rehearsal.answers)
    if errors:
        return rehearsal, errors
    others = [name for name in routing.changed_in(rehearsal.answers) if name not in page.fields]
    changed = [*others, *sitting.changed(page, answers)]
    now = {**rehearsal.answers, **answers, schema.CHANGED: changed}
    confirmed = [one for one in rehearsal.confirmed if one != page.id] + [page.id] * is_confirmed
    typed = [one for one in rehearsal.typed if one != page.id] + [page.id] * (not is_confirmed)
    made = replace(rehearsal, answers=now, confirmed=tuple(confirmed), typed=tuple(typed))
    route = made.route
    at = route.index(page.id) + 1 if page.id in route else 0
    return replace(made, page=route[at] if at < len(route) else ""), {}


def gone_back(rehearsal: Rehearsal) -> Rehearsal:
    """On the page before."""
    route = rehearsal.route
    at = route.index(rehearsal.page) if rehearsal.page in route else len(route)
    return replace(rehearsal, page=route[max(0, at - 1)])
