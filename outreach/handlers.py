"""What calls and inquiries do when the rooms below tell them something. Receivers run in the sender's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from audit.services import Actor
from channels.services import cancel_queued
from customers.flags.rules import GUARDIAN, SILENCING
from customers.flags.signals import customer_flagged
from outreach.inquiries.models import Inquiry
from outreach.papers.receiving import overtake_papers
from questionnaires.signals import response_submitted
from tenants.reach import within_reach


@receiver(customer_flagged)
def withdraw_replies(*, customer_id: UUID, kind: str, now: datetime, **_: Any) -> None:
    """Nobody is told of an answer any more who may not be written to; the answer itself stays."""
    if kind not in (*SILENCING, GUARDIAN):
        return
    with within_reach(None):
        inquiries = list(Inquiry.objects.filter(customer=customer_id).values_list("pk", flat=True))
        cancel_queued(references=inquiries, actor=Actor.system("outreach"), now=now)


@receiver(response_submitted)
def set_papers_aside(*, reference: UUID, now: datetime, **_: Any) -> None:
    """The customer answered elsewhere while a sheet of theirs was being dealt with."""
    with within_reach(None):
        overtake_papers(reference=reference, now=now)
