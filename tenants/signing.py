"""What the audit trail keeps of signing in and out: in every institution the account works for."""

from __future__ import annotations

from datetime import datetime

from audit.services import Actor, record
from tenants.lookups import MembershipOf, memberships_of
from tenants.models import Membership, User
from tenants.scoping import tenant_scope

SIGNED_IN = "membership.signed_in"
SIGN_IN_REFUSED = "membership.sign_in_refused"
SIGNED_OUT = "membership.signed_out"


def record_attempt(event: str, *, email: str, now: datetime) -> None:
    """Record an attempt at the account of ``email``; an address nobody has belongs to no tenant's trail.

    Call outside any tenant scope.
    """
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        return
    for membership in memberships_of(user.pk):
        _record(event, membership, Actor.user(user.pk), now)


def record_sign_out(*, membership: MembershipOf, actor: Actor, now: datetime) -> None:
    """Record the end of the session in the tenant it worked for."""
    _record(SIGNED_OUT, membership, actor, now)


def _record(event: str, membership: MembershipOf, actor: Actor, now: datetime) -> None:
    with tenant_scope(membership.tenant_id):
        target = Membership(id=membership.membership_id, tenant_id=membership.tenant_id)
        record(event, target=target, actor=actor, at=now)
