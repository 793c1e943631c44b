"""What tests of reviews do: a customer moves, a case is decided, an identity is verified."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction

from audit.services import Actor
from customers.models import Customer
from customers.selectors import facts_of
from ekyc.models import EkycAccount, Verification
from reviews.models import Case, Decision, Discrepancy
from reviews.services import decide_case
from tenants.models import User
from tests.campaigns.acting import answer, enter, notified, review_of
from tests.conftest import NOW

MOVED: dict[str, Any] = {"postal_code": "2310017", "address": "神奈川県横浜市中区港町1-1"}


@transaction.atomic
def case_of(customer: Customer) -> Case:
    case: Case = Case.objects.select_related("customer").get(customer=customer)
    return case


@transaction.atomic
def file_of(customer: Customer) -> dict[str, Any]:
    return facts_of(Customer.objects.get(pk=customer.pk))


@transaction.atomic
def fresh(customer: Customer) -> Customer:
    found: Customer = Customer.objects.get(pk=customer.pk)
    return found


@transaction.atomic
def differences(customer: Customer) -> dict[str, tuple[str, str]]:
    rows = Discrepancy.objects.filter(case__customer=customer)
    return {row.attribute: (row.kind, row.severity) for row in rows}


def decided(customer: Customer, officer: User, *, accepted: Sequence[str] = ("address", "postal_code")) -> Decision:
    return decide_case(
        case=case_of(customer),
        outcome="UPDATE_FILE" if accepted else "KEEP_FILE",
        accepted_fields=accepted,
        rationale="転居の届出と一致",
        actor=Actor.user(officer.pk),
        now=NOW,
    )


def moved_customer(officer: User, approver: User, **columns: Any) -> Customer:
    customer = enter(1, **columns)
    notified(officer, approver)
    answer(customer, **MOVED)
    return customer


def verification(customer: Customer, *, status: str = "APPROVED", **attributes: str) -> Verification:
    review = review_of(customer)
    account = EkycAccount.objects.create(provider="hosted_page", public_id=uuid4().hex, credentials={})
    found: Verification = Verification.objects.create(
        customer=customer,
        account=account,
        reference=review.pk,
        method_code="ic_chip_selfie",
        regulation_revision="x",
        status=status,
        reason_codes=["face_mismatch"] if status == "REJECTED" else [],
        result={"attributes": attributes, "document": {}} if status == "APPROVED" else None,
        created_at=NOW,
        expires_at=NOW + timedelta(days=7),
    )
    return found


def high_risk_answer(officer: User, approver: User, **changes: Any) -> Customer:
    customer = enter(1, tier="HIGH")
    notified(officer, approver)
    answer(customer, **changes)
    return customer
