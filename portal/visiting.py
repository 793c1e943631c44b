"""The visit of a customer who proved themselves: what the session holds, and when it is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from campaigns.models import PeriodicReview
from customers.models import Customer
from customers.selectors import facts_of
from ekyc.models import Verification
from portal.hosting import at_home
from questionnaires import schema
from questionnaires.delegating import Contribution, contributions
from questionnaires.entrances.selectors import facts_asked
from questionnaires.links import Entrance, LinkState, closed_to, lead_of, proved_link
from questionnaires.models import AccessLink, Response
from questionnaires.proving import Fact
from questionnaires.rereading import reread
from questionnaires.selectors import questionnaire_of
from questionnaires.sittings import Sitting
from questionnaires.timing import minutes
from tenants.domains.serving import is_here
from tenants.keys import PersonShredded
from tenants.models import Tenant
from tenants.prepared import Prepared
from tenants.scoping import tenant_scope

SESSION_KEY = "visit"
_TENANT = Prepared(lambda pk: Tenant.objects.filter(pk=pk), pk=-1)
_REVIEW = Prepared(
    lambda pk: PeriodicReview.objects.filter(pk=pk).select_related("campaign").only("status", "campaign__deadline_on"),
    pk=UUID(int=1),
)
IDLE = timedelta(minutes=30)
# The session is written anew after so long, not at every page.
_TICK = timedelta(minutes=1)


class VisitOver(Exception):
    """Nobody has proved themselves here, or too long ago, or somebody has since on another device."""

    def __init__(self, tenant: Tenant | None, *, is_moved: bool = False) -> None:
        super().__init__()
        self.tenant = tenant
        self.is_moved = is_moved  # they took it to another device themselves


@dataclass(frozen=True, slots=True)
class WhatItTakes:
    """The customer's kind (Customer.Kind), the facts somebody has to know, and the minutes that answering needs."""

    kind: str
    asked: Sequence[Fact]
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit(Sitting):
    """All that a page needs, loaded in one short transaction."""

    tenant: Tenant
    customer: Customer
    link_id: UUID
    lead: AccessLink  # by which they answer, or would
    closed: LinkState | None  # why they may not answer at present
    awaits_check: bool
    contributed: Mapping[str, Contribution]  # by page, what others have handed over for it


def active_tenant(pk: int) -> Tenant | None:
    """The institution, unless its service has ended or is suspended."""
    tenant = _TENANT.first(pk=pk)
    return tenant if tenant and tenant.status == Tenant.Status.ACTIVE else None


def tenant_named(request: HttpRequest, slug: str) -> Tenant | None:
    """The institution of an address, if it is one that customers may come to on this host."""
    return at_home(request, Tenant.objects.filter(slug=slug, status=Tenant.Status.ACTIVE).first())


def begin_visit(request: HttpRequest, link: AccessLink, *, now: datetime) -> None:
    """Bind the proved link to this browser, under a new session id."""
    assert link.proved_at
    request.session.cycle_key()
    request.session[SESSION_KEY] = {
        "tenant": link.tenant_id,
        "link": str(link.pk),
        "proved_at": link.proved_at.isoformat(),
        "seen_at": now.isoformat(),
        "typed": [],
    }


def has_visit(request: HttpRequest) -> bool:
    """Whether somebody has proved themselves in this browser, however long ago."""
    return SESSION_KEY in request.session


def load_visit(request: HttpRequest, *, now: datetime) -> Visit:
    """The visit this browser is on. Reading a page does not prolong it; posting one does.

    Raises:
        VisitOver
    """
    held: dict[str, Any] | None = request.session.get(SESSION_KEY)
    if held is None or not is_here(request, held["tenant"]):
        raise VisitOver(None)
    if now - datetime.fromisoformat(held["seen_at"]) > IDLE:
        raise VisitOver(_TENANT.first(pk=held["tenant"]))
    with tenant_scope(held["tenant"]):
        link = proved_link(UUID(held["link"]), datetime.fromisoformat(held["proved_at"]))
        if link is None:
            is_moved = _is_handed_over(UUID(held["link"]))
            raise VisitOver(_TENANT.first(pk=held["tenant"]), is_moved=is_moved)
        response, lead = link.response, lead_of(link)
        visit = Visit(
            tenant=link.tenant,
            response=response,
            customer=response.customer,
            link_id=link.pk,
            lead=lead or link,
            closed=closed_to(link, lead, now),
            questionnaire=questionnaire_of(response.version),
            facts=facts_of(response.customer),
            awaits_check=awaits_check(response),
            typed=frozenset(held["typed"]),
            reread=frozenset(held.get("reread", ())),
            contributed=contributions(response) if response.customer.kind == Customer.Kind.COMPANY else {},
        )
        try:
            dict(response.answers)  # opened here, where the keys are at hand
        except PersonShredded:
            raise VisitOver(link.tenant) from None
    if request.method == "POST" and now - datetime.fromisoformat(held["seen_at"]) > _TICK:
        request.session[SESSION_KEY] = {**held, "seen_at": now.isoformat()}
    return visit


def _is_handed_over(link_id: UUID) -> bool:
    """Whether the visit by this link that counts now came from another device of whoever made it."""
    return AccessLink.objects.filter(pk=link_id, entrance=Entrance.HAND_OVER, proved_at__isnull=False).exists()


def remember_typed(request: HttpRequest, page: schema.Page, *, is_typed: bool) -> None:
    """Note whether a page's present answers were typed in this visit, and which of them were read otherwise."""
    held = request.session[SESSION_KEY]
    typed = sorted(set(held["typed"]) - {page.id} | ({page.id} if is_typed else set()))
    data = request.POST.dict() if is_typed else {}
    read = {question.id for question in page.questions if data and reread(question, data)}
    others = set(held.get("reread", ())) - {question.id for question in page.questions}
    noted = {"typed": typed, "reread": sorted(others | read)}
    if {**held, **noted} != held:
        request.session[SESSION_KEY] = {**held, **noted}


def what_it_takes(link: AccessLink) -> WhatItTakes:
    """Read before anybody has proved anything. Needs the tenant's scope."""
    kind = link.response.customer.kind
    return WhatItTakes(kind, facts_asked(kind), minutes(questionnaire_of(link.response.version)))


def deadline_of(link: AccessLink) -> date | None:
    """Until when the campaign asks for the answer. Needs the tenant's scope."""
    review = _REVIEW.first(pk=link.response.reference)
    return review.campaign.deadline_on if review else None


def last_day_of(link: AccessLink) -> date:
    """Until when the answer is asked for, or else the link's own last day."""
    with tenant_scope(link.tenant_id):
        return deadline_of(link) or timezone.localdate(link.expires_at)


def awaits_check(response: Response) -> bool:
    """Whether the customer still has to go through an identity check. Needs the tenant's scope."""
    if response.status != Response.Status.SUBMITTED:
        return False
    waiting = PeriodicReview.objects.filter(pk=response.reference, status=PeriodicReview.Status.VERIFYING)
    if not waiting.exists():
        return False
    latest = Verification.objects.filter(reference=response.reference).order_by("-attempt").first()
    return latest is None or latest.status in (Verification.Status.CREATED, Verification.Status.OPENED)
