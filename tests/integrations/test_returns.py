"""Return files from the first verified change to the core system's answer: nothing twice, nothing lost, two people."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, transaction
from python_calamine import CalamineWorkbook

from audit.models import AuditEvent
from audit.services import Actor
from customers.destroying import destroy_customers
from customers.models import Customer
from customers.services import run_import, start_import
from integrations.returns.layouts import LayoutInvalid
from integrations.returns.models import ReturnBatch, ReturnedChange, ReturnPiece
from integrations.returns.selectors import current_layout, form_of, left_out_file, waiting, without_place
from integrations.returns.services import (
    KEPT,
    ReturnRefused,
    acknowledge_batch,
    destroy_old_files,
    discard_batch,
    make_waiting,
    prepare_batch,
    propose_layout,
    refuse_batch,
    release_batch,
    take_file,
)
from reviews.models import Case
from reviews.services import approve_decision, decide_case
from tenants.models import Role, Tenant, User
from tests.campaigns.acting import answer, enter, in_parallel, notified, open_for_business
from tests.conftest import NOW, SYSTEM, MakeUser
from tests.customers.attributes import define
from tests.customers.books import book, person, upload
from tests.customers.related.behind import company
from tests.integrations.acting import change, content, dealt_with, fresh, lay_out, made, released
from tests.integrations.layouts import CSV, FIXED

LATER = NOW + timedelta(days=1)


def lines(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("cp932"), newline="")))[1:]


@transaction.atomic
def due() -> tuple[int, int]:
    layout = current_layout()
    return waiting(form_of(layout) if layout else None)


def test_what_customers_and_staff_changed_goes_back_once(in_tenant: Tenant, officer: User, approver: User) -> None:
    lay_out()
    one, two, three = enter(1), enter(2), enter(3)
    change(two, phone="080-1111-2222")
    change(one, name="佐々木　花子", source="STAFF")
    change(three, name="山本　三郎", source="IMPORT")
    assert due() == (2, 2)
    first = released(officer, approver)
    assert [(row[0], row[1], row[5]) for row in lines(content(first))] == [
        (one.number, "佐々木　花子", ""),
        (two.number, "", "08011112222"),
    ], "in the order of their numbers, without what the bank's own import said"
    assert (first.number, first.records, first.changes, first.hash_total) == (1, 2, 2, "3")
    assert hashlib.sha256(content(first)).hexdigest() == first.sha256
    assert due() == (0, 0)
    change(one, email="new@mail.example.jp")
    second = released(officer, approver, LATER)
    assert [(row[0], row[1], row[6]) for row in lines(content(second))] == [(one.number, "", "new@mail.example.jp")]
    assert second.number == 2


def test_a_return_file_is_taken_in_by_our_own_import_without_a_change(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    """The values are written as files write them: the core's next file, which has them, changes nothing."""
    entered = start_import(file=upload(book(person())), filename="a.csv", actor=SYSTEM, now=NOW)
    run_import(import_id=entered.pk, actor=SYSTEM, now=NOW)
    with transaction.atomic():
        customer = Customer.objects.get()
    lay_out()
    told: dict[str, Any] = {
        "name": "佐々木　花子",
        "phone": "03-3211-1111",
        "occupation": "retired",
        "postal_code": "1030027",
    }
    change(customer, **told)
    (row,) = lines(content(made(officer)))
    titles = [cell["title"] for cell in CSV["body"]]
    said = {title: value for title, value in zip(titles, row, strict=True) if value and "変更" not in title}
    keys = {
        "顧客番号": "customer_number",
        "氏名": "name",
        "電話番号": "phone",
        "職業": "occupation",
        "郵便番号": "postal_code",
    }
    again = person(**{keys[title]: value for title, value in said.items()})
    back = start_import(file=upload(book(again)), filename="b.csv", actor=SYSTEM, now=LATER)
    run_import(import_id=back.pk, actor=SYSTEM, now=LATER)
    with transaction.atomic():
        back.refresh_from_db()
    assert (back.rows_updated, back.rows_rejected, back.attributes_changed) == (0, 0, {})


