"""Importing a bank's file into the database: counts, history, resuming, tenants, and the error file."""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import transaction
from django.utils import translation

from audit.models import AuditEvent
from audit.services import Actor
from customers import services
from customers.decoding import HEADER
from customers.imports import running
from customers.imports.turns import LeaseLost, Turn, claim
from customers.models import AttributeChange, ContactPoint, Customer, CustomerImport, ImportChunk, RejectedRow
from customers.selectors import error_file, facts_of, facts_of_many
from customers.services import ImportRefused, run_import, run_waiting_imports, start_import
from customers.synthetic import make_book
from tenants.models import Tenant
from tenants.scoping import tenant_context
from tests.customers.books import TODAY, book, company, person, upload

ACTOR = Actor.user(7)
WORKER = Actor.system("customers")


def take(content: bytes, now: datetime) -> CustomerImport:
    """Upload and read to the end."""
    started = start_import(file=upload(content), filename="顧客.csv", actor=ACTOR, now=now)
    run_import(import_id=started.pk, actor=WORKER, now=now)
    with transaction.atomic():
        done: CustomerImport = CustomerImport.objects.get(pk=started.pk)
        return done


def counts(done: CustomerImport) -> tuple[int, int, int, int]:
    return done.rows_created, done.rows_updated, done.rows_unchanged, done.rows_rejected


def test_a_good_file_becomes_customers_with_everything_it_says(in_tenant: Tenant, now: datetime) -> None:
    done = take(book(person(), company()), now)
    with transaction.atomic():
        assert done.status == CustomerImport.Status.COMPLETED
        assert counts(done) == (2, 0, 0, 0)
        customer = Customer.objects.get(number="0000000001")
        assert facts_of(customer) == {
            "name": "髙﨑　花子",
            "kana": "タカサキ　ハナコ",
            "birth_on": "1980-05-03",
            "postal_code": "1000005",
            "address": "東京都千代田区丸の内1丁目2-3",
            "phone": "+819012345678",
            "email": "hanako@mail.example.jp",
            "nationality": "JP",
            "country_of_residence": "JP",
            "occupation": "employee",
            "purpose": "salary",
            "is_foreign_pep": False,
            "handles_cash": False,
            "account_number": "1234567",
            "accounts": [{"branch": "001", "number": "1234567", "opened_on": "2010-04-01"}],
        }
        assert (customer.opened_on, customer.last_reviewed_on) == (date(2010, 4, 1), date(2023, 2, 28))
        assert (customer.branch_code, customer.is_rating_due) == ("001", True)
        assert customer.contact_points.get(channel="LINE").value == "U" + "0a" * 16
        firm = Customer.objects.get(number="C-1")
        assert (firm.kind, firm.corporate_number, firm.industry) == ("COMPANY", "7000012050002", "wholesale_retail")
        assert facts_of(firm)["representative"] == "山田　太郎"


def test_the_same_file_again_changes_nothing(in_tenant: Tenant, now: datetime) -> None:
    take(book(person(), company()), now)
    again = take(book(company(), person(), encoding="utf-8", delimiter="\t"), now)
    assert counts(again) == (0, 0, 2, 0)
    with transaction.atomic():
        assert Customer.objects.count() == 2
        assert not AttributeChange.objects.exists()


