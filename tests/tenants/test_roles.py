"""Roles: what each may do, and memberships that end by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tenants.explaining import NAMES
from tenants.lookups import memberships_of
from tenants.models import Membership, Role, Tenant, User
from tenants.permissions import ROLE_PERMISSIONS, Permission
from tenants.scoping import tenant_scope
from tests.conftest import MakeUser

CHANGES = {
    Permission.IMPORT_CUSTOMERS,
    Permission.PLAN_CAMPAIGN,
    Permission.APPROVE_CAMPAIGN,
    Permission.EDIT_TEMPLATE,
    Permission.APPROVE_TEMPLATE,
    Permission.EDIT_QUESTIONNAIRE,
    Permission.APPROVE_QUESTIONNAIRE,
    Permission.DECIDE_CASE,
    Permission.APPROVE_CASE,
    Permission.STOP_SENDING,
    Permission.ASSIGN_OUTREACH,
    Permission.CHANGE_REACH,
    Permission.WORK_OUTREACH,
    Permission.KEY_PAPER,
    Permission.CHECK_PAPER,
    Permission.PLACE_HOLD,
    Permission.PROPOSE_PURGE,
    Permission.APPROVE_PURGE,
    Permission.MANAGE_MEMBERS,
    Permission.MANAGE_SETTINGS,
    Permission.APPROVE_SETTINGS,
    Permission.CONFIRM_ADMINISTRATOR,
}


def test_every_role_has_its_row_and_every_permission_its_holder() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert frozenset[Permission]().union(*ROLE_PERMISSIONS.values()) == set(Permission)
    assert set(NAMES) == set(Permission), "a page that refuses says the permission in words"


def test_nobody_may_both_ask_and_approve() -> None:
    """A9: the table gives no role both halves of a pair."""
    pairs = [
        (Permission.PLAN_CAMPAIGN, Permission.APPROVE_CAMPAIGN),
        (Permission.EDIT_TEMPLATE, Permission.APPROVE_TEMPLATE),
        (Permission.EDIT_QUESTIONNAIRE, Permission.APPROVE_QUESTIONNAIRE),
        (Permission.DECIDE_CASE, Permission.APPROVE_CASE),
        (Permission.PROPOSE_PURGE, Permission.APPROVE_PURGE),
    ]
    assert [role for role, held in ROLE_PERMISSIONS.items() for pair in pairs if held.issuperset(pair)] == []


def test_guests_change_nothing_and_take_nothing_away() -> None:
    assert not ROLE_PERMISSIONS[Role.AUDITOR] & CHANGES
    assert not ROLE_PERMISSIONS[Role.OPERATOR]
    assert ROLE_PERMISSIONS[Role.CONTRACTOR] == {Permission.VIEW_TASKS, Permission.WORK_OUTREACH}
    assert Permission.EXPORT_DATA not in ROLE_PERMISSIONS[Role.BRANCH_STAFF]


@pytest.mark.parametrize("role", ["administrator", "branch_staff", "contractor", "examiner", "operator"])
def test_every_role_has_a_first_page(
    role: str, request: pytest.FixtureRequest, staff_client: Callable[[User], Client]
) -> None:
    assert staff_client(request.getfixturevalue(role)).get(reverse("home")).status_code == 200


def test_a_membership_that_has_run_out_opens_nothing(
    tenant: Tenant, examiner: User, staff_client: Callable[[User], Client], superuser: psycopg.Connection
) -> None:
    """W12: the session stays, the next request is refused."""
    client = staff_client(examiner)
    assert client.get(reverse("audit")).status_code == 200, "control"
    assert [held.valid_until is not None for held in memberships_of(examiner.pk)] == [True]
    superuser.execute("UPDATE tenants_membership SET valid_until = now() WHERE user_id = %s", [examiner.pk])
    assert memberships_of(examiner.pk) == []
    assert client.get(reverse("audit")).status_code == 403
    assert client.get(reverse("home")).status_code == 403


def test_one_person_holds_two_accounts_but_not_in_one_role(tenant: Tenant, make_user: MakeUser) -> None:
    make_user(tenant, Role.OFFICER, "saeki", staff_number="10023")
    make_user(tenant, Role.APPROVER, "saeki-2", staff_number="10023")
    with pytest.raises(IntegrityError, match="membership_of_person"):
        make_user(tenant, Role.OFFICER, "saeki-3", staff_number="10023")


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"role": Role.OFFICER, "staff_number": ""}, "membership_is_somebody"),
        ({"role": Role.BRANCH_STAFF, "staff_number": "1"}, "branch_staff_have_a_branch"),
        ({"role": Role.OPERATOR, "staff_number": "1"}, "operators_leave_again"),
    ],
)
def test_a_membership_that_says_too_little_is_refused(
    tenant: Tenant, other_officer: User, fields: dict[str, str], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint), tenant_scope(tenant.pk):
        Membership.objects.create(user=other_officer, **fields)
    with tenant_scope(tenant.pk), transaction.atomic():
        complete = {"branch_code": "012", "valid_until": timezone.now() + timedelta(days=1)}
        Membership.objects.create(user=other_officer, **{**fields, "staff_number": "1", **complete})
