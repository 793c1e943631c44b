"""Some calls and visits for the demonstration's staff: given out and not, tried in vain, agreed for tomorrow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from audit.services import Actor
from campaigns.models import PeriodicReview
from cdd.demo.banks import Bank
from customers.models import Customer
from outreach.models import OutreachTask
from outreach.services import assign_task, make_task, record_try
from tenants.models import Tenant, User
from tenants.scoping import tenant_context

BRANCH = "012"


@dataclass(frozen=True)
class Errand:
    """One task: of which kind, whose it is (the local part of an address), and what came of it so far."""

    kind: str
    person: str = ""
    outcome: str = ""
    note: str = ""


AT_THE_BRANCH = (
    Errand("TELEPHONE", "branch", "NO_ANSWER", "留守番電話に切り替わったため、伝言は残していません。"),
    Errand("TELEPHONE", "branch"),
    Errand("VISIT", "branch"),
    Errand("VISIT"),
)
ELSEWHERE = (
    Errand("TELEPHONE", "officer", "CALL_BACK", "午後のご連絡を希望されています。"),
    Errand("TELEPHONE", "contractor"),
    Errand("TELEPHONE"),
    Errand("VISIT", "contractor"),
    Errand("VISIT"),
)


def give_errands(bank: Bank, *, now: datetime) -> int:
    """Tasks for customers who have been asked and have not answered, unless somebody entered some; returns how many."""
    tenant = Tenant.objects.get(slug=bank.slug)
    with tenant_context(tenant.pk):
        with transaction.atomic():
            if OutreachTask.objects.filter(origin=OutreachTask.Origin.HAND).exists():
                return 0
            asked = PeriodicReview.objects.filter(
                status=PeriodicReview.Status.NOTIFIED, customer__is_foreign_pep=False
            ).select_related("customer")
            near = [review.customer for review in asked.filter(customer__branch_code=BRANCH)[: len(AT_THE_BRANCH)]]
            far = [review.customer for review in asked.exclude(customer__branch_code=BRANCH)[: len(ELSEWHERE)]]
        pairs = [*zip(near, AT_THE_BRANCH, strict=False), *zip(far, ELSEWHERE, strict=False)]
        for customer, errand in pairs:
            _give(bank, customer, errand, now)
    return len(pairs)


def _give(bank: Bank, customer: Customer, errand: Errand, now: datetime) -> None:
    officer = _actor(bank, "officer")
    task = make_task(customer=customer, kind=errand.kind, actor=officer, now=now)
    if not errand.person:
        return
    person = _actor(bank, errand.person)
    assign_task(task=task, assignee=int(person.id), actor=officer, now=now)
    if errand.outcome:
        later = now + timedelta(days=1) if errand.outcome == "CALL_BACK" else None
        record_try(
            task=task,
            token=uuid4(),
            outcome=errand.outcome,
            note=errand.note,
            call_back_at=later,
            actor=person,
            now=now,
        )


def _actor(bank: Bank, local_part: str) -> Actor:
    return Actor.user(User.objects.get(email=f"{local_part}@{bank.slug}.example").pk)
