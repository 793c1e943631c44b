"""A running campaign whose customers answer, for tests of reviews."""

from __future__ import annotations

import pytest

from tenants.models import Tenant
from tests.campaigns.acting import open_for_business


@pytest.fixture
def bank(in_tenant: Tenant) -> Tenant:
    """In scope, with rules, questionnaires and accounts."""
    open_for_business()
    return in_tenant
