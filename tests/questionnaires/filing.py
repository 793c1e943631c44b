"""Customers on file and the links that were sent to them, for tests."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from audit.services import Actor
from customers.models import ContactPoint, Customer
from questionnaires.links import issue_links
from questionnaires.models import Response
from questionnaires.services import open_responses, publish, publish_standard
from tenants.models import Tenant
from tenants.scoping import tenant_scope

PERSON: dict[str, Any] = {
    "name": "山田 花子",
    "kana": "ヤマダ ハナコ",
    "birth_on": "1948-05-03",
    "account_number": "1234567",
}
COMPANY: dict[str, Any] = {
    "name": "株式会社うみねこ製作所",
    "kana": "ウミネコセイサクシヨ",
    "representative": "海野 一郎",
    "account_number": "7654321",
    "owners": [{"name": "海野 一郎", "birth_on": "1960-01-02", "share_percent": 60, "is_pep": False}],
}


@dataclass(frozen=True)
class Sent:
    """A link that a customer has in hand."""

    tenant: Tenant
    customer: Customer
    response: Response
    token: str


def file_customer(*, kind: str = "INDIVIDUAL", number: str = "1", **fields: Any) -> Customer:
    """A customer whose file is complete. Needs the tenant's scope."""
    is_person = kind == "INDIVIDUAL"
    plain = (
        {"nationality": "JP", "country_of_residence": "JP", "occupation": "retired", "purpose": "living"}
        if is_person
        else {"country_of_residence": "JP", "industry": "manufacturing", "purpose": "business"}
    )
    customer = Customer(kind=kind, number=number, **{**plain, **fields})
    customer.profile = dict(PERSON if is_person else COMPANY)
    customer.save()
    post = {"postal_code": "1680065", "address": "東京都杉並区永福1丁目2番3号 ひまわり荘405"}
    for channel, value in (("PHONE", "+819012345678"), ("POST", post)):
        ContactPoint.objects.create(customer=customer, channel=channel, value=value, value_index=b"\0" * 16)
    return customer


def send_link(
    tenant: Tenant,
    *,
    now: datetime,
    kind: str = "INDIVIDUAL",
    reference: UUID | None = None,
    number: str = "1",
    lives: timedelta = timedelta(days=30),
    document: Any = None,
    **fields: Any,
) -> Sent:
    """A customer of the tenant, asked and sent a link. ``document``: other questions than the standard ones."""
    with tenant_scope(tenant.pk):
        publish_standard(actor=Actor.system("tests"), now=now)
        if document:
            publish({"individual": document}, actor=Actor.system("tests"), now=now)
        customer = file_customer(kind=kind, number=number, **fields)
        opened = open_responses(
            customers=[customer], reference_by_customer={customer.pk: reference or uuid4()}, now=now
        )
        response = opened[customer.pk]
        tokens = issue_links(responses=[response], channel="POST", expires_at=now + lives, now=now)
    return Sent(tenant, customer, response, tokens[response.pk])


def plan_review(tenant: Tenant, sent: Sent, *, now: datetime, ekyc_method: str = "") -> None:
    """Make the response part of a running campaign with a deadline. The reference becomes the review's id."""
    from campaigns.models import Campaign, PeriodicReview

    with tenant_scope(tenant.pk):
        campaign = Campaign.objects.create(
            name="2026年11月",
            status=Campaign.Status.RUNNING,
            due_by=date(2026, 12, 31),
            deadline_on=date(2027, 1, 15),
            plan={"ladder": {}, "ekyc": {"HIGH": ekyc_method}},
            plan_hash="0" * 64,
            planned_by=1,
            planned_person="1",
            planned_at=now,
            submitted_by=1,
            submitted_person="1",
            approved_by=2,
            approved_person="2",
            approved_at=now,
            approved_hash="0" * 64,
        )
        PeriodicReview.objects.create(
            pk=sent.response.reference,
            campaign=campaign,
            customer=sent.customer,
            response=sent.response,
            status=PeriodicReview.Status.NOTIFIED,
            tier="HIGH",
            due_on=date(2026, 12, 1),
            created_at=now,
        )
