"""What happens when a customer answers, an identity is verified, or a case is closed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from audit.services import Actor
from audit.transitions import transition
from campaigns.identity import method_of
from campaigns.models import PeriodicReview
from campaigns.services.refusals import SYSTEM
from channels.answering import note_answered
from channels.services import cancel_queued
from ekyc.models import Verification
from outreach.services import cancel_tasks
from questionnaires.models import AccessLink, Response
from reviews.models import Case
from reviews.services import reconcile_response
from tenants.prepared import Prepared

Status = PeriodicReview.Status


def _for_update(pk: UUID) -> QuerySet[PeriodicReview]:
    rows = PeriodicReview.objects.select_for_update(of=("self",), no_key=True).select_related("campaign")
    return rows.filter(pk=pk)


_LOCKED = Prepared(_for_update, pk=UUID(int=1))

# An answer counts whenever it comes: from somebody thought unreachable, or after the deadline.
ANSWERABLE = (Status.NOTIFIED, Status.UNREACHABLE, Status.NO_ANSWER)
FINAL_VERDICTS = (Verification.Status.APPROVED, Verification.Status.REJECTED)


def receive_answer(*, reference: UUID, response_id: UUID, now: datetime) -> None:
    """An answer has come in: stop every notice still waiting, then verify the identity or reconcile."""
    with transaction.atomic():
        review = _locked(reference)
        if review is None or review.status not in ANSWERABLE:
            return
        cancel_queued(references=[reference], actor=SYSTEM, now=now)
        cancel_tasks(references=[reference], actor=SYSTEM, now=now)
        response = Response.objects.select_related("version").get(pk=response_id)
        actor = Actor.customer(review.customer_id)
        proved = AccessLink.objects.filter(response=response, proved_at__isnull=False)
        note_answered(reference=reference, channels=list(proved.values_list("channel", flat=True)), now=now)
        review.response, review.answered_at = response, now
        review.save(update_fields=["response", "answered_at"])
        if method_of(review, response):
            transition(review, Status.VERIFYING, actor=actor, at=now)
        else:
            _reconcile(review, verification=None, now=now)


def receive_verification(*, reference: UUID, verification_id: UUID, now: datetime) -> None:
    """An eKYC result has come in. Only a verdict moves the review: what expired may be tried again."""
    with transaction.atomic():
        review = _locked(reference)
        verification = Verification.objects.get(pk=verification_id)
        if review is None or review.status != Status.VERIFYING or verification.status not in FINAL_VERDICTS:
            return
        _reconcile(review, verification=verification, now=now)


def reconcile_unverified(*, reference: UUID, now: datetime) -> None:
    """The time for proving an identity is over: a person looks at the answer as it is."""
    with transaction.atomic():
        review = _locked(reference)
        if review is not None and review.status == Status.VERIFYING:
            _reconcile(review, verification=None, now=now)


def complete_review(*, reference: UUID, case_id: UUID, now: datetime) -> None:
    """The case is closed: this customer is up to date, and nobody need ask them about it any more."""
    with transaction.atomic():
        review = _locked(reference)
        cancel_tasks(references=[reference], actor=SYSTEM, now=now)
        if review is None or review.status not in (Status.VERIFYING, Status.IN_REVIEW, *ANSWERABLE):
            return
        transition(review, Status.COMPLETED, actor=SYSTEM, at=now, case_id=case_id, completed_at=now)


def _locked(reference: UUID) -> PeriodicReview | None:
    return _LOCKED.first(pk=reference)


def _reconcile(review: PeriodicReview, *, verification: Verification | None, now: datetime) -> None:
    """A rule may clear the case at once, which completes the review before this returns."""
    assert review.response is not None
    case = reconcile_response(
        response=review.response,
        verification=verification,
        tier=review.tier,
        reference=review.pk,
        actor=SYSTEM,
        now=now,
        needs_identity=bool(method_of(review, review.response)),
    )
    if verification is not None:
        PeriodicReview.objects.filter(pk=review.pk).update(verification=verification)
    if case.status in (Case.Status.OPEN, Case.Status.AWAITING_APPROVAL):
        transition(review, Status.IN_REVIEW, actor=SYSTEM, at=now, case_id=case.pk)
