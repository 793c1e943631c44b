"""Above how many rows a second person lets a file out: another number needs two people as well."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.services import Actor
from customers.exporting.limits import LimitRefused, approve_limit, propose_limit, reject_limit
from customers.exporting.models import ExportLimit
from customers.exporting.selectors import limit_in_force
from tenants.models import Membership, Role, Tenant, User
from tests.campaigns.acting import enter, in_parallel
from tests.conftest import NOW, MakeUser
from tests.customers.exporting.ordering import made

type Browse = Callable[[User], Client]


def by(user: User) -> Actor:
    return Actor.user(user.pk)


@transaction.atomic
def in_force() -> int:
    return limit_in_force()


def test_a_number_counts_once_another_person_approved_it(
    in_tenant: Tenant,
    make_user: MakeUser,
    administrator: User,
    officer: User,
    approver: User,
    superuser: psycopg.Connection,
) -> None:
    with transaction.atomic():
        number = Membership.objects.get(user=administrator).staff_number
    twin = make_user(in_tenant, Role.APPROVER, "twin", staff_number=number)
    enter(1)
    enter(2)
    assert (in_force(), made(officer).status) == (1_000, "READY")
    with pytest.raises(LimitRefused):
        propose_limit(rows=1, actor=by(officer), now=NOW)
    limit = propose_limit(rows=1, actor=by(administrator), now=NOW)
    with pytest.raises(LimitRefused):
        propose_limit(rows=5, actor=by(administrator), now=NOW)
    for who in (administrator, twin, officer):
        with pytest.raises(LimitRefused):
            approve_limit(limit=limit, actor=by(who), now=NOW)
    with pytest.raises(psycopg.errors.CheckViolation):
        superuser.execute(
            "UPDATE customers_exportlimit SET status = 'APPROVED', approved_at = now(), approved_by = proposed_by,"
            " approved_person = proposed_person"
        )
    assert in_force() == 1_000
    approve_limit(limit=limit, actor=by(approver), now=NOW)
    assert in_force() == 1
    export = made(officer)
    assert (export.status, export.limit) == ("PREPARED", 1), "control: it counts for the next file"
    with pytest.raises(LimitRefused):
        reject_limit(limit=limit, actor=by(approver), now=NOW)


def test_a_number_that_is_not_approved_changes_nothing(in_tenant: Tenant, administrator: User, approver: User) -> None:
    for who in (approver, administrator):
        reject_limit(limit=propose_limit(rows=50_000, actor=by(administrator), now=NOW), actor=by(who), now=NOW)
    assert in_force() == 1_000


def test_two_who_propose_at_once_leave_one(in_tenant: Tenant, administrator: User, make_user: MakeUser) -> None:
    other = make_user(in_tenant, Role.ADMINISTRATOR, "other")
    outcomes = in_parallel(
        in_tenant,
        lambda: propose_limit(rows=1, actor=by(administrator), now=NOW),
        lambda: propose_limit(rows=2, actor=by(other), now=NOW),
    )
    assert {type(one) for one in outcomes} == {ExportLimit, LimitRefused}


def test_the_whole_way_on_its_page(
    in_tenant: Tenant, staff_client: Browse, administrator: User, officer: User, approver: User
) -> None:
    admin, checker, maker = staff_client(administrator), staff_client(approver), staff_client(officer)
    page, propose = reverse("export-limit"), reverse("export-limit-propose")
    assert page in admin.get(reverse("home")).content.decode(), "the administrator finds it"
    assert propose in admin.get(page).content.decode()
    assert propose not in maker.get(page).content.decode()
    assert maker.post(propose, {"rows": "5"}).status_code == 403
    for wrong in ("", "-1", "100001", "many"):
        assert admin.post(propose, {"rows": wrong}).status_code == 422
    assert admin.post(propose, {"rows": "5000"}).status_code == 302
    with transaction.atomic():
        limit = ExportLimit.objects.get()
    approve = reverse("export-limit-approve", args=[limit.pk])
    assert approve not in admin.get(page).content.decode()
    assert approve in checker.get(page).content.decode()
    assert (admin.post(approve).status_code, maker.post(approve).status_code) == (422, 403)
    assert checker.post(approve).status_code == 302
    assert "5,000" in maker.get(reverse("exports")).content.decode()
