"""Files with one row an account: rows of one customer become one customer, or are refused with line and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.accounts.models import CustomerAccount
from customers.accounts.rules import ACCOUNTS, MOST
from customers.decoding import Record, layout_of, records_of
from customers.importing import CustomerRow, Rejection, RowReader
from customers.imports import running
from customers.imports.layouts import guess_layout
from customers.imports.reading import MappedReader
from customers.imports.showing import preview_of
from customers.joining import runs, whole_customers
from customers.models import Customer, CustomerImport, ImportChange, RejectedRow
from customers.selectors import error_file, facts_of
from customers.services import commit_import, confirm_layout, run_import, start_import, undo_import
from customers.wording import sentence
from tenants.models import Tenant
from tests.customers.books import TODAY, book, company, person, upload
from tests.customers.test_imports import ACTOR, WORKER, counts, take

type Result = CustomerRow | Rejection


def account(number: str, **cells: str) -> dict[str, str]:
    """One of the good person's accounts."""
    return person(account_number=number.zfill(7), **cells)


def read(content: bytes) -> list[Result]:
    layout = layout_of(content)
    return RowReader(layout, TODAY).read_together(list(records_of([content], layout)))


def told(results: list[Result]) -> list[tuple[int, str, str]]:
    return [
        (error.line, error.column, error.code)
        for found in results
        if isinstance(found, Rejection)
        for error in found.errors
    ]


def test_rows_of_one_customer_become_one_with_several_accounts() -> None:
    rows = (
        account("1000001", branch_code="2", opened_on="2015-06-01"),
        account("1000002", branch_code="3", opened_on="2012-01-31", name="髙﨑　花子 "),
        company(),
    )
    first, second = read(book(*rows, encoding="utf-8"))
    assert isinstance(first, CustomerRow)
    assert isinstance(second, CustomerRow)
    assert (first.line, first.more, second.more) == (2, (3,), ())
    assert (first.facts["account_number"], first.branch_code) == ("1000001", "002"), "the first row's"
    assert first.opened_on == date(2012, 1, 31), "with the oldest account the customer came"
    assert first.facts[ACCOUNTS] == [
        {"branch": "003", "number": "1000002", "opened_on": "2012-01-31"},
        {"branch": "002", "number": "1000001", "opened_on": "2015-06-01"},
    ]


def test_a_later_account_may_be_younger_than_the_last_review() -> None:
    rows = (account("1"), account("2", opened_on="2024-02-01"))
    assert not told(read(book(*rows)))
    assert told(read(book(account("2", opened_on="2024-02-01")))) == [(2, "last_reviewed_on", "before_opening")]


def test_rows_that_disagree_are_refused_all_of_them_with_line_and_column() -> None:
    rows = (account("1"), account("2", occupation="学生", phone="03-1111-2222"), account("3"), company())
    results = read(book(*rows))
    assert told(results) == [
        (2, "", "with_others"), (3, "phone", "disagrees"), (3, "occupation", "disagrees"), (4, "", "with_others"),
    ]  # fmt: skip
    assert isinstance(results[-1], CustomerRow), "others are taken"
    reasons = [error for found in results[:3] if isinstance(found, Rejection) for error in found.errors]
    assert [error.params for error in reasons] == [{"line": 3}, {"first": 2}, {"first": 2}, {"line": 3}]
    assert not any("%(" in sentence(error.code, error.params) for error in reasons)


def test_what_is_written_in_another_way_and_says_the_same_does_not_disagree() -> None:
    rows = (account("1"), account("2", postal_code="１０００００５", birth_on="昭和55年5月3日"))
    (row,) = read(book(*rows))
    assert isinstance(row, CustomerRow)


def test_one_row_that_cannot_be_taken_keeps_back_the_others_of_its_customer() -> None:
    rows = (account("1"), account("2", opened_on="2024-02-31"), company())
    assert told(read(book(*rows))) == [(2, "", "with_others"), (3, "opened_on", "no_such_date")]
    broken = (account("1"), "0000000001,個人", account("3"), company())
    assert told(read(book(*broken))) == [(2, "", "with_others"), (3, "", "field_count"), (4, "", "with_others")]


def test_rows_that_do_not_stand_together_are_refused_with_the_line_of_the_first() -> None:
    results = read(book(account("1"), company(), account("2"), account("3")))
    assert told(results) == [(4, "customer_number", "duplicate"), (5, "customer_number", "duplicate")]
    assert [found.more for found in results if isinstance(found, CustomerRow)] == [(), ()]


def test_a_row_that_is_there_twice_is_taken_once_and_a_contradiction_not_at_all() -> None:
    results = read(book(account("1"), account("2"), account("2"), encoding="utf-8"))
    assert told(results) == [(4, "customer_number", "duplicate")]
    assert isinstance(results[0], CustomerRow)
    assert results[0].more == (3,)
    against = (account("1"), account("2"), account("2", opened_on="2011-01-01"))
    assert told(read(book(*against))) == [
        (2, "", "with_others"),
        (3, "", "with_others"),
        (4, "account_number", "account_twice"),
    ]


