"""How paper answers are checked: proposed by one, let through by another."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from audit.services import Actor
from outreach.papers.holding import STEPS
from outreach.papers.models import PaperPolicy
from tenants.permissions import Permission


@transaction.atomic
def propose_policy(*, checked_share: int, needs_signature: bool, actor: Actor, now: datetime) -> PaperPolicy:
    """Propose another way of checking.

    Raises:
        PaperRefused: another proposal waits, or the actor may not.
    """
    asked = PaperPolicy(checked_share=checked_share, needs_signature=needs_signature)
    told = {"share": checked_share, "signature": needs_signature}
    return STEPS.propose(asked, Permission.MANAGE_SETTINGS, actor=actor, now=now, **told)


@transaction.atomic
def decide_policy(*, policy: PaperPolicy, is_approved: bool, actor: Actor, now: datetime) -> None:
    """Put it in force, or leave everything as it is; whoever proposed it may take it back.

    Raises:
        PaperRefused: the actor proposed it, may not approve, or somebody was faster.
    """
    decide = STEPS.approve if is_approved else STEPS.reject
    decide(policy, Permission.APPROVE_SETTINGS, actor=actor, now=now)