def test_an_answer_goes_back_once_two_people_have_accepted_it(in_tenant: Tenant, officer: User, approver: User) -> None:
    open_for_business()
    lay_out()
    customer = enter(1)
    notified(officer, approver)
    answer(customer, postal_code="2310017", address="神奈川県横浜市中区港町1-1")
    assert due() == (0, 0), "an answer alone changes nothing"
    with transaction.atomic():
        case = Case.objects.get(customer=customer)
    decision = decide_case(
        case=case,
        outcome="UPDATE_FILE",
        accepted_fields=("address",),
        rationale="転居の届出と一致",
        actor=Actor.user(officer.pk),
        now=NOW,
    )
    assert due() == (0, 0), "nor does one person's decision"
    approve_decision(decision=decision, actor=Actor.user(approver.pk), now=NOW)
    (row,) = lines(content(made(officer)))
    assert (row[0], row[3], row[4]) == (customer.number, "神奈川県横浜市中区港町1-1", ""), (
        "and what was accepted, alone"
    )


def test_what_the_core_knows_or_corrected_does_not_go_back(in_tenant: Tenant, officer: User) -> None:
    lay_out()
    known, newer, stale = enter(1), enter(2), enter(3)
    for customer in (known, newer, stale):
        change(customer, phone="080-1111-2222")
    change(known, phone="090-1234-5678", source="STAFF")
    change(newer, phone="080-3333-4444", source="IMPORT")
    change(stale, phone="090-1234-5678", source="IMPORT")
    batch = made(officer)
    assert dealt_with(batch) == {"KNOWN": ["phone", "phone"], "OVERTAKEN": ["phone"], "RETURNED": ["phone"]}
    assert [(row[0], row[5]) for row in lines(content(batch))] == [(stale.number, "08011112222")]
    assert batch.outcomes == {"KNOWN": 2, "OVERTAKEN": 1, "RETURNED": 1}


def test_what_cannot_be_written_is_listed_to_be_entered_by_hand(in_tenant: Tenant, officer: User) -> None:
    lay_out()
    customer = enter(1)
    change(customer, name="𠮷田　花子", phone="080-1111-2222")
    batch = made(officer)
    assert dealt_with(batch) == {"LEFT_OUT": ["name"], "RETURNED": ["phone"]}
    with transaction.atomic():
        listed = b"".join(left_out_file(batch)).decode("utf-8-sig")
    assert customer.number in listed
    assert "U+20BB7" in listed
    assert "𠮷" not in listed


def test_a_fact_without_a_place_waits_for_a_layout_that_has_one(in_tenant: Tenant, officer: User) -> None:
    lay_out()
    customer = enter(1)
    change(customer, phone="080-1111-2222", is_foreign_pep=True)
    batch = made(officer)
    assert dealt_with(batch) == {"RETURNED": ["phone"]}
    with transaction.atomic():
        layout = current_layout()
        assert layout is not None
        assert without_place(form_of(layout)) == ["is_foreign_pep"]
    discard_batch(batch=batch, reason="項目が足りない", actor=Actor.user(officer.pk), now=NOW)
    lay_out({**CSV, "body": [*CSV["body"], {"what": "is_foreign_pep", "title": "外国PEP"}]})
    assert dealt_with(made(officer)) == {"RETURNED": ["is_foreign_pep", "phone"]}


@pytest.mark.parametrize("how", ["discarded", "refused"])
def test_a_file_that_never_arrived_gives_its_changes_to_the_next(
    in_tenant: Tenant, officer: User, approver: User, how: str
) -> None:
    lay_out()
    customer = enter(1)
    change(customer, phone="080-1111-2222")
    actor = Actor.user(officer.pk)
    if how == "discarded":
        batch = made(officer)
        discard_batch(batch=batch, reason="取り直し", actor=actor, now=NOW)
    else:
        batch = released(officer, approver)
        refuse_batch(batch=batch, reason="桁ずれ", actor=actor, now=NOW)
    assert fresh(batch).status == how.upper()
    assert content(batch) == b""
    again = made(officer, LATER)
    assert again.number == 2, "a number is never used twice"
    assert [row[5] for row in lines(content(again))] == ["08011112222"]


