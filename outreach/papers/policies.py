"""How paper answers are checked: proposed by one, let through by another."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from audit.transitions import IllegalTransition, LostRace, transition
from outreach.papers.holding import PaperRefused, member
from outreach.papers.models import PaperPolicy
from tenants.permissions import Permission


@transaction.atomic
def propose_policy(*, checked_share: int, needs_signature: bool, actor: Actor, now: datetime) -> PaperPolicy:
    """Propose another way of checking.

    Raises:
        PaperRefused: another proposal waits, or the actor may not.
    """
    standing = member(actor, Permission.MANAGE_SETTINGS, now)
    policy = PaperPolicy(
        checked_share=checked_share,
        needs_signature=needs_signature,
        proposed_by=standing.user_id,
        proposed_person=standing.person,
        proposed_at=now,
    )
    try:
        with transaction.atomic():
            policy.save()
    except IntegrityError:
        raise PaperRefused(_("Another proposal waits. Have it approved or rejected first.")) from None
    record("paperpolicy.proposed", target=policy, actor=actor, at=now, share=checked_share, signature=needs_signature)
    return policy


@transaction.atomic
def decide_policy(*, policy: PaperPolicy, is_approved: bool, actor: Actor, now: datetime) -> None:
    """Put it in force, or leave everything as it is; whoever proposed it may take it back.

    Raises:
        PaperRefused: the actor proposed it, may not approve, or somebody was faster.
    """
    standing = member(actor, Permission.APPROVE_SETTINGS, now)
    if is_approved and standing.did((policy.proposed_by, policy.proposed_person)):
        raise PaperRefused(_("You proposed this change yourself. Somebody else has to approve it."))
    signed = {"approved_by": standing.user_id, "approved_person": standing.person, "approved_at": now}
    unsigned = {"rejected_by": standing.user_id, "rejected_at": now}
    to = PaperPolicy.Status.APPROVED if is_approved else PaperPolicy.Status.REJECTED
    try:
        transition(policy, to, actor=actor, at=now, **(signed if is_approved else unsigned))
    except (IllegalTransition, LostRace) as error:
        raise PaperRefused(_("Somebody else has dealt with this change already. Reload the page.")) from error
