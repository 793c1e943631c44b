"""F3: text files made to do harm: refused or explained row by row, and the next file is read as if nothing happened."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from audit.services import Actor
from customers.decoding import MAX_LINE
from customers.models import CustomerImport, RejectedRow
from customers.services import ImportRefused, run_import, start_import
from tenants.models import Tenant
from tests.customers.books import book, person
from tests.uploads.test_spreadsheets import bomb

ACTOR = Actor.user(7)
WORKER = Actor.system("customers")


def take(data: bytes, now: datetime) -> CustomerImport:
    started = start_import(file=io.BytesIO(data), filename="a.csv", actor=ACTOR, now=now)
    run_import(import_id=started.pk, actor=WORKER, now=now)
    with transaction.atomic():
        found: CustomerImport = CustomerImport.objects.get(pk=started.pk)
    return found


def refused(data: bytes, now: datetime) -> tuple[str, str]:
    with pytest.raises(ImportRefused) as refusal:
        start_import(file=io.BytesIO(data), filename="a.csv", actor=ACTOR, now=now)
    return refusal.value.code, str(refusal.value)


def reasons(done: CustomerImport) -> list[tuple[int, str]]:
    with transaction.atomic():
        return list(RejectedRow.objects.filter(customer_import=done).order_by("line").values_list("line", "code"))


def still_works(now: datetime) -> bool:
    done = take(book(person(customer_number="777"), encoding="utf-8"), now)
    return done.status == CustomerImport.Status.COMPLETED and done.rows_created == 1


def test_a_nul_byte_anywhere_refuses_the_file_with_its_line(in_tenant: Tenant, now: datetime) -> None:
    whole = book(person(), *(person(customer_number=str(number)) for number in range(2, 9_000)), encoding="utf-8")
    assert whole.count(b"\n") > 8_000
    at = whole.rindex(b"\n", 0, -10)
    code, words = refused(whole[:at] + b"\0" + whole[at:], now)
    assert code == "nul_byte"
    assert any(char.isdigit() for char in words)
    assert refused(b"\0" + whole, now)[0] == "nul_byte"
    assert still_works(now)


def test_a_line_of_ten_megabytes_costs_one_row(in_tenant: Tenant, now: datetime) -> None:
    long = person(customer_number="2", address="港" * 3_500_000)
    data = book(person(), long, person(customer_number="3"), encoding="utf-8")
    assert max(map(len, data.split(b"\n"))) > 10 * 1024**2
    done = take(data, now)
    assert (done.status, done.rows_created) == ("COMPLETED", 2)
    assert reasons(done) == [(3, "line_too_long")]
    assert still_works(now)


def test_a_header_of_ten_megabytes_is_refused(in_tenant: Tenant, now: datetime) -> None:
    assert refused(b"x" * 10 * 1024**2 + b"\n1\n", now)[0] in {"no_header", "line_too_long", "header_unreadable"}
    assert MAX_LINE < 10 * 1024**2


@pytest.mark.parametrize(("first", "second"), [("utf-8", "cp932"), ("cp932", "euc_jp")])
def test_rows_in_another_encoding_are_named_and_the_others_taken(
    in_tenant: Tenant, now: datetime, first: str, second: str
) -> None:
    head = book(person(), encoding=first)
    stray = book(person(customer_number="2", name="髙﨑　花子" if second == "cp932" else "田中　花子"), encoding=second)
    last = book(person(customer_number="3"), encoding=first)
    data = head + stray.split(b"\n", 1)[1] + last.split(b"\n", 1)[1]
    done = take(data, now)
    assert done.status == "COMPLETED"
    assert done.rows_created == 2
    assert {line for line, _ in reasons(done)} == {3}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_of_the_encoding_is_understood(in_tenant: Tenant, now: datetime, encoding: str) -> None:
    assert take(book(person(), encoding=encoding), now).rows_created == 1


def test_a_mark_in_the_middle_of_the_file_is_no_part_of_a_value(in_tenant: Tenant, now: datetime) -> None:
    """Two files with marks, put one behind the other: the second header is no customer either."""
    one = book(person(), encoding="utf-8-sig")
    done = take(one + book(person(customer_number="2"), encoding="utf-8-sig"), now)
    assert done.status == "COMPLETED"
    assert [line for line, _ in reasons(done)].count(3) >= 1
    assert done.rows_created == 2


def test_a_workbook_is_refused_before_anything_opens_it(in_tenant: Tenant, now: datetime) -> None:
    code, words = refused(bomb(201), now)
    assert code == "workbook_too_large"
    assert "200" in words


def test_quotes_that_never_close_swallow_nothing(in_tenant: Tenant, now: datetime) -> None:
    rows: list[Any] = [person(customer_number=str(number)) for number in range(1, 200)]
    data = book(*rows, encoding="utf-8").replace(b"\n2,", b'\n"2,', 1)
    done = take(data, now)
    assert done.status == "COMPLETED"
    assert done.rows_created == 198
