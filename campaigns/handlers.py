"""What campaigns do when the rooms below tell them something. Receivers run inside the sender's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.dispatch import receiver

from campaigns.selectors import failed_references
from campaigns.services import (
    complete_review,
    escalate,
    heed_flag,
    heed_refusal,
    receive_answer,
    receive_verification,
)
from channels.signals import deliveries_settled
from customers.flags.signals import customer_flagged
from ekyc.signals import verification_completed
from outreach.models import Claim
from outreach.selectors import references_of
from outreach.signals import claim_confirmed, tasks_given_up
from questionnaires.signals import response_submitted
from reviews.signals import case_closed
from tenants.reach import within_reach


@receiver(deliveries_settled)
def climb_the_ladder(*, attempt_ids: Sequence[UUID], now: datetime, **_: Any) -> None:
    """A notice that came to nothing is followed by the next channel."""
    if references := failed_references(attempt_ids):
        escalate(references=references, now=now)


@receiver(tasks_given_up)
def climb_past_people(*, task_ids: Sequence[UUID], now: datetime, **_: Any) -> None:
    """A call that came to nothing is followed by a visit, and that by nothing more.

    Once the task is let go: an answer holds its review before the tasks about it, and here it would be the other way
    round. What is lost on the way `escalate_stuck` finds.
    """
    if references := references_of(task_ids):
        transaction.on_commit(partial(escalate, references=references, now=now), robust=True)


@receiver(claim_confirmed)
def heed_the_refusal(*, reference: UUID, kind: str, now: datetime, **_: Any) -> None:
    """Whoever does not wish to answer is not asked any more."""
    if kind == Claim.Kind.REFUSAL:
        with within_reach(None):
            heed_refusal(reference=reference, now=now)


@receiver(customer_flagged)
def heed_the_flag(*, customer_id: UUID, kind: str, now: datetime, **_: Any) -> None:
    """Whoever raised it may see less of the asking than has to end."""
    with within_reach(None):
        heed_flag(customer_id=customer_id, kind=kind, now=now)


@receiver(response_submitted)
def take_the_answer(*, response_id: UUID, reference: UUID, now: datetime, **_: Any) -> None:
    """An answer ends the asking."""
    receive_answer(reference=reference, response_id=response_id, now=now)


@receiver(verification_completed)
def take_the_verdict(*, verification_id: UUID, reference: UUID, now: datetime, **_: Any) -> None:
    """With the identity settled, the answer can be compared with the file."""
    receive_verification(reference=reference, verification_id=verification_id, now=now)


@receiver(case_closed)
def complete_the_review(*, case_id: UUID, reference: UUID, now: datetime, **_: Any) -> None:
    """A closed case means an up-to-date customer."""
    complete_review(reference=reference, case_id=case_id, now=now)
