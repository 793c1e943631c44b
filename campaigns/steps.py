"""Where customers of a campaign give up their answers, page by page; of those who proved who they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from questionnaires.models import QuestionnaireVersion
from questionnaires.selectors import questionnaire_of
from tenants.scoping import required_tenant_id

# Whoever has not gone on for so long counts as having stopped there.
STOPPED = timedelta(days=1)


class Sent(NamedTuple):
    """Of one page: how many sent it, how often in all, and the median of the seconds they took the first time."""

    people: int = 0
    times: int = 0
    seconds: int | None = None


class Waiting(NamedTuple):
    """Of one page: who is at it, and how many of them have stopped there."""

    people: int = 0
    stopped: int = 0


@dataclass(frozen=True, slots=True)
class PageStep:
    """One page of a questionnaire as it went."""

    title: str
    sent: Sent
    waiting: Waiting
    begun: int  # with the questionnaire as a whole

    @property
    def reached(self) -> int:
        """Who came to it."""
        return self.sent.people + self.waiting.people

    @property
    def again(self) -> int:
        """How often it was sent once more, after a look back."""
        return self.sent.times - self.sent.people

    @property
    def under_way(self) -> int:
        """Who is there and may still go on."""
        return self.waiting.people - self.waiting.stopped

    @property
    def fills(self) -> list[tuple[str, int, int]]:
        """For the bar: sent, under way and stopped, as parts of everybody who began."""
        found, place = [], 0
        parts = (("fill-1", self.sent.people), ("fill-2", self.under_way), ("fill-danger", self.waiting.stopped))
        for colour, count in parts:
            width = round(1000 * count / self.begun) if self.begun else 0
            found.append((colour, place, width))
            place += width
        return [*found, ("fill-none", place, max(0, 1000 - place))]


@dataclass(frozen=True, slots=True)
class VersionSteps:
    """One version of a questionnaire as the campaign's customers answer it themselves; seconds are a median."""

    name: str
    number: int
    begun: int
    submitted: int
    seconds: int | None
    pages: list[PageStep]


def steps_of(campaign: Campaign, *, language: str, now: datetime) -> list[VersionSteps]:
    """Every version that somebody has begun to answer, the most answered first. Constant number of queries."""
    given: dict[str, Any] = {"tenant": required_tenant_id(), "campaign": campaign.pk, "before": now - STOPPED}
    begun: dict[UUID, tuple[Any, ...]] = {version: tuple(rest) for version, *rest in _rows(_BEGUN, given)}
    sent = {(version, page): Sent(*rest) for version, page, *rest in _rows(_SENT, given)}
    waiting = {(version, page): Waiting(*rest) for version, page, *rest in _rows(_WAITING, given)}
    found = []
    for version in (
        QuestionnaireVersion.objects.select_related("questionnaire")
        .defer("questionnaire__template_document")
        .filter(pk__in=list(begun))
    ):
        questionnaire = questionnaire_of(version)
        spoken = questionnaire.language(language)
        people, submitted, seconds = begun[version.pk]
        pages = [
            PageStep(
                page.title[spoken],
                sent.get((version.pk, page.id), Sent()),
                waiting.get((version.pk, page.id if place else None), Waiting()),
                people,
            )
            for place, page in enumerate(questionnaire.pages)
        ]
        at_end = waiting.get((version.pk, ""), Waiting())
        last = PageStep(_("Check and send"), Sent(submitted, submitted), at_end, people)
        name = version.questionnaire.name_in(language)
        found.append(VersionSteps(name, version.number, people, submitted, seconds, [*pages, last]))
    return sorted(found, key=lambda steps: -steps.begun)


def _rows(sql: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return list(cursor.fetchall())


# Answers that staff typed say nothing about the pages.
_OWN = """
    FROM campaigns_periodicreview p
    JOIN questionnaires_response r ON r.tenant_id = p.tenant_id AND r.reference = p.id
    {joined}
    WHERE p.tenant_id = %(tenant)s AND p.campaign_id = %(campaign)s AND r.origin = 'PORTAL'
      AND r.status IN ('STARTED', 'SUBMITTED')"""
_TAKEN = "CROSS JOIN LATERAL jsonb_each(r.steps) AS step (page, taken)"
_BEGUN = f"""
    SELECT r.version_id, count(*), count(*) FILTER (WHERE r.status = 'SUBMITTED'),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY total.seconds)
    {
    _OWN.format(
        joined='''LEFT JOIN LATERAL (
        SELECT sum((taken ->> 0)::int) AS seconds FROM jsonb_each(r.steps) AS step (page, taken)
        WHERE r.status = 'SUBMITTED') total ON true'''
    )
}
    GROUP BY r.version_id"""  # noqa: S608  # of constants
_SENT = f"""
    SELECT r.version_id, page, count(*), sum((taken ->> 1)::int),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY (taken ->> 0)::int)
    {_OWN.format(joined=_TAKEN)}
    GROUP BY r.version_id, page"""  # of constants
# The first page has no name while nothing was sent; a page that was sent before and waits again is not new.
_WAITING = f"""
    SELECT r.version_id, CASE WHEN r.saved_at IS NULL THEN NULL ELSE r.waiting_page END AS page, count(*),
           count(*) FILTER (WHERE coalesce(r.saved_at, r.started_at) < %(before)s)
    {_OWN.format(joined="")} AND r.status = 'STARTED' AND NOT r.steps ? r.waiting_page
    GROUP BY 1, 2"""  # of constants