def test_more_rows_than_a_customer_may_have_accounts_are_refused_all() -> None:
    rows = [account(f"{number:07}") for number in range(1, MOST + 2)]
    results = told(read(book(*rows)))
    assert (results[0], len(results)) == ((2, "account_number", "too_many_accounts"), MOST + 1)
    (row,) = read(book(*rows[:MOST]))
    assert isinstance(row, CustomerRow)
    assert len(row.facts[ACCOUNTS]) == MOST


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 4)), min_size=1, max_size=14), st.integers(1, 6))
def test_however_rows_are_batched_the_same_customers_come_out(sizes: list[tuple[str, int]], size: int) -> None:
    """Neither the size of the batches nor where one ends decides what becomes of a row."""
    numbers = [
        f"{letter}{at}" if letter != "C" else "C" for at, (letter, count) in enumerate(sizes) for _ in range(count)
    ]
    content = book(*(person(customer_number=one, account_number=f"{at:07}") for at, one in enumerate(numbers, 1)))
    layout = layout_of(content)
    whole = read(content)
    reader = RowReader(layout, TODAY)
    records = records_of([content], layout)
    parts = list(whole_customers(records, size, reader.number_of))
    assert [result for part in parts for result in reader.read_together(part)] == whole
    assert sum(map(len, parts)) == len(numbers)
    assert all(len(part) >= size for part in parts[:-1])
    lines = sorted(
        line
        for found in whole
        for line in ((found.line, *found.more) if isinstance(found, CustomerRow) else (found.line,))
    )
    assert lines == list(range(2, len(numbers) + 2)), "every row is taken or refused, once"


def test_a_run_without_end_is_cut_and_refused_in_every_piece() -> None:
    def endless() -> Iterator[Record]:
        yield from records_of([content], layout)

    content = book(*(account(str(number)) for number in range(1, 301)))
    layout = layout_of(content)
    reader = RowReader(layout, TODAY)
    parts = list(whole_customers(endless(), 10, reader.number_of))
    assert max(map(len, parts)) <= 10 + MOST + 1
    results = [result for part in parts for result in reader.read_together(part)]
    assert len(results) == 300
    assert all(isinstance(result, Rejection) for result in results)


def test_a_record_that_cannot_be_read_belongs_to_those_around_it() -> None:
    assert list(runs(["a", "", "a", "", "b", "", ""])) == [(0, 3), (3, 4), (4, 5), (5, 6), (6, 7)]


FILE = (
    account("1000001"), account("1000002", branch_code="7"), account("1000003"),
    company(),
    person(customer_number="2"), person(customer_number="2", account_number="0000002", occupation="学生"),
)  # fmt: skip


def test_such_a_file_is_tried_counted_taken_in_and_taken_back(in_tenant: Tenant, now: datetime) -> None:
    """Rows are counted whole, customers once; the error file has every line of a customer who is not taken."""
    item = start_import(file=upload(book(*FILE)), filename="a.csv", by_steps=True, actor=ACTOR, now=now)
    with transaction.atomic():
        shown = preview_of(item, masked=False, now=now)
    assert (shown.looked_at, shown.joined) == (6, 3)
    assert [(row.line, row.until, bool(row.errors)) for row in shown.rows] == [
        (2, 4, False), (5, 5, False), (6, 6, True), (7, 7, True),
    ]  # fmt: skip
    with transaction.atomic():
        running_columns = list(item.columns)
    confirm_layout(customer_import=item, columns=running_columns, actor=ACTOR, now=now)
    tried = ended(item, now)
    assert (tried.status, counts(tried), tried.rows_joined) == (CustomerImport.Status.CHECKED, (2, 0, 0, 2), 2)
    assert (tried.rows_done, tried.rows_total, tried.customers_told) == (6, 6, 2)
    commit_import(customer_import=tried, actor=ACTOR, now=now)
    done = ended(item, now)
    assert (done.status, counts(done), done.rows_joined) == (CustomerImport.Status.COMPLETED, (2, 0, 0, 2), 2)
    with transaction.atomic():
        customer = Customer.objects.get(number="0000000001")
        assert [one["number"] for one in facts_of(customer)[ACCOUNTS]] == ["1000001", "1000003", "1000002"]
        assert CustomerAccount.objects.filter(customer=customer).count() == 3
        lines = [row["行"] if "行" in row else row["Line"] for row in errors_of(done)]
    assert lines == ["6", "7"]
    undo_import(customer_import=done, actor=ACTOR, now=now)
    assert ended(item, now).status == CustomerImport.Status.UNDONE
    with transaction.atomic():
        assert not Customer.objects.exists()
        assert not CustomerAccount.objects.exists()


def errors_of(item: CustomerImport) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(error_file(item)).decode("utf-8-sig"))))


