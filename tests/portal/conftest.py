"""Customers at the door of the portal, at the real time of day."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from audit.services import Actor
from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels.services import ensure_accounts
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MakeUser
from tests.portal.browsing import address
from tests.portal.journey import prove
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


@pytest.fixture
def customer() -> Client:
    """A browser."""
    return Client()


@pytest.fixture
def visitor(person: Sent) -> Client:
    """A customer who proved who they are."""
    client = Client()
    assert prove(client, person).status_code == 302
    return client


@pytest.fixture
def open_accounts(tenant: Tenant) -> None:
    """The bank can send messages; nobody is at the other end."""
    accounts = channel_accounts(BANKS[0], sandbox_url="http://127.0.0.1:9", sandbox_smtp="127.0.0.1:9")
    with tenant_scope(tenant.pk):
        ensure_accounts(accounts=accounts, actor=Actor.system("tests"), now=timezone.now())


@pytest.fixture
def make_officer(tenant: Tenant, make_user: MakeUser) -> Callable[[], User]:
    """A colleague."""
    return lambda: make_user(tenant, Role.OFFICER, "colleague")
