"""A sheet becomes the customer's answer: in one transaction, and what had been begun elsewhere is kept beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from audit.services import Actor
from customers.models import Customer
from customers.selectors import facts_of
from outreach.papers.holding import STEPS
from outreach.papers.models import PaperAnswer
from outreach.papers.selectors import PURPOSE, sitting_over
from questionnaires import schema
from questionnaires.files.models import AnswerFile
from questionnaires.files.selectors import PURPOSE as ANSWER_FILE
from questionnaires.models import Response
from questionnaires.services import submit_whole
from questionnaires.sittings import Sitting
from uploads.models import Upload


def accept(
    held: PaperAnswer,
    response: Response,
    answers: Mapping[str, object],
    *,
    actor: Actor,
    now: datetime,
    **changes: Any,
) -> None:
    """Make the sheet the answer. Its row and the response's are locked; ``changes`` are columns of the sheet.

    The sheet moves first, so that the answer does not set aside the very sheet that brought it.
    """
    begun = {"answers": dict(response.answers)} if response.answers else None
    _keep_files_begun(held, response, now)
    _hand_in(held, response, now)
    confirmed = list(held.confirmed_pages)
    STEPS.move(
        held, PaperAnswer.Status.ACCEPTED, actor=actor, now=now, answers=dict(answers), beside=begun, closed_at=now,
        confirmed_pages=confirmed, **changes,
    )  # fmt: skip
    sitting = sitting_over(held, response, facts_of(Customer.objects.get(pk=held.customer_id)))
    submit_whole(
        response=response,
        answers={**answers, schema.CHANGED: _changed(sitting)},
        confirmed_pages=confirmed,
        origin=Response.Origin.PAPER,
        typist=(held.keyed_by or int(actor.id), held.keyed_person),
        actor=actor,
        now=now,
    )


def _changed(sitting: Sitting) -> list[str]:
    pages = sitting.pages
    return [field for page in pages for field in sitting.changed(page, sitting.response.answers)]


def _hand_in(held: PaperAnswer, response: Response, now: datetime) -> None:
    """Papers that came with the sheet are files of the answer from now on."""
    _give(list(map(UUID, held.enclosures)), purpose=ANSWER_FILE, reference=response.pk)
    AnswerFile.objects.bulk_create(
        AnswerFile(response=response, question=question, side=side, upload=UUID(upload), added_at=now)
        for upload, (question, side) in held.enclosures.items()
    )


def _keep_files_begun(held: PaperAnswer, response: Response, now: datetime) -> None:
    """Files that the customer had handed in elsewhere stay with the sheet that came first."""
    rows = AnswerFile.objects.filter(response=response, removed_at__isnull=True)
    _give(list(rows.values_list("upload", flat=True)), purpose=PURPOSE, reference=held.pk)
    rows.update(removed_at=now)


def _give(ids: Collection[UUID], *, purpose: str, reference: UUID) -> None:
    """Files with all their pages belong elsewhere from now on."""
    same = Q()
    for first in Upload.objects.filter(pk__in=ids).defer("body"):
        same |= Q(purpose=first.purpose, reference=first.reference, sha256=first.sha256, received_at=first.received_at)
    if same:
        Upload.objects.filter(same).update(purpose=purpose, reference=reference)
