"""What the people of these tests do: change customers, have files made, release them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import Actor
from customers.models import AttributeChange, Customer
from customers.services import apply_facts
from integrations.returns.models import ReturnBatch, ReturnedChange, ReturnPiece
from integrations.returns.services import make_waiting, prepare_batch, release_batch, set_layout
from tenants.models import User
from tests.conftest import NOW, SYSTEM
from tests.integrations.layouts import CSV


def lay_out(document: dict[str, Any] = CSV) -> None:
    """The tenant in scope has a layout."""
    set_layout(document=document, actor=Actor.user(7), now=NOW)


def change(customer: Customer, *, source: str = "CUSTOMER", now: datetime = NOW, **facts: Any) -> None:
    """Somebody says something new of a customer."""
    with transaction.atomic():
        found = Customer.objects.get(pk=customer.pk)
        apply_facts(customer=found, changes=facts, source=AttributeChange.Source(source), actor=SYSTEM, now=now)


def made(officer: User, now: datetime = NOW) -> ReturnBatch:
    """A file with everything that is due, made and waiting for its release."""
    batch = prepare_batch(actor=Actor.user(officer.pk), now=now)
    make_waiting(actor=SYSTEM, now=now)
    return fresh(batch)


def released(officer: User, approver: User, now: datetime = NOW) -> ReturnBatch:
    """The same, on its way to the core system."""
    batch = made(officer, now)
    release_batch(batch=batch, seen=batch.sha256, actor=Actor.user(approver.pk), now=now)
    return fresh(batch)


@transaction.atomic
def fresh(batch: ReturnBatch) -> ReturnBatch:
    """As it stands now."""
    found: ReturnBatch = ReturnBatch.objects.get(pk=batch.pk)
    return found


@transaction.atomic
def content(batch: ReturnBatch) -> bytes:
    """What is in the file."""
    return b"".join(piece.body for piece in ReturnPiece.objects.filter(batch=batch).order_by("position"))


@transaction.atomic
def dealt_with(batch: ReturnBatch) -> dict[str, list[str]]:
    """Outcome to facts."""
    found: dict[str, list[str]] = {}
    for row in ReturnedChange.objects.filter(batch=batch).order_by("attribute", "pk"):
        found.setdefault(row.outcome, []).append(row.attribute)
    return found
