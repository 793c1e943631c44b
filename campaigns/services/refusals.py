"""Why a step with a campaign can't be taken, said to a person, and the two guards that every step shares."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from audit.services import Actor
from audit.transitions import IllegalTransition, LostRace, transition
from campaigns.models import Campaign
from tenants.four_eyes import Standing, standing_of
from tenants.permissions import Permission

JAPAN = ZoneInfo("Asia/Tokyo")
SYSTEM = Actor.system("campaigns")


class CampaignRefused(Exception):
    """The step can't be taken; the text tells the person what to do next."""


class CampaignNotReady(CampaignRefused):
    """The campaign is not in the state that this step starts from."""


class OwnWork(CampaignRefused):
    """Nobody approves their own plan."""


class PlanChanged(CampaignRefused):
    """Audience, texts, ladder or deadline are no longer what was seen."""


class NotEntitled(CampaignRefused):
    """The actor is no member at this moment, or their role does not include the act."""


def member_behind(actor: Actor, now: datetime, permission: Permission | None = None) -> Standing:
    """The member who acts, locked until the transaction ends. Raises NotEntitled."""
    standing = standing_of(actor, now=now)
    if standing is None:
        raise NotEntitled(_("Only a signed-in member of staff may do this."))
    if permission is not None and not standing.may(permission):
        raise NotEntitled(_("Your role does not include this step any more. Ask an administrator."))
    return standing


def move(campaign: Campaign, to: str, *, actor: Actor, now: datetime, **changes: object) -> None:
    """As `transition`, for people: whoever comes too late is told so. Raises CampaignNotReady."""
    try:
        transition(campaign, to, actor=actor, at=now, **changes)
    except (IllegalTransition, LostRace) as refusal:
        raise CampaignNotReady(
            _("The campaign is in another state by now. Reload the page to see where it stands.")
        ) from refusal
