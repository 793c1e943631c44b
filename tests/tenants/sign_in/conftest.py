"""Accounts with second factors, and a browser that signs in through the real forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tenants.sign_in import factors, sealing

PASSWORD = "correct horse battery"


def events_of(tenant: Tenant) -> list[str]:
    """The acts in a tenant's trail, in order."""
    with tenant_scope(tenant.pk):
        return list(AuditEvent.objects.filter(tenant_id=tenant.pk).order_by("id").values_list("event", flat=True))


def enter(client: Client, email: str, password: str = PASSWORD, **extra: str) -> tuple[int, str]:
    """Send the sign-in form: the status, and where it leads."""
    response = client.post(reverse("sign-in"), {"username": email, "password": password, **extra})
    return response.status_code, response.headers.get("Location", "")


def signed_in(client: Client) -> bool:
    """Whether the start page opens, or asks for a second factor to be set up."""
    response = client.get(reverse("home"))
    return response.status_code == 200 or response.headers["Location"] == reverse("mfa_index")


@dataclass
class App:
    """A person's authenticator application."""

    user: User
    secret: str

    def code(self, steps: int = 0) -> str:
        """What it shows now, or some steps of 30 seconds later."""
        import time

        return factors.code_at(self.secret, time.time() + 30 * steps)


@pytest.fixture
def with_app(db_clean: None) -> Callable[[User], App]:
    """Gives an account an authenticator application: ``with_app(officer)``."""

    def make(user: User) -> App:
        from allauth.mfa.totp.internal.auth import generate_totp_secret

        secret = generate_totp_secret()
        data = {"secret": sealing.seal_text(secret)}
        Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)
        return App(user, secret)

    return make


@pytest.fixture
def strict_tenant(tenant: Tenant) -> Tenant:
    """The first bank, which requires a second factor."""
    Tenant.objects.filter(pk=tenant.pk).update(mfa_policy="REQUIRED")
    tenant.refresh_from_db()
    return tenant
