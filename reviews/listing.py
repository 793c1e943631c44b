"""The list of cases by state and risk: read from an address, and exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.exporting.lists import Asked, ListKind, register_list
from customers.presenting import label
from customers.tiers import RiskTier
from reviews.models import Case
from reviews.selectors import attributes_of

NAME = "cases"
_COLUMNS = {
    "cases_state": _("State of the case"),
    "cases_opened_at": _("Arrived"),
    "cases_tier": _("Risk when it arrived"),
    "cases_differences": _("What differs"),
}


def asked_of(address: Asked) -> Asked:
    """What an address asks; the open ones where it says nothing that there is."""
    status, tier = address.get("status", ""), address.get("tier", "")
    asked = {"status": status if status in Case.Status.values else str(Case.Status.OPEN)}
    return {**asked, "tier": tier} if tier in RiskTier.values else asked


def _cases(asked: Asked) -> QuerySet[Case]:
    rows: QuerySet[Case] = Case.objects.filter(status=asked["status"])
    return rows.filter(tier=asked["tier"]) if "tier" in asked else rows


def _customers(asked: Asked, _today: date) -> Q:
    return Q(pk__in=_cases(asked).values("customer"))


def _values(asked: Asked, ids: Sequence[UUID], _today: date) -> Mapping[UUID, Mapping[str, str]]:
    cases = list(_cases(asked).filter(customer__in=ids).order_by("opened_at", "pk"))
    differing = attributes_of(cases)
    return {
        case.customer_id: {
            "cases_state": case.get_status_display(),
            "cases_opened_at": f"{localtime(case.opened_at):%Y-%m-%d %H:%M}",
            "cases_tier": case.get_tier_display(),
            "cases_differences": gettext(", ").join(dict.fromkeys(map(label, differing.get(case.pk, [])))),
        }
        for case in cases
    }


def _words(asked: Asked) -> list[tuple[str, str]]:
    said = [(gettext("Reviews"), str(Case.Status(asked["status"]).label))]
    return [*said, (gettext("Risk"), str(RiskTier(asked["tier"]).label))] if "tier" in asked else said


def register() -> None:
    """Called when the apps are ready."""
    kind = ListKind(
        title=_("Reviews"), read=asked_of, customers=_customers, columns=_COLUMNS, values=_values, words=_words
    )
    register_list(NAME, kind)
