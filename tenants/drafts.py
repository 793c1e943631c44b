"""Versions being written: by one person or several, numbered, and in force once somebody else has approved them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.services import Actor
from audit.transitions import Stateful
from tenants import steps
from tenants.four_eyes import Standing, standing_of
from tenants.models import TenantModel
from tenants.pairing import person_field, two_people
from tenants.permissions import Permission


class Draft(Stateful, TenantModel):
    """Its table has `published_by_two` among its constraints, and columns of its own for who proposed it."""

    WAITING: ClassVar = "PROPOSED"  # what its status is called while it waits for approval
    ASKED: ClassVar = "proposed"  # what the columns of whoever asked for that begin with

    # the number of the version it began with, or was compared with when approval was asked for; 0: none
    based_on = models.PositiveIntegerField(default=0)
    # may be wrong while it is written
    document: Any = models.JSONField()
    # grows with each change, so that two who write do not overwrite each other
    revision = models.PositiveIntegerField(default=1)
    # everybody who wrote in it, as [account, staff number]: none of them may approve it
    writers: Any = models.JSONField(default=list)
    # who wrote last
    drafted_by = models.BigIntegerField()
    drafted_person = person_field()
    drafted_at = models.DateTimeField()
    approved_by = models.BigIntegerField(null=True, blank=True)
    approved_person = person_field()
    approved_at = models.DateTimeField(null=True, blank=True)
    return_reason = models.CharField(max_length=400, blank=True)
    # the number of the version that became of it
    published_number = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def acts(self) -> list[tuple[int | None, str]]:
        """Everybody who wrote in it or asked for its approval, as (account, staff number)."""
        asked = (getattr(self, f"{self.ASKED}_by"), getattr(self, f"{self.ASKED}_person"))
        return [*self._wrote(), (self.drafted_by, self.drafted_person), asked]

    def rewrite(self, document: Any, standing: Standing, now: datetime) -> None:
        """Put another document in; `save` is the caller's."""
        self.document, self.revision = document, self.revision + 1
        self.drafted_by, self.drafted_person, self.drafted_at = standing.user_id, standing.person, now
        if not standing.did(*self._wrote()):
            self.writers = [*self.writers, [standing.user_id, standing.person]]

    def _wrote(self) -> list[tuple[int | None, str]]:
        return [(int(account), str(person)) for account, person in self.writers]


def begun_by(standing: Standing, now: datetime) -> dict[str, object]:
    """The columns of whoever begins a draft."""
    return {**standing.signs("drafted", now), "writers": [[standing.user_id, standing.person]]}


def published_by_two(name: str, *, asked: str) -> list[models.BaseConstraint]:
    """The constraints that whoever approved wrote none of it last, nor asked for it, and is known."""
    is_signed = Q(approved_by__isnull=False, approved_at__isnull=False, published_number__isnull=False)
    return [
        two_people(f"{name}_four_eyes", first=("drafted", asked), second="approved"),
        models.CheckConstraint(condition=~Q(status="APPROVED") | is_signed, name=f"{name}_approved"),
    ]


class DraftRefused(steps.Refused):
    """What was asked for is not possible; its text is a sentence for the person who asked."""

    OWN_WORK = _("You wrote in this draft yourself. Somebody else has to approve it.")
    TOO_LATE = _("Somebody else has dealt with this draft already. Reload the page.")
    UNSEEN = _("The draft has changed since you opened it. Reload it and look again.")
    OVERTAKEN = _("Another version was published meanwhile. Return the draft, and have it proposed anew.")
    NO_DRAFT = _("Only a draft can be changed. Begin a new one.")
    NOT_THROWN = _("Only a draft can be thrown away.")


@dataclass(frozen=True, slots=True)
class DraftSteps(steps.Steps):
    """The steps of drafts; each takes the draft as its row is, locked."""

    refused: type[DraftRefused]

    def check_written(self, held: Draft) -> None:
        """Refuse to change what is no draft any more."""
        if held.status != "DRAFT":
            raise self.refused(str(self.refused.NO_DRAFT))

    def propose_draft(self, held: Draft, standing: Standing, newest: int, *, actor: Actor, now: datetime) -> None:
        """Ask a second person; ``newest``: the number of the version in force."""
        asked = {**standing.signs(held.ASKED, now), "based_on": newest, "return_reason": ""}
        self.move(held, held.WAITING, actor=actor, now=now, **asked)

    def check_approval(self, held: Draft, standing: Standing, *, is_seen: bool, newest: int) -> None:
        """Refuse to approve what the approver wrote in, what they have not seen, or what stands on an old version."""
        if standing.did(*held.acts):
            raise self.refused(str(self.refused.OWN_WORK))
        if not is_seen:
            raise self.refused(str(self.refused.UNSEEN))
        if held.based_on != newest:
            raise self.refused(str(self.refused.OVERTAKEN))

    def publish_draft(self, held: Draft, standing: Standing, number: int, *, actor: Actor, now: datetime) -> None:
        """The version ``number`` came of it."""
        self.move(held, "APPROVED", actor=actor, now=now, **standing.signs("approved", now), published_number=number)

    def return_draft(self, held: Draft, permission: Permission, reason: str, *, actor: Actor, now: datetime) -> None:
        """Back to whoever wrote it, by who may approve or has written in it or proposed it."""
        standing = standing_of(actor, now=now)
        if standing is None or not (standing.may(permission) or standing.did(*held.acts)):
            raise self.refused(str(self.refused.NOT_ALLOWED))
        if held.status != held.WAITING:
            raise self.refused(str(self.refused.TOO_LATE))
        self.move(held, "DRAFT", actor=actor, now=now, return_reason=reason.strip()[:400])

    def discard_draft(self, held: Draft, permission: Permission, *, actor: Actor, now: datetime) -> None:
        """Throw it away."""
        self.standing(actor, permission, now=now)
        if held.status != "DRAFT":
            raise self.refused(str(self.refused.NOT_THROWN))
        self.move(held, "DISCARDED", actor=actor, now=now)
