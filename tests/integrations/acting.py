"""What the people of these tests do: change customers, have files made, release them."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import Actor
from customers.models import AttributeChange, Customer
from customers.services import apply_facts
from integrations.returns.models import ReturnBatch, ReturnedChange, ReturnLayout, ReturnPiece
from integrations.returns.selectors import current_layout, form_of, waiting
from integrations.returns.services import approve_layout, make_waiting, prepare_batch, propose_layout, release_batch
from tenants.models import Membership, Role, User
from tenants.scoping import required_tenant_id
from tests.conftest import NOW, SYSTEM
from tests.integrations.layouts import CSV


@transaction.atomic
def lay_out(document: dict[str, Any] = CSV) -> None:
    """The tenant in scope has a layout, agreed on by an administrator and another one."""
    ReturnLayout.objects.filter(status="PROPOSED").update(status="REJECTED")
    tenant = required_tenant_id()
    first, second = (_administrator(tenant, name) for name in ("layout-one", "layout-two"))
    layout = propose_layout(document=document, actor=first, now=NOW)
    approve_layout(layout=layout, actor=second, now=NOW)


def _administrator(tenant: int, name: str) -> Actor:
    user, _is_new = User.objects.get_or_create(email=f"{name}-{tenant}@bank.example", defaults={"name": name})
    Membership.objects.get_or_create(user=user, defaults={"role": Role.ADMINISTRATOR, "staff_number": name})
    return Actor.user(user.pk)


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


def lines(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("cp932"), newline="")))[1:]


@transaction.atomic
def due() -> tuple[int, int]:
    layout = current_layout()
    return waiting(form_of(layout) if layout else None)
