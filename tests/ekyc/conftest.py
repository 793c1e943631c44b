"""A bank with an account at the sandbox's eKYC vendor, and a customer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import transaction

from customers.models import Customer
from ekyc.models import EkycAccount
from ekyc.registry import forget_providers
from ekyc.services import ensure_account
from tenants.models import Tenant
from tests.channels.conftest import SYSTEM, Listener, Weather, listener, weather

__all__ = ["Listener", "Weather", "listener", "weather"]


@pytest.fixture
def vendor(in_tenant: Tenant, weather: Weather, now: datetime) -> Iterator[EkycAccount]:
    """The bank's account."""
    slug = in_tenant.slug
    yield ensure_account(
        credentials={"token": f"sandbox-ekyc-{slug}", "secret": f"sandbox-ekyc-secret-{slug}"},
        options={"base_url": f"{weather.sandbox.url}/ekyc"},
        actor=SYSTEM,
        now=now,
    )
    forget_providers()


@pytest.fixture
def customer(vendor: EkycAccount) -> Customer:
    """Somebody to verify."""
    with transaction.atomic():
        customer = Customer(number="1", kind="INDIVIDUAL")
        customer.profile = {"name": "山田 節子"}
        customer.save()
    return customer
