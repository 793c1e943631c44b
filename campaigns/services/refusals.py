"""Why a step with a campaign can't be taken, said to a person, and the two guards that every step shares."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from audit.services import Actor
from audit.transitions import IllegalTransition, LostRace, transition
from campaigns.models import Campaign

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


def user_of(actor: Actor) -> int:
    """The account behind an act that only a person may do. Raises CampaignRefused."""
    if actor.kind != "user":
        raise CampaignRefused(_("Only a signed-in member of staff may do this."))
    return int(actor.id)


def move(campaign: Campaign, to: str, *, actor: Actor, now: datetime, **changes: object) -> None:
    """As `transition`, for people: whoever comes too late is told so. Raises CampaignNotReady."""
    try:
        transition(campaign, to, actor=actor, at=now, **changes)
    except (IllegalTransition, LostRace) as refusal:
        raise CampaignNotReady(
            _("The campaign is in another state by now. Reload the page to see where it stands.")
        ) from refusal
