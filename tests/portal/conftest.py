"""Customers at the door of the portal, at the real time of day."""

from datetime import datetime

import pytest
from django.utils import timezone

from tenants.models import Tenant
from tests.portal.browsing import address
from tests.questionnaires.filing import Sent, send_link

__all__ = ["address"]


@pytest.fixture
def now() -> datetime:
    """The pages read the clock themselves, so links are issued by the same one."""
    return timezone.now()


@pytest.fixture
def person(tenant: Tenant, now: datetime) -> Sent:
    return send_link(tenant, now=now)


@pytest.fixture
def company(tenant: Tenant, now: datetime) -> Sent:
    return send_link(tenant, now=now, kind="COMPANY", number="2")
