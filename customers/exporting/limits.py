"""Above how many rows a second person lets an export out: proposed by one person, and let through by another."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from audit.transitions import IllegalTransition, LostRace, transition
from customers.exporting.models import ExportLimit
from tenants.four_eyes import Standing, standing_of
from tenants.permissions import Permission


class LimitRefused(Exception):
    """What was asked for is not possible; its text is a sentence for the person who asked."""


@transaction.atomic
def propose_limit(*, rows: int, actor: Actor, now: datetime) -> ExportLimit:
    """Propose another number of rows; 0 has every file approved.

    Raises:
        LimitRefused: the actor may not, or another number waits.
    """
    standing = _standing(actor, Permission.MANAGE_SETTINGS, now)
    proposed = {"proposed_by": standing.user_id, "proposed_person": standing.person, "proposed_at": now}
    try:
        with transaction.atomic():
            limit: ExportLimit = ExportLimit.objects.create(rows=rows, **proposed)
    except IntegrityError as error:
        raise LimitRefused(_("Another change waits for approval. Have it approved or rejected first.")) from error
    record("exportlimit.proposed", target=limit, actor=actor, at=now, rows=rows)
    return limit


@transaction.atomic
def approve_limit(*, limit: ExportLimit, actor: Actor, now: datetime) -> None:
    """Have it count for every file that is made from now on.

    Raises:
        LimitRefused: the actor proposed it, under whatever account; may not; or somebody was faster.
    """
    standing = _standing(actor, Permission.APPROVE_SETTINGS, now)
    if standing.did((limit.proposed_by, limit.proposed_person)):
        raise LimitRefused(_("You proposed this change yourself. Somebody else has to approve it."))
    signed = {"approved_by": standing.user_id, "approved_person": standing.person, "approved_at": now}
    _move(limit, ExportLimit.Status.APPROVED, actor=actor, now=now, **signed)


@transaction.atomic
def reject_limit(*, limit: ExportLimit, actor: Actor, now: datetime) -> None:
    """Leave the number as it is; whoever proposed the other one may take it back so.

    Raises:
        LimitRefused: the actor may not, or it is decided already.
    """
    standing = _standing(actor, Permission.APPROVE_SETTINGS, now)
    _move(limit, ExportLimit.Status.REJECTED, actor=actor, now=now, rejected_by=standing.user_id, rejected_at=now)


def _standing(actor: Actor, permission: Permission, now: datetime) -> Standing:
    standing = standing_of(actor, now=now)
    if standing is None or not standing.may(permission):
        raise LimitRefused(_("Your role does not allow this."))
    return standing


def _move(limit: ExportLimit, to: str, *, actor: Actor, now: datetime, **changes: object) -> None:
    try:
        transition(limit, to, actor=actor, at=now, **changes)
    except (IllegalTransition, LostRace) as error:
        raise LimitRefused(_("Somebody else has dealt with this change already. Reload the page.")) from error
