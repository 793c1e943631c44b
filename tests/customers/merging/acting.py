"""Two customers who may be one, and the steps of their merging, for tests."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from audit.services import Actor
from customers.matching.finding import find_candidates
from customers.matching.models import MatchCandidate
from customers.merging.beside import beside_each_other
from customers.merging.models import CustomerMerge
from customers.merging.services import approve_merge, propose_merge, reverse_merge
from customers.models import AttributeChange, Customer
from customers.selectors import facts_of
from customers.services import apply_facts
from tenants.models import User
from tests.conftest import NOW, SYSTEM
from tests.customers.books import person
from tests.customers.test_matching import GOOD, enter

WHY = "同じ方です。"
OTHER_PHONE, OTHER_MAIL = "080-9999-1111", "h@other.example.jp"


def enter_pair() -> None:
    """The good person twice: the second has another telephone and address, and no LINE account."""
    second = person(
        customer_number="2",
        name="高崎花子",
        phone=OTHER_PHONE,
        email=OTHER_MAIL,
        line_id="",
        postal_code="530-0001",
        address="大阪府大阪市北区梅田1丁目1-1",
        opened_on="2005-06-01",
    )
    enter({**GOOD, "customer_number": "1"}, second)
    find_candidates(actor=SYSTEM, now=NOW)


def customer(number: str) -> Customer:
    with transaction.atomic():
        found: Customer = Customer.objects.get(number=number)
    return found


def facts(number: str) -> dict[str, object]:
    with transaction.atomic():
        return facts_of(Customer.objects.get(number=number))


def change(number: str, **changes: object) -> None:
    with transaction.atomic():
        one = Customer.objects.get(number=number)
        apply_facts(customer=one, changes=changes, source=AttributeChange.Source.STAFF, actor=SYSTEM, now=NOW)


def differing(survivor: str, merged: str) -> list[str]:
    with transaction.atomic():
        both = (Customer.objects.get(number=number) for number in (survivor, merged))
        return [row.leader for row in beside_each_other(*both).rows]


def propose(survivor: str, merged: str, proposer: User, *, taken: Collection[str] = ()) -> CustomerMerge:
    with transaction.atomic():
        return propose_merge(
            survivor=Customer.objects.get(number=survivor),
            merged=Customer.objects.get(number=merged),
            taken=list(taken),
            reason=WHY,
            actor=Actor.user(proposer.pk),
            now=NOW,
        )


def approve(merge: CustomerMerge, approver: User) -> None:
    with transaction.atomic():
        approve_merge(merge=again(merge.pk), actor=Actor.user(approver.pk), now=NOW)


def reverse(merge: CustomerMerge, approver: User) -> None:
    with transaction.atomic():
        reverse_merge(merge=again(merge.pk), reason="別人でした。", actor=Actor.user(approver.pk), now=NOW)


def merge(survivor: str, merged: str, proposer: User, approver: User, *, taken: Collection[str] = ()) -> CustomerMerge:
    made = propose(survivor, merged, proposer, taken=taken)
    approve(made, approver)
    return made


def again(merge_id: UUID) -> CustomerMerge:
    with transaction.atomic():
        found: CustomerMerge = CustomerMerge.objects.select_related("survivor", "merged").get(pk=merge_id)
    return found


def pair_status() -> str:
    with transaction.atomic():
        return str(MatchCandidate.objects.values_list("status", flat=True).get())