def test_a_changed_row_writes_only_what_differs_and_keeps_the_history(in_tenant: Tenant, now: datetime) -> None:
    take(book(person(), person(customer_number="2")), now)
    later = now + timedelta(days=1)
    done = take(book(person(phone="080-9999-0000", email="", occupation="学生", line_id="U" + "1b" * 16)), later)
    assert counts(done) == (0, 1, 0, 0)
    with transaction.atomic():
        customer = Customer.objects.get(number="0000000001")
        facts = facts_of(customer)
        assert (facts["phone"], facts["occupation"]) == ("+818099990000", "student")
        assert facts["email"] == "hanako@mail.example.jp", "a blank cell erases nothing"
        changes = AttributeChange.objects.order_by("attribute")
        assert [(change.attribute, change.before, change.after) for change in changes] == [
            ("occupation", "employee", "student"),
            ("phone", "+819012345678", "+818099990000"),
        ]
        assert {(change.source, change.source_reference, change.actor) for change in changes} == {
            ("IMPORT", done.pk, "system:customers")
        }
        points = ContactPoint.objects.filter(customer=customer).order_by("channel", "created_at", "id")
        assert [(point.channel, point.is_current) for point in points] == [
            ("EMAIL", True), ("LINE", False), ("LINE", True), ("PHONE", False), ("PHONE", True), ("POST", True),
        ]  # fmt: skip
        assert Customer.objects.count() == 2, "a customer that is not in the file stays"
        event = AuditEvent.objects.get(event="customer.changed")
        assert event.data == {"facts": ["occupation", "phone"], "source": "IMPORT"}


def test_an_old_file_does_not_take_back_what_the_customer_has_answered_since(in_tenant: Tenant, now: datetime) -> None:
    take(book(person()), now)
    with transaction.atomic():
        services.apply_facts(
            customer=Customer.objects.get(),
            changes={"phone": "080-1111-2222"},
            source=AttributeChange.Source.CUSTOMER,
            actor=ACTOR,
            now=now,
        )
        services.record_review(customer_id=Customer.objects.get().pk, reviewed_on=TODAY, actor=ACTOR, now=now)
    assert counts(take(book(person()), now)) == (0, 0, 1, 0)
    assert counts(take(book(person(branch_code="9")), now)) == (0, 1, 0, 0)
    with transaction.atomic():
        customer = Customer.objects.get()
        assert (customer.branch_code, customer.last_reviewed_on) == ("009", TODAY)


def test_a_row_that_would_make_a_person_a_company_is_rejected(in_tenant: Tenant, now: datetime) -> None:
    take(book(person()), now)
    done = take(book(company(customer_number="0000000001")), now)
    assert counts(done) == (0, 0, 0, 1)
    with transaction.atomic():
        rejected = RejectedRow.objects.get()
        assert (rejected.line, rejected.column, rejected.code) == (2, "kind", "kind_changed")
        assert rejected.original[2] == "㈱あさなぎ商事"


def test_nothing_of_a_book_is_lost(in_tenant: Tenant, now: datetime) -> None:
    made = make_book(individuals=2_500, companies=150, seed=8, today=TODAY)
    done = take(made.content, now)
    assert counts(done) == (made.good, 0, 0, made.broken)
    assert (done.rows_total, done.rows_done) == (made.good + made.broken, made.good + made.broken)
    with transaction.atomic():
        assert Customer.objects.count() == made.good
        assert RejectedRow.objects.values("line").distinct().count() == made.broken
        known = facts_of_many(list(Customer.objects.values_list("pk", flat=True)))
        assert all(facts["name"] and facts["address"] and facts["account_number"] for facts in known.values())
        counted = AuditEvent.objects.get(event="customerimport.counted")
        assert counted.data == {
            "created": made.good,
            "updated": 0,
            "unchanged": 0,
            "rejected": made.broken,
            "joined": 0,
        }


def test_nothing_personal_is_readable_in_the_tables_or_the_trail(
    in_tenant: Tenant, now: datetime, superuser: psycopg.Connection
) -> None:
    """P-cases: the superuser sees every row, and no name, address, number or e-mail in any of them."""
    take(book(person(), company(), person(customer_number="3", email="x")), now)
    start_import(file=upload(book(person())), filename="顧客.csv", actor=ACTOR, now=now)
    secrets = ["髙﨑", "タカサキ", "丸の内", "9012345678", "hanako@", "0a0a0a0a", "1980-05-03", "1234567", "顧客.csv"]
    for table in ("customer", "namepart", "contactpoint", "customerimport", "importchunk", "rejectedrow"):
        rows = superuser.execute(f"SELECT t::text FROM customers_{table} t").fetchall()
        assert rows, table
        for secret in secrets:
            forms = (secret, secret.encode().hex(), secret.encode("cp932").hex())
            assert not [row for row in rows for form in forms if form in row[0]], (table, secret)
    trail = superuser.execute("SELECT t::text FROM audit_auditevent t").fetchall()
    assert not [row for row in trail for secret in secrets if secret in row[0]]


