"""Above how many rows a second person lets an export out: proposed by one person, and let through by another."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from audit.services import Actor
from customers.exporting.models import ExportLimit
from tenants.permissions import Permission
from tenants.steps import Refused, Steps


class LimitRefused(Refused):
    """The number cannot be changed so."""


_STEPS = Steps(LimitRefused)


@transaction.atomic
def propose_limit(*, rows: int, actor: Actor, now: datetime) -> ExportLimit:
    """Propose another number of rows; 0 has every file approved.

    Raises:
        LimitRefused: the actor may not, or another number waits.
    """
    return _STEPS.propose(ExportLimit(rows=rows), Permission.MANAGE_SETTINGS, actor=actor, now=now, rows=rows)


@transaction.atomic
def approve_limit(*, limit: ExportLimit, actor: Actor, now: datetime) -> None:
    """Have it count for every file that is made from now on.

    Raises:
        LimitRefused: the actor proposed it, under whatever account; may not; or somebody was faster.
    """
    _STEPS.approve(limit, Permission.APPROVE_SETTINGS, actor=actor, now=now)


@transaction.atomic
def reject_limit(*, limit: ExportLimit, actor: Actor, now: datetime) -> None:
    """Leave the number as it is; whoever proposed the other one may take it back so.

    Raises:
        LimitRefused: the actor may not, or it is decided already.
    """
    _STEPS.reject(limit, Permission.APPROVE_SETTINGS, actor=actor, now=now)
