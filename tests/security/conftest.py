"""The two banks of the attacks, and the database's own view of them."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from tenants.models import Tenant
from tests.conftest import MakeUser
from tests.security.world import World, build_world


@pytest.fixture
def world(tenant: Tenant, other_tenant: Tenant, make_user: MakeUser, settings: Settings) -> World:
    """Two banks in full operation."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # dozens of accounts, no secrets
    return build_world(tenant, other_tenant, make_user)
