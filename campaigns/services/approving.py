"""Four eyes before anything is sent, and the brake afterwards."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from campaigns.models import Campaign
from campaigns.selectors import current_hash
from campaigns.services.refusals import CampaignRefused, OwnWork, PlanChanged, member_behind, move
from channels.services import hold_group, release_group
from tenants.four_eyes import Standing
from tenants.permissions import Permission


def submit_campaign(*, campaign: Campaign, actor: Actor, now: datetime) -> None:
    """Ask for approval.

    Raises:
        CampaignNotReady, PlanChanged.
    """
    with transaction.atomic():
        _lock(campaign)
        submitter = member_behind(actor, now)
        if current_hash(campaign) != campaign.plan_hash:
            raise PlanChanged(_("Texts or questions have changed since this was planned. Plan it again."))
        move(
            campaign,
            Campaign.Status.AWAITING_APPROVAL,
            actor=actor,
            now=now,
            submitted_by=submitter.user_id,
            submitted_person=submitter.person,
            submitted_at=now,
            return_reason="",
        )


def approve_campaign(*, campaign: Campaign, seen_hash: str, actor: Actor, now: datetime) -> None:
    """Let a campaign start. ``seen_hash`` is what the approver's page showed.

    Raises:
        OwnWork: the actor planned or submitted it, under this account or another (A9).
        NotEntitled: the actor has lost the role.
        PlanChanged: it is not what the approver saw, or not what was submitted (S15).
        CampaignNotReady: it is not waiting for approval, or a colleague was faster (A9).
    """
    with transaction.atomic():
        _lock(campaign)
        campaign.refresh_from_db()
        approver = _second_person(campaign, actor, now)
        if not seen_hash == current_hash(campaign) == campaign.plan_hash:
            raise PlanChanged(_("The campaign has changed since you opened it. Reload it and look again."))
        move(
            campaign,
            Campaign.Status.RUNNING,
            actor=actor,
            now=now,
            approved_by=approver.user_id,
            approved_person=approver.person,
            approved_at=now,
            approved_hash=seen_hash,
        )


def reject_campaign(*, campaign: Campaign, reason: str, actor: Actor, now: datetime) -> None:
    """Send a campaign back to its planner.

    Raises:
        CampaignRefused: no reason is given, it is the actor's own, or it is not waiting for approval.
    """
    if not reason.strip():
        raise CampaignRefused(_("Write down why you return the campaign."))
    with transaction.atomic():
        _lock(campaign)
        _second_person(campaign, actor, now)
        move(campaign, Campaign.Status.DRAFT, actor=actor, now=now, return_reason=reason.strip()[:400])


def pause_campaign(*, campaign: Campaign, actor: Actor, now: datetime, reason: str = "") -> None:
    """Stop sending. Nothing is claimed after this commits (S14); answers are still taken.

    Raises:
        CampaignNotReady.
    """
    with transaction.atomic():
        move(campaign, Campaign.Status.PAUSED, actor=actor, now=now)
        hold_group(group=campaign.pk, now=now)
        if reason:
            record("campaign.pause_explained", target=campaign, actor=actor, at=now, reason=reason)


def resume_campaign(*, campaign: Campaign, actor: Actor, now: datetime) -> None:
    """Go on sending.

    Raises:
        CampaignNotReady, PlanChanged.
    """
    with transaction.atomic():
        _lock(campaign)
        campaign.refresh_from_db()
        if current_hash(campaign) != campaign.approved_hash:
            raise PlanChanged(_("Texts or questions have changed since the approval. Close it and plan again."))
        move(campaign, Campaign.Status.RUNNING, actor=actor, now=now)
        release_group(group=campaign.pk)


def _second_person(campaign: Campaign, actor: Actor, now: datetime) -> Standing:
    standing = member_behind(actor, now)
    planner = (campaign.planned_by, campaign.planned_person)
    if standing.did(planner, (campaign.submitted_by, campaign.submitted_person)):
        raise OwnWork(_("You planned this campaign yourself. Somebody else has to approve it."))
    return member_behind(actor, now, Permission.APPROVE_CAMPAIGN)


def _lock(campaign: Campaign) -> None:
    """Always before the member, so that two acts of one person never wait for each other."""
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