def test_the_upload_is_kept_sealed_and_whole(in_tenant: Tenant, now: datetime) -> None:
    content = make_book(individuals=4_000, companies=0, seed=9, today=TODAY).content
    started = start_import(file=upload(content), filename="顧客.csv", actor=ACTOR, now=now)
    with transaction.atomic():
        chunks = ImportChunk.objects.filter(customer_import=started).order_by("position")
        assert len(chunks) > 1
        assert b"".join(chunk.body for chunk in chunks) == content
        assert started.sha256 == hashlib.sha256(content).hexdigest()


def test_the_upload_is_destroyed_when_the_import_settles(in_tenant: Tenant, now: datetime) -> None:
    """P1: taken in or given up, the bank's file is not kept; the error file still has the file's own header."""
    broken = person(customer_number="2", birth_on="1980-02-30")
    done = take(book(person(), broken), now)
    with transaction.atomic():
        assert done.status == CustomerImport.Status.COMPLETED
        assert not ImportChunk.objects.exists()
        assert next(error_file(done)).decode("utf-8-sig").startswith(f'"{HEADER[0]}"')
        assert AuditEvent.objects.get(event="customerimport.purged").data == {"pieces": 1}
    started = start_import(file=upload(book(person())), filename="x.csv", actor=ACTOR, now=now)
    with transaction.atomic():
        assert ImportChunk.objects.update(position=7) == 1, "control: there while it waits; then a piece is missing"
    run_import(import_id=started.pk, actor=WORKER, now=now)
    with transaction.atomic():
        assert CustomerImport.objects.get(pk=started.pk).status == CustomerImport.Status.FAILED
        assert not ImportChunk.objects.exists()


@pytest.mark.parametrize("content", [b"", book(), b"%PDF-1.7 xlsx", book(person(name="a\0"))])
def test_a_refused_file_leaves_nothing_behind(in_tenant: Tenant, now: datetime, content: bytes) -> None:
    with pytest.raises(ImportRefused) as refused:
        start_import(file=upload(content), filename="x.csv", actor=ACTOR, now=now)
    with translation.override("en"):
        assert str(refused.value).endswith(".")
    with translation.override("ja"):
        assert str(refused.value).endswith("。")
    with transaction.atomic():
        assert not CustomerImport.objects.exists()
        assert not ImportChunk.objects.exists()


def test_an_upload_that_says_it_is_beyond_the_limit_is_refused_unread(
    in_tenant: Tenant, now: datetime, settings: Any
) -> None:
    class Huge(io.BytesIO):
        size = settings.IMPORT_MAX_BYTES + 1

        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("read")

    with pytest.raises(ImportRefused) as refused:
        start_import(file=Huge(), filename="x.csv", actor=ACTOR, now=now)
    assert refused.value.code == "too_large"


def test_an_endless_upload_is_refused_at_the_limit(in_tenant: Tenant, now: datetime, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 3 * 1024 * 1024

    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size: int = -1) -> bytes:
            self.taken += size
            return (book(person()) + b"1," * size)[:size]

    endless: Any = Endless()
    with pytest.raises(ImportRefused) as refused:
        start_import(file=endless, filename="x.csv", actor=ACTOR, now=now)
    assert refused.value.code == "too_large"
    assert endless.taken < 5 * 1024 * 1024


