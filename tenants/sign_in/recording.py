"""What the audit trail keeps of an account's doors: in every institution the account works for.

One transaction belongs to one tenant, so acts that concern several are written after the request's own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import Actor, record
from tenants.lookups import MembershipOf, memberships_of
from tenants.models import Membership, User
from tenants.scoping import outside_scope, tenant_scope

SIGNED_IN = "membership.signed_in"
SIGN_IN_REFUSED = "membership.sign_in_refused"
SIGNED_OUT = "membership.signed_out"
LOCKED = "membership.locked"
UNLOCKED = "membership.unlocked"
FACTOR_ADDED = "membership.factor_added"
FACTOR_REMOVED = "membership.factor_removed"
CODES_RENEWED = "membership.recovery_codes_renewed"
CODE_USED = "membership.recovery_code_used"
PASSWORD_CHANGED = "membership.password_changed"  # noqa: S105 - an event
PASSWORD_RESET = "membership.password_reset"  # noqa: S105 - an event
SESSIONS_ENDED = "membership.sessions_ended"


def record_for_account(event: str, *, user_id: int, now: datetime, only_tenant: int | None = None, **data: Any) -> None:
    """Record an act of, or at, an account in each of its tenants' trails, once the open transaction is committed.

    ``only_tenant`` keeps what happened through one tenant's identity provider in that tenant's trail.
    """

    def write() -> None:
        for membership in memberships_of(user_id):
            if only_tenant in (None, membership.tenant_id):
                _record(event, membership, Actor.user(user_id), now, data)

    transaction.on_commit(lambda: outside_scope(write))


def record_attempt(event: str, *, email: str, now: datetime) -> None:
    """As ``record_for_account``, by address; one that nobody has belongs to no tenant's trail."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is not None:
        record_for_account(event, user_id=user.pk, now=now)


def record_sign_out(*, membership: MembershipOf, actor: Actor, now: datetime) -> None:
    """Record the end of the session in the tenant it worked for."""
    _record(SIGNED_OUT, membership, actor, now, {})


def _record(event: str, membership: MembershipOf, actor: Actor, now: datetime, data: dict[str, Any]) -> None:
    with tenant_scope(membership.tenant_id):
        target = Membership(id=membership.membership_id, tenant_id=membership.tenant_id)
        record(event, target=target, actor=actor, at=now, **data)
