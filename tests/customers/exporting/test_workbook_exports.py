"""Exports as Excel workbooks: the same rows as text, read back by our own import, and refused where they do not fit."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from audit.services import Actor
from customers.exporting.models import CustomerExport
from customers.exporting.services import take_file
from tenants import workbooks
from tenants.models import Tenant, User
from tests.campaigns.acting import enter
from tests.conftest import NOW
from tests.customers.exporting.ordering import content, lines, made
from tests.customers.exporting.test_exports import say

COLUMNS = ("customer_number", "branch_code", "name", "birth_on", "postal_code", "phone", "employer")


def rows(export: CustomerExport) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content(export))).get_sheet_by_index(0).to_python()


def test_a_workbook_holds_the_same_rows_as_the_csv_and_each_of_them_as_text(in_tenant: Tenant, officer: User) -> None:
    say(enter(1, branch_code="001"), name="𠮷田　花子〜", employer="=HYPERLINK(0)")
    enter(2, branch_code="002")
    book, plain = made(officer, columns=COLUMNS, encoding="xlsx"), made(officer, columns=COLUMNS)
    head, first, second = rows(book)
    assert [head, second] == [lines(plain)[0], lines(plain)[2]]
    assert (first[0], first[1], first[2]) == ("0000000001", "001", "𠮷田　花子〜"), "with its zeros, and every letter"
    assert first[-1] == "=HYPERLINK(0)", "a text in a cell of text runs nowhere"
    assert lines(plain)[1][-1] == "'=HYPERLINK(0)", "control: in CSV it would"
    assert (book.rows, book.unwritable) == (2, None)
    assert book.sha256 == hashlib.sha256(content(book)).hexdigest()
    assert take_file(export=book, actor=Actor.user(officer.pk), now=NOW) == content(book)


def test_many_customers_are_written_in_batches_and_pieces(
    in_tenant: Tenant, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.exporting.making.BATCH", 3)
    monkeypatch.setattr("customers.exporting.making.PIECE", 200)
    for number in range(8):
        enter(number)
    export = made(officer, encoding="xlsx")
    assert [row[0] for row in rows(export)[1:]] == [f"{number:010d}" for number in range(8)]


def test_what_a_workbook_cannot_hold_fails_with_the_reason_and_leaves_nothing(
    in_tenant: Tenant, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        enter(number)
    monkeypatch.setattr(workbooks, "MAX_ROWS", 3)
    export = made(officer, encoding="xlsx")
    assert (export.status, export.failure, content(export)) == ("FAILED", "workbook", b"")
    assert made(officer).rows == 3, "control: as CSV it is one"
