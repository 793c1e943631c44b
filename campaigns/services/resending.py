"""Sending notices again: one person asks for it with a reason, another lets it happen; never by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record_many
from audit.transitions import IllegalTransition, LostRace, transition, transition_many
from campaigns.models import Campaign, PeriodicReview, ResendItem, ResendProposal
from campaigns.resends.selectors import QUEUED, REFUSALS, refusals_of
from campaigns.services.refusals import JAPAN, SYSTEM, CampaignRefused, NotEntitled, OwnWork, member_behind
from channels.models import DeliveryAttempt
from channels.resending import send_again
from tenants.permissions import Permission

Status = ResendProposal.Status


class NothingToSend(CampaignRefused):
    """None of the notices may be sent again; the text says why of the first."""


def propose_resend(
    *, campaign: Campaign, attempt_ids: Sequence[UUID], reason: str, actor: Actor, now: datetime
) -> ResendProposal:
    """Ask a second person to have these notices of the campaign sent again. Those that may not are left out.

    Raises:
        NotEntitled, NothingToSend.
    """
    with transaction.atomic():
        standing = member_behind(actor, now, Permission.PLAN_CAMPAIGN)
        attempts = _locked(campaign, attempt_ids)
        refused = dict.fromkeys(_waiting([attempt.pk for attempt in attempts]), "waiting")
        refused |= refusals_of(attempts, today=now.astimezone(JAPAN).date())
        wanted = [attempt for attempt in attempts if attempt.pk not in refused]
        if not wanted:
            code = next(iter(refused.values()), "sent_again")
            raise NothingToSend(str(REFUSALS[code]))
        proposal: ResendProposal = ResendProposal.objects.create(
            campaign=campaign,
            reason=reason.strip()[:200],
            proposed_by=standing.user_id,
            proposed_person=standing.person,
            proposed_at=now,
        )
        ResendItem.objects.bulk_create(ResendItem(proposal=proposal, attempt=attempt) for attempt in wanted)
        record_many("deliveryattempt.resend_proposed", targets=wanted, actor=actor, at=now, reason=proposal.reason)
        record_many("resendproposal.proposed", targets=[proposal], actor=actor, at=now, count=len(wanted))
    return proposal


def approve_resend(*, proposal: ResendProposal, actor: Actor, now: datetime) -> dict[str, int]:
    """Queue a new attempt for each notice of the proposal that may still be sent.

    Returns:
        How many came to what: "queued", or a code of `campaigns.resends.selectors.REFUSALS`.

    Raises:
        NotEntitled, OwnWork, CampaignRefused: somebody else has decided.
    """
    with transaction.atomic():
        proposal.refresh_from_db()
        standing = member_behind(actor, now, Permission.APPROVE_CAMPAIGN)
        if standing.did((proposal.proposed_by, proposal.proposed_person)):
            raise OwnWork(_("You proposed this yourself. Somebody else has to approve it."))
        _move(
            proposal,
            Status.APPROVED,
            actor=actor,
            now=now,
            approved_by=standing.user_id,
            approved_person=standing.person,
            approved_at=now,
        )
        ids = list(ResendItem.objects.filter(proposal=proposal).values_list("attempt_id", flat=True))
        attempts = _locked(proposal.campaign, ids)
        outcomes = refusals_of(attempts, today=now.astimezone(JAPAN).date())
        allowed = [attempt for attempt in attempts if attempt.pk not in outcomes]
        _ask_again(allowed, now)
        made = send_again(attempts=allowed, actor=actor, now=now)
        outcomes |= dict.fromkeys(made, QUEUED)
        for outcome in set(outcomes.values()):
            decided = [pk for pk, found in outcomes.items() if found == outcome]
            ResendItem.objects.filter(proposal=proposal, attempt__in=decided).update(outcome=outcome)
    return {outcome: list(outcomes.values()).count(outcome) for outcome in sorted(set(outcomes.values()))}


def reject_resend(*, proposal: ResendProposal, actor: Actor, now: datetime) -> None:
    """Send nothing again; whoever proposed it takes it back so.

    Raises:
        NotEntitled, CampaignRefused: somebody else has decided.
    """
    with transaction.atomic():
        standing = member_behind(actor, now)
        if not (standing.may(Permission.APPROVE_CAMPAIGN) or standing.may(Permission.PLAN_CAMPAIGN)):
            raise NotEntitled(_("Your role does not include this step any more. Ask an administrator."))
        _move(proposal, Status.REJECTED, actor=actor, now=now, rejected_by=standing.user_id, rejected_at=now)


def _locked(campaign: Campaign, attempt_ids: Sequence[UUID]) -> list[DeliveryAttempt]:
    """The attempts, after their reviews: an answer that is just coming in waits, or has won."""
    rows = DeliveryAttempt.objects.filter(pk__in=list(attempt_ids))
    references = list(rows.values_list("notice__reference", flat=True))
    reviews = PeriodicReview.objects.filter(pk__in=references, campaign=campaign).order_by("pk")
    known = list(reviews.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    mine = rows.filter(notice__reference__in=known).select_related("notice").order_by("pk")
    return list(mine.select_for_update(of=("self",)))


def _waiting(attempt_ids: Sequence[UUID]) -> list[UUID]:
    rows = ResendItem.objects.filter(attempt__in=list(attempt_ids), proposal__status=Status.PROPOSED)
    return list(rows.values_list("attempt_id", flat=True))


def _ask_again(attempts: Sequence[DeliveryAttempt], now: datetime) -> None:
    """Customers who had been given up are asked by the channel of the new attempt; what follows it is the ladder."""
    by_channel: dict[str, list[UUID]] = {}
    for attempt in attempts:
        by_channel.setdefault(attempt.channel, []).append(attempt.notice.reference)
    was, to = PeriodicReview.Status.UNREACHABLE, PeriodicReview.Status.NOTIFIED
    for channel, references in by_channel.items():
        transition_many(PeriodicReview, references, was=was, to=to, actor=SYSTEM, at=now, channel=channel)


def _move(proposal: ResendProposal, to: str, *, actor: Actor, now: datetime, **changes: object) -> None:
    try:
        transition(proposal, to, actor=actor, at=now, **changes)
    except (IllegalTransition, LostRace) as error:
        raise CampaignRefused(_("Somebody else has dealt with this already. Reload the page.")) from error
