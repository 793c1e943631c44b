"""What somebody says about two customers who look alike, and the taking back of it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from audit.services import Actor
from audit.transitions import IllegalTransition, LostRace, transition
from customers.matching.models import MatchCandidate

JUDGEMENTS = (MatchCandidate.Status.DIFFERENT, MatchCandidate.Status.HOUSEHOLD)


class MatchRefused(Exception):
    """It cannot be said now; its text is a sentence for the person who tried."""


def judge(*, candidate: MatchCandidate, judgement: str, actor: Actor, now: datetime) -> None:
    """Remember that the two are not the same, or one household; the search does not bring them up for it again.

    Raises:
        MatchRefused: somebody has judged them meanwhile.
    """
    if judgement not in JUDGEMENTS:
        raise ValueError(judgement)
    try:
        transition(candidate, judgement, actor=actor, at=now, decided_by=int(actor.id), decided_at=now)
    except (IllegalTransition, LostRace) as late:
        raise MatchRefused(_("These two have been judged meanwhile. Look at the page again.")) from late


def take_back(*, candidate: MatchCandidate, actor: Actor, now: datetime) -> None:
    """The two are to be looked at again.

    Raises:
        MatchRefused: nothing was said, or somebody has taken it back already.
    """
    if candidate.status not in JUDGEMENTS:
        raise MatchRefused(_("There is nothing to take back."))
    try:
        transition(candidate, MatchCandidate.Status.OPEN, actor=actor, at=now, decided_by=None, decided_at=None)
    except LostRace as late:
        raise MatchRefused(_("These two have been judged meanwhile. Look at the page again.")) from late
