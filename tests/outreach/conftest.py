"""A bank whose customers are called and visited, for tests of outreach."""

from __future__ import annotations

import pytest

from tenants.models import Tenant
from tests.campaigns.acting import open_for_business


@pytest.fixture
def bank(in_tenant: Tenant) -> Tenant:
    """In scope, with rules, questionnaires and accounts."""
    open_for_business()
    return in_tenant
