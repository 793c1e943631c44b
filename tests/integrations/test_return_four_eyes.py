"""Two people for a layout, and for the file that repairs a refused one: in the code and in the table."""

from __future__ import annotations

import psycopg
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.services import Actor
from integrations.returns.models import ReturnLayout
from integrations.returns.selectors import current_layout, lines_changed, open_layout
from integrations.returns.services import (
    ReturnRefused,
    approve_layout,
    discard_batch,
    propose_layout,
    refuse_batch,
    reject_layout,
    release_batch,
)
from tenants.models import Membership, Role, Tenant, User
from tests.campaigns.acting import enter, in_parallel
from tests.conftest import NOW, MakeUser
from tests.integrations.acting import change, fresh, lay_out, made, released
from tests.integrations.layouts import CSV, FIXED
from tests.integrations.test_return_pages import Browse


def by(user: User) -> Actor:
    return Actor.user(user.pk)


def proposed(who: User) -> ReturnLayout:
    return propose_layout(document=CSV, actor=by(who), now=NOW)


@transaction.atomic
def staff_number(user: User) -> str:
    number: str = Membership.objects.get(user=user).staff_number
    return number


@transaction.atomic
def version_in_force() -> int | None:
    layout = current_layout()
    return layout.version if layout else None


def test_a_layout_is_used_once_another_person_approved_it(
    in_tenant: Tenant,
    make_user: MakeUser,
    administrator: User,
    officer: User,
    approver: User,
    superuser: psycopg.Connection,
) -> None:
    """Not its proposer, under whatever account, nor a role without the right, nor past the code."""
    twin = make_user(in_tenant, Role.APPROVER, "twin", staff_number=staff_number(administrator))
    with pytest.raises(ReturnRefused):
        proposed(officer)
    layout = proposed(administrator)
    assert version_in_force() is None
    with pytest.raises(ReturnRefused):
        proposed(administrator)
    for who in (administrator, twin, officer):
        with pytest.raises(ReturnRefused):
            approve_layout(layout=layout, actor=by(who), now=NOW)
    sign = (
        "UPDATE integrations_returnlayout SET status = 'APPROVED', approved_at = now(), approved_by = {by},"
        " approved_person = {person}"
    )
    for account, person in (("proposed_by", "'other'"), ("proposed_by + 1", "proposed_person"), ("NULL", "''")):
        with pytest.raises(psycopg.errors.CheckViolation):
            superuser.execute(sign.format(by=account, person=person))
    approve_layout(layout=layout, actor=by(approver), now=NOW)
    assert version_in_force() == 1, "control"
    with pytest.raises(ReturnRefused):
        reject_layout(layout=layout, actor=by(approver), now=NOW)


def test_a_layout_that_is_not_approved_leaves_the_one_in_force(
    in_tenant: Tenant, administrator: User, officer: User, approver: User
) -> None:
    lay_out()
    layout = proposed(administrator)
    with pytest.raises(ReturnRefused):
        reject_layout(layout=layout, actor=by(officer), now=NOW)
    reject_layout(layout=layout, actor=by(approver), now=NOW)
    again = proposed(administrator)
    reject_layout(layout=again, actor=by(administrator), now=NOW)
    assert (version_in_force(), again.version) == (1, 3), "one's own is taken back so"
    with transaction.atomic():
        assert open_layout() is None


def test_two_who_propose_at_once_leave_one(in_tenant: Tenant, administrator: User, make_user: MakeUser) -> None:
    other = make_user(in_tenant, Role.ADMINISTRATOR, "other")
    outcomes = in_parallel(in_tenant, lambda: proposed(administrator), lambda: proposed(other))
    assert {type(one) for one in outcomes} == {ReturnLayout, ReturnRefused}


def test_whoever_approves_sees_which_fields_are_new_and_which_go(in_tenant: Tenant, administrator: User) -> None:
    lay_out()
    body = [*CSV["body"][:-1], {"what": "employer", "title": "勤務先"}]
    layout = propose_layout(document={**CSV, "body": body}, actor=by(administrator), now=NOW)
    with transaction.atomic():
        told = {cells[2]: sign for sign, cells in lines_changed(layout)}
    assert (told["勤務先"], told["職業"], told["住所"]) == ("+", "-", "")


def test_a_layout_is_rejected_on_its_page(
    in_tenant: Tenant, staff_client: Browse, administrator: User, officer: User, approver: User
) -> None:
    layout = propose_layout(document=FIXED, actor=by(administrator), now=NOW)
    reject = reverse("return-layout-reject", args=[layout.pk])
    maker: Client = staff_client(officer)
    assert reject not in maker.get(reverse("return-layout-version", args=[layout.pk])).content.decode()
    assert maker.post(reject).status_code == 422
    assert staff_client(approver).post(reject).status_code == 302
    assert reject not in maker.get(reverse("return-layout-version", args=[layout.pk])).content.decode()


def test_whoever_recorded_the_refusal_does_not_release_what_goes_in_its_place(
    in_tenant: Tenant,
    make_user: MakeUser,
    officer: User,
    approver: User,
    superuser: psycopg.Connection,
) -> None:
    """They could have the same values leave twice alone. It stays so when a file between was thrown away."""
    other = make_user(in_tenant, Role.APPROVER, "other")
    lay_out()
    change(enter(1), phone="080-1111-2222")
    first = released(officer, approver)
    refuse_batch(batch=first, reason="桁ずれ", actor=by(approver), now=NOW)
    between = made(officer)
    discard_batch(batch=between, reason="取り直し", actor=by(officer), now=NOW)
    second = made(officer)
    with pytest.raises(ReturnRefused):
        release_batch(batch=second, seen=second.sha256, actor=by(approver), now=NOW)
    with pytest.raises(psycopg.errors.CheckViolation):
        superuser.execute(
            "UPDATE integrations_returnbatch SET status = 'RELEASED', released_at = now(), released_by = refused_by,"
            " released_person = refused_person WHERE status = 'PREPARED'"
        )
    release_batch(batch=second, seen=second.sha256, actor=by(other), now=NOW)
    assert fresh(second).status == "RELEASED", "control"


def test_a_refusal_recorded_by_another_binds_nobody(in_tenant: Tenant, officer: User, approver: User) -> None:
    lay_out()
    change(enter(1), phone="080-1111-2222")
    refuse_batch(batch=released(officer, approver), reason="桁ずれ", actor=by(officer), now=NOW)
    second = released(officer, approver)
    assert second.status == "RELEASED"
    change(enter(2), phone="080-1111-2222")
    assert made(officer).refused_by is None, "and once a file has left, nothing is repaired any more"
