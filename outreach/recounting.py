"""What a finished record of a visit says, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from customers.presenting import or_erased
from outreach.models import VisitRecord
from outreach.visit_forms import CHECKLIST, PLACE, SIGNBOARD
from outreach.visits import photos_of
from uploads.models import Upload


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit: its facts by name, and its photographs."""

    record: VisitRecord
    facts: Sequence[tuple[str, str]]
    photos: Sequence[Upload]


def visit_of(record: VisitRecord) -> Visit:
    """The record in words; nothing of what was sealed where the customer was erased."""
    details = or_erased(lambda: dict(record.details))
    facts = _facts(details) if isinstance(details, dict) else []
    return Visit(record, facts, photos_of(record))


def _facts(details: Mapping[str, object]) -> list[tuple[str, str]]:
    seen = details.get("checklist") or []
    facts = [
        (_("At the registered address"), _say(PLACE, details.get("address_confirmed"))),
        (_("Signboard or nameplate"), _say(SIGNBOARD, details.get("signboard"))),
        (_("What you saw"), _(", ").join(_say(CHECKLIST, code) for code in seen) if isinstance(seen, list) else ""),
    ]
    if details.get("latitude") is not None:
        facts.append((_("Where the telephone was"), f"{details['latitude']}, {details['longitude']}"))
    return [(name, words or "—") for name, words in facts]


def _say(choices: Sequence[tuple[str, Promise | str]], code: object) -> str:
    return next((str(words) for value, words in choices if value == code), "")