def test_the_core_says_how_many_it_took_in_and_it_must_be_all(in_tenant: Tenant, officer: User, approver: User) -> None:
    lay_out()
    change(enter(1), phone="080-1111-2222")
    batch = released(officer, approver)
    actor = Actor.user(officer.pk)
    with pytest.raises(ReturnRefused):
        acknowledge_batch(batch=batch, records=0, receipt="R-1", actor=actor, now=NOW)
    assert fresh(batch).status == "RELEASED"
    acknowledge_batch(batch=batch, records=1, receipt=" R-1 ", actor=actor, now=NOW)
    settled = fresh(batch)
    assert (settled.status, settled.receipt, settled.settled_by) == ("ACKNOWLEDGED", "R-1", officer.pk)
    with pytest.raises(ReturnRefused):
        refuse_batch(batch=batch, reason="やはり", actor=actor, now=NOW)


def test_whoever_had_it_made_cannot_release_it_under_any_account(
    in_tenant: Tenant,
    officer: User,
    approver: User,
    auditor: User,
    make_user: MakeUser,
    superuser: psycopg.Connection,
) -> None:
    """Four eyes: the same account, the same person under a second account, a role without the right."""
    twin = make_user(in_tenant, Role.APPROVER, "twin", staff_number=_staff_number(officer))
    lay_out()
    change(enter(1), phone="080-1111-2222")
    batch = made(officer)
    for who in (officer, twin, auditor):
        with pytest.raises(ReturnRefused):
            release_batch(batch=batch, seen=batch.sha256, actor=Actor.user(who.pk), now=NOW)
    with pytest.raises(psycopg.errors.CheckViolation):
        superuser.execute(
            "UPDATE integrations_returnbatch SET status = 'RELEASED', released_by = prepared_by, released_at = now(),"
            " released_person = prepared_person"
        )
    somebody_else = Actor.user(approver.pk)
    with pytest.raises(ReturnRefused):
        release_batch(batch=batch, seen="0" * 64, actor=somebody_else, now=NOW)
    with pytest.raises(ReturnRefused):
        take_file(batch=batch, actor=somebody_else, now=NOW)
    release_batch(batch=batch, seen=batch.sha256, actor=somebody_else, now=NOW)
    assert fresh(batch).status == "RELEASED", "control"
    assert take_file(batch=fresh(batch), actor=somebody_else, now=NOW) == content(batch)


@transaction.atomic
def _staff_number(user: User) -> str:
    from tenants.models import Membership

    number: str = Membership.objects.get(user=user).staff_number
    return number


def test_two_who_order_at_once_get_one_file(in_tenant: Tenant, officer: User, approver: User) -> None:
    lay_out()
    for number in range(5):
        change(enter(number), phone="080-1111-2222")

    def order(who: User) -> object:
        return prepare_batch(actor=Actor.user(who.pk), now=NOW)

    def make() -> None:
        make_waiting(actor=SYSTEM, now=NOW)

    ordered = in_parallel(in_tenant, lambda: order(officer), lambda: order(approver))
    assert {type(one) for one in ordered} == {ReturnBatch, ReturnRefused}
    assert in_parallel(in_tenant, make, make) == [None, None]
    with transaction.atomic():
        batch = ReturnBatch.objects.get()
        assert (batch.status, batch.changes, ReturnedChange.objects.count()) == ("PREPARED", 5, 5)


def test_the_database_lets_no_change_go_back_twice(in_tenant: Tenant, officer: User) -> None:
    lay_out()
    change(enter(1), phone="080-1111-2222")
    made(officer)
    with transaction.atomic():
        twin = ReturnedChange.objects.get()
    twin.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)


