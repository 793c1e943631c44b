"""Reads of campaigns: the population to plan over, what was planned, how far it has got, and the lists behind."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import get_language

from audit.transitions import AnyOf
from campaigns.costs import Costs, costs_of
from campaigns.models import Campaign, PeriodicReview
from campaigns.planning import SMS, Candidate, plan_hash
from channels.advice import Advice, advice_for
from channels.models import DeliveryAttempt
from channels.resending import sent_again
from channels.selectors import unit_prices, usable_channels
from channels.wording.selectors import digests_in_force
from customers.accounts.selectors import without_open_account
from customers.contacts.selecting import verified_channels
from customers.flags.selectors import kinds_in_force, silenced
from customers.models import ContactPoint, Customer, DueDiligence
from outreach.counting import Figures, figures_about, standing
from outreach.models import OutreachTask
from outreach.papers.selectors import open_papers
from outreach.selectors import given_up, ways_to_people
from questionnaires.models import QuestionnaireVersion, Response
from questionnaires.selectors import latest_versions, offered_to
from questionnaires.standard import STANDARD
from risk.models import RiskRating
from tenants.keyset import Page, keyset_page
from tenants.prepared import Prepared

Status = PeriodicReview.Status
_REVIEW = Prepared(lambda pk: PeriodicReview.objects.select_related("campaign").filter(pk=pk), pk=UUID(int=1))

# Reviews that are still somebody's work: their customers are not asked a second time meanwhile.
OPEN_STATES = (Status.PLANNED, Status.NOTIFIED, Status.VERIFYING, Status.IN_REVIEW)
_RUNG_OF = {ContactPoint.Channel.PHONE.value: SMS}
FAILED_ATTEMPTS = (DeliveryAttempt.Status.FAILED, DeliveryAttempt.Status.RETURNED)

# Names by which a number on a campaign's page leads to the list behind it.
STATES: Mapping[str, tuple[str, ...]] = {
    "targeted": tuple(Status.values),
    "planned": (Status.PLANNED,),
    "notified": (Status.NOTIFIED,),
    "pending": (Status.PLANNED, Status.NOTIFIED),
    "answered": (Status.VERIFYING, Status.IN_REVIEW, Status.COMPLETED),
    "verifying": (Status.VERIFYING,),
    "in_review": (Status.IN_REVIEW,),
    "completed": (Status.COMPLETED,),
    "undeliverable": (Status.UNREACHABLE,),
    "no_answer": (Status.NO_ANSWER,),
    "cancelled": (Status.CANCELLED,),
}


@dataclass(frozen=True)
class Progress:
    """How far a campaign has got. Every number has a list: its name is a ``state`` of `reviews_in`.

    targeted = pending + answered + undeliverable + no_answer + cancelled;
    pending = planned + notified; answered = verifying + in_review + completed.
    ``delivered`` and ``opened`` cut across: customers with a confirmed delivery, customers who proved themselves.
    """

    targeted: int
    pending: int
    planned: int
    notified: int
    answered: int
    verifying: int
    in_review: int
    completed: int
    undeliverable: int
    no_answer: int
    cancelled: int
    sent: int
    delivered: int
    opened: int
    by_channel: dict[str, dict[str, int]]

    @property
    def adds_up(self) -> bool:
        """Nobody is lost between the numbers."""
        return (
            self.targeted == self.pending + self.answered + self.undeliverable + self.no_answer + self.cancelled
            and self.pending == self.planned + self.notified
            and self.answered == self.verifying + self.in_review + self.completed
            and self.targeted >= self.sent >= self.delivered
        )


def population() -> Iterator[Candidate]:
    """Every customer of the tenant as planning sees them, in eleven queries; who is part of another is none."""
    rows = list(
        Customer.objects.filter(merged_into__isnull=True)
        .order_by("id")
        .values_list("id", "kind", "risk_tier", "due_diligence", "next_review_on", "status", "stay_ends_on")
    )
    ids = [row[0] for row in rows]
    channels, people = usable_channels(ids), ways_to_people(ids)
    exemptions, flags = _exemption_codes(), kinds_in_force()
    without, reached = without_open_account(), reached_rungs(ids)
    busy = set(
        PeriodicReview.objects.filter(status__in=OPEN_STATES)
        .exclude(campaign__status=Campaign.Status.CLOSED)
        .values_list("customer_id", flat=True)
    )
    for pk, kind, tier, due_diligence, next_review_on, status, stay_ends_on in rows:
        yield Candidate(
            customer_id=pk,
            kind=kind,
            tier=tier,
            due_diligence=due_diligence,
            next_review_on=next_review_on,
            channels=frozenset(str(channel) for channel in channels.get(pk, ())) | people.get(pk, set()),
            exemption_codes=exemptions.get(pk, ()),
            is_under_review=pk in busy,
            is_closed=status == Customer.Status.CLOSED,
            flags=flags.get(pk, frozenset()),
            has_no_open_account=pk in without,
            stay_ends_on=stay_ends_on,
            reached=reached.get(pk, frozenset()),
        )


def reached_rungs(customer_ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    """By which rungs something has arrived at these customers; a telephone number by a short message. One query."""
    found = verified_channels(customer_ids)
    return {pk: frozenset(_RUNG_OF.get(channel, channel) for channel in channels) for pk, channels in found.items()}


def _exemption_codes() -> dict[UUID, tuple[str, ...]]:
    ratings = (
        RiskRating.objects.filter(customer__due_diligence=DueDiligence.SIMPLIFIED)
        .order_by("customer_id", "-rated_at")
        .distinct("customer_id")
        .values_list("customer_id", "reasons")
    )
    return {customer_id: tuple(map(_code, reasons)) for customer_id, reasons in ratings}


def _code(reason: Any) -> str:
    return str(reason["code"]) if isinstance(reason, Mapping) else str(reason)


def unrated_count() -> int:
    """Customers whose risk has not been judged yet, or must be judged again."""
    return Customer.objects.filter(Q(is_rating_due=True) | Q(risk_tier=""), status=Customer.Status.ACTIVE).count()


def current_hash(campaign: Campaign) -> str:
    """What an approval of the campaign would cover now: audience, terms, texts, questions and deadline."""
    customer_ids = PeriodicReview.objects.filter(campaign=campaign).values_list("customer_id", flat=True)
    return plan_hash(
        customer_ids=customer_ids,
        terms=campaign.plan,
        texts=texts_in_force(questionnaires_of(campaign).values()),
        due_by=campaign.due_by,
        deadline_on=campaign.deadline_on,
        opens_on=campaign.opens_on,
    )


def questionnaires_of(campaign: Campaign) -> Mapping[str, str]:
    """The key of the questionnaire that each kind of customer answers; of older plans, the standard ones."""
    chosen: Mapping[str, str] = campaign.plan.get("questionnaires", STANDARD)
    return chosen


def questionnaires_offered() -> dict[str, list[tuple[str, str]]]:
    """By kind of customer the questionnaires in force, the standard one first: key and name. One query."""
    versions, language = latest_versions(), get_language() or "ja"
    return {
        kind: [(one.questionnaire.key, one.questionnaire.name_in(language)) for one in offered_to(kind, versions)]
        for kind in STANDARD
    }


def texts_in_force(questionnaires: Collection[str] = tuple(STANDARD.values())) -> dict[str, str]:
    """Digest of everything a customer would read today who answers one of these questionnaires, by document."""
    questions = {key: found.sha256 for key, found in latest_versions().items() if key in questionnaires}
    return {"notices": _notices_digest()} | digests_in_force() | questions


@cache
def _notices_digest() -> str:
    """Over the notices' files; they change with a release, so once per process is enough."""
    digest = hashlib.sha256()
    directory = settings.BASE_DIR / "templates" / "notices"
    for path in sorted(file for file in directory.rglob("*") if file.is_file()):
        digest.update(path.relative_to(directory).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def campaign_page(*, status: str | None = None, cursor: str | None = None, limit: int = 50) -> Page[Campaign]:
    """Campaigns, newest first."""
    rows = Campaign.objects.all()
    if status:
        rows = rows.filter(status=status)
    return keyset_page(rows, order=("-planned_at", "-id"), cursor=cursor, limit=limit)


def plan_summary(campaign: Campaign) -> dict[str, Any]:
    """What the approver sees before anything is sent: counts, cost, and whether it is still what was planned."""
    now_hash = current_hash(campaign)
    return {
        **campaign.counts,
        "ladder": campaign.plan["ladder"],
        "silence": campaign.plan.get("silence", {}),
        "begins_with_reached": campaign.plan.get("begins_with_reached", False),
        "ekyc": campaign.plan["ekyc"],
        "enclosing": campaign.plan.get("enclosing", {}),
        "questionnaires": _versions_of(campaign),
        "hash": now_hash,
        "is_unchanged": now_hash == campaign.plan_hash,
    }


def _versions_of(campaign: Campaign) -> list[tuple[str, QuestionnaireVersion | None]]:
    """What each kind of customer would answer today; None where it is not in force."""
    versions = latest_versions()
    return [(kind, versions.get(key)) for kind, key in questionnaires_of(campaign).items()]


def campaign_progress(campaign: Campaign) -> Progress:
    """How far the campaign has got, in three queries."""
    reviews = PeriodicReview.objects.filter(campaign=campaign)
    by_state: dict[str, int] = dict(reviews.values_list("status").annotate(Count("id")).order_by())
    counts = {name: sum(by_state.get(state, 0) for state in states) for name, states in STATES.items()}
    references = Subquery(reviews.values("id"))
    attempts = DeliveryAttempt.objects.filter(notice__reference__in=references)
    sent = attempts.aggregate(
        sent=Count("notice__reference", distinct=True, filter=~Q(status__in=_UNSENT)),
        delivered=Count("notice__reference", distinct=True, filter=Q(status=DeliveryAttempt.Status.DELIVERED)),
    )
    opened = Response.objects.filter(reference__in=references, started_at__isnull=False).count()
    by_channel: dict[str, dict[str, int]] = {}
    rows = attempts.values_list("channel", "status").annotate(Count("id")).order_by()
    for channel, status, number in rows:
        by_channel.setdefault(channel, {})[status] = number
    return Progress(**counts, **sent, opened=opened, by_channel=by_channel)


_UNSENT = (DeliveryAttempt.Status.QUEUED, DeliveryAttempt.Status.SENDING, DeliveryAttempt.Status.CANCELLED)


def reviews_in(campaign: Campaign, state: str = "targeted") -> QuerySet[PeriodicReview]:
    """Those behind a number: ``state`` is a name in `STATES`, or sent, delivered or opened."""
    rows: QuerySet[PeriodicReview] = PeriodicReview.objects.filter(campaign=campaign)
    if state in STATES:
        return rows.filter(status__in=STATES[state])
    if state == "opened":
        return rows.filter(Exists(Response.objects.filter(reference=OuterRef("id"), started_at__isnull=False)))
    attempts = DeliveryAttempt.objects.filter(notice__reference=OuterRef("id")).exclude(status__in=_UNSENT)
    if state == "delivered":
        attempts = attempts.filter(status=DeliveryAttempt.Status.DELIVERED)
    return rows.filter(Exists(attempts))


def reviews_page(rows: QuerySet[PeriodicReview], cursor: str | None = None, *, limit: int = 50) -> Page[PeriodicReview]:
    """Reviews with their customers, in the order in which they were planned."""
    return keyset_page(rows.select_related("customer"), order=("id",), cursor=cursor, limit=limit)


def reviews_of(customer: Customer) -> list[PeriodicReview]:
    """A customer's reviews with their campaigns, newest first."""
    rows = PeriodicReview.objects.filter(customer=customer).select_related("campaign")
    return list(rows.order_by("-created_at", "-id"))


def review_of(reference: UUID) -> PeriodicReview | None:
    """The review that a response, notice or verification belongs to."""
    return _REVIEW.first(pk=reference)


def stuck_references(campaign: Campaign, *, limit: int) -> list[UUID]:
    """Notified reviews whose current rung has failed: what escalation missed, such as while paused."""
    failed = DeliveryAttempt.objects.filter(
        ~sent_again(), notice__reference=OuterRef("id"), channel=OuterRef("channel"), status__in=FAILED_ATTEMPTS
    )
    in_vain = OutreachTask.objects.filter(
        reference=OuterRef("id"), kind=OuterRef("channel"), status=OutreachTask.Status.GAVE_UP
    )
    notified = PeriodicReview.objects.filter(campaign=campaign, status=Status.NOTIFIED)
    on_paper = open_papers().filter(reference=OuterRef("id"))
    rows = notified.filter(Q(Exists(failed)) | Q(Exists(in_vain)), ~Exists(on_paper))
    return list(rows.order_by("id").values_list("id", flat=True)[:limit])


def stray_references() -> list[UUID]:
    """Reviews that nobody is asked about any more, or whose customer nobody may contact, with a notice that waits."""
    waiting = DeliveryAttempt.objects.filter(status=DeliveryAttempt.Status.QUEUED)
    rows = PeriodicReview.objects.filter(pk__in=Subquery(waiting.values("notice__reference")))
    silent = Exists(silenced().filter(customer=OuterRef("customer_id")))
    rows = rows.filter(Q(silent) | ~Q(status__in=(Status.PLANNED, Status.NOTIFIED)))
    return list(rows.values_list("id", flat=True))


def failed_references(attempt_ids: Sequence[UUID]) -> list[UUID]:
    """The reviews whose notice came to nothing in one of these attempts."""
    some = DeliveryAttempt.objects.filter(pk__in=AnyOf(attempt_ids), status__in=FAILED_ATTEMPTS)
    # Mostly nobody: looking further costs more than looking at the attempts.
    failed = list(some.values_list("pk", flat=True))
    if not failed:
        return []
    rows = DeliveryAttempt.objects.filter(~sent_again(), pk__in=failed)
    return list(rows.values_list("notice__reference", flat=True).distinct())


def tried_channels(references: Sequence[UUID]) -> dict[UUID, set[str]]:
    """For each review, the channels that were tried at all, and the calls and visits that came to nothing."""
    tried = given_up(references)
    rows = DeliveryAttempt.objects.filter(notice__reference__in=references)
    for reference, channel in rows.values_list("notice__reference", "channel"):
        tried.setdefault(reference, set()).add(channel)
    return tried


def failed_channels(references: Sequence[UUID]) -> dict[UUID, set[str]]:
    """For each review, the channels whose attempt has come to nothing, calls and visits included."""
    failed = given_up(references)
    rows = DeliveryAttempt.objects.filter(~sent_again(), notice__reference__in=references, status__in=FAILED_ATTEMPTS)
    for reference, channel in rows.values_list("notice__reference", "channel"):
        failed.setdefault(reference, set()).add(channel)
    return failed


def campaign_costs(campaign: Campaign, progress: Progress, people: Sequence[Figures]) -> Costs:
    """What the campaign has cost, by the prices of the accounts, else those of the plan. One query."""
    planned = {channel: Decimal(yen) for channel, yen in campaign.plan.get("yen", {}).items()}
    tries = {figures.kind: figures.tries for figures in people}
    return costs_of(progress.by_channel, planned | unit_prices(), progress.completed, tries)


def campaign_people(campaign: Campaign, *, today: date) -> list[Figures]:
    """How far the campaign's calls and visits have got, by kind. Two queries."""
    return figures_about(PeriodicReview.objects.filter(campaign=campaign).values_list("id", flat=True), today=today)


def reviews_with_task(campaign: Campaign, *, kind: str, which: str, today: date) -> QuerySet[PeriodicReview]:
    """Those behind a number of ``campaign_people``.

    Raises:
        KeyError: there is no such number.
    """
    tasks = OutreachTask.objects.filter(standing(which, today=today), kind=kind, reference=OuterRef("id"))
    rows: QuerySet[PeriodicReview] = PeriodicReview.objects.filter(Exists(tasks), campaign=campaign)
    return rows


def last_failures(references: Sequence[UUID]) -> dict[UUID, Advice]:
    """For each review whose newest attempt came to nothing, why and what to do next. One query."""
    rows = (
        DeliveryAttempt.objects.filter(notice__reference__in=references)
        .order_by("notice__reference", "-created_at", "-id")
        .distinct("notice__reference")
        .values_list("notice__reference", "status", "channel", "failure_code", "failure_kind")
    )
    troubled = (*FAILED_ATTEMPTS, DeliveryAttempt.Status.UNKNOWN)
    found = {
        reference: advice_for(channel, code, kind)
        for reference, status, channel, code, kind in rows
        if status in troubled
    }
    return {reference: advice for reference, advice in found.items() if advice}


def answering(references: Collection[UUID]) -> QuerySet[Response]:
    """Responses that somebody has begun: proof that a notice arrived, whatever the provider says."""
    return Response.objects.filter(reference__in=references, started_at__isnull=False)


def reviews_tried(campaign: Campaign, *, channel: str, status: str) -> QuerySet[PeriodicReview]:
    """Those behind a number of ``Progress.by_channel``."""
    attempts = DeliveryAttempt.objects.filter(notice__reference=OuterRef("id"), channel=channel, status=status)
    rows: QuerySet[PeriodicReview] = PeriodicReview.objects.filter(Exists(attempts), campaign=campaign)
    return rows
