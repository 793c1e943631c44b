"""Copies are ordered in a visit, set in the background, handed out in the same visit, and gone the next day."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from audit.services import Actor, record
from channels.rendering import CannotRender, render_pages
from outreach.copies.models import AnswerCopy
from outreach.copies.selectors import midnight
from questionnaires.models import Response
from tenants.keys import KeysUnavailable, cipher

# Of one response in a day: in every language once.
MOST = 7
AT_A_TIME = 20


class TooManyCopies(Exception):
    """As many as can be made of one response in a day."""


@transaction.atomic
def order_copy(*, response: Response, language: str, page: str, actor: Actor, now: datetime) -> AnswerCopy:
    """Have a copy set in type. ``page``: what `outreach.copies.printing.copy_page` made.

    Raises:
        TooManyCopies
    """
    held = Response.objects.select_for_update(no_key=True).get(pk=response.pk)
    if AnswerCopy.objects.filter(response=held, asked_at__gte=midnight(now)).count() >= MOST:
        raise TooManyCopies
    copy: AnswerCopy = AnswerCopy.objects.create(response=held, language=language, page=page, asked_at=now)
    record("response.copy_ordered", target=held, actor=actor, at=now, language=language)
    return copy


def make_copies(*, now: datetime) -> int:
    """Set the copies that wait, one transaction each; a worker that dies leaves its copy to the next."""
    for made in range(AT_A_TIME):
        with transaction.atomic():
            waiting = AnswerCopy.objects.filter(made_at__isnull=True, failure="").select_related("response")
            locked = waiting.select_for_update(skip_locked=True, of=("self",))
            copy = locked.order_by("asked_at", "id").first()
            if copy is None:
                return made
            _make(copy, now)
    return AT_A_TIME


@transaction.atomic
def take_copy(*, copy: AnswerCopy, actor: Actor, now: datetime) -> bytes | None:
    """The PDF, to be handed out; None while there is none. That it was taken is on record."""
    pdf: bytes | None = AnswerCopy.objects.select_related("response").get(pk=copy.pk).pdf
    if pdf is not None:
        record("response.copy_taken", target=copy.response, actor=actor, at=now)
    return pdf


@transaction.atomic
def destroy_copies(*, now: datetime) -> int:
    """The day is over: they are not shown any more, and not kept."""
    destroyed, _each = AnswerCopy.objects.filter(asked_at__lt=midnight(now)).delete()
    return destroyed


def _make(copy: AnswerCopy, now: datetime) -> None:
    cipher()
    try:
        copy.pdf = render_pages(copy.page, style="answer-copy.css", is_tagged=True)
        copy.made_at = now
    except CannotRender as refusal:
        copy.failure = refusal.code
    except KeysUnavailable:
        raise
    except Exception as error:  # a copy that breaks the typesetter must not stop the others
        copy.failure = type(error).__name__[:40]
    copy.page = None
    copy.save(update_fields=["page", "pdf", "failure", "made_at"])