WORKER_PROCESS = """
import sys, django
django.setup()
from audit.services import Actor
from customers.services import run_import
from tenants.scoping import tenant_context
from datetime import datetime
from uuid import UUID
with tenant_context(int(sys.argv[1])):
    run_import(import_id=UUID(sys.argv[2]), actor=Actor.system("customers"), now=datetime.fromisoformat(sys.argv[3]))
"""


def test_a_worker_killed_in_the_middle_loses_nothing_and_doubles_nothing(
    in_tenant: Tenant, now: datetime, process_environment: dict[str, str]
) -> None:
    """S12 in spirit: a real process, a real SIGKILL, and another worker that goes on."""
    made = make_book(individuals=9_000, companies=400, seed=10, today=TODAY)
    started = start_import(file=upload(made.content), filename="顧客.csv", actor=ACTOR, now=now)
    command = [sys.executable, "-c", WORKER_PROCESS, str(in_tenant.pk), str(started.pk), now.isoformat()]
    worker = subprocess.Popen(command, env=process_environment)
    try:
        reached = 0
        while not reached:
            assert worker.poll() is None, "The worker ended before it was killed."
            time.sleep(0.01)
            with transaction.atomic():
                reached = CustomerImport.objects.get().next_line
    finally:
        worker.kill()
        worker.wait(10)
    with transaction.atomic():
        left = CustomerImport.objects.get()
        assert left.status == CustomerImport.Status.RUNNING
        assert 0 < Customer.objects.count() == left.rows_created < made.good
    assert run_waiting_imports(actor=WORKER, now=now + timedelta(seconds=30)) == 0, "the lease still holds"
    assert run_waiting_imports(actor=WORKER, now=now + timedelta(minutes=10)) == 1
    with transaction.atomic():
        done = CustomerImport.objects.get()
        assert (done.status, counts(done)) == (CustomerImport.Status.COMPLETED, (made.good, 0, 0, made.broken))
        assert Customer.objects.count() == made.good
        assert RejectedRow.objects.values("line").distinct().count() == made.broken
        assert {error.code for error in RejectedRow.objects.filter(code="duplicate")} == {"duplicate"}
        assert AuditEvent.objects.filter(event="customerimport.resumed").count() == 1
    assert run_waiting_imports(actor=WORKER, now=now + timedelta(minutes=20)) == 0


def test_a_worker_that_lost_its_lease_stops_without_writing(in_tenant: Tenant, now: datetime) -> None:
    started = start_import(file=upload(book(person())), filename="a.csv", actor=ACTOR, now=now)
    slow = claim(started.pk, actor=WORKER, now=now)
    assert slow is not None
    run_import(import_id=started.pk, actor=WORKER, now=now + timedelta(minutes=10))
    with pytest.raises(LeaseLost):
        running._read_all(Turn(slow, WORKER, now))
    with transaction.atomic():
        assert Customer.objects.count() == 1


def test_a_stored_file_that_was_tampered_with_fails_with_a_sentence(
    in_tenant: Tenant, now: datetime, superuser: psycopg.Connection
) -> None:
    started = start_import(file=upload(book(person())), filename="a.csv", actor=ACTOR, now=now)
    superuser.execute("UPDATE customers_importchunk SET body = set_byte(body, 40, get_byte(body, 40) # 1)")
    run_import(import_id=started.pk, actor=WORKER, now=now)
    with transaction.atomic():
        failed = CustomerImport.objects.get()
        assert (failed.status, failed.failure_code) == (CustomerImport.Status.FAILED, "damaged")


