"""A bank whose customers are called and visited, for tests of outreach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils.translation import override

from customers.models import Customer
from tenants.models import Role, Tenant, User
from tests.campaigns.acting import enter, notified, open_for_business
from tests.conftest import MakeUser


@pytest.fixture
def bank(in_tenant: Tenant) -> Tenant:
    """In scope, with rules, questionnaires and accounts."""
    open_for_business()
    return in_tenant


@pytest.fixture
def in_english() -> Iterator[None]:
    """Refusals are read here."""
    with override("en"):
        yield


@pytest.fixture
def people(settings: Any, tenant: Tenant, make_user: MakeUser) -> tuple[User, User, User]:
    """Who enters and keys, who checks, and who approves campaigns."""
    settings.UPLOAD_SCAN = "off"
    return (
        make_user(tenant, Role.OFFICER, "saeki"),
        make_user(tenant, Role.OFFICER, "hirano"),
        make_user(tenant, Role.APPROVER, "otsuka"),
    )


@pytest.fixture
def desk(bank: Tenant) -> Iterator[Tenant]:
    """A bank in business, and one transaction for the whole test."""
    with transaction.atomic():
        yield bank


@pytest.fixture
def asked(desk: Tenant, people: tuple[User, User, User]) -> Customer:
    """A customer whose notice is queued."""
    customer = enter(1)
    notified(people[0], people[2])
    return customer
