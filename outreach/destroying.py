"""What retention may destroy of calls and visits: all of them with the customer."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from outreach.models import (
    AnswerCopy,
    CallRequest,
    Claim,
    Inquiry,
    InquiryMessage,
    OutreachTask,
    OutreachTry,
    PaperAnswer,
    VisitRecord,
)
from retention.classes import register_eraser
from uploads.models import Upload


def erase_customers(ids: Sequence[UUID]) -> None:
    """Every task of customers, with what was tried, noted and photographed, and all that they told or wrote."""
    InquiryMessage.objects.filter(inquiry__customer__in=ids).delete()
    for told in (Inquiry, Claim, CallRequest):
        told.objects.filter(customer__in=ids).delete()
    AnswerCopy.objects.filter(response__customer__in=ids).delete()
    papers = PaperAnswer.objects.filter(customer__in=ids)
    Upload.objects.filter(purpose=Upload.Purpose.PAPER_ANSWER, reference__in=papers.values("pk")).delete()
    papers.delete()
    visits = VisitRecord.objects.filter(task__customer__in=ids)
    Upload.objects.filter(purpose=Upload.Purpose.VISIT_PHOTO, reference__in=visits.values("pk")).delete()
    visits.delete()
    OutreachTry.objects.filter(task__customer__in=ids).delete()
    OutreachTask.objects.filter(customer__in=ids).delete()


def register() -> None:
    """Called when the apps are ready."""
    register_eraser(35, erase_customers)