def test_two_banks_may_use_the_same_customer_number(tenant: Tenant, other_tenant: Tenant, now: datetime) -> None:
    """T10, T11: creating and changing by natural key stays inside the bank."""
    with tenant_context(tenant.pk):
        assert counts(take(book(person()), now)) == (1, 0, 0, 0)
    with tenant_context(other_tenant.pk):
        assert counts(take(book(person()), now)) == (1, 0, 0, 0), "the same row is new here"
        assert counts(take(book(person(phone="080-0000-1111")), now)) == (0, 1, 0, 0)
        with transaction.atomic():
            theirs = Customer.objects.get()
            assert facts_of(theirs)["phone"] == "+818000001111"
    with tenant_context(tenant.pk), transaction.atomic():
        ours = Customer.objects.get()
        assert facts_of(ours)["phone"] == "+819012345678"
        assert bytes(ours.name_index) != bytes(theirs.name_index), "P3: equal names, other index bytes"
        assert facts_of_many([theirs.pk]) == {}
        assert not AttributeChange.objects.exists()


def test_one_bank_does_not_run_or_see_the_imports_of_another(
    tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    with tenant_context(tenant.pk):
        started = start_import(file=upload(book(person())), filename="a.csv", actor=ACTOR, now=now)
    with tenant_context(other_tenant.pk):
        run_import(import_id=started.pk, actor=WORKER, now=now)
        assert run_waiting_imports(actor=WORKER, now=now) == 0
    with tenant_context(tenant.pk), transaction.atomic():
        assert CustomerImport.objects.get().status == CustomerImport.Status.UPLOADED


def test_the_error_file_has_the_original_columns_line_column_and_reason(in_tenant: Tenant, now: datetime) -> None:
    done = take(book(person(), person(customer_number="2", birth_on="2023-02-30", email="x"), "1,2"), now)
    with transaction.atomic(), translation.override("en"):
        content = b"".join(error_file(done))
    assert content.startswith(b"\xef\xbb\xbf")
    header, first, second = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert header == [*HEADER, "Line", "Column", "Reason"]
    assert (first[2], *first[-3:-1]) == ("髙﨑　花子", "3", "生年月日、メール")
    assert first[-1] == "There is no such day in the calendar. Not a valid e-mail address."
    assert [*second[:3], second[-3]] == ["1", "2", "", "4"]


def test_a_corrected_error_file_can_be_imported_as_it_is(in_tenant: Tenant, now: datetime) -> None:
    done = take(book(person(customer_number="2", birth_on="2023-02-30")), now)
    with transaction.atomic():
        content = b"".join(error_file(done, encoding="cp932"))
    assert counts(take(content.replace(b"2023-02-30", b"2003-02-28"), now)) == (1, 0, 0, 0)


@pytest.mark.parametrize("cell", ["=1+1", "+81", "-2", "@SUM(A1)", "\t=1", "|cmd", "＝1+1", "%0A"])
def test_a_cell_that_a_spreadsheet_would_run_is_defused(in_tenant: Tenant, now: datetime, cell: str) -> None:
    done = take(book(person(name=cell, kind="?"), encoding="utf-8"), now)
    with transaction.atomic():
        rows = list(csv.reader(io.StringIO(b"".join(error_file(done)).decode("utf-8-sig"))))
    assert rows[1][2] == "'" + cell


def test_what_was_defused_is_itself_again_when_the_corrected_file_comes_back(in_tenant: Tenant, now: datetime) -> None:
    """F5: the value is kept, not only the file."""
    done = take(book(person(address="=東京都中央区", kind="?"), encoding="utf-8"), now)
    with transaction.atomic():
        content = b"".join(error_file(done))
    assert "'=東京都中央区" in content.decode(), "control"
    assert counts(take(content.replace(b'"?"', '"個人"'.encode()), now)) == (1, 0, 0, 0)
    with transaction.atomic():
        assert facts_of(Customer.objects.get())["address"] == "=東京都中央区"


def test_the_error_file_in_cp932_shows_what_it_cannot_write(in_tenant: Tenant, now: datetime) -> None:
    done = take(book(person(name="𠮷田", kind="?"), encoding="utf-8"), now)
    with transaction.atomic():
        content = b"".join(error_file(done, encoding="cp932")).decode("cp932")
    assert "\\U00020bb7田" in content
