"""Reading flags: who may not be contacted, who is reached otherwise, and what a page shows of a customer."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from customers.flags.models import CustomerFlag, FlagLifting
from customers.flags.rules import FOR_WHOEVER_ACTS, GUARDIAN, SILENCING, silenced_by
from customers.models import Customer, RelatedParty
from tenants.keys import PersonShredded
from tenants.keyset import Page, keyset_page
from tenants.reach import within_reach

POSTAL_CODE = re.compile(r"〒?\s*+(\d{3})[-－‐]?(\d{4})\s(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Guardian:
    """To whom a letter about a customer under guardianship goes."""

    name: str
    postal_code: str
    address: str


def kinds_in_force(customer_ids: Collection[UUID] | None = None) -> dict[UUID, frozenset[str]]:
    """The flags in force by customer, those without any left out; of every customer if none is named. One query."""
    rows = CustomerFlag.objects.filter(status=CustomerFlag.Status.IN_FORCE)
    if customer_ids is not None:
        rows = rows.filter(customer__in=list(customer_ids))
    found: dict[UUID, set[str]] = {}
    for customer_id, kind in rows.values_list("customer_id", "kind"):
        found.setdefault(customer_id, set()).add(kind)
    return {customer_id: frozenset(kinds) for customer_id, kinds in found.items()}


def may_not_be_contacted(customer_ids: Collection[UUID]) -> dict[UUID, str]:
    """Of these customers those whom nobody contacts, by any channel, and the kind of flag that says so. One query."""
    flags = kinds_in_force(customer_ids)
    return {customer_id: why for customer_id, kinds in flags.items() if (why := silenced_by(kinds))}


def silenced() -> QuerySet[CustomerFlag]:
    """The flags in force because of which nobody is contacted; for conditions on customers."""
    return _in_force(SILENCING)


def not_to_be_called() -> QuerySet[CustomerFlag]:
    """As ``silenced``, and those for whom a guardian acts."""
    return _in_force((*SILENCING, GUARDIAN))


def _in_force(kinds: Iterable[str]) -> QuerySet[CustomerFlag]:
    found: QuerySet[CustomerFlag] = CustomerFlag.objects.filter(
        status=CustomerFlag.Status.IN_FORCE, kind__in=list(kinds)
    )
    return found


def guardians_of(customer_ids: Collection[UUID]) -> dict[UUID, Guardian]:
    """The guardian to write to, of those customers that have one with a whole address on record. One query.

    The latest that was entered, if there are several.
    """
    found: dict[UUID, Guardian] = {}
    if not customer_ids:
        return found
    rows = RelatedParty.objects.filter(customer__in=list(customer_ids), ended_at__isnull=True)
    for row in rows.order_by("began_at", "pk"):
        if RelatedParty.Role.GUARDIAN in row.roles and (guardian := _guardian(row)):
            found[row.customer_id] = guardian
    return found


def _guardian(row: RelatedParty) -> Guardian | None:
    try:
        details = row.details
    except PersonShredded:
        return None
    name, address = str(details.get("name", "")), str(details.get("address", "")).strip()
    postal_code = str(details.get("postal_code") or "")
    if whole := POSTAL_CODE.fullmatch(address):  # as it was entered before the postal code had a field of its own
        postal_code, address = postal_code or whole[1] + whole[2], whole[3].strip()
    return Guardian(name, postal_code, address) if name and postal_code and address else None


def flags_of(customer: Customer) -> list[CustomerFlag]:
    """All flags a customer has or had, those in force first, the latest first. One query."""
    rows = list(CustomerFlag.objects.filter(customer=customer).order_by("-raised_at", "-pk"))
    return sorted(rows, key=lambda flag: flag.status != CustomerFlag.Status.IN_FORCE)


def kinds_shown(customer: Customer, *, all_of_them: bool) -> list[CustomerFlag.Kind]:
    """What whoever acts for a customer is told, whether or not they see the customer's page; never a reason."""
    with within_reach(None):
        kinds = kinds_in_force([customer.pk]).get(customer.pk, frozenset())
    return [kind for kind in CustomerFlag.Kind if kind in kinds and (all_of_them or kind in FOR_WHOEVER_ACTS)]


def waiting_liftings(flags: Collection[CustomerFlag]) -> dict[UUID, FlagLifting]:
    """The proposals to lift these flags that wait for a second person, by flag. One query."""
    rows = FlagLifting.objects.filter(flag__in=[flag.pk for flag in flags], status=FlagLifting.Status.PROPOSED)
    return {row.flag_id: row for row in rows}


def lifting_page(*, cursor: str | None = None) -> Page[FlagLifting]:
    """Proposals that wait for a second person, the oldest first."""
    rows = FlagLifting.objects.filter(status=FlagLifting.Status.PROPOSED).select_related("flag__customer")
    return keyset_page(rows, order=("proposed_at", "id"), cursor=cursor)
