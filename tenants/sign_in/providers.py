"""Tenants' identity providers: looked up by an opaque name, turned into what django-allauth works with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from audit.services import Actor, record
from tenants.lookups import memberships_of
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope
from tenants.sign_in import sessions
from tenants.sign_in.models import IdentityProvider

REFUSED = "identityprovider.sign_in_refused"
EMAIL_ATTRIBUTES = [
    "email",
    "mail",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
]


@dataclass(frozen=True)
class Found:
    """A provider in use, with the tenant it speaks for and its opened secret."""

    tenant: Tenant
    provider: IdentityProvider
    secret: str

    @property
    def key(self) -> str:
        """Its name in addresses, and in front of every identity it vouches for."""
        return provider_key(self.tenant, self.provider)


def provider_key(tenant: Tenant, provider: IdentityProvider) -> str:
    """The tenant's slug and the provider's id: two tenants' identities of the same name never meet."""
    return f"{tenant.slug}-{provider.pk.hex}"


def find_provider(key: str) -> Found | None:
    """The active provider of that name, of an active tenant. Call outside any tenant's scope."""
    slug, _, number = key.rpartition("-")
    tenant = Tenant.objects.filter(slug=slug, status=Tenant.Status.ACTIVE).first()
    try:
        provider_id = UUID(number)
    except ValueError:
        return None
    if tenant is None:
        return None
    with tenant_scope(tenant.pk):
        provider = IdentityProvider.objects.filter(pk=provider_id, is_active=True).first()
        return Found(tenant, provider, provider.secret or "") if provider else None


def active_providers(tenant: Tenant) -> list[tuple[str, IdentityProvider]]:
    """What the tenant's entrance offers. Call outside any tenant's scope."""
    with tenant_scope(tenant.pk):
        rows = list(IdentityProvider.objects.filter(is_active=True).order_by("name"))
    return [(provider_key(tenant, row), row) for row in rows]


def social_app(found: Found) -> SocialApp:
    """The provider as allauth's application, never saved: its own table stays empty and closed to us."""
    is_oidc = found.provider.kind == IdentityProvider.Kind.OIDC
    return SocialApp(
        provider="openid_connect" if is_oidc else "saml",
        provider_id=found.key,
        name=found.provider.name,
        client_id=found.provider.client_id if is_oidc else found.key,
        secret=found.secret,
        settings=_oidc(found.provider) if is_oidc else _saml(found.provider),
    )


def _oidc(provider: IdentityProvider) -> dict[str, Any]:
    return {"server_url": provider.issuer.rstrip("/"), "email_authentication": False}


def _saml(provider: IdentityProvider) -> dict[str, Any]:
    return {
        "idp": {"entity_id": provider.issuer, "sso_url": provider.sso_url, "x509cert": provider.certificate},
        "attribute_mapping": {
            "uid": ["urn:oasis:names:tc:SAML:attribute:subject-id"],
            "email": EMAIL_ATTRIBUTES,
        },
        "email_authentication": False,
        "advanced": {
            "strict": True,
            "want_assertion_signed": True,
            "want_name_id": True,
            "want_attribute_statement": False,
            "reject_deprecated_algorithm": True,
            "reject_idp_initiated_sso": True,
            "allow_single_label_domains": not settings.IS_PRODUCTION,
        },
    }


def is_member(user: User, tenant_id: int) -> bool:
    """Whether the account works for the tenant now."""
    return any(membership.tenant_id == tenant_id for membership in memberships_of(user.pk))


def member_named(found: Found, email: str) -> User | None:
    """The member of the provider's own tenant with this address, if the provider may speak for its domain."""
    domain = email.rpartition("@")[2].lower()
    if not domain or domain not in found.provider.email_domains:
        return None
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    return user if user is not None and is_member(user, found.tenant.pk) else None


def record_refusal(found: Found, *, reason: str, now: datetime) -> None:
    """Keep in the tenant's trail that its provider vouched for somebody who was not let in, or erred."""
    with tenant_scope(found.tenant.pk):
        actor = Actor.provider(str(found.provider.pk))
        record(REFUSED, target=found.provider, actor=actor, at=now, reason=reason)


def save_provider(
    *, provider: IdentityProvider, values: dict[str, Any], actor: Actor, now: datetime
) -> IdentityProvider:
    """Write a new or changed provider of the tenant in scope; an empty secret keeps the one that is there.

    Sessions opened through the provider end when it is switched off.
    """
    is_new = provider._state.adding
    was_active = provider.is_active and not is_new
    with transaction.atomic():
        secret = values.pop("secret", "")
        for name, value in values.items():
            setattr(provider, name, value)
        if secret:
            provider.secret = secret
        provider.save()
        event = "identityprovider.added" if is_new else "identityprovider.changed"
        record(event, target=provider, actor=actor, at=now, kind=provider.kind, is_active=provider.is_active)
    if was_active and not provider.is_active:
        sessions.end_sessions_through(provider.tenant_id)
    return provider


def addresses_of(tenant: Tenant, provider: IdentityProvider) -> dict[str, str]:
    """What to enter at the provider, by what providers call it."""
    base, key = settings.PUBLIC_BASE_URL, provider_key(tenant, provider)
    if provider.kind == IdentityProvider.Kind.OIDC:
        return {"redirect": base + reverse("openid_connect_callback", kwargs={"provider_id": key})}
    return {
        "metadata": base + reverse("saml_metadata", kwargs={"organization_slug": key}),
        "acs": base + reverse("saml_acs", kwargs={"organization_slug": key}),
    }


def set_mfa_policy(*, tenant: Tenant, policy: str, actor: Actor, now: datetime) -> None:
    """Require a second factor of everybody who works for the tenant, or leave it to them."""
    with transaction.atomic():
        Tenant.objects.filter(pk=tenant.pk).update(mfa_policy=policy)
        record("tenant.mfa_policy_changed", target=tenant, actor=actor, at=now, policy=policy)


def unlock_member(*, membership: Membership, keys: Sequence[bytes], actor: Actor, now: datetime) -> None:
    """An administrator lifts the lock on a member's account."""
    from tenants.sign_in import lockout, recording

    for key in keys:
        lockout.forget(key)
    record(recording.UNLOCKED, target=membership, actor=actor, at=now)
