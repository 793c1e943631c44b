"""A policy takes in what the standard one judges beside it: proposed by one person, let through by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import Actor
from risk.models import PolicyDraft, RiskPolicy
from risk.scoring import PolicyInvalid, factors_missing, with_factors
from risk.selectors import published_policy
from risk.services import default_document, publish_policy
from tenants.permissions import Permission
from tenants.steps import Refused, Steps

_STATUS = PolicyDraft.Status
_STALE = 0


class DraftRefused(Refused):
    """The policy cannot be changed so."""


_STEPS = Steps(DraftRefused)


@transaction.atomic
def draft_missing(*, actor: Actor, now: datetime) -> PolicyDraft:
    """Propose the policy in force with the factors of the standard one that it has nothing of.

    Raises:
        DraftRefused: the actor may not, another draft waits, or nothing is missing.
    """
    _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
    policy = published_policy()
    missing = factors_missing(policy.document, default_document()) if policy else []
    if policy is None or not missing:
        raise DraftRefused(_("The risk policy in force lacks nothing of the standard one."))
    document = with_factors(policy.document, missing)
    added = [factor["code"] for factor in document["factors"][len(policy.document["factors"]) :]]
    return propose(policy=policy, document=document, added=added, actor=actor, now=now)


@transaction.atomic
def propose(
    *, policy: RiskPolicy, document: Mapping[str, Any], added: Sequence[str], actor: Actor, now: datetime
) -> PolicyDraft:
    """Propose a document in the place of the policy in force. ``added``: the codes of factors that are new in it.

    Raises:
        DraftRefused: the actor may not, or another draft waits.
    """
    draft = PolicyDraft(document=dict(document), based_on=policy.version, added=list(added))
    told = {"factors": draft.added, "based_on": draft.based_on}
    return _STEPS.propose(draft, Permission.MANAGE_SETTINGS, actor=actor, now=now, **told)


@transaction.atomic
def approve_draft(*, draft: PolicyDraft, actor: Actor, now: datetime) -> None:
    """Have it published in the next seconds; everybody is rated anew by it.

    Raises:
        DraftRefused: the actor proposed it, under whatever account; may not; somebody was faster; or another version
            is in force by now.
    """
    standing = _STEPS.second(actor, Permission.APPROVE_SETTINGS, draft.acts, now=now)
    if _is_stale(draft):
        raise DraftRefused(_("Another version of the policy is in force by now. Reject this, and propose it anew."))
    _STEPS.approved(draft, standing, actor=actor, now=now)


@transaction.atomic
def reject_draft(*, draft: PolicyDraft, actor: Actor, now: datetime) -> None:
    """Leave the policy as it is; whoever proposed the draft may take it back so.

    Raises:
        DraftRefused: the actor may not, or it is decided already.
    """
    _STEPS.reject(draft, Permission.APPROVE_SETTINGS, actor=actor, now=now)


@transaction.atomic
def publish_approved(*, actor: Actor, now: datetime) -> int:
    """Put the draft that was approved in force; returns how many were. It has every customer rated anew.

    One that cannot be published any more, because something it reads or stands on is gone, is left and says so.
    """
    waiting = PolicyDraft.objects.filter(status=_STATUS.APPROVED, published_version__isnull=True)
    draft: PolicyDraft | None = waiting.select_for_update(skip_locked=True).first()
    if draft is None:
        return 0
    version = _STALE
    if not _is_stale(draft):
        try:
            version = publish_policy(document=draft.document, actor=actor, now=now).version
        except PolicyInvalid:
            version = _STALE
    draft.published_version = version
    draft.save(update_fields=["published_version"])
    return int(version != _STALE)


def _is_stale(draft: PolicyDraft) -> bool:
    policy = published_policy()
    return policy is None or policy.version != draft.based_on
