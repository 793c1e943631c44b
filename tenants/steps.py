"""The steps by which people propose and decide: who may take them now, and what those who may not are told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from audit.transitions import IllegalTransition, LostRace, Stateful, transition
from tenants.four_eyes import Standing, standing_of
from tenants.permissions import Permission
from tenants.proposals import Proposal

type Words = str | Promise


class Refused(Exception):
    """What was asked for is not possible; its text is a sentence for the person who asked."""

    NOT_ALLOWED: Words = _("Your role does not include this step any more. Ask an administrator.")
    OWN_WORK: Words = _("You proposed this change yourself. Somebody else has to approve it.")
    TOO_LATE: Words = _("Somebody else has dealt with this already. Reload the page.")
    WAITING: Words = _("Another change waits for approval. Have it approved or rejected first.")


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of one room, in the transaction of its services. All of them raise what the room is ``refused`` by."""

    refused: type[Refused]

    def standing(self, actor: Actor, *permissions: Permission, now: datetime) -> Standing:
        """The member who acts, if their role allows one of these."""
        standing = standing_of(actor, now=now)
        if standing is None or not any(map(standing.may, permissions)):
            raise self.refused(str(self.refused.NOT_ALLOWED))
        return standing

    def second(
        self, actor: Actor, permission: Permission, acts: Collection[tuple[int | None, str]], *, now: datetime
    ) -> Standing:
        """The member who acts, if they did none of these ``acts``, under whatever account, and may."""
        standing = standing_of(actor, now=now)
        if standing is not None and standing.did(*acts):
            raise self.refused(str(self.refused.OWN_WORK))
        if standing is None or not standing.may(permission):
            raise self.refused(str(self.refused.NOT_ALLOWED))
        return standing

    def move(self, row: Stateful, to: str, *, actor: Actor, now: datetime, **changes: object) -> None:
        """As `transition`, for people: whoever comes too late is told so."""
        try:
            transition(row, to, actor=actor, at=now, **changes)
        except (IllegalTransition, LostRace) as error:
            raise self.refused(str(self.refused.TOO_LATE)) from error

    def propose[P: Proposal](
        self, proposal: P, permission: Permission, *, actor: Actor, now: datetime, **told: object
    ) -> P:
        """Sign and keep what is proposed; its table says whether another one waits. ``told``: to the trail."""
        standing = self.standing(actor, permission, now=now)
        for name, value in standing.signs("proposed", now).items():
            setattr(proposal, name, value)
        try:
            with transaction.atomic():
                proposal.save()
        except IntegrityError as error:
            raise self.refused(str(self.refused.WAITING)) from error
        record(f"{proposal._meta.model_name}.proposed", target=proposal, actor=actor, at=now, **told)
        return proposal

    def approve(
        self, proposal: Proposal, permission: Permission, *, actor: Actor, now: datetime, **changes: object
    ) -> None:
        """Approve what somebody else proposed."""
        standing = self.second(actor, permission, proposal.acts, now=now)
        self.approved(proposal, standing, actor=actor, now=now, **changes)

    def approved(
        self, proposal: Proposal, standing: Standing, *, actor: Actor, now: datetime, **changes: object
    ) -> None:
        """As `approve`, of whom `second` has looked at, and what the room looks at besides."""
        self.move(proposal, "APPROVED", actor=actor, now=now, **standing.signs("approved", now), **changes)

    def reject(
        self, proposal: Proposal, *permissions: Permission, actor: Actor, now: datetime, **changes: object
    ) -> None:
        """Leave everything as it is."""
        standing = self.standing(actor, *permissions, now=now)
        self.move(proposal, "REJECTED", actor=actor, now=now, **standing.rejects(now), **changes)

    def take_back(self, proposal: Proposal, permission: Permission, *, actor: Actor, now: datetime) -> None:
        """As `reject`, also for whoever proposed it and may not approve."""
        standing = standing_of(actor, now=now)
        if standing is None or not (standing.may(permission) or standing.did(*proposal.acts)):
            raise self.refused(str(self.refused.NOT_ALLOWED))
        self.move(proposal, "REJECTED", actor=actor, now=now, **standing.rejects(now))
