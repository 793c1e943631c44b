"""The audit list beyond acts: changed rows, changes past the application, and how far the trail is sealed."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Customer
from reporting.integrity import LATE, integrity_of_trail
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.audit.conftest import Sealer, happen, sealer
from tests.campaigns.acting import enter
from tests.conftest import SignIn

__all__ = ["sealer"]


@pytest.fixture
def client(approver: User, staff_client: SignIn) -> Client:
    """Somebody who may read the trail, in English."""
    approver.language = "en"
    approver.save(update_fields=["language"])
    return staff_client(approver)


def page(client: Client, **wanted: str) -> str:
    return client.get(reverse("audit"), wanted).content.decode()


def test_changed_rows_are_a_list_of_their_own(in_tenant: Tenant, client: Client) -> None:
    enter(1)
    assert "A row of the customer file was added." not in page(client)
    rows = page(client, record="rows")
    assert "A row of the customer file was added." in rows
    assert "A row of a contact point was added." in rows
    assert "A row of a contact point was added." not in page(client, record="rows", subject="membership")


def test_a_change_says_which_columns(in_tenant: Tenant, client: Client) -> None:
    customer = enter(1)
    with tenant_scope(in_tenant.pk):
        Customer.objects.filter(pk=customer.pk).update(branch_code="042", occupation="executive")
    assert "Columns: branch_code, occupation" in page(client, record="rows", number=customer.number)


def test_a_change_past_the_application_stands_out(
    in_tenant: Tenant, client: Client, superuser: psycopg.Connection
) -> None:
    customer = enter(1)
    assert "past the application" not in page(client, record="outside").replace("Rows changed past the application", "")
    superuser.execute("UPDATE customers_customer SET risk_tier = 'LOW', branch_code = '9' WHERE id = %s", [customer.pk])
    shown = page(client, record="outside")
    assert "By: the database account postgres, past the application" in shown
    assert "branch_code" in shown


def test_the_page_says_how_far_the_trail_is_sealed(in_tenant: Tenant, client: Client, sealer: Sealer) -> None:
    assert "records are sealed and signed" not in page(client)
    sealer.seal()
    assert "records are sealed and signed" in page(client)


def test_what_waits_too_long_is_a_warning(in_tenant: Tenant, sealer: Sealer) -> None:
    sealer.seal()
    with tenant_scope(in_tenant.pk):
        assert integrity_of_trail(now=timezone.now()).waiting_since is None
    happen(in_tenant)
    with tenant_scope(in_tenant.pk):
        assert not integrity_of_trail(now=timezone.now()).is_late
        assert integrity_of_trail(now=timezone.now() + LATE + timedelta(seconds=5)).is_late


def test_another_banks_sealing_is_not_shown(tenant: Tenant, other_tenant: Tenant, sealer: Sealer) -> None:
    happen(other_tenant, 5)
    sealer.seal()
    with tenant_scope(tenant.pk):
        own = integrity_of_trail(now=timezone.now()).sealed
    with tenant_scope(other_tenant.pk):
        assert integrity_of_trail(now=timezone.now()).sealed >= own + 4
