"""By which way answers of a campaign come in: an entrance of the customer's pages, a colleague, or paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, PeriodicReview
from outreach.papers.models import PaperAnswer
from outreach.papers.selectors import LISTS
from questionnaires.models import AccessLink, Response

Entrance, Origin = AccessLink.Entrance, Response.Origin
# How an answer came, by the code it has in addresses, in the order of the page.
CAME: Mapping[str, Promise | str] = {
    Entrance.LINK: Entrance.LINK.label,
    Entrance.NUMBER: Entrance.NUMBER.label,
    Entrance.BANK_APP: Entrance.BANK_APP.label,
    Entrance.HAND_OVER: Entrance.HAND_OVER.label,
    Origin.TELEPHONE: Origin.TELEPHONE.label,
    Origin.VISIT: Origin.VISIT.label,
    Origin.PAPER: Origin.PAPER.label,
}
# Sheets that are not an answer yet, by the code in addresses: the list of the register in which they stand.
ON_PAPER = {"paper-key": "key", "paper-asking": "asking", "paper-check": "check", "paper-aside": "aside"}
WORDS: Mapping[str, Promise | str] = {
    **CAME,
    "paper-key": _("On paper: to be keyed"),
    "paper-asking": _("On paper: customer asked back"),
    "paper-check": _("On paper: to be checked by a second person"),
    "paper-aside": _("On paper: set aside, to be looked at"),
}


@dataclass(frozen=True, slots=True)
class CameIn:
    """One way, by its code, with the number of customers who answered by it, or whose sheet stands there."""

    code: str
    words: str
    count: int


def answers_by_entrance(campaign: Campaign) -> list[CameIn]:
    """Every customer who has answered, once, by the way that they came. One query."""
    found = dict(_answered(campaign).values_list("came").annotate(Count("id")).order_by())
    return [CameIn(code, str(words), found[code]) for code, words in CAME.items() if found.get(code)]


def sheets_under_way(campaign: Campaign) -> list[CameIn]:
    """Sheets that came in and are no answer yet. One query."""
    counts = {which: Count("id", filter=LISTS[which][1]) for which in ON_PAPER.values()}
    found = PaperAnswer.objects.filter(reference__in=_references(campaign)).aggregate(**counts)
    return [CameIn(code, str(WORDS[code]), found[which]) for code, which in ON_PAPER.items() if found[which]]


def reviews_by(campaign: Campaign, code: str) -> QuerySet[PeriodicReview]:
    """Those behind one of these numbers. ``code``: a key of `WORDS`."""
    rows: QuerySet[PeriodicReview] = PeriodicReview.objects.filter(campaign=campaign)
    if code in ON_PAPER:
        sheets = PaperAnswer.objects.filter(LISTS[ON_PAPER[code]][1], reference=OuterRef("id"))
        return rows.filter(Exists(sheets))
    return rows.filter(pk__in=_answered(campaign).filter(came=code).values("reference"))


def _answered(campaign: Campaign) -> QuerySet[Any]:
    """Submitted responses with ``came``: of the customer's own pages the entrance by which they came last."""
    proved = AccessLink.objects.filter(response=OuterRef("pk"), proved_at__isnull=False).order_by("-proved_at")
    rows: QuerySet[Response] = Response.objects.filter(
        reference__in=_references(campaign), status=Response.Status.SUBMITTED
    )
    last = Coalesce(Subquery(proved.values("entrance")[:1]), Value(Entrance.LINK.value))
    return rows.annotate(came=Case(When(origin=Origin.PORTAL, then=last), default=F("origin")))


def _references(campaign: Campaign) -> Subquery:
    return Subquery(PeriodicReview.objects.filter(campaign=campaign).values("id"))
