"""The lists behind the numbers of a campaign's page: read from an address, shown on a page, and exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import cast
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.entrances import WORDS, reviews_by
from campaigns.models import Campaign, PeriodicReview
from campaigns.selectors import STATES, last_failures, reviews_in, reviews_tried, reviews_with_task
from campaigns.wording import STAGES, TASK_FIGURES, attempt_status, channel, task_figure
from channels.models import ChannelKind, DeliveryAttempt
from customers.exporting.lists import Asked, ListKind, register_list
from outreach.models import OutreachKind, OutreachTry

NAME = "campaign"
# whose failed notice is still somebody's concern
CONCERNED = tuple(PeriodicReview.Status[name] for name in ("PLANNED", "NOTIFIED", "UNREACHABLE", "NO_ANSWER"))
_COLUMNS = {
    "campaign_state": _("State in the campaign"),
    "campaign_due_on": _("Review due on"),
    "campaign_channel": _("Channel"),
    "campaign_notified_at": _("Notified at"),
    "campaign_answered_at": _("Answered at"),
    "campaign_completed_at": _("Completed at"),
    "campaign_failure": _("Why it did not arrive"),
}


def asked_of(address: Asked) -> Asked | None:
    """What an address asks of a campaign; None where there is no such list."""
    try:
        campaign = str(UUID(address.get("campaign", "")))
    except ValueError:
        return None
    way, what = address.get("channel", ""), address.get("status", "")
    stage, came = address.get("stage", "targeted"), address.get("came", "")
    if came in WORDS:
        return {"campaign": campaign, "came": came}
    if way in ChannelKind.values and what in DeliveryAttempt.Status.values:
        return {"campaign": campaign, "channel": way, "status": what}
    if way in OutreachKind.values and what in (*TASK_FIGURES, *OutreachTry.Outcome.values):
        return {"campaign": campaign, "channel": way, "status": what}
    if stage in STATES or stage in ("sent", "delivered", "opened"):
        return {"campaign": campaign, "stage": stage}
    return None


def title_of(asked: Asked) -> str:
    """What the list is called."""
    if "stage" in asked:
        return str(STAGES[asked["stage"]])
    if "came" in asked:
        return str(WORDS[asked["came"]])
    way, what = asked["channel"], asked["status"]
    return f"{channel(way)}: {attempt_status(what) if way in ChannelKind.values else task_figure(what)}"


def reviews_asked(asked: Asked, *, today: date) -> QuerySet[PeriodicReview]:
    """Who is in the list, as far as whoever asks may see; nobody where there is no such campaign."""
    campaign = Campaign.objects.filter(pk=asked["campaign"]).first()
    if campaign is None:
        return cast("QuerySet[PeriodicReview]", PeriodicReview.objects.none())
    if "stage" in asked:
        return reviews_in(campaign, asked["stage"])
    if "came" in asked:
        return reviews_by(campaign, asked["came"])
    way, what = asked["channel"], asked["status"]
    if way in ChannelKind.values:
        return reviews_tried(campaign, channel=way, status=what)
    return reviews_with_task(campaign, kind=way, which=what, today=today)


def _customers(asked: Asked, today: date) -> Q:
    return Q(pk__in=reviews_asked(asked, today=today).values("customer"))


def _values(asked: Asked, ids: Sequence[UUID], today: date) -> Mapping[UUID, Mapping[str, str]]:
    reviews = list(reviews_asked(asked, today=today).filter(customer__in=ids))
    failures = last_failures([review.pk for review in reviews if review.status in CONCERNED])
    return {
        review.customer_id: {
            "campaign_state": review.get_status_display(),
            "campaign_due_on": review.due_on.isoformat(),
            "campaign_channel": channel(review.channel),
            "campaign_notified_at": _moment(review.notified_at),
            "campaign_answered_at": _moment(review.answered_at),
            "campaign_completed_at": _moment(review.completed_at),
            "campaign_failure": str(failures[review.pk].reason) if review.pk in failures else "",
        }
        for review in reviews
    }


def _moment(at: datetime | None) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}" if at else ""


def _words(asked: Asked) -> list[tuple[str, str]]:
    name = Campaign.objects.filter(pk=asked["campaign"]).values_list("name", flat=True).first()
    return [(gettext("Campaign"), name or "—"), (gettext("List"), title_of(asked))]


def register() -> None:
    """Called when the apps are ready."""
    kind = ListKind(
        title=_("Campaign"), read=asked_of, customers=_customers, columns=_COLUMNS, values=_values, words=_words
    )
    register_list(NAME, kind)
