"""Whoever sees only a part is told whose, and whom to ask; nobody learns what the rest holds."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from customers.models import Customer
from reviews.models import Case
from tenants.models import Tenant, User
from tests.campaigns.acting import answer, enter, notified, open_for_business
from tests.conftest import SignIn

NOBODY = UUID("01930000-0000-7000-8000-000000000000")


@pytest.fixture
def elsewhere(in_tenant: Tenant, officer: User, approver: User) -> Customer:
    """A customer of another branch, with a case."""
    open_for_business()
    customer = enter(1, branch_code="034")
    notified(officer, approver)
    answer(customer, occupation="executive")
    return customer


@transaction.atomic
def case_of(customer: Customer) -> UUID:
    case: Case = Case.objects.get(customer=customer)
    return case.pk


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address, headers={"Accept-Language": "en"})
    assert response.status_code == status
    return str(response.content.decode())


@pytest.mark.parametrize("who", ["branch_staff", "contractor"])
@pytest.mark.parametrize("name", ["customers", "reviews", "campaigns"])
def test_an_empty_list_says_whose_customers_one_sees_and_whom_to_ask(
    request: pytest.FixtureRequest, elsewhere: Customer, administrator: User, staff_client: SignIn, who: str, name: str
) -> None:
    user = request.getfixturevalue(who)
    User.objects.filter(pk__in=(user.pk, administrator.pk)).update(language="en")
    if (who, name) == ("contractor", "customers"):
        assert page(staff_client(user), reverse(name), 403), "the role has no such list"
        return
    words = page(staff_client(user), reverse(name))
    assert f"ask an administrator: {administrator.name}" in words
    assert ("branch 012" in words) == (who == "branch_staff")
    assert elsewhere.number not in words
    assert "034" not in words
    assert "Import the customer file" not in words


def test_whoever_sees_everything_is_told_nothing_of_the_kind(
    in_tenant: Tenant, auditor: User, administrator: User, staff_client: SignIn
) -> None:
    """Control."""
    User.objects.filter(pk=auditor.pk).update(language="en")
    for name in ("customers", "reviews", "campaigns"):
        assert administrator.name not in page(staff_client(auditor), reverse(name))


def test_what_is_not_found_may_be_another_branchs_and_looks_the_same(
    elsewhere: Customer, administrator: User, officer: User, branch_staff: User, staff_client: SignIn
) -> None:
    User.objects.filter(pk=branch_staff.pk).update(language="en")
    client = staff_client(branch_staff)
    for name, pk in (("customer", elsewhere.pk), ("case", case_of(elsewhere))):
        address = reverse(name, args=[pk])
        assert staff_client(officer).get(address).status_code == 200, "control"
        theirs, nobodys = page(client, address, 404), page(client, reverse(name, args=[NOBODY]), 404)
        assert theirs == nobodys
        assert f"ask an administrator: {administrator.name}" in theirs


def test_a_stranger_is_told_no_names(tenant: Tenant, administrator: User) -> None:
    words = page(Client(), "/no/such/page/", 404)
    assert administrator.name not in words
