"""Judging the customer book and keeping the result as a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from campaigns.models import Campaign, PeriodicReview
from campaigns.planning import SMS, Plan, Terms, plan
from campaigns.selectors import current_hash, population, unrated_count
from campaigns.services.refusals import JAPAN, CampaignRefused, member_behind
from channels.costs import sms_yen
from channels.selectors import resting_channels, unit_prices
from questionnaires.selectors import NotPublished, latest_versions, version_for
from tenants.turns import take_turn

BATCH = 1_000
SHORTEST = timedelta(days=7)
_ONE_PLAN_AT_A_TIME = 4_201  # advisory lock class; the key within it is the tenant


def plan_campaign(
    *,
    name: str,
    due_by: date,
    deadline_on: date,
    opens_on: date | None = None,
    actor: Actor,
    now: datetime,
    terms: Terms | None = None,
    silence: Mapping[str, int] | None = None,
    begins_with_reached: bool = False,
    questionnaires: Mapping[str, str] | None = None,
    enclosing: Mapping[str, str | int | None] | None = None,
) -> Campaign:
    """Judge the whole customer book and keep a draft with one review for everybody who is due.

    ``silence``, ``begins_with_reached``, ``questionnaires`` (keys by kind of customer) and ``enclosing`` (whose letters
    have an answer sheet) are for the usual terms, where no others are given. ``opens_on``: the first day on which
    answers are taken, if it is not the day on which somebody is asked. Constant number of queries per 1,000 customers.

    Raises:
        CampaignRefused: the deadline is past, the first day does not fit, customers are not rated yet, a questionnaire
            is not in force, or nobody is due.
    """
    if deadline_on <= now.astimezone(JAPAN).date():
        raise CampaignRefused(_("The deadline for answers must lie in the future."))
    if opens_on is not None:
        _check_first_day(opens_on, deadline_on, now)
    with transaction.atomic():
        planner = member_behind(actor, now)
        _lock_planning()
        if waiting := unrated_count():
            raise CampaignRefused(
                _("%(count)d customers are not rated yet. Wait until rating has finished, then plan.")
                % {"count": waiting}
            )
        campaign = Campaign(
            name=name,
            due_by=due_by,
            deadline_on=deadline_on,
            opens_on=opens_on,
            planned_by=planner.user_id,
            planned_person=planner.person,
            planned_at=now,
        )
        terms = terms or _usual_terms(deadline_on, opens_on, silence, begins_with_reached)
        if questionnaires:
            terms = replace(terms, questionnaires={**terms.questionnaires, **questionnaires})
        if enclosing:
            terms = replace(terms, enclosing=enclosing)
        _check_questionnaires(terms.questionnaires)
        _judge(campaign, terms, now)
        campaign.plan_hash = current_hash(campaign)
        campaign.save(update_fields=["plan_hash"])
        record(
            "campaign.planned",
            target=campaign,
            actor=actor,
            at=now,
            plan_hash=campaign.plan_hash,
            **{key: campaign.counts[key] for key in ("population", "due", "not_due", "exempt")},
        )
    return campaign


def _check_first_day(opens_on: date, deadline_on: date, now: datetime) -> None:
    """Answers are taken for a week at least, from a day to come on which every channel may send."""
    if opens_on <= now.astimezone(JAPAN).date():
        raise CampaignRefused(_("The first day for answers must lie in the future. Leave it empty to begin at once."))
    if opens_on + SHORTEST > deadline_on:
        raise CampaignRefused(_("Between the first day and the deadline customers need seven days at least."))
    with transaction.atomic():
        if resting_channels(on=opens_on):
            raise CampaignRefused(_("No short messages are sent on the first day. Choose a day on which they are."))


def _judge(campaign: Campaign, terms: Terms, now: datetime) -> None:
    """Enter the reviews, once more if somebody was merged into another customer meanwhile.

    Once the references of the reviews are checked, a merge under way has ended, and a later one waits and finds them.
    """
    campaign.plan = terms.document()
    found = plan(population(), campaign.due_by, terms)
    if not found.due:
        raise CampaignRefused(_("Nobody is due by this date. Choose a later one."))
    campaign.counts = found.summary()
    with transaction.atomic():
        campaign.save()
        PeriodicReview.objects.bulk_create(_reviews(campaign, found, now), batch_size=BATCH)
        connection.check_constraints()
        if is_stale := somebody_was_merged(campaign):
            transaction.set_rollback(True)
    if is_stale:
        _judge(campaign, terms, now)


def somebody_was_merged(campaign: Campaign) -> bool:
    """Whether a target has become part of another customer since the book was read."""
    return PeriodicReview.objects.filter(campaign=campaign, customer__merged_into__isnull=False).exists()


def _usual_terms(
    deadline_on: date, opens_on: date | None, silence: Mapping[str, int] | None, begins_with_reached: bool
) -> Terms:
    """At the prices that the bank entered; a short message costs as many parts as its text has."""
    usual, sms = Terms(), sms_yen(deadline_on=deadline_on, opens_on=opens_on)
    silence = usual.silence if silence is None else silence
    yen = {**usual.yen, **({} if sms is None else {SMS: sms}), **unit_prices()}
    return Terms(silence=silence, yen=yen, begins_with_reached=begins_with_reached)


def _check_questionnaires(chosen: Mapping[str, str]) -> None:
    versions = latest_versions()
    try:
        for kind in chosen:
            version_for(kind, versions, chosen)
    except NotPublished as refusal:
        raise CampaignRefused(
            _("A questionnaire of this campaign is not in force. Choose another, or have it approved first.")
        ) from refusal


def _lock_planning() -> None:
    """Two clicks plan one after the other, so that the second sees whom the first has taken."""
    take_turn(_ONE_PLAN_AT_A_TIME)


def _reviews(campaign: Campaign, found: Plan, now: datetime) -> list[PeriodicReview]:
    return [
        PeriodicReview(
            campaign=campaign,
            customer_id=judgement.customer_id,
            tier=judgement.tier,
            due_on=campaign.due_by,
            created_at=now,
        )
        for judgement in found.due
    ]
