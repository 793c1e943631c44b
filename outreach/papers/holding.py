"""What every step with a paper answer begins with: who acts, the rows locked in one order, one move of the state."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from audit.services import Actor
from outreach.papers.models import PaperAnswer
from questionnaires.models import Response
from questionnaires.selectors import response_of
from questionnaires.services import hold_response
from tenants.permissions import Permission
from tenants.steps import Refused, Steps


class PaperRefused(Refused):
    """The step cannot be taken; its text says what to do. ``field``: of the form, if it is one; ``paper``: the sheet
    that stands in the way."""

    def __init__(self, words: str, field: str | None = None, paper: UUID | None = None) -> None:
        super().__init__(words)
        self.field, self.paper = field, paper


STEPS = Steps(PaperRefused)


def hold(paper: PaperAnswer) -> tuple[PaperAnswer, Response]:
    """The sheet and the response it is about, locked: the response first, as an answer does that comes in by itself."""
    hold_response(paper.reference)
    held: PaperAnswer = PaperAnswer.objects.select_for_update(of=("self",), no_key=True).get(pk=paper.pk)
    response = response_of(held.reference)
    if response is None:
        raise PaperRefused(_("The questions that this sheet answers are gone. Ask an administrator."))
    return held, response


def hold_for_keying(paper: PaperAnswer, actor: Actor, now: datetime) -> tuple[PaperAnswer, Response]:
    """As `hold`, for the one who keys it.

    Raises:
        PaperRefused: it is not to be keyed at present, or a colleague keys it.
    """
    STEPS.standing(actor, Permission.KEY_PAPER, now=now)
    held, response = hold(paper)
    if held.status != PaperAnswer.Status.RECEIVED:
        raise PaperRefused(_("This sheet is not to be keyed any more. Look at where it stands."))
    if held.keyer != int(actor.id):
        raise PaperRefused(_("A colleague keys this sheet. Take it over if they cannot go on."))
    return held, response


def set_aside(paper: PaperAnswer, because: str, *, actor: Actor, now: datetime) -> None:
    """It cannot become the answer any more; it stays as it is, for a person to look at."""
    STEPS.move(paper, PaperAnswer.Status.SET_ASIDE, actor=actor, now=now, aside_because=because)


def why_not_wanted(response: Response) -> PaperAnswer.Aside | None:
    """Why a sheet cannot become the answer; None where it can, whatever has become of links and deadlines."""
    if response.status == Response.Status.SUBMITTED:
        return PaperAnswer.Aside.ANSWERED
    return PaperAnswer.Aside.WITHDRAWN if response.status == Response.Status.CANCELLED else None
