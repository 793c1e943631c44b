"""Notices by the ladder: the first rung, the next when one fails, and the end of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from django.db import transaction

from audit.services import record_ids
from audit.transitions import transition_many
from campaigns.enclosing import Enclosing, age_on, is_enclosed
from campaigns.models import Campaign, PeriodicReview
from campaigns.planning import TELEPHONE, VISIT, first_usable, rungs_for
from campaigns.selectors import (
    answering,
    current_hash,
    failed_channels,
    questionnaires_of,
    reached_rungs,
    stray_references,
    stuck_references,
    tried_channels,
)
from campaigns.services.approving import pause_campaign
from campaigns.services.refusals import JAPAN, SYSTEM
from channels.enclosing import Enclosure
from channels.protocols import Channel
from channels.selectors import usable_channels
from channels.services import NoticeRequest, cancel_queued, queue_notices
from customers.flags.rules import silenced_by
from customers.flags.selectors import kinds_in_force
from customers.models import Customer
from customers.selectors import facts_of_each
from outreach.claims.selectors import quiet_until
from outreach.papers.selectors import held_by_paper
from outreach.selectors import given_up, ways_to_people
from outreach.services import TaskRequest, cancel_tasks_of_silenced, queue_tasks
from questionnaires.links import issue_links
from questionnaires.models import Response
from questionnaires.services import cancel_responses, open_responses
from tenants.domains.addresses import base_of
from tenants.models import tenant_in_scope
from tenants.scoping import required_tenant_id

Status = PeriodicReview.Status

# A letter read late must still open: links outlive the deadline by this much (PRODUCT.md, defaults).
GRACE = timedelta(days=14)


def notify_planned(*, campaign_id: UUID, limit: int = 500, now: datetime) -> int:
    """Take up to ``limit`` planned reviews, queue each customer's first notice, and say how many were taken.

    A campaign whose texts or audience are no longer those approved is paused instead (S15).
    """
    with transaction.atomic():
        campaign = _claim(campaign_id)
        if campaign is None or _is_stale(campaign, now):
            return 0
        planned = PeriodicReview.objects.filter(campaign=campaign, status=Status.PLANNED)
        reviews = list(planned.select_for_update(skip_locked=True, of=("self",), no_key=True).order_by("id")[:limit])
        send_next(campaign, _without_silent(reviews, now), was=Status.PLANNED, after={}, now=now)
    return len(reviews)


def escalate(*, references: Sequence[UUID], now: datetime) -> int:
    """Climb one rung for reviews whose current notice has come to nothing; returns how many moved.

    An answer, even one begun or one on paper that is being keyed, ends the climb: the row lock makes this check and
    the queueing one act.
    """
    with transaction.atomic():
        reviews = list(
            PeriodicReview.objects.filter(pk__in=references, status=Status.NOTIFIED)
            .filter(campaign__status=Campaign.Status.RUNNING)
            .select_for_update(of=("self",), no_key=True)
            .select_related("campaign")
            .order_by("id")
        )
        failed = failed_channels([review.pk for review in reviews])
        ids = [review.pk for review in reviews]
        begun = set(answering(ids).values_list("reference", flat=True)) | held_by_paper(ids)
        reviews = [
            review for review in reviews if review.channel in failed.get(review.pk, ()) and review.pk not in begun
        ]
        by_campaign: dict[UUID, list[PeriodicReview]] = {}
        for review in reviews:
            by_campaign.setdefault(review.campaign_id, []).append(review)
        for rows in by_campaign.values():
            after = {review.pk: review.channel for review in rows}
            send_next(rows[0].campaign, rows, was=Status.NOTIFIED, after=after, now=now)
    return len(reviews)


def escalate_stuck(*, campaign_id: UUID, limit: int = 500, now: datetime) -> int:
    """As ``escalate``, for failures that nobody acted on, such as those of a paused time."""
    with transaction.atomic():
        campaign = _claim(campaign_id)
        return escalate(references=stuck_references(campaign, limit=limit), now=now) if campaign else 0


def withdraw_strays(*, now: datetime) -> int:
    """Withdraw notices and tasks that wait although nobody is to be asked any more; returns how many.

    An answer withdraws what waits at that moment. What was being sent just then may come back into the queue when
    the provider refuses it for the moment; it waits seconds at least, and this looks more often than that.
    """
    with transaction.atomic():
        references = stray_references()
        withdrawn = cancel_queued(references=references, actor=SYSTEM, now=now) if references else 0
        return withdrawn + len(cancel_tasks_of_silenced(actor=SYSTEM, now=now))


def _claim(campaign_id: UUID) -> Campaign | None:
    """The running campaign, locked against a pause until this batch has committed."""
    rows = Campaign.objects.select_for_update(no_key=True).filter(pk=campaign_id)
    return rows.filter(status=Campaign.Status.RUNNING).first()


def _is_stale(campaign: Campaign, now: datetime) -> bool:
    if current_hash(campaign) == campaign.approved_hash:
        return False
    pause_campaign(campaign=campaign, actor=SYSTEM, now=now, reason="plan_changed_after_approval")
    return True


def _without_silent(reviews: Sequence[PeriodicReview], now: datetime) -> list[PeriodicReview]:
    """Those whom somebody may contact; the others have been flagged since the plan, and are not asked."""
    flags = kinds_in_force([review.customer_id for review in reviews])
    silent = {review.pk: why for review in reviews if (why := silenced_by(flags.get(review.customer_id, ())))}
    for why in set(silent.values()):
        ids = [pk for pk, found in silent.items() if found == why]
        take_out(ids, was=Status.PLANNED, why=why, now=now)
    return [review for review in reviews if review.pk not in silent]


def take_out(ids: Sequence[UUID], *, was: str, why: str, now: datetime) -> None:
    """These customers are not asked any more because of a flag of this kind; their links end."""
    moved = transition_many(PeriodicReview, ids, was=was, to=Status.CANCELLED, actor=SYSTEM, at=now)
    cancel_responses(references=moved, actor=SYSTEM, now=now)
    tenant_id = required_tenant_id()
    record_ids(
        "periodicreview.taken_out", model=PeriodicReview, tenant_id=tenant_id, ids=moved, actor=SYSTEM, at=now, flag=why
    )


def send_next(
    campaign: Campaign,
    reviews: Sequence[PeriodicReview],
    *,
    was: str,
    after: Mapping[UUID, str],
    now: datetime,
) -> None:
    """Queue the next notice of each review, or give the customer up as unreachable."""
    if not reviews:
        return
    ids = [review.customer_id for review in reviews]
    usable, people = usable_channels(ids), ways_to_people(ids)
    in_vain = given_up([review.pk for review in reviews])  # such as a call that was made because nobody answered
    flags = kinds_in_force(ids)
    begins_with_reached = campaign.plan.get("begins_with_reached", False)
    reached = reached_rungs(ids) if begins_with_reached else {}
    # In an order of their own, so that no rung lies behind them.
    own_order = {review.pk for review in reviews if begins_with_reached or review.customer_id in flags}
    tried = tried_channels(list(own_order))
    rungs: dict[str, list[PeriodicReview]] = {}
    for review in reviews:
        ladder = campaign.plan["ladder"][review.tier]
        by_people = people[review.customer_id] - in_vain.get(review.pk, set())
        reach = {str(channel) for channel in usable.get(review.customer_id, ())} | by_people
        if review.pk in own_order:
            kinds, known = (found.get(review.customer_id, frozenset()) for found in (flags, reached))
            order = rungs_for(ladder, kinds, known, begins_with_reached=begins_with_reached)
            rung = first_usable(order, reach - tried.get(review.pk, set()))
        else:
            rung = first_usable(ladder, reach, after.get(review.pk))
        rungs.setdefault(rung or "", []).append(review)
    unreachable = [review.pk for review in rungs.pop("", [])]
    transition_many(PeriodicReview, unreachable, was=was, to=Status.UNREACHABLE, actor=SYSTEM, at=now)
    for channel, rows in rungs.items():
        if channel in (TELEPHONE, VISIT):
            _hand_to_people(campaign, rows, channel, now)
        else:
            _queue(campaign, rows, Channel(channel), usable, now)
        ids = [review.pk for review in rows]
        if was == Status.NOTIFIED:  # the state stays, the rung rises
            PeriodicReview.objects.filter(pk__in=ids).update(channel=channel)
        else:
            transition_many(
                PeriodicReview, ids, was=was, to=Status.NOTIFIED, actor=SYSTEM, at=now, channel=channel, notified_at=now
            )


def _queue(
    campaign: Campaign,
    reviews: Sequence[PeriodicReview],
    channel: Channel,
    usable: Mapping[UUID, Mapping[Channel, UUID | None]],
    now: datetime,
) -> None:
    customers, responses = open_questions(campaign, reviews, now)
    expires_at = datetime.combine(campaign.deadline_on, time.max, JAPAN) + GRACE
    opens_at = campaign.opens_after(now)
    tokens = issue_links(
        responses=list(responses.values()), channel=channel, expires_at=expires_at, opens_at=opens_at, now=now
    )
    quiet, base = quiet_until(list(customers), now=now), base_of(tenant_in_scope())
    enclosures = _enclosures(campaign, customers, responses, usable, now) if channel == Channel.POST else {}
    requests = [
        NoticeRequest(
            customer_id=review.customer_id,
            reference=review.pk,
            purpose="REQUEST",
            channel=channel,
            contact_point_id=usable[review.customer_id][channel],
            url=f"{base}/r/{tokens[response.pk]}/",
            deadline_on=campaign.deadline_on,
            opens_on=campaign.opens_on if opens_at else None,
            language=customers[review.customer_id].language,
            not_before=quiet.get(review.customer_id),
            group=campaign.pk,
            enclosure=enclosures.get(review.customer_id),
        )
        for review in reviews
        if (response := responses[review.customer_id]).pk in tokens
    ]
    queue_notices(requests=requests, actor=SYSTEM, now=now)


def _enclosures(
    campaign: Campaign,
    customers: Mapping[UUID, Customer],
    responses: Mapping[UUID, Response],
    usable: Mapping[UUID, Mapping[Channel, UUID | None]],
    now: datetime,
) -> dict[UUID, Enclosure]:
    """The answer sheets that go with the letters to these customers, by customer."""
    rule = campaign.plan.get("enclosing", {})
    if rule.get("whom", Enclosing.NOBODY) == Enclosing.NOBODY:
        return {}
    facts, today = facts_of_each(customers.values()), now.astimezone(JAPAN).date()
    return {
        pk: Enclosure(
            version=str(responses[pk].version_id),
            language=customer.language,
            is_company=customer.kind == Customer.Kind.COMPANY,
        )
        for pk, customer in customers.items()
        if is_enclosed(rule, channels=usable.get(pk, ()), age=age_on(_born_on(customer, facts[pk]), today))
    }


def _born_on(customer: Customer, facts: Mapping[str, object]) -> str | None:
    """Of a company nobody's age counts."""
    born_on = facts.get("birth_on") if customer.kind == Customer.Kind.INDIVIDUAL else None
    return str(born_on) if born_on else None


def _hand_to_people(campaign: Campaign, reviews: Sequence[PeriodicReview], kind: str, now: datetime) -> None:
    """Somebody calls or visits, and takes the answers in the same questionnaire."""
    customers, _responses = open_questions(campaign, reviews, now)
    requests = [TaskRequest(customers[review.customer_id], review.pk) for review in reviews]
    queue_tasks(requests=requests, kind=kind, actor=SYSTEM, now=now)


def open_questions(
    campaign: Campaign, reviews: Sequence[PeriodicReview], now: datetime
) -> tuple[dict[UUID, Customer], dict[UUID, Response]]:
    """The customers of these reviews, and of each the response to the campaign's questionnaire."""
    customers = {row.pk: row for row in Customer.objects.filter(pk__in=[r.customer_id for r in reviews])}
    references = {review.customer_id: review.pk for review in reviews}
    opened = open_responses(
        customers=list(customers.values()),
        reference_by_customer=references,
        now=now,
        chosen=questionnaires_of(campaign),
    )
    return customers, opened
