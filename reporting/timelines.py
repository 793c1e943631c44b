"""One customer's timeline: every act about them and theirs, by topic, with what each change made of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.models import AuditEvent
from campaigns.models import PeriodicReview
from channels.models import DeliveryAttempt
from companies.models import CompanyNews, RegistryCertificate
from customers.flags.models import CustomerFlag, FlagLifting
from customers.matching.models import MatchCandidate
from customers.merging.models import CustomerMerge
from customers.models import AttributeChange, ContactPoint, Customer, OwnerPaper
from customers.pointers import whole_of
from customers.presenting import LABELS, hide, label, say_turn
from customers.stays.models import EndedStay
from ekyc.models import Verification
from outreach.models import CallRequest, Claim, Inquiry, OutreachTask, PaperAnswer, VisitRecord
from questionnaires.models import AccessLink, Response
from reporting.wording import Line, Turn
from reviews.models import Case, Decision
from tenants.keys import PersonShredded
from tenants.keyset import Page, keyset_page
from tenants.scoping import required_tenant_id
from uploads.models import Upload

type _About = Callable[[Sequence[UUID]], QuerySet[Any]]

_CHANGED = "customer.changed"
_LOOKS = ("customer.viewed", "customer.looked_back")

# What a timeline may be narrowed to.
TOPICS: Sequence[tuple[str, Promise | str]] = (
    ("file", _("Customer file")),
    ("notices", _("Notices")),
    ("answers", _("Answers and documents")),
    ("cases", _("Cases")),
    ("calls", _("Calls and visits")),
    ("inquiries", _("Inquiries and circumstances")),
    ("flags", _("Flags")),
    ("looks", _("Views of the data")),
)
# One query each; the customers' own ids belong to `file` and `looks`.
_ABOUT: Mapping[str, Sequence[_About]] = {
    "file": (
        lambda whole: ContactPoint.objects.filter(customer__in=whole),
        lambda whole: CompanyNews.objects.filter(customer__in=whole),
        lambda whole: EndedStay.objects.filter(customer__in=whole),
        lambda whole: RegistryCertificate.objects.filter(customer__in=whole),
        lambda whole: Upload.objects.filter(
            purpose=Upload.Purpose.REGISTRY_CERTIFICATE,
            reference__in=RegistryCertificate.objects.filter(customer__in=whole).values("pk"),
        ),
        lambda whole: MatchCandidate.objects.filter(Q(first__in=whole) | Q(second__in=whole)),
        lambda whole: CustomerMerge.objects.filter(Q(survivor__in=whole) | Q(merged__in=whole)),
        lambda whole: Upload.objects.filter(
            purpose=Upload.Purpose.OWNER_PAPER,
            reference__in=OwnerPaper.objects.filter(customer__in=whole).values("pk"),
        ),
    ),
    "notices": (
        lambda whole: PeriodicReview.objects.filter(customer__in=whole),
        lambda whole: AccessLink.objects.filter(response__customer__in=whole),
        lambda whole: DeliveryAttempt.objects.filter(notice__customer__in=whole),
    ),
    "answers": (
        lambda whole: Response.objects.filter(customer__in=whole),
        lambda whole: PaperAnswer.objects.filter(customer__in=whole),
        lambda whole: Upload.objects.filter(
            purpose=Upload.Purpose.PAPER_ANSWER,
            reference__in=PaperAnswer.objects.filter(customer__in=whole).values("pk"),
        ),
        lambda whole: Verification.objects.filter(customer__in=whole),
        lambda whole: Upload.objects.filter(
            purpose=Upload.Purpose.CASE_DOCUMENT, reference__in=Case.objects.filter(customer__in=whole).values("pk")
        ),
        lambda whole: Upload.objects.filter(
            purpose=Upload.Purpose.VISIT_PHOTO,
            reference__in=VisitRecord.objects.filter(task__customer__in=whole).values("pk"),
        ),
    ),
    "cases": (
        lambda whole: Case.objects.filter(customer__in=whole),
        lambda whole: Decision.objects.filter(case__customer__in=whole),
    ),
    "calls": (
        lambda whole: OutreachTask.objects.filter(customer__in=whole),
        lambda whole: VisitRecord.objects.filter(task__customer__in=whole),
        lambda whole: CallRequest.objects.filter(customer__in=whole),
    ),
    "inquiries": (
        lambda whole: Inquiry.objects.filter(customer__in=whole),
        lambda whole: Claim.objects.filter(customer__in=whole),
    ),
    "flags": (
        lambda whole: CustomerFlag.objects.filter(customer__in=whole),
        lambda whole: FlagLifting.objects.filter(flag__customer__in=whole),
        lambda whole: Upload.objects.filter(
            purpose=Upload.Purpose.FLAG_EVIDENCE,
            reference__in=CustomerFlag.objects.filter(customer__in=whole).values("pk"),
        ),
    ),
    "looks": (),
}


def ids_about(customer: Customer, topic: str = "") -> list[str]:
    """The ids of the customer, of whoever was merged into them and of everything that concerns only them.

    With a topic, of what belongs to it.
    """
    whole = whole_of([customer.pk])
    topics = [topic] if topic else list(_ABOUT)
    about = [rows(whole) for one in topics for rows in _ABOUT[one]]
    own = map(str, whole) if topic in ("", "file", "looks") else ()
    return [*own, *(str(pk) for rows in about for pk in rows.values_list("pk", flat=True))]


def timeline_page(
    *, customer: Customer, topic: str = "", cursor: str | None = None, limit: int = 50, counts: bool = True
) -> Page[AuditEvent]:
    """Every act about one customer, newest first; the rows they changed are in the audit list."""
    events = AuditEvent.objects.filter(
        tenant_id=required_tenant_id(), kind=AuditEvent.Kind.ACT, target_id__in=ids_about(customer, topic)
    )
    if topic == "looks":
        events = events.filter(event__in=_LOOKS)
    elif topic == "file":
        events = events.exclude(event__in=_LOOKS)
    return keyset_page(events, order=("-id",), cursor=cursor, limit=limit, counts=counts)


def with_turns(lines: Sequence[Line], events: Sequence[AuditEvent], customer: Customer, *, masked: bool) -> list[Line]:
    """The lines, those of changes with what each fact was and became; one query."""
    changes = [event for event in events if event.event == _CHANGED and event.target_id == str(customer.pk)]
    turns = _turns(customer, {event.at for event in changes}, masked=masked) if changes else {}
    return [
        replace(line, turns=turns.get(event.at, []), details=_without_items(line, event)) if event in changes else line
        for line, event in zip(lines, events, strict=True)
    ]


def entry_of(customer: Customer, *, with_link: bool) -> Line:
    """How the customer came into the book: the oldest line of all."""
    url = reverse("import", args=[customer.entered_by]) if customer.entered_by and with_link else ""
    text = gettext("Customer %(number)s was entered in the customer book.") % {"number": customer.number}
    source = str(AttributeChange.Source.IMPORT.label) if customer.entered_by else ""
    details = [f"{gettext('Source')}{gettext(': ')}{source}"] if source else []
    return Line(at=customer.created_at, text=text, icon="plus", kind="info", details=details, url=url)


def _turns(customer: Customer, moments: set[datetime], *, masked: bool) -> dict[datetime, list[Turn]]:
    found: dict[datetime, list[Turn]] = {}
    order = {key: place for place, key in enumerate(LABELS)}
    try:
        rows = list(AttributeChange.objects.filter(customer=customer, at__in=moments))
        rows.sort(key=lambda row: order.get(row.attribute, len(order)))
        for row in rows:
            found.setdefault(row.at, []).append(_turn(customer, row, masked=masked))
    except PersonShredded:
        return {}
    return found


def _turn(customer: Customer, row: AttributeChange, *, masked: bool) -> Turn:
    said = list(say_turn(row.attribute, row.before, row.after))
    is_company = customer.kind == Customer.Kind.COMPANY
    shown = [hide(row.attribute, value, is_company=is_company) for value in said] if masked else said
    return Turn(label(row.attribute), shown[0], shown[1], is_masked=shown != said)


def _without_items(line: Line, event: AuditEvent) -> list[str]:
    """The names of the facts stand with their values, so they are not said twice."""
    facts = event.data.get("facts", [])
    items = gettext("Items: %(items)s") % {"items": gettext(", ").join(map(label, facts))}
    return [detail for detail in line.details if detail != items]
