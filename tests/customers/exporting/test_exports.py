"""Exports from the order to the destruction: whom and what they hold, two people above a limit, nothing that stays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.services import Actor
from customers.destroying import destroy_customers
from customers.exporting.models import CustomerExport, ExportPiece
from customers.exporting.services import (
    KEPT,
    ExportRefused,
    approve_export,
    destroy_old_exports,
    discard_export,
    make_waiting,
    reject_export,
    take_file,
)
from customers.exporting.spelling import spelt
from customers.models import Customer
from customers.services import apply_facts
from tenants.cells import original_cell
from tenants.models import Membership, Role, Tenant, User
from tenants.permissions import ROLE_PERMISSIONS, Permission
from tenants.scoping import tenant_scope
from tests.campaigns.acting import enter, in_parallel
from tests.conftest import NOW, SYSTEM, MakeUser
from tests.customers.attributes import define
from tests.customers.exporting.ordering import content, fresh, lines, made, ordered

ASKS_HIGH = {"schema": 1, "conditions": [{"field": "risk_tier", "any_of": ["HIGH"]}]}


@transaction.atomic
def say(customer: Customer, **facts: object) -> None:
    found = Customer.objects.get(pk=customer.pk)
    apply_facts(customer=found, changes=facts, source="STAFF", actor=SYSTEM, now=NOW)


def by(user: User) -> Actor:
    return Actor.user(user.pk)


@pytest.fixture
def low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customers.exporting.selectors.USUAL", 1)


def test_the_file_holds_whom_the_filter_finds_and_the_chosen_columns(in_tenant: Tenant, officer: User) -> None:
    enter(1, tier="HIGH", branch_code="001")
    enter(2, branch_code="002")
    columns = ("name", "customer_number", "risk_tier", "birth_on", "phone", "nationality", "sends_abroad", "employer")
    export = made(officer, columns=columns, segment=ASKS_HIGH)
    head, *rows = lines(export)
    assert head == ["顧客番号", "氏名", "生年月日", "電話番号", "海外送金", "リスク", "国籍", "勤務先"]
    assert [row[:3] for row in rows] == [["0000000001", "髙橋　一郎", "1960-04-01"]]
    assert rows[0][4:] == ["いいえ", "高", "日本", ""]
    assert content(export).startswith(b"\xef\xbb\xbf")
    assert (export.status, export.rows, export.size) == ("READY", 1, len(content(export)))
    assert export.sha256 == hashlib.sha256(content(export)).hexdigest()
    assert take_file(export=export, actor=by(officer), now=NOW) == content(export)
    assert len(lines(made(officer, kind="INDIVIDUAL"))) == 3, "control: two customers and the heading"
    assert lines(made(officer, kind="INDIVIDUAL", tier="HIGH"))[1:] == [["0000000001", "001", "髙橋　一郎"]]


def test_who_is_part_of_another_and_an_empty_filter(in_tenant: Tenant, officer: User) -> None:
    with pytest.raises(ExportRefused):
        ordered(officer)
    one, two = enter(1), enter(2)
    with transaction.atomic():
        Customer.objects.filter(pk=two.pk).update(status="MERGED", merged_into=one.pk)
    assert len(lines(made(officer))) == 2


def test_cells_that_a_spreadsheet_would_run_are_made_harmless(in_tenant: Tenant, officer: User) -> None:
    one = enter(1)
    say(one, name="=HYPERLINK(0)", employer="@SUM(1)")
    row = lines(made(officer, columns=("name", "employer")))[1]
    assert row == ["'=HYPERLINK(0)", "'@SUM(1)"]
    assert [original_cell(cell) for cell in row] == ["=HYPERLINK(0)", "@SUM(1)"]


def test_letters_that_cp932_lacks_are_named_in_their_place(in_tenant: Tenant, officer: User) -> None:
    one = enter(1)
    enter(2)
    say(one, name="𠮷田　花子〜")
    export = made(officer, encoding="cp932", columns=("customer_number", "name"))
    head, first, second = lines(export)
    assert head[:2] == ["顧客番号", "氏名"]
    assert len(head) == 3
    assert first == ["0000000001", "[U+20BB7]田　花子[U+301C]", "U+20BB7 U+301C"]
    assert second == ["0000000002", "髙橋　一郎", ""], "control: CP932 has this one"
    assert export.unwritable == {"U+20BB7": 1, "U+301C": 1}
    whole = made(officer, columns=("customer_number", "name"))
    assert lines(whole)[1][1] == "𠮷田　花子〜", "control"
    assert whole.unwritable is None


@pytest.mark.parametrize(
    ("text", "points"), [("髙﨑", []), ("\ue000", ["U+E000"]), ("A𠮷𠮷", ["U+20BB7"] * 2), ("−", ["U+2212"])]
)
def test_what_an_encoding_would_give_back_differently_is_named(text: str, points: Sequence[str]) -> None:
    assert spelt(text, "cp932")[1] == points


def test_own_attributes_are_columns(in_tenant: Tenant, officer: User, administrator: User) -> None:
    define(administrator, NOW)
    one = enter(1)
    say(one, own_member_rank="gold")
    assert lines(made(officer, columns=("customer_number", "own_member_rank"))) == [
        ["顧客番号", "会員ランク"],
        ["0000000001", "ゴールド"],
    ]
    with pytest.raises(ExportRefused):
        ordered(officer, columns=("own_nothing",))


def test_a_role_that_sees_covered_values_gets_covered_values(
    in_tenant: Tenant, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(1)
    columns = ("customer_number", "name", "birth_on", "phone", "account_number")
    assert lines(made(officer, columns=columns))[1][1] == "髙橋　一郎", "control"
    rights = ROLE_PERMISSIONS[Role.OFFICER] - {Permission.VIEW_PERSONAL_DATA}
    monkeypatch.setitem(ROLE_PERMISSIONS, Role.OFFICER, rights)
    export = made(officer, columns=columns)
    number, name, born, phone, account = lines(export)[1]
    assert export.is_masked
    assert (number, name, born, account) == ("0000000001", "髙橋　●●", "●●●●-●●-●●", "●●●4567")
    assert "●" in phone


def test_a_branch_sees_its_own_customers_at_the_time_the_file_is_made(
    in_tenant: Tenant, officer: User, branch_staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(1, branch_code="001")
    enter(2, branch_code="002")
    rights = ROLE_PERMISSIONS[Role.BRANCH_STAFF] | {Permission.EXPORT_DATA}
    monkeypatch.setitem(ROLE_PERMISSIONS, Role.BRANCH_STAFF, rights)
    assert [row[1] for row in lines(made(officer))[1:]] == ["001", "002"], "control"
    with transaction.atomic():
        Membership.objects.filter(user=branch_staff).update(branch_code="001")
    export = ordered(branch_staff)
    with transaction.atomic():
        Membership.objects.filter(user=branch_staff).update(branch_code="002")
    make_waiting(actor=SYSTEM, now=NOW)
    assert [row[1] for row in lines(fresh(export))[1:]] == ["002"], "as it is now"
    with transaction.atomic():
        Membership.objects.filter(user=branch_staff).update(branch_code="001")
    with pytest.raises(ExportRefused):
        take_file(export=fresh(export), actor=by(branch_staff), now=NOW)


def test_who_lost_the_right_meanwhile_gets_no_file(in_tenant: Tenant, officer: User) -> None:
    enter(1)
    ready, waiting = made(officer), ordered(officer)
    with transaction.atomic():
        Membership.objects.filter(user=officer).update(role=Role.AUDITOR)
    make_waiting(actor=SYSTEM, now=NOW)
    assert (fresh(waiting).status, fresh(waiting).failure, content(waiting)) == ("FAILED", "not_allowed", b"")
    with pytest.raises(ExportRefused):
        take_file(export=ready, actor=by(officer), now=NOW)


def test_a_filter_that_can_no_longer_be_used_makes_no_file(in_tenant: Tenant, officer: User) -> None:
    enter(1)
    export = ordered(officer)
    with transaction.atomic():
        CustomerExport.objects.update(wanted={"kind": "", "tier": "", "segment": {"schema": 9}})
    make_waiting(actor=SYSTEM, now=NOW)
    assert (fresh(export).status, fresh(export).failure) == ("FAILED", "segment")


@pytest.mark.usefixtures("low_limit")
def test_above_the_limit_a_second_person_lets_it_out(
    in_tenant: Tenant,
    officer: User,
    approver: User,
    auditor: User,
    make_user: MakeUser,
    superuser: psycopg.Connection,
) -> None:
    """Four eyes: the same account, the same person under a second account, a role without the right, the table."""
    with transaction.atomic():
        number = Membership.objects.get(user=officer).staff_number
    twin = make_user(in_tenant, Role.APPROVER, "twin", staff_number=number)
    enter(1)
    assert made(officer).status == "READY", "control: not above it"
    enter(2)
    export = made(officer)
    assert (export.status, export.rows) == ("PREPARED", 2)
    for who in (officer, twin, auditor):
        with pytest.raises(ExportRefused):
            approve_export(export=export, seen=export.sha256, actor=by(who), now=NOW)
    with pytest.raises(ExportRefused):
        take_file(export=export, actor=by(officer), now=NOW)
    for sign in ("", ", approved_by = ordered_by, approved_person = ordered_person"):
        with pytest.raises(psycopg.errors.CheckViolation):
            superuser.execute(f"UPDATE customers_customerexport SET status = 'READY'{sign} WHERE rows > 1")
    with pytest.raises(ExportRefused):
        approve_export(export=export, seen="0" * 64, actor=by(approver), now=NOW)
    later = NOW + timedelta(hours=5)
    approve_export(export=export, seen=export.sha256, actor=by(approver), now=later)
    assert fresh(export).kept_until == later + KEPT
    with pytest.raises(ExportRefused):
        take_file(export=export, actor=by(approver), now=later)
    assert take_file(export=export, actor=by(officer), now=later) == content(export), "control"


@pytest.mark.usefixtures("low_limit")
def test_what_is_not_approved_is_destroyed(in_tenant: Tenant, officer: User, approver: User) -> None:
    for number in range(3):
        enter(number)
    export = made(officer)
    for who, reason in ((approver, " "), (officer, "Too many")):
        with pytest.raises(ExportRefused):
            reject_export(export=export, reason=reason, actor=by(who), now=NOW)
    assert content(export), "control"
    reject_export(export=export, reason="Too many", actor=by(approver), now=NOW)
    assert (fresh(export).status, content(export)) == ("DISCARDED", b"")
    with pytest.raises(ExportRefused):
        take_file(export=export, actor=by(officer), now=NOW)


@pytest.mark.usefixtures("low_limit")
def test_of_two_approvers_at_once_one_decides(
    in_tenant: Tenant, officer: User, approver: User, make_user: MakeUser
) -> None:
    other = make_user(in_tenant, Role.APPROVER, "other-approver")
    for number in range(3):
        enter(number)
    export = made(officer)

    def approve(who: User) -> None:
        approve_export(export=fresh(export), seen=export.sha256, actor=by(who), now=NOW)

    def reject() -> None:
        reject_export(export=fresh(export), reason="Too many", actor=by(other), now=NOW)

    results = in_parallel(in_tenant, lambda: approve(approver), reject)
    assert [type(result) for result in results if result is not None] == [ExportRefused]
    assert fresh(export).status in ("READY", "DISCARDED")
    assert bool(content(export)) is (fresh(export).status == "READY")


def test_a_person_has_one_file_in_the_making_and_two_workers_make_it_once(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    enter(1)

    def make() -> None:
        make_waiting(actor=SYSTEM, now=NOW)

    results = in_parallel(in_tenant, lambda: ordered(officer), lambda: ordered(officer))
    assert {type(one) for one in results} == {CustomerExport, ExportRefused}
    assert in_parallel(in_tenant, make, make) == [None, None]
    with transaction.atomic():
        assert (CustomerExport.objects.get().status, ExportPiece.objects.count()) == ("READY", 1)
    ordered(officer)
    ordered(approver)


def test_after_three_days_it_is_destroyed_and_not_an_hour_before(in_tenant: Tenant, officer: User) -> None:
    enter(1)
    export, mine = made(officer), made(officer)
    before, after = NOW + KEPT - timedelta(minutes=1), NOW + KEPT
    destroy_old_exports(actor=SYSTEM, now=before)
    assert take_file(export=export, actor=by(officer), now=before), "control"
    with pytest.raises(ExportRefused):
        take_file(export=export, actor=by(officer), now=after)
    discard_export(export=mine, actor=by(officer), now=before)
    destroy_old_exports(actor=SYSTEM, now=after)
    assert [fresh(one).status for one in (export, mine)] == ["EXPIRED", "DISCARDED"]
    with transaction.atomic():
        assert not ExportPiece.objects.exists()


def test_a_destroyed_customer_takes_the_files_along(in_tenant: Tenant, officer: User) -> None:
    one = enter(1, tier="HIGH")
    enter(2, tier="LOW")
    say(one, name="𠮷田")
    both, high, low = made(officer, encoding="cp932"), made(officer, tier="HIGH"), made(officer, tier="LOW")
    with transaction.atomic():
        destroy_customers([one.pk], actor=SYSTEM, now=NOW)
    assert [bool(content(export)) for export in (both, high, low)] == [False, False, True]
    assert fresh(both).unwritable is None
    with pytest.raises(ExportRefused):
        take_file(export=both, actor=by(officer), now=NOW)


def test_queries_do_not_grow_with_the_customers_of_a_batch(
    in_tenant: Tenant, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sent(batch: int) -> int:
        monkeypatch.setattr("customers.exporting.making.BATCH", batch)
        ordered(officer)
        with CaptureQueriesContext(connection) as ours, CaptureQueriesContext(connections["keys"]) as keys:
            make_waiting(actor=SYSTEM, now=NOW)
        return len(ours) + len(keys)

    for number in range(12):
        enter(number)
    assert sent(500) <= sent(4), "control: counted at all, and with every key at hand"
    one, two, four = sent(1), sent(2), sent(4)
    assert two > four
    assert one - two == 2 * (two - four), "12, 6 and 3 batches: each costs the same"


def test_many_customers_are_written_in_pieces(
    in_tenant: Tenant, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.exporting.making.BATCH", 3)
    monkeypatch.setattr("customers.exporting.making.PIECE", 100)
    for number in range(10):
        enter(number)
    export = made(officer)
    with transaction.atomic():
        assert ExportPiece.objects.filter(export=export).count() > 3
    assert [row[0] for row in lines(export)[1:]] == [f"{number:010d}" for number in range(10)]


def test_the_pieces_are_sealed(in_tenant: Tenant, officer: User, superuser: psycopg.Connection) -> None:
    enter(1)
    export = made(officer)
    (body,) = superuser.execute("SELECT body FROM customers_exportpiece").fetchone() or (b"",)
    assert "髙橋".encode() in content(export), "control"
    assert "髙橋".encode() not in bytes(body)


def test_another_bank_sees_no_export(tenant: Tenant, other_tenant: Tenant, officer: User) -> None:
    with tenant_scope(tenant.pk):
        enter(1)
        made(officer)
        assert CustomerExport.objects.count() == 1, "control"
    with tenant_scope(other_tenant.pk):
        assert (CustomerExport.objects.count(), ExportPiece.objects.count()) == (0, 0)


@pytest.mark.usefixtures("low_limit")
def test_every_act_is_on_record_with_rows_and_columns_and_nobodys_data(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    enter(1)
    enter(2, is_foreign_pep=True)
    export = made(officer)
    approve_export(export=export, seen=export.sha256, actor=by(approver), now=NOW)
    take_file(export=export, actor=by(officer), now=NOW)
    with transaction.atomic():
        acts = list(AuditEvent.objects.filter(target_id=str(export.pk), kind="ACT").order_by("pk"))
    told: dict[str, Any] = {act.event.removeprefix("customerexport."): json.loads(act.payload) for act in acts}
    assert list(told) == ["ordered", "made", "prepared", "ready", "approved", "taken"]
    for name in ("ordered", "made", "approved", "taken"):
        assert (told[name]["rows"], told[name]["columns"]) == (2, ["customer_number", "branch_code", "name"])
    assert told["made"]["sensitive"] == 1
    assert (told["ordered"]["matter"], told["ordered"]["purpose"]) == ("R8-15", "REVIEW")
    assert "髙橋" not in str([act.payload for act in acts])
