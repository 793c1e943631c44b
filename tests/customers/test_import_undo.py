"""Taking back a whole import: values as they were, new customers gone, whoever was built on since left alone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from customers.closing import note_end
from customers.imports import undoing
from customers.models import AttributeChange, ContactPoint, Customer, CustomerImport, ImportChange, NamePart
from customers.selectors import customer_page, facts_of, facts_of_many
from customers.services import StepRefused, apply_facts, record_review, run_import, run_waiting_imports, undo_import
from retention.services import place_hold
from risk.models import RiskRating
from risk.services import rate_waiting_customers
from tenants.keys import person_ciphers
from tenants.models import Tenant, User
from tenants.scoping import tenant_context
from tests.campaigns.acting import notified, open_for_business
from tests.customers.books import TODAY, book, company, person
from tests.customers.test_import_steps import ACTOR, STATUS, WORKER, anew, taken

BESIDE = ("branch_code", "opened_on", "last_reviewed_on")


def undone(item: CustomerImport, now: datetime) -> CustomerImport:
    """Ordered and done."""
    undo_import(customer_import=item, actor=ACTOR, now=now)
    run_import(import_id=item.pk, actor=WORKER, now=now)
    return anew(item)


def said_of_all() -> dict[str, Any]:
    """Everything that the file says, by number."""
    with transaction.atomic():
        customers = list(Customer.objects.order_by("number"))
        facts = facts_of_many([customer.pk for customer in customers])
        lines = {
            point.customer_id: point.value for point in ContactPoint.objects.filter(channel="LINE", is_current=True)
        }
        return {
            customer.number: (
                facts[customer.pk],
                [getattr(customer, name) for name in BESIDE],
                lines.get(customer.pk),
                bytes(customer.source_hash),
            )
            for customer in customers
        }


def refusals() -> dict[str, tuple[str, list[str]]]:
    with transaction.atomic():
        rows = ImportChange.objects.exclude(refusal="").select_related("customer")
        return {row.customer.number: (row.refusal, row.refused_for) for row in rows}


def number(value: str) -> Customer:
    with transaction.atomic():
        found: Customer = Customer.objects.get(number=value)
        return found


OLD = (person(), person(customer_number="2", line_id="", email=""), company())
NEW = (
    person(
        name="髙崎　花", phone="080-9999-0000", occupation="学生", branch_code="9", last_reviewed_on="2024-01-01",
        postal_code="5300001", address="大阪府大阪市北区梅田1丁目", line_id="U" + "1b" * 16,
    ),
    person(customer_number="2", line_id="U" + "2c" * 16, email="two@mail.example.jp"),
    company(representative="鈴木　一", industry="製造業"),
    person(customer_number="3"),
    person(customer_number="4", name="佐々木　次郎"),
)  # fmt: skip


def test_an_import_taken_back_leaves_the_file_as_it_was(in_tenant: Tenant, now: datetime) -> None:
    taken(book(*OLD), now)
    before = said_of_all()
    item = taken(book(*NEW), now + timedelta(days=1))
    assert (item.rows_created, item.rows_updated) == (2, 3)
    assert said_of_all() != before, "control"
    later = now + timedelta(days=2)
    back = undone(item, later)
    assert (back.status, back.rows_undone, back.rows_kept) == (STATUS.UNDONE, 5, 0)
    assert said_of_all() == before
    with transaction.atomic():
        assert not AttributeChange.objects.filter(customer__number="3").exists()
        last = AttributeChange.objects.filter(source="UNDO", attribute="name").get()
        assert (last.before, last.after, last.source_reference, last.at) == ("髙崎　花", "髙﨑　花子", item.pk, last.at)
        acts = set(AuditEvent.objects.filter(kind="ACT", at__gte=later).values_list("event", flat=True))
        assert {"customerimport.undoing", "customerimport.going_back", "customerimport.undone"} <= acts
        assert {"customer.taken_back", "personkey.shredded", "customer.changed"} <= acts
        assert [one.number for one in customer_page(search="佐々木").items] == []
        assert {one.number for one in customer_page(search="髙﨑").items} == {"0000000001", "2"}
        assert Customer.objects.filter(is_rating_due=True).count() == 3, "rated anew"
    assert (again := taken(book(*OLD), later)).rows_unchanged == 3, again
    assert taken(book(*NEW), later).rows_updated == 3, "and the same file can come again"


def test_a_customer_taken_back_leaves_no_row_and_no_key(
    in_tenant: Tenant, now: datetime, superuser: psycopg.Connection
) -> None:
    taken(book(person()), now)
    item = taken(book(person(customer_number="2", name="佐々木　次郎")), now)
    with transaction.atomic():
        open_for_business()
    while rate_waiting_customers(limit=100, now=now):
        pass
    gone = number("2")
    with transaction.atomic():
        assert RiskRating.objects.filter(customer=gone).exists(), "control: what comes by itself keeps nobody"
        parts = NamePart.objects.count()
    assert undone(item, now).rows_undone == 1
    tables = superuser.execute(
        "SELECT table_name FROM information_schema.columns"
        " WHERE column_name = 'customer_id' AND table_schema = 'public'"
    ).fetchall()
    assert len(tables) > 5
    for (table,) in tables:
        found = superuser.execute(f"SELECT count(*) FROM {table} WHERE customer_id = %s", [gone.pk]).fetchone()
        assert found == (0,), table
    with transaction.atomic():
        assert NamePart.objects.count() < parts
        assert AuditEvent.objects.filter(event="personkey.shredded", target_id=str(gone.pk)).count() == 1


def test_whoever_was_changed_since_stays_with_the_reason(in_tenant: Tenant, now: datetime) -> None:
    taken(book(person(), person(customer_number="2"), person(customer_number="5")), now)
    item = taken(
        book(
            person(phone="080-9999-0000", occupation="学生"),
            person(customer_number="2", occupation="学生"),
            person(customer_number="3"),
            person(customer_number="4"),
            person(customer_number="5", branch_code="9"),
            person(customer_number="6"),
        ),
        now,
    )
    with transaction.atomic():
        for who, changes in (("0000000001", {"phone": "080-1111-2222"}), ("2", {"email": "b@mail.example.jp"})):
            apply_facts(customer=number(who), changes=changes, source="STAFF", actor=ACTOR, now=now)
        apply_facts(customer=number("3"), changes={"phone": "080-1111-2222"}, source="STAFF", actor=ACTOR, now=now)
        note_end(customer=number("4"), closed_on=date(2026, 1, 1), actor=ACTOR, now=now)
    taken(book(person(customer_number="5", branch_code="8"), person(customer_number="6", branch_code="8")), now)
    back = undone(item, now)
    assert (back.rows_undone, back.rows_kept) == (1, 5)
    assert refusals() == {
        "0000000001": ("changed_since", ["phone"]),
        "3": ("changed_since", []),
        "4": ("changed_since", []),
        "5": ("changed_since", ["accounts", "branch_code"]),
        "6": ("changed_since", []),
    }
    with transaction.atomic():
        assert facts_of(number("0000000001"))["occupation"] == "student", "a customer goes back whole or not at all"
        two = facts_of(number("2"))
    assert (two["occupation"], two["email"]) == ("employee", "b@mail.example.jp"), "what came since stays"


def test_whoever_has_a_review_or_an_answer_since_stays(
    in_tenant: Tenant, now: datetime, officer: User, approver: User
) -> None:
    with transaction.atomic():
        open_for_business()
    taken(book(person()), now)
    item = taken(book(person(occupation="学生"), person(customer_number="2"), person(customer_number="3")), now)
    with transaction.atomic():
        rated = Customer.objects.filter(number__in=["0000000001", "2"])
        rated.update(is_rating_due=False, risk_tier="LOW", due_diligence="STANDARD", next_review_on=date(2026, 6, 30))
        Customer.objects.filter(number="3").update(
            is_rating_due=False, risk_tier="LOW", due_diligence="STANDARD", next_review_on=date(2036, 6, 30)
        )
    notified(officer, approver)
    back = undone(item, now)
    assert (back.rows_undone, back.rows_kept) == (1, 2)
    assert refusals() == {"0000000001": ("in_use", []), "2": ("in_use", [])}


def test_a_review_from_before_the_import_is_no_reason(
    in_tenant: Tenant, now: datetime, officer: User, approver: User
) -> None:
    with transaction.atomic():
        open_for_business()
    taken(book(person()), now)
    with transaction.atomic():
        Customer.objects.update(
            is_rating_due=False, risk_tier="LOW", due_diligence="STANDARD", next_review_on=date(2026, 6, 30)
        )
    notified(officer, approver)
    back = undone(taken(book(person(occupation="学生")), now), now)
    assert (back.rows_undone, back.rows_kept) == (1, 0)


def test_a_confirmation_since_stays(in_tenant: Tenant, now: datetime) -> None:
    taken(book(person()), now)
    item = taken(book(person(last_reviewed_on="2024-05-05")), now)
    with transaction.atomic():
        record_review(customer_id=number("0000000001").pk, reviewed_on=TODAY, actor=ACTOR, now=now)
    assert undone(item, now).rows_kept == 1
    assert refusals() == {"0000000001": ("changed_since", ["last_reviewed_on"])}


def test_whoever_is_under_a_hold_stays(in_tenant: Tenant, now: datetime) -> None:
    taken(book(person()), now)
    item = taken(book(person(occupation="学生"), person(customer_number="2"), person(customer_number="3")), now)
    for who in ("0000000001", "2"):
        with transaction.atomic():
            place_hold(subject=number(who).pk, reason="LITIGATION", matter="民-12", actor=ACTOR, now=now)
    assert undone(item, now).rows_kept == 2
    assert refusals() == {"0000000001": ("on_hold", []), "2": ("on_hold", [])}


def test_an_undo_that_died_goes_on_with_what_is_left(
    in_tenant: Tenant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "BATCH", 4)
    old = [person(customer_number=str(who)) for who in range(1, 11)]
    taken(book(*old), now)
    before = said_of_all()
    new = [{**row, "occupation": "学生"} for row in old] + [person(customer_number=str(who)) for who in range(11, 21)]
    item = taken(book(*new), now)
    undo_import(customer_import=item, actor=ACTOR, now=now)
    died = 0

    def die(*_: Any, **__: Any) -> None:
        nonlocal died
        died += 1
        if died in (2, 4):
            raise KeyboardInterrupt

    monkeypatch.setattr(undoing, "lock_holds", die)
    moment = now
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run_waiting_imports(actor=WORKER, now=moment)
        assert run_waiting_imports(actor=WORKER, now=moment + timedelta(seconds=30)) == 0, "the lease still holds"
        moment += timedelta(minutes=10)
    with transaction.atomic():
        assert 0 < anew(item).rows_undone < 20
    assert run_waiting_imports(actor=WORKER, now=moment) == 1
    back = anew(item)
    assert (back.status, back.rows_undone, back.rows_kept) == (STATUS.UNDONE, 20, 0)
    assert said_of_all() == before


def test_only_what_was_taken_in_can_be_taken_back_and_only_once(in_tenant: Tenant, now: datetime) -> None:
    nothing = taken(book(person(kind="?")), now)
    with pytest.raises(StepRefused):
        undo_import(customer_import=nothing, actor=ACTOR, now=now)
    item = taken(book(person()), now)
    undone(item, now)
    with pytest.raises(StepRefused):
        undo_import(customer_import=item, actor=ACTOR, now=now)
    with transaction.atomic():
        assert not Customer.objects.exists()


def test_another_banks_customers_are_not_taken_back(tenant: Tenant, other_tenant: Tenant, now: datetime) -> None:
    with tenant_context(other_tenant.pk):
        taken(book(person()), now)
    with tenant_context(tenant.pk):
        item = taken(book(person()), now)
        assert undone(item, now).rows_undone == 1
        with transaction.atomic():
            assert not Customer.objects.exists()
    with tenant_context(other_tenant.pk), transaction.atomic():
        assert facts_of(Customer.objects.get())["name"] == "髙﨑　花子"
        with pytest.raises(CustomerImport.DoesNotExist):
            undo_import(customer_import=item, actor=ACTOR, now=now)


def test_taking_back_costs_the_same_queries_however_many_customers(in_tenant: Tenant, now: datetime) -> None:
    def queries(first: int, rows: int) -> int:
        old = [person(customer_number=str(first + who)) for who in range(rows)]
        new = [person(customer_number=str(first + 500 + who)) for who in range(rows)]
        taken(book(*old), now)
        item = taken(book(*({**row, "occupation": "学生", "phone": "080-9999-0000"} for row in old), *new), now)
        undo_import(customer_import=item, actor=ACTOR, now=now)
        with CaptureQueriesContext(connection) as captured:
            run_import(import_id=item.pk, actor=WORKER, now=now)
        assert anew(item).rows_undone == 2 * rows
        return len(captured)

    queries(1_000, 2)  # whatever is cached on first use
    assert queries(4_000, 200) - queries(2_000, 5) < 10, "Django deletes by the hundred, nothing else grows"


def test_the_keys_of_whoever_stays_are_kept(in_tenant: Tenant, now: datetime) -> None:
    taken(book(person()), now)
    undone(taken(book(person(occupation="学生"), person(customer_number="2")), now), now)
    with transaction.atomic():
        assert person_ciphers([number("0000000001").pk.bytes])
        assert facts_of(number("0000000001"))["occupation"] == "employee"
