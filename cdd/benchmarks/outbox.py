"""An outbox to measure on: a bank's accounts, and as many queued notices as are wanted, written as the product does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import batched
from typing import Any
from uuid import uuid4

from django.db import transaction

from audit.services import Actor
from channels.protocols import Channel
from channels.services import NoticeRequest, queue_notices
from customers.indexing import contact_index
from customers.models import ContactPoint, Customer

ACTOR = Actor.system("bench")
BATCH = 500
DEADLINE = date(2027, 1, 15)
ADDRESS = {"postal_code": "1680064", "address": "東京都杉並区永福1丁目2-3　コーポ永福203号"}
# How a customer is reached: (channel of the notice, kind of contact point, its value from a number).
PUSH = (Channel.LINE, "LINE")
NOTIFICATION = (Channel.LINE, "PHONE")
SMS = (Channel.SMS, "PHONE")
EMAIL = (Channel.EMAIL, "EMAIL")
POST = (Channel.POST, "POST")
type Way = tuple[Channel, str]


def fill(way: Way, messages: int, now: datetime, *, not_before: datetime | None = None) -> None:
    """Queue notices to ``messages`` new customers, in transactions of some hundreds; within a tenant's scope.

    They may leave at ``not_before``, or else now.
    """
    with transaction.atomic():
        first = Customer.objects.count() + 1
    for numbers in batched(range(first, first + messages), BATCH):
        with transaction.atomic():
            people = _people(way[1], numbers)
            requests = [_request(way[0], customer, point, not_before) for customer, point in people]
            queue_notices(requests=requests, actor=ACTOR, now=now)


def _people(kind: str, numbers: Sequence[int]) -> list[tuple[Customer, ContactPoint]]:
    customers, points = [], []
    for number in numbers:
        customer = Customer(number=f"{number:012}", kind="INDIVIDUAL")
        customer.profile = {"name": "山田 節子", "birth_on": "1958-04-01"}
        value = _value(kind, number)
        point = ContactPoint(customer=customer, channel=kind, value_index=contact_index(kind, value))
        point.value = value
        customers.append(customer)
        points.append(point)
    Customer.objects.bulk_create(customers)
    ContactPoint.objects.bulk_create(points)
    return list(zip(customers, points, strict=True))


def _value(kind: str, number: int) -> Any:
    match kind:
        case "LINE":
            return f"U{number:032x}"
        case "PHONE":
            return f"+8190{number:08d}"
        case "EMAIL":
            return f"customer-{number}@example.jp"
    return ADDRESS


def _request(channel: Channel, customer: Customer, point: ContactPoint, not_before: datetime | None) -> NoticeRequest:
    reference = uuid4()
    return NoticeRequest(
        customer_id=customer.pk,
        reference=reference,
        purpose="REQUEST",
        channel=channel,
        contact_point_id=point.pk,
        url=f"https://kakunin.bench.example/r/{reference.hex.upper()}/",
        deadline_on=DEADLINE,
        not_before=not_before,
    )