def ended(item: CustomerImport, now: datetime) -> CustomerImport:
    run_import(import_id=item.pk, actor=WORKER, now=now)
    with transaction.atomic():
        found: CustomerImport = CustomerImport.objects.get(pk=item.pk)
        return found


def test_the_corrected_error_file_brings_the_whole_customer(in_tenant: Tenant, now: datetime) -> None:
    first = take(book(*FILE), now)
    with transaction.atomic():
        content = b"".join(error_file(first)).replace("学生".encode(), "会社員".encode())
    again = take(content, now + timedelta(hours=1))
    assert (counts(again), again.rows_joined) == ((1, 0, 0, 0), 1)
    with transaction.atomic():
        assert len(facts_of(Customer.objects.get(number="2"))[ACCOUNTS]) == 2


def test_a_second_file_changes_only_what_it_says_and_the_same_one_nothing(in_tenant: Tenant, now: datetime) -> None:
    take(book(*FILE[:4]), now)
    again = take(book(*FILE[:4]), now + timedelta(hours=1))
    assert (counts(again), again.rows_joined) == ((0, 0, 2, 0), 2)
    reordered = take(book(FILE[0], FILE[2], FILE[1], FILE[3]), now + timedelta(hours=2))
    assert counts(reordered) == (0, 0, 2, 0), "the order below the first row says nothing"
    more = take(book(*FILE[:3], account("1000004", opened_on="2026-11-01"), FILE[3]), now + timedelta(hours=3))
    assert (counts(more), more.rows_joined) == ((0, 1, 1, 0), 3)
    with transaction.atomic():
        (change,) = ImportChange.objects.filter(customer_import=more)
        assert (change.attributes, change.line) == ([ACCOUNTS], 2)


def test_a_customer_of_the_other_kind_is_refused_with_every_row(in_tenant: Tenant, now: datetime) -> None:
    take(book(company(customer_number="0000000001")), now)
    done = take(book(*FILE[:4]), now)
    assert (counts(done), done.rows_joined) == ((1, 0, 0, 3), 0)
    with transaction.atomic():
        found = RejectedRow.objects.filter(customer_import=done).order_by("line")
        assert list(found.values_list("line", "code")) == [
            (2, "kind_changed"),
            (3, "kind_changed"),
            (4, "kind_changed"),
        ]


@pytest.mark.parametrize("size", [3, 5_000])
def test_accounts_are_told_together_across_the_end_of_a_batch_and_in_the_process_ahead(
    in_tenant: Tenant, now: datetime, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Batches of three rows: every second customer would be cut in two. Forty rows are made ready ahead."""
    monkeypatch.setattr(running, "BATCH", size)
    rows = [
        person(customer_number=str(number), account_number=f"{number:06}{place}")
        for number in range(1, 21)
        for place in (1, 2)
    ]
    done = take(book(*rows, company()), now)
    assert (counts(done), done.rows_joined) == ((21, 0, 0, 0), 20)
    with transaction.atomic():
        assert CustomerAccount.objects.count() == 41


def test_a_run_that_died_goes_on_after_the_last_whole_customer(
    in_tenant: Tenant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", 4)
    rows = [
        person(customer_number=str(number), account_number=f"{number:06}{place}")
        for number in range(1, 11)
        for place in (1, 2, 3)
    ]
    item = start_import(file=upload(book(*rows)), filename="a.csv", actor=ACTOR, now=now)
    take_batch, calls = running._take, []

    def take_two(*given: object) -> None:
        calls.append(given)
        if len(calls) > 2:
            raise KeyboardInterrupt
        take_batch(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "_take", take_two)
    with pytest.raises(KeyboardInterrupt):
        run_import(import_id=item.pk, actor=WORKER, now=now)
    monkeypatch.setattr(running, "_take", take_batch)
    done = ended(item, now + timedelta(minutes=10))
    assert (done.status, counts(done), done.rows_joined) == (CustomerImport.Status.COMPLETED, (10, 0, 0, 0), 20)


def test_a_file_without_the_usual_columns_is_told_of_in_its_own_cells() -> None:
    content = (
        "顧客番号,個人法人区分,氏名,生年月日,口座番号,店番,口座開設日,居住国,支店メモ\n"
        "1,個人,山田　太郎,1980-01-01,1111111,1,2010-01-01,アメリカ,a\n"
        "1,個人,山田　次郎,1980-01-01,1111112,1,2010-01-01,アメリカ,b\n"
        "2,個人\n"
    ).encode()
    layout = guess_layout(content)
    results = MappedReader(layout, TODAY, {}).read_together(list(records_of([content], layout)))
    assert told(results) == [(2, "", "with_others"), (3, "name", "disagrees"), (4, "", "field_count")]
    assert [len(found.cells) for found in results if isinstance(found, Rejection)] == [9, 9, 2]
    assert isinstance(results[2], Rejection)
    assert results[2].errors[0].params["expected"] == 9
