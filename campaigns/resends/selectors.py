"""Which notices may be sent again when two people want it, and why another may not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, PeriodicReview, ResendItem, ResendProposal
from channels.advice import Advice, advice_for
from channels.models import DeliveryAttempt, OptOut, ProviderAccount
from channels.resending import resendable
from customers.contacts.health import DEAD
from customers.flags.selectors import not_to_be_called
from customers.models import Customer
from outreach.models import OutreachTry
from outreach.papers.selectors import open_papers
from questionnaires.models import Response
from tenants.keyset import Page, keyset_page

# How many one proposal holds at most.
MOST = 1_000
QUEUED = "queued"
_ASKED = (PeriodicReview.Status.NOTIFIED, PeriodicReview.Status.UNREACHABLE)
_OPEN = (Campaign.Status.RUNNING, Campaign.Status.PAUSED)
_UNCLEAR = DeliveryAttempt.Status.UNKNOWN

REFUSALS: Mapping[str, Promise | str] = {
    "sent_again": _("It has been sent again already, or its outcome is known by now."),
    "waiting": _("It stands in another proposal that waits for approval."),
    "answered": _("The customer has answered, or begun to answer, meanwhile."),
    "on_paper": _("An answer on paper has come in and is being keyed."),
    "ended": _("The customer is not asked any more: the deadline has passed or the campaign has ended."),
    "closed": _("The relationship with the customer has ended."),
    "deceased": _("The customer is said to be deceased."),
    "flagged": _("A flag keeps everybody from contacting the customer, or has them reached through a guardian."),
    "declined": _("The customer has told us not to ask again."),
    "opted_out": _("The customer asked this sender to stop."),
    "address_gone": _("The address is not in use any more, or known not to work."),
    "no_account": _("The institution has no account for this channel any more."),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Notices of one campaign that may be sent again, by channel and by what became of them."""

    channel: str
    kind: str
    count: int
    advice: Advice | None


def attempts_that_may(campaign: Campaign) -> QuerySet[DeliveryAttempt]:
    """Attempts of a campaign about which a person may decide, the oldest first."""
    reviews = PeriodicReview.objects.filter(campaign=campaign).values("id")
    rows: QuerySet[DeliveryAttempt] = DeliveryAttempt.objects.filter(resendable(), notice__reference__in=reviews)
    return rows.order_by("created_at", "id")


def groups_of(campaign: Campaign) -> list[Group]:
    """What a proposal for many may be about; ``kind`` is a failure kind, or ``unknown``. One query."""
    rows = (
        attempts_that_may(campaign)
        .order_by()
        .values_list("channel", "status", "failure_kind", "failure_code")
        .annotate(Count("id"))
    )
    counts: dict[tuple[str, str], int] = {}
    advice: dict[tuple[str, str], Advice | None] = {}
    for channel, status, failure_kind, code, count in rows:
        key = (channel, "unknown" if status == _UNCLEAR else failure_kind)
        counts[key] = counts.get(key, 0) + count
        advice.setdefault(key, advice_for(channel, code, failure_kind))
    return [Group(channel, kind, counts[channel, kind], advice[channel, kind]) for channel, kind in sorted(counts)]


def ids_of(campaign: Campaign, *, channel: str, kind: str) -> list[UUID]:
    """The attempts of one such group, as many as one proposal holds."""
    rows = attempts_that_may(campaign).filter(channel=channel)
    is_kind = Q(status=_UNCLEAR) if kind == "unknown" else ~Q(status=_UNCLEAR) & Q(failure_kind=kind)
    return list(rows.filter(is_kind).values_list("pk", flat=True)[:MOST])


def resendable_of(customer: Customer) -> list[tuple[DeliveryAttempt, Advice | None]]:
    """A customer's notices about which a person may decide, with what became of them; the latest first."""
    rows = DeliveryAttempt.objects.filter(resendable(), notice__customer=customer).select_related("notice")
    return [(row, advice_for(row.channel, row.failure_code, row.failure_kind)) for row in rows.order_by("-created_at")]


def refusals_of(attempts: Sequence[DeliveryAttempt], *, today: date) -> dict[UUID, str]:
    """Why attempts may not be sent again: code of `REFUSALS` by attempt. ``today`` in Japan. A query for each rule.

    Whoever decides holds their reviews locked.
    """
    rows = DeliveryAttempt.objects.filter(pk__in=[attempt.pk for attempt in attempts])
    found: dict[UUID, str] = {}
    for code, rule in _rules(today):
        for pk in rows.filter(rule).values_list("pk", flat=True):
            found.setdefault(pk, code)
    return found


def _rules(today: date) -> Iterator[tuple[str, Q]]:
    """Which attempts each refusal is about; the first that holds is the one that is said."""
    reference, customer = OuterRef("notice__reference"), OuterRef("notice__customer")
    reviews = PeriodicReview.objects.filter(pk=reference)
    told = OutreachTry.objects.filter(task__customer=customer)
    begun = Response.objects.filter(reference=reference, started_at__isnull=False)
    stops = OptOut.objects.filter(contact_point=OuterRef("contact_point"), channel=OuterRef("channel"))
    still = reviews.filter(status__in=_ASKED, campaign__status__in=_OPEN, campaign__deadline_on__gte=today)
    gone = Q(contact_point__isnull=True) | Q(contact_point__is_current=False)
    yield "sent_again", ~resendable()
    yield "answered", Q(Exists(begun)) | Q(Exists(reviews.filter(answered_at__isnull=False)))
    yield "on_paper", Q(Exists(open_papers().filter(reference=reference)))
    yield "ended", ~Q(Exists(still))
    yield "closed", ~Q(notice__customer__status=Customer.Status.ACTIVE)
    yield "flagged", Q(Exists(not_to_be_called().filter(customer=customer)))
    yield "deceased", Q(Exists(told.filter(outcome=OutreachTry.Outcome.DECEASED)))
    yield "declined", Q(Exists(told.filter(outcome=OutreachTry.Outcome.REFUSED, task__reference=reference)))
    yield "opted_out", Q(Exists(stops))
    yield "address_gone", gone | Q(contact_point__health__in=DEAD)
    yield "no_account", ~Q(Exists(ProviderAccount.objects.filter(channel=OuterRef("channel"))))


def proposal_page(*, status: str = "", cursor: str | None = None) -> Page[ResendProposal]:
    """Proposals, the latest first."""
    rows = ResendProposal.objects.select_related("campaign").annotate(total=Count("items"))
    if status:
        rows = rows.filter(status=status)
    return keyset_page(rows, order=("-proposed_at", "-id"), cursor=cursor)


def item_page(proposal: ResendProposal, *, cursor: str | None = None) -> Page[ResendItem]:
    """The notices of a proposal with their customers."""
    rows = ResendItem.objects.filter(proposal=proposal).select_related("attempt__notice__customer")
    return keyset_page(rows, order=("id",), cursor=cursor)


def outcomes_of(proposal: ResendProposal) -> dict[str, int]:
    """How many items came to what."""
    rows = ResendItem.objects.filter(proposal=proposal).values_list("outcome").annotate(count=Count("id"))
    return dict(rows.values_list(F("outcome"), "count").order_by("outcome"))
