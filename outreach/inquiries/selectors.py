"""Reads of inquiries: the lists, one with all that was said, and those that a customer may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Q

from outreach.inquiries.models import Inquiry, InquiryMessage
from tenants.keyset import Page, keyset_page

Status = Inquiry.Status
# The lists by the name they have in the address.
LISTS = ("own", "unassigned", "open", "overdue", "answered", "closed")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a list of inquiries is narrowed to; "" for nothing. ``number``: of an inquiry or of a customer."""

    topic: str = ""
    branch: str = ""
    number: str = ""
    assignee: int | None = None

    def condition(self) -> Q:
        """As a condition."""
        found = Q()
        if self.topic:
            found &= Q(topic=self.topic)
        if self.branch:
            found &= Q(customer__branch_code=self.branch)
        if self.assignee:
            found &= Q(assignee=self.assignee)
        if self.number:
            found &= Q(number=self.number.replace("-", "")) | Q(customer__number=self.number)
        return found


def inquiry_page(
    *, which: str, user_id: int, today: date, narrowed: Narrowed, cursor: str | None = None
) -> Page[Inquiry]:
    """One list: what is urgent first, then the earliest due; what is closed the latest first."""
    rows = Inquiry.objects.filter(_wanted(which, user_id, today), narrowed.condition()).select_related("customer")
    order = ("-closed_at", "-id") if which == "closed" else ("-is_urgent", "due_on", "id")
    return keyset_page(rows, order=order, cursor=cursor)


def inquiry_counts(*, user_id: int, today: date) -> dict[str, int]:
    """How many inquiries each list of work has. One query."""
    counted = [which for which in LISTS if which != "closed"]
    counts = {which: Count("id", filter=_wanted(which, user_id, today)) for which in counted}
    found: dict[str, int] = Inquiry.objects.exclude(status=Status.CLOSED).aggregate(**counts)
    return found


def find_inquiry(inquiry_id: UUID) -> Inquiry:
    """One inquiry with its customer.

    Raises:
        Inquiry.DoesNotExist: the tenant has no such inquiry, or the member does not see it.
    """
    found: Inquiry = Inquiry.objects.select_related("customer").get(pk=inquiry_id)
    return found


def messages_of(inquiry: Inquiry) -> list[InquiryMessage]:
    """All that was said, in order; opened here, where the keys are at hand."""
    rows = InquiryMessage.objects.filter(inquiry=inquiry).select_related("inquiry").order_by("written_at", "id")
    found = list(rows)
    for message in found:
        str(message.text)
    return found


def inquiries_of(customer_id: UUID) -> Sequence[Inquiry]:
    """What a customer asked, the latest first."""
    return list(Inquiry.objects.filter(customer=customer_id).order_by("-told_at", "-id")[:50])


def inquiry_of(customer_id: UUID, number: str) -> Inquiry | None:
    """The customer's own inquiry with this number."""
    found: Inquiry | None = Inquiry.objects.filter(customer=customer_id, number=number).first()
    return found


def _wanted(which: str, user_id: int, today: date) -> Q:
    waiting = Q(status=Status.OPEN)
    return {
        "own": waiting & Q(assignee=user_id),
        "unassigned": waiting & Q(assignee__isnull=True),
        "open": waiting,
        "overdue": waiting & Q(due_on__lt=today),
        "answered": Q(status=Status.ANSWERED),
        "closed": Q(status=Status.CLOSED, closed_at__isnull=False),
    }[which]
