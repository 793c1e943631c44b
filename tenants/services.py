"""Making tenants, accounts and memberships."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from audit.services import Actor, record
from tenants.keys import create_tenant_key
from tenants.models import Membership, Role, Tenant, User
from tenants.scoping import active_tenant_ids, tenant_scope


def create_tenant(*, slug: str, name: str, name_en: str, actor: Actor, now: datetime, **fields: str) -> Tenant:
    """A tenant with its first data key. Idempotent by slug: an existing one is returned unchanged."""
    with transaction.atomic():
        defaults = {"name": name, "name_en": name_en, "mfa_policy": settings.DEFAULT_MFA_POLICY, **fields}
        tenant, is_new = Tenant.objects.get_or_create(slug=slug, defaults=defaults)
        with tenant_scope(tenant.pk):
            create_tenant_key()
            if is_new:
                record("tenant.created", target=tenant, actor=actor, at=now)
    return tenant


def add_member(
    *,
    email: str,
    name: str,
    role: Role,
    password: str | None,
    actor: Actor,
    now: datetime,
    staff_number: str = "",
    branch_code: str = "",
    valid_until: datetime | None = None,
) -> Membership:
    """A person's place in the tenant in scope; makes the account if the address has none. Idempotent.

    Without a ``staff_number`` the account counts as a person of its own.
    """
    with transaction.atomic():
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            user = User.objects.create_user(email=email, name=name, password=password)
        membership: Membership
        membership, is_new = Membership.objects.get_or_create(
            user=user,
            defaults={
                "role": role,
                "staff_number": staff_number or f"account-{user.pk}",
                "branch_code": branch_code,
                "valid_until": valid_until,
            },
        )
        if is_new:
            record("membership.created", target=membership, actor=actor, at=now, role=str(role))
    return membership


def record_holes(*, problems: list[str], actor: Actor, now: datetime) -> None:
    """Tell every institution's trail that a wall between tenants, or its trail, has a hole."""
    for tenant_id in active_tenant_ids():
        with tenant_scope(tenant_id):
            record("tenant.hole_found", target=Tenant(pk=tenant_id), actor=actor, at=now, problems=problems)
