"""Every form a file may come in, through the import itself: taken, refused, or taken with a warning."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from django.db import transaction

from audit.models import AuditEvent
from audit.services import Actor
from customers.decoding import COLUMNS, HEADER
from customers.destroying import destroy_rejected_rows, due_imports
from customers.formats.fixed import FixedTable
from customers.imports.warned import LISTED, WarnedRow, warned_by_column
from customers.models import Customer, CustomerImport, ImportChunk, RejectedRow
from customers.selectors import error_file, facts_of
from customers.services import ImportRefused, run_import, start_import
from customers.wording import sentence, warning
from tenants.models import Tenant
from tests.customers.books import TODAY, book, company, line, person
from tests.customers.test_fixed import TABLE, fixed, record
from tests.customers.test_workbooks import TITLES, with_cells
from tests.customers.workbooks import DAY, TEN_DIGITS, number, raw, sheet, text, workbook

ACTOR = Actor.user(7)
WORKER = Actor.system("customers")


def take(data: bytes | BinaryIO, now: datetime, table: FixedTable | None = None) -> CustomerImport:
    """Upload and read to the end."""
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    started = start_import(file=file, filename="顧客", table=table, actor=ACTOR, now=now)
    run_import(import_id=started.pk, actor=WORKER, now=now)
    with transaction.atomic():
        done: CustomerImport = CustomerImport.objects.get(pk=started.pk)
    return done


def refused(data: bytes | BinaryIO, now: datetime, table: FixedTable | None = None) -> ImportRefused:
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    with pytest.raises(ImportRefused) as raised:
        start_import(file=file, filename="顧客", table=table, actor=ACTOR, now=now)
    with transaction.atomic():
        assert not ImportChunk.objects.exists()
    return raised.value


def facts(customer_number: str) -> dict[str, Any]:
    with transaction.atomic():
        return facts_of(Customer.objects.get(number=customer_number))


def reasons() -> list[tuple[int, str, str]]:
    with transaction.atomic():
        rows = list(RejectedRow.objects.order_by("line", "id"))
    assert all("%(" not in sentence(row.code, row.params) for row in rows)
    return sorted((row.line, row.column, row.code) for row in rows)


def warnings() -> list[tuple[int, str, str]]:
    with transaction.atomic():
        rows = list(WarnedRow.objects.order_by("line", "id"))
    assert all(warning(row.code, row.params) != warning("no such code", {}) for row in rows)
    assert all("%(" not in warning(row.code, row.params) for row in rows)
    return sorted((row.line, row.column, row.code) for row in rows)


def test_a_workbook_becomes_customers(in_tenant: Tenant, now: datetime) -> None:
    data = workbook(
        sheet(
            TITLES,
            with_cells(customer_number=number(42, TEN_DIGITS), birth_on=number(29344, DAY), opened_on=text("H22.4.1")),
            with_cells(customer_number=text("0000000002"), address=number(36925, DAY)),
            [],
            with_cells(customer_number=text("0000000003"), address=raw("<f>A1</f>"), email=raw("<v>#N/A</v>", "e")),
            with_cells(customer_number=text("0000000004"), account_number=number(12345), branch_code=number(1)),
        )
    )  # fmt: skip
    done = take(data, now)
    assert (done.status, done.rows_created, done.rows_rejected) == ("COMPLETED", 2, 2)
    assert (done.sha256, done.size) == (hashlib.sha256(data).hexdigest(), len(data)), "the bank's own file"
    assert facts("0000000042")["birth_on"] == "1980-05-03"
    assert facts("0000000004")["account_number"] == "12345"
    assert reasons() == [(3, "address", "date_cell"), (5, "address", "formula_unread"), (5, "email", "sheet_error")]
    found = warnings()
    assert (6, "account_number", "few_digits") in found
    assert (6, "branch_code", "zero_added") in found
    with transaction.atomic():
        assert Customer.objects.get(number="0000000042").opened_on.isoformat() == "2010-04-01"
        errors = b"".join(error_file(done)).decode("utf-8-sig").splitlines()
    assert len(errors) == 3
    assert errors[1].startswith('"0000000002"')


def test_the_same_customers_as_csv_change_nothing(in_tenant: Tenant, now: datetime) -> None:
    """What a file says counts, and not its form."""
    take(workbook(sheet(TITLES, with_cells())), now)
    again = take(book(person(), encoding="utf-16", delimiter="|"), now)
    assert (again.rows_created, again.rows_unchanged) == (0, 1)


def test_a_fixed_length_file_becomes_customers(in_tenant: Tenant, now: datetime) -> None:
    bad = record(customer_number="0000000003", birth_on="19800230")
    data = fixed(record(), record(customer_number="0000000002"), bad)
    done = take(data, now, TABLE)
    assert (done.status, done.rows_created, done.rows_rejected) == ("COMPLETED", 2, 1)
    assert (done.sha256, done.size, done.encoding) == (hashlib.sha256(data).hexdigest(), len(data), "cp932")
    assert facts("0000000001")["name"] == "髙﨑　花子"
    assert facts("0000000001")["kana"] == "ﾀｶｻｷ ﾊﾅｺ"
    assert reasons() == [(4, "birth_on", "no_such_date")]
    with transaction.atomic():
        assert b"1980" in b"".join(error_file(done))


def test_half_a_character_in_a_fixed_record_costs_that_record(in_tenant: Tenant, now: datetime) -> None:
    whole = bytearray(record(customer_number="0000000002"))
    whole[1 + 10 + 1 + 29] = 0x8D
    done = take(fixed(record(), bytes(whole)), now, TABLE)
    assert (done.rows_created, done.rows_rejected) == (1, 1)
    with transaction.atomic():
        (row,) = RejectedRow.objects.all()
    assert (row.line, row.column, row.code) == (3, "name", "undecodable")
    assert row.params == {"byte": "8D", "encoding": "cp932"}


def test_a_total_that_differs_refuses_the_file_with_both_numbers(in_tenant: Tenant, now: datetime) -> None:
    error = refused(fixed(record(), count=2), now, TABLE)
    assert (error.code, error.params) == ("fixed_count", {"line": 3, "stated": 2, "counted": 1})
    many = [record(customer_number=f"{index:010}") for index in range(1, 6_000)]
    error = refused(fixed(*many, total=1), now, TABLE)
    assert (error.code, error.params["stated"], error.params["counted"]) == ("fixed_sum", 1, 5_999 * 3_000)
    assert "17997000" in str(error)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiters_are_told_apart(in_tenant: Tenant, now: datetime, delimiter: str) -> None:
    done = take(book(person(), company(), delimiter=delimiter), now)
    assert (done.rows_created, done.rows_rejected) == (2, 0)


def test_what_a_spreadsheet_ate_is_told_by_line_and_column(in_tenant: Tenant, now: datetime) -> None:
    """Excel saved the file: zeros are gone, days are numbers. What has one meaning is read so, aloud; nothing else."""
    rows = [
        person(branch_code="001"),
        person(customer_number="2", phone="9012345678", branch_code="1", account_number="12345"),
        person(customer_number="0000000003", postal_code="600001", branch_code="001"),
        person(customer_number="0000000004", birth_on="29344", branch_code="001"),
        person(customer_number="1.23E+09", branch_code="001"),
    ]
    done = take(book(*rows, encoding="utf-8"), now)
    assert reasons() == [(4, "postal_code", "lost_zero"), (6, "customer_number", "scientific")]
    assert warnings() == [
        (3, "account_number", "few_digits"),
        (3, "branch_code", "zero_added"),
        (3, "customer_number", "other_length"),
        (3, "phone", "zero_added"),
        (5, "birth_on", "serial_date"),
    ]
    assert facts("2")["phone"] == "+819012345678"
    assert facts("2")["account_number"] == "12345", "kept as the file has it"
    assert facts("0000000004")["birth_on"] == "1980-05-03"
    assert sum(done.warnings.values()) == 5
    assert dict(warned_by_column(done.warnings))[COLUMNS["branch_code"][0]] == 1


def test_a_number_that_grows_longer_is_told_where_it_does(in_tenant: Tenant, now: datetime) -> None:
    """Sorted by number, as spreadsheets leave them, the short ones come first."""
    rows = [person(customer_number=number, branch_code="001") for number in ("1", "2", "10", "11", "A-1")]
    take(book(*rows), now)
    assert warnings() == [(4, "customer_number", "other_length")]


def test_letters_outside_cp932_are_kept_and_told_by_code_point(in_tenant: Tenant, now: datetime) -> None:
    """𠮷, a variation selector, a combining mark: kept to the character. Wave dashes of JIS are no strangers."""
    name, kana = "𠮷田　葛\U000e0100子", "ヨシタ\u3099"
    rows = [person(name=name, kana=kana, address="東京都千代田区丸の内1〜2−3", branch_code="001")]
    done = take(book(*rows, encoding="utf-8"), now)
    found = facts("0000000001")
    assert (found["name"], found["kana"]) == (name, kana)
    assert warnings() == [(2, "kana", "outside_cp932"), (2, "name", "outside_cp932")]
    with transaction.atomic():
        assert WarnedRow.objects.get(column="name").params == {
            "code_points": "U+20BB7 U+E0100",
        }
        trail = [event.data for event in AuditEvent.objects.all()]
    assert done.warnings == {"name.outside_cp932": 1, "kana.outside_cp932": 1}
    assert "𠮷" not in str(trail)


def test_columns_that_are_not_known_are_named(in_tenant: Tenant, now: datetime) -> None:
    titles = [*HEADER, "メモ", "メモ", "行", "理由"]
    done = take((",".join(titles) + "\n" + line(person(branch_code="001")) + ",,,,\n").encode(), now)
    assert done.rows_created == 1
    assert warnings() == [(1, "", "unknown_columns")]
    with transaction.atomic():
        assert WarnedRow.objects.get().params == {"columns": ["メモ", "メモ"]}


def test_five_hundred_columns_are_read_and_two_thousand_are_refused(in_tenant: Tenant, now: datetime) -> None:
    def wide(extra: int) -> bytes:
        titles = [*HEADER, *(f"c{index}" for index in range(extra))]
        return f"{','.join(titles)}\n{line(person())}{',x' * extra}\n".encode()

    assert take(wide(500 - len(HEADER)), now).rows_created == 1
    error = refused(wide(2_000 - len(HEADER)), now)
    assert (error.code, error.params) == ("too_many_columns", {"found": 2_000, "limit": 1_000})


def test_only_the_first_warnings_are_listed_and_all_are_counted(in_tenant: Tenant, now: datetime) -> None:
    rows = [person(customer_number=f"{index:07}") for index in range(LISTED + 300)]
    done = take(book(*rows), now)
    assert done.warnings == {"branch_code.zero_added": LISTED + 300}
    with transaction.atomic():
        assert WarnedRow.objects.count() == LISTED


def test_a_file_of_five_gigabytes_is_refused_by_its_size(in_tenant: Tenant, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    path.touch()
    os.truncate(path, 5 * 1024**3)

    class Sized(io.FileIO):
        size = 5 * 1024**3
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            self.taken += 1
            return super().read(size)

    with Sized(path) as file:
        assert refused(file, now).code == "too_large"
        assert file.taken == 0
        Sized.size = 0
        assert refused(file, now).code == "nul_byte", "control: without its size it is read"
        assert file.taken > 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x1f\x1fcp932\x1f1\x1fx\n", "not_csv"),
        (b"\xff\xfe\0\0" + book(person()).decode("cp932").encode("utf-32-le"), "encoding"),
        (book(person()).replace("電話番号".encode("cp932"), "メール".encode("cp932")), "duplicate_columns"),
        (workbook(sheet(TITLES)), "header_only"),
        (workbook(sheet([text("x")], [text("y")])), "no_header"),
        (workbook(sheet([*TITLES[:-1], TITLES[0]], with_cells())), "duplicate_columns"),
        (workbook(sheet(TITLES[1:], with_cells())), "missing_columns"),
    ],
)
def test_other_files_are_refused_and_leave_nothing(in_tenant: Tenant, now: datetime, data: bytes, code: str) -> None:
    assert refused(data, now).code == code


def test_warnings_go_with_the_rejected_rows_when_their_time_is_over(in_tenant: Tenant, now: datetime) -> None:
    done = take(book(person()), now)
    with transaction.atomic():
        assert WarnedRow.objects.exists()
        assert not RejectedRow.objects.exists()
        assert [due.record for due in due_imports(until=TODAY.replace(year=2030), limit=5)] == [done.pk]
        destroy_rejected_rows([done.pk], actor=WORKER, now=now)
        assert not WarnedRow.objects.exists()
