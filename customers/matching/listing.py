"""The list of pairs that look alike: read from an address, and exported with the other one's number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.exporting.lists import Asked, ListKind, register_list
from customers.matching.models import MatchCandidate
from customers.matching.presenting import reasons_in_words

NAME = "matches"
_COLUMNS = {
    "matches_with": _("Number of the other customer"),
    "matches_reasons": _("Why they may be the same"),
    "matches_strength": _("How strongly it speaks"),
    "matches_state": _("State of the pair"),
    "matches_found_at": _("Found at"),
}


def asked_of(address: Asked) -> Asked:
    """What an address asks; those to be looked at where it says nothing that there is."""
    status = address.get("status", "")
    return {"status": status if status in MatchCandidate.Status.values else str(MatchCandidate.Status.OPEN)}


def _pairs(asked: Asked) -> QuerySet[MatchCandidate]:
    return MatchCandidate.objects.filter(status=asked["status"])


def _customers(asked: Asked, _today: date) -> Q:
    return Q(pk__in=_pairs(asked).values("first")) | Q(pk__in=_pairs(asked).values("second"))


def _values(asked: Asked, ids: Sequence[UUID], _today: date) -> Mapping[UUID, Mapping[str, str]]:
    """Of a customer in several pairs the numbers of all others, and the rest of the likeliest pair."""
    pairs = _pairs(asked).filter(Q(first__in=ids) | Q(second__in=ids)).select_related("first", "second")
    others: dict[UUID, list[str]] = defaultdict(list)
    best: dict[UUID, MatchCandidate] = {}
    for pair in pairs.order_by("-strength", "id"):
        for mine, other in ((pair.first, pair.second), (pair.second, pair.first)):
            others[mine.pk].append(other.number)
            best.setdefault(mine.pk, pair)
    return {
        pk: {
            "matches_with": gettext(", ").join(others[pk]),
            "matches_reasons": gettext(", ").join(reasons_in_words(pair.why)),
            "matches_strength": pair.get_strength_display(),
            "matches_state": pair.get_status_display(),
            "matches_found_at": f"{localtime(pair.found_at):%Y-%m-%d %H:%M}",
        }
        for pk, pair in best.items()
    }


def _words(asked: Asked) -> list[tuple[str, str]]:
    return [(gettext("Possibly the same"), str(MatchCandidate.Status(asked["status"]).label))]


def register() -> None:
    """Called when the apps are ready."""
    kind = ListKind(
        title=_("Possibly the same"),
        read=asked_of,
        customers=_customers,
        columns=_COLUMNS,
        values=_values,
        words=_words,
    )
    register_list(NAME, kind)
