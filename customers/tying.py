"""A customer's LINE account in the file: tied when LINE confirms whose it is, untied whenever its owner wants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.services import Actor, record, record_ids
from customers.contacts.health import Health, Reason
from customers.contacts.services import mark_contact_health
from customers.indexing import contact_index
from customers.models import ContactPoint, Customer
from tenants.scoping import required_tenant_id

LINE = ContactPoint.Channel.LINE


def tie_line(*, customer_id: UUID, user_id: str, actor: Actor, now: datetime) -> None:
    """From now on the customer is reached at this LINE account and no other."""
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(pk=customer_id)
        held = ContactPoint.objects.filter(customer=customer, channel=LINE, is_current=True).first()
        if held is not None and held.value == user_id:
            mark_contact_health(contact_ids=[held.pk], health=Health.VERIFIED, reason=Reason.TIED, now=now)
            return
        if held is not None:
            ContactPoint.objects.filter(pk=held.pk).update(is_current=False)
        point = ContactPoint(
            customer=customer,
            channel=LINE,
            value_index=contact_index(LINE, user_id),
            health=Health.VERIFIED,
            health_reason=Reason.TIED,
            health_at=now,
            last_success_at=now,
        )
        point.value = user_id
        point.save()
        record("customer.line_tied", target=customer, actor=actor, at=now)


def untie_line(*, contact_ids: Sequence[UUID], actor: Actor, now: datetime, reason: str = "") -> list[UUID]:
    """Nobody is reached at these LINE accounts any more. Returns the contact points that ended."""
    with transaction.atomic():
        held = ContactPoint.objects.filter(pk__in=list(contact_ids), channel=LINE, is_current=True)
        ended = dict(held.select_for_update(of=("self",)).values_list("pk", "customer_id"))
        ContactPoint.objects.filter(pk__in=list(ended)).update(is_current=False)
        customers = sorted(set(ended.values()))
        record_ids(
            "customer.line_untied",
            model=Customer,
            tenant_id=required_tenant_id(),
            ids=customers,
            actor=actor,
            at=now,
            **({"reason": reason} if reason else {}),
        )
    return list(ended)


def points_of_line_user(user_id: str) -> list[UUID]:
    """Every current contact point at this LINE account: one person may act for a company too."""
    points = ContactPoint.objects.filter(value_index=contact_index(LINE, user_id), channel=LINE, is_current=True)
    return list(points.values_list("pk", flat=True))
