"""What customers send from the pages of help, and what is kept of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.test import Client
from django.utils import timezone

from audit.services import Actor
from outreach.calls import hours
from outreach.calls.services import desk_of
from outreach.claims.models import Claim
from outreach.inquiries.models import Inquiry, InquiryMessage
from outreach.inquiries.services import answer_inquiry
from outreach.inquiries.telling import Told
from tenants.models import User
from tenants.scoping import tenant_context, tenant_scope
from tests.questionnaires.filing import Sent

HOSTILE = (
    '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{ tenant }}{% now "Y" %}',
    "javascript:alert(1)//</textarea><svg/onload=alert(3)>",
    "'; DROP TABLE outreach_inquiry; --",
    "${7*7} #{7*7} %(phone)s {0} <a href='//evil.example'>x</a>",
)


def ask(client: Client, way: str = "", **data: str) -> Any:
    """Send the form of inquiries: on a visit, or with the link whose token is given."""
    address = f"/r/{way}/help/inquiry/" if way else "/r/help/inquiry/"
    typed = {"topic": "PRIVACY", "text": "何に使われますか", "reply_by": "PAGES", "token": str(uuid4()), **data}
    return client.post(address, typed)


def inquiries(sent: Sent) -> list[Inquiry]:
    with tenant_scope(sent.tenant.pk):
        return list(Inquiry.objects.order_by("told_at"))


def texts(sent: Sent) -> list[str]:
    with tenant_scope(sent.tenant.pk):
        rows = InquiryMessage.objects.select_related("inquiry").order_by("written_at")
        return [str(row.text) for row in rows]


def wish(sent: Sent, now: datetime) -> dict[str, str]:
    """A day and a part of it that can be asked for."""
    with tenant_scope(sent.tenant.pk):
        desk = desk_of(sent.tenant)
    day = hours.days(desk, now=now)[1]
    return {"day": day.isoformat(), "part": "AFTERNOON", "token": str(uuid4())}


def tell(client: Client, way: str, name: str, **data: str) -> Any:
    address = f"/r/{way}/help/circumstances/{name}/" if way else f"/r/help/circumstances/{name}/"
    told = {"name": "山田 一郎", "phone": "080-1111-2222", "text": "お知らせします", "token": str(uuid4())}
    return client.post(address, {**told, **data})


def claims(sent: Sent) -> list[Claim]:
    with tenant_scope(sent.tenant.pk):
        return list(Claim.objects.select_related("customer").order_by("told_at"))


def answer(sent: Sent, by: User, text: str = "お答えします", inquiry: Inquiry | None = None) -> Told:
    with tenant_context(sent.tenant.pk):
        with transaction.atomic():
            found = inquiry or Inquiry.objects.select_related("customer").get()
        return answer_inquiry(inquiry=found, token=uuid4(), text=text, actor=Actor.user(by.pk), now=timezone.now())
