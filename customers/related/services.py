"""Entering who stands behind a customer, changing it, ending it, and taking papers about a company's owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.services import Actor, record
from customers.models import AttributeChange, Customer, OwnerPaper, RelatedParty
from customers.pointers import lock_own
from customers.related.papers import check_paper
from customers.related.selectors import related_to
from customers.selectors import facts_of
from customers.services import apply_facts
from retention.expiring import day_in_japan
from tenants.identifiers import uuid7


class AlreadyChanged(Exception):
    """Somebody else changed or ended what was about to be changed."""


class StillHeld(Exception):
    """A company cannot go while somebody is on record as holding it."""


def enter_party(
    *,
    customer: Customer,
    kind: str,
    roles: Sequence[str],
    details: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    replaces: UUID | None = None,
) -> RelatedParty:
    """Note a party of a customer, or what is known of it now in place of the row ``replaces``.

    Raises:
        AlreadyChanged: that row is no longer the current one.
        CustomerMerged: the customer is part of another by now.
    """
    with transaction.atomic():
        lock_own(customer.pk)
        party = _end(customer, replaces, actor=actor, now=now) if replaces else uuid7()
        made: RelatedParty = RelatedParty.objects.create(
            customer=customer,
            party=party,
            kind=kind,
            roles=sorted(roles),
            details=dict(details),
            began_at=now,
            began_by=str(actor),
        )
        if replaces:
            record("customer.related_changed", target=customer, actor=actor, at=now, party=str(party))
        else:
            record("customer.related_entered", target=customer, actor=actor, at=now, party=str(party))
    return made


def end_party(*, customer: Customer, row_id: UUID, actor: Actor, now: datetime) -> None:
    """A party has no longer to do with the customer; what was known stays.

    Raises:
        AlreadyChanged: the row is no longer the current one.
        StillHeld: others are on record as holding it.
    """
    with transaction.atomic():
        party = _end(customer, row_id, actor=actor, now=now)
        if any(held == str(party) for one in related_to(customer) for held, _ in one.holds):
            raise StillHeld
        record("customer.related_ended", target=customer, actor=actor, at=now, party=str(party))


def _end(customer: Customer, row_id: UUID, *, actor: Actor, now: datetime) -> UUID:
    """End the current row; its party."""
    lock_own(customer.pk)
    row = RelatedParty.objects.filter(pk=row_id, customer=customer, ended_at__isnull=True).first()
    if row is None:
        raise AlreadyChanged
    row.ended_at, row.ended_by = now, str(actor)
    row.save(update_fields=["ended_at", "ended_by"])
    party: UUID = row.party
    return party


def set_legal_form(*, customer: Customer, legal_form: str, actor: Actor, now: datetime) -> None:
    """Note what a company is for the rule, as a fact of the file with its history."""
    change = {"legal_form": legal_form}
    with transaction.atomic():
        apply_facts(customer=customer, changes=change, source=AttributeChange.Source.STAFF, actor=actor, now=now)


def take_paper(
    *,
    customer: Customer,
    kind: str,
    as_of_on: date,
    filed_on: date,
    details: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> OwnerPaper:
    """Take a paper about the owners as evidence of its day.

    Raises:
        PaperRefused: its dates or the company's legal form do not allow it.
    """
    with transaction.atomic():
        lock_own(customer.pk)
        check_paper(
            is_registry_list=kind == OwnerPaper.Kind.REGISTRY_LIST,
            legal_form=str(facts_of(customer).get("legal_form", "")),
            as_of_on=as_of_on,
            filed_on=filed_on,
            today=day_in_japan(now),
        )
        paper: OwnerPaper = OwnerPaper.objects.create(
            customer=customer,
            kind=kind,
            as_of_on=as_of_on,
            filed_on=filed_on,
            details=dict(details),
            taken_at=now,
            taken_by=str(actor),
        )
        record(
            "customer.owner_paper_taken",
            target=customer,
            actor=actor,
            at=now,
            paper=str(paper.pk),
            as_of_on=as_of_on.isoformat(),
        )
    return paper
