"""Two customers beside each other as their merging needs them: all that is known of each, and what differs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.accounts.rules import ACCOUNTS, united
from customers.facts.catalogue import BESIDE, CHANNEL_OF_FACT
from customers.matching.presenting import Likeness, compare
from customers.merging.comparing import Known, Row, rows_of
from customers.models import ContactPoint, Customer, RelatedParty
from customers.presenting import LABELS, label
from customers.recording import LINE_ID
from customers.selectors import ERASED, assemble_facts, current_points
from tenants.keys import cipher

SEEN = "customermerge.seen"
ORDER = (*LABELS, LINE_ID, *BESIDE)
ADDRESS = "address"
_LABELS: Mapping[str, Promise] = {
    LINE_ID: _("LINE account"),
    "branch_code": _("Branch"),
    "opened_on": _("Beginning of the contract"),
    "last_reviewed_on": _("Last review"),
}
_GROUPS: Mapping[str, str] = {
    key: ADDRESS for key, channel in CHANNEL_OF_FACT.items() if channel == ContactPoint.Channel.POST
}


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of both: facts, the LINE account and the columns beside the facts, as JSON has them."""

    survivor: Customer
    merged: Customer
    known: tuple[Known, Known]

    @property
    def rows(self) -> list[Row]:
        """What differs and has to be chosen; the accounts of both are kept."""
        mine, theirs = ({key: value for key, value in known.items() if key != ACCOUNTS} for known in self.known)
        same = {key: compare(key, mine.get(key), theirs.get(key)) == Likeness.FOLDED for key in {*mine, *theirs}}
        return rows_of(mine, theirs, groups=_GROUPS, same=same, order=ORDER)

    @property
    def accounts(self) -> dict[str, Any]:
        """The accounts of both, as the survivor has them from now on; nothing if none are known."""
        found = united(*(known.get(ACCOUNTS) for known in self.known))
        return {ACCOUNTS: found} if found else {}

    @property
    def is_erased(self) -> bool:
        """Whether the personal data of one were destroyed."""
        return any(ERASED in known for known in self.known)

    def seen(self) -> bytes:
        """A keyed hash of everything about the two that a person could have looked at here."""
        both = (self.survivor, self.merged)
        parties = RelatedParty.objects.filter(customer__in=both, ended_at__isnull=True).order_by("pk")
        said = [
            *((str(one.pk), one.status, known) for one, known in zip(both, self.known, strict=True)),
            [str(pk) for pk in parties.values_list("pk", flat=True)],
        ]
        return cipher().index(SEEN, json.dumps(said, sort_keys=True, ensure_ascii=False))


def beside_each_other(survivor: Customer, merged: Customer) -> Beside:
    """Both as the file has them now; one query."""
    points = current_points([survivor.pk, merged.pk])
    mine, theirs = (_known(one, points.get(one.pk, {})) for one in (survivor, merged))
    return Beside(survivor, merged, (mine, theirs))


def attribute_label(key: str) -> str:
    """What an attribute is called."""
    return str(_LABELS[key]) if key in _LABELS else label(key)


def _known(customer: Customer, points: dict[str, ContactPoint]) -> dict[str, Any]:
    known = assemble_facts(customer, points)
    if ERASED in known:
        return known
    if line := points.get(ContactPoint.Channel.LINE):
        known[LINE_ID] = line.value
    for name in BESIDE:
        if value := getattr(customer, name):
            known[name] = value.isoformat() if isinstance(value, date) else value
    return known