def test_a_worker_that_dies_leaves_nothing_and_the_next_makes_it_whole(
    in_tenant: Tenant, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out()
    for number in range(3):
        change(enter(number), phone="080-1111-2222")
    prepare_batch(actor=Actor.user(officer.pk), now=NOW)
    from integrations.returns.building import Building

    with monkeypatch.context() as patch:
        patch.setattr(Building, "_flush", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make_waiting(actor=SYSTEM, now=NOW)
    with transaction.atomic():
        assert (ReturnedChange.objects.count(), ReturnPiece.objects.count()) == (0, 0)
    make_waiting(actor=SYSTEM, now=NOW)
    with transaction.atomic():
        assert ReturnBatch.objects.get().records == 3


def test_many_customers_are_written_in_pieces_and_groups(
    in_tenant: Tenant, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(FIXED)
    monkeypatch.setattr("integrations.returns.building.GROUP", 3)
    monkeypatch.setattr("integrations.returns.building.PIECE", 100)
    for number in range(8):
        change(enter(number), phone=f"080-1111-{number:04d}")
    batch = made(officer)
    with transaction.atomic():
        assert ReturnPiece.objects.filter(batch=batch).count() > 3
    records = content(batch).split(b"\r\n")
    assert [record[1:11].decode() for record in records[1:9]] == [f"{number:010d}" for number in range(8)]
    assert records[9][:7] == b"8000008"


def test_a_total_that_does_not_fit_throws_the_file_away_and_says_so(in_tenant: Tenant, officer: User) -> None:
    short = [*FIXED["trailer"]]
    short[3], short[4] = {**short[3], "length": 1}, {**short[4], "length": 50}
    lay_out({**FIXED, "trailer": short})
    change(enter(12), phone="080-1111-2222")
    batch = made(officer)
    assert (batch.status, batch.failure, dealt_with(batch)) == ("DISCARDED", "too_long", {})
    assert due() == (1, 1)


def test_files_are_sealed_kept_for_thirty_days_and_destroyed(
    in_tenant: Tenant, officer: User, approver: User, superuser: psycopg.Connection
) -> None:
    lay_out()
    change(enter(1), name="佐々木　花子")
    batch = released(officer, approver)
    (body,) = superuser.execute("SELECT body FROM integrations_returnpiece").fetchone() or (b"",)
    assert "佐々木".encode("cp932") not in bytes(body)
    assert "佐々木".encode("cp932") in content(batch), "control"
    destroy_old_files(actor=SYSTEM, now=NOW + KEPT - timedelta(seconds=1))
    assert content(batch)
    destroy_old_files(actor=SYSTEM, now=NOW + KEPT)
    assert content(batch) == b""
    with pytest.raises(ReturnRefused):
        take_file(batch=fresh(batch), actor=Actor.user(officer.pk), now=NOW)
    assert fresh(batch).sha256


def test_a_customer_who_is_destroyed_takes_kept_files_along(in_tenant: Tenant, officer: User, approver: User) -> None:
    lay_out()
    customer = enter(1)
    change(customer, phone="080-1111-2222")
    batch = made(officer)
    with transaction.atomic():
        destroy_customers([customer.pk], actor=SYSTEM, now=NOW)
    assert (content(batch), dealt_with(batch)) == (b"", {})
    with pytest.raises(ReturnRefused):
        release_batch(batch=batch, seen=batch.sha256, actor=Actor.user(approver.pk), now=NOW)


def test_the_trail_knows_every_step_and_nothing_personal(
    in_tenant: Tenant, officer: User, approver: User, superuser: psycopg.Connection
) -> None:
    lay_out()
    change(enter(1), name="佐々木　花子")
    batch = released(officer, approver)
    take_file(batch=batch, actor=Actor.user(officer.pk), now=NOW)
    acknowledge_batch(batch=batch, records=1, receipt="R-1", actor=Actor.user(officer.pk), now=NOW)
    with transaction.atomic():
        told = AuditEvent.objects.filter(target_id=str(batch.pk), kind="ACT").order_by("id")
        assert [event.event.removeprefix("returnbatch.") for event in told] == [
            "ordered",
            "prepared",
            "released",
            "taken",
            "acknowledged",
        ]
    text = str(superuser.execute("SELECT string_agg(e::text, ' ') FROM audit_auditevent e").fetchone())
    assert "佐々木" not in text
    assert batch.sha256 in text, "control"


def test_what_is_not_ready_is_refused_with_a_sentence(in_tenant: Tenant, officer: User, auditor: User) -> None:
    with pytest.raises(ReturnRefused):
        prepare_batch(actor=Actor.user(officer.pk), now=NOW)
    lay_out()
    with pytest.raises(ReturnRefused):
        prepare_batch(actor=Actor.user(officer.pk), now=NOW)
    change(enter(1), phone="080-1111-2222")
    with pytest.raises(ReturnRefused):
        prepare_batch(actor=Actor.user(auditor.pk), now=NOW)
    with pytest.raises(LayoutInvalid):
        propose_layout(document={}, actor=Actor.user(officer.pk), now=NOW)
    batch = made(officer)
    with pytest.raises(ReturnRefused):
        discard_batch(batch=batch, reason="  ", actor=Actor.user(officer.pk), now=NOW)
    with pytest.raises(ReturnRefused):
        acknowledge_batch(batch=batch, records=1, receipt="", actor=Actor.user(officer.pk), now=NOW)


def test_own_attributes_go_back_like_any_other_fact(in_tenant: Tenant, officer: User, administrator: User) -> None:
    define(administrator, NOW)
    customer = enter(1)
    lay_out({**CSV, "body": [CSV["body"][0], {"what": "own_member_rank", "title": "会員ランク"}]})
    change(customer, own_member_rank="gold", source="STAFF")
    assert lines(content(made(officer))) == [[customer.number, "ゴールド"]]


def test_owners_go_back_one_by_one_or_are_named(in_tenant: Tenant, officer: User) -> None:
    places = [{"what": f"owners.{at}.{part}"} for at in (1, 2) for part in ("name", "birth_on", "share_percent")]
    lay_out({**CSV, "body": [CSV["body"][0], *places, {"what": "mark:owners"}]})
    one, two, three = (company(f"C-{number}") for number in (1, 2, 3))
    people = [
        {"name": "山田　太郎", "birth_on": "1960-04-01", "share_percent": 60, "is_pep": False},
        {"name": "佐藤　次郎", "birth_on": "1971-12-31", "share_percent": 26.5, "is_pep": False},
        {"name": "鈴木　三郎", "birth_on": "1980-01-01", "share_percent": 13.5, "is_pep": False},
    ]
    change(one, owners=people[:2])
    change(two, owners=people[:1])
    change(three, owners=people)
    batch = made(officer)
    assert lines(content(batch)) == [
        [one.number, "山田　太郎", "1960-04-01", "60", "佐藤　次郎", "1971-12-31", "26.5", "1"],
        [two.number, "山田　太郎", "1960-04-01", "60", "", "", "", "1"],
    ]
    assert dealt_with(batch) == {"LEFT_OUT": ["owners"], "RETURNED": ["owners", "owners"]}
    with transaction.atomic():
        assert (three.number in b"".join(left_out_file(batch)).decode("utf-8-sig")) is True


def test_a_return_file_may_be_a_workbook(in_tenant: Tenant, officer: User, approver: User) -> None:
    trailer = [{"what": "text", "text": "8"}, {"what": "records"}, {"what": "hash_total"}]
    lay_out({**CSV, "format": "xlsx", "trailer": trailer})
    change(enter(1), name="𠮷田　花子", phone="080-1111-2222")
    change(enter(2), email="=1@mail.example.jp")
    batch = released(officer, approver)
    book = CalamineWorkbook.from_filelike(io.BytesIO(content(batch))).get_sheet_by_index(0).to_python()
    titles = [cell.get("title", "") for cell in CSV["body"]]
    assert [row[: len(titles)] for row in book] == [
        titles,
        ["0000000001", "𠮷田　花子", "1", "", "", "08011112222", "", "0", ""],
        ["0000000002", "", "0", "", "", "", "=1@mail.example.jp", "1", ""],
        ["8", "2", "3", "", "", "", "", "", ""],
    ]
    assert hashlib.sha256(content(batch)).hexdigest() == batch.sha256


def test_more_than_a_workbook_holds_throws_the_file_away_and_says_so(
    in_tenant: Tenant, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out({**CSV, "format": "xlsx"})
    for number in range(3):
        change(enter(number), phone="080-1111-2222")
    monkeypatch.setattr("tenants.workbooks.MAX_ROWS", 3)
    batch = made(officer)
    assert (batch.status, batch.failure, dealt_with(batch)) == ("DISCARDED", "workbook", {})
    monkeypatch.undo()
    assert made(officer).records == 3, "control: nothing is lost"
