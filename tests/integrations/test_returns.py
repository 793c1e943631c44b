"""Return files from the first verified change to the core system's answer: nothing twice, nothing lost, two people."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from audit.services import Actor
from customers.models import Customer
from customers.services import run_import, start_import
from integrations.returns.layouts import LayoutInvalid
from integrations.returns.models import ReturnBatch, ReturnedChange
from integrations.returns.selectors import current_layout, form_of, left_out_file, without_place
from integrations.returns.services import (
    ReturnRefused,
    acknowledge_batch,
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
from tests.customers.books import book, person, upload
from tests.integrations.acting import change, content, dealt_with, due, fresh, lay_out, lines, made, released
from tests.integrations.layouts import CSV

LATER = NOW + timedelta(days=1)


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
