"""Reading copies."""

from __future__ import annotations

from datetime import datetime, time
from uuid import UUID

from channels.hours import JST
from outreach.copies.models import AnswerCopy
from questionnaires.models import Response


def copy_of(response: Response, copy_id: UUID, *, now: datetime) -> AnswerCopy | None:
    """A copy that was asked for today, without its body."""
    rows = AnswerCopy.objects.filter(pk=copy_id, response=response, asked_at__gte=midnight(now))
    found: AnswerCopy | None = rows.defer("page", "pdf").first()
    return found


def midnight(now: datetime) -> datetime:
    """When the day in Japan began."""
    return datetime.combine(now.astimezone(JST).date(), time.min, JST)
