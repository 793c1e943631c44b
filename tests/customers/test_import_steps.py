"""An import by steps: columns guessed, confirmed and remembered; a trial that writes nothing; then taken in or not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.services import Actor
from customers.decoding import COLUMNS, HEADER, layout_of
from customers.imports import running
from customers.imports.layouts import guess_columns, guess_layout
from customers.imports.reading import KeptFile, MappedReader
from customers.imports.sorting import read_batch
from customers.imports.stepping import DECIDE_WITHIN
from customers.imports.turns import Turn, claim
from customers.models import (
    AttributeChange,
    ContactPoint,
    Customer,
    CustomerImport,
    ImportChange,
    ImportChunk,
    ImportLayout,
    NamePart,
    RejectedRow,
)
from customers.selectors import error_file
from customers.services import (
    StepRefused,
    commit_import,
    confirm_layout,
    discard_import,
    read_anew,
    reopen_layout,
    run_import,
    run_waiting_imports,
    start_import,
)
from tenants.models import Tenant
from tenants.scoping import tenant_context
from tests.customers.books import book, company, line, person, upload

ACTOR = Actor.user(7)
WORKER = Actor.system("customers")
STATUS = CustomerImport.Status
# A bank's own names, half of which nobody else uses, with a column we have no use for and none for LINE.
OWN_TITLES = {
    "customer_number": "お客様番号（CIF）",
    "kind": "人格",
    "name": "お名前",
    "branch_code": "取扱店",
    "line_id": None,
}


def own_book(*rows: dict[str, str]) -> bytes:
    """A book under the bank's own titles, with semicolons."""
    keys = [key for key in COLUMNS if OWN_TITLES.get(key, "") is not None]
    titles = [OWN_TITLES.get(key) or COLUMNS[key][0] for key in keys]
    lines = [";".join([*titles, "担当者"])]
    lines += [";".join([*(row.get(key, "") for key in keys), "佐藤"]) for row in rows]
    return "\r\n".join(lines).encode("cp932") + b"\r\n"


def own_columns() -> list[str | None]:
    return [*(key for key in COLUMNS if key != "line_id"), None]


def begin(content: bytes, now: datetime) -> CustomerImport:
    return start_import(file=upload(content), filename="顧客.csv", by_steps=True, actor=ACTOR, now=now)


def anew(item: CustomerImport) -> CustomerImport:
    with transaction.atomic():
        found: CustomerImport = CustomerImport.objects.get(pk=item.pk)
        return found


def tried(content: bytes, now: datetime) -> CustomerImport:
    """Uploaded, confirmed as guessed and tried."""
    item = begin(content, now)
    if item.status == STATUS.DRAFT:
        confirm_layout(customer_import=item, columns=item.columns, actor=ACTOR, now=now)
    run_import(import_id=item.pk, actor=WORKER, now=now)
    return anew(item)


def committed(item: CustomerImport, now: datetime) -> CustomerImport:
    commit_import(customer_import=item, actor=ACTOR, now=now)
    run_import(import_id=item.pk, actor=WORKER, now=now)
    return anew(item)


def taken(content: bytes, now: datetime) -> CustomerImport:
    """Without stops, as the night's job does it."""
    item = start_import(file=upload(content), filename="顧客.csv", actor=ACTOR, now=now)
    run_import(import_id=item.pk, actor=WORKER, now=now)
    return anew(item)


def counts(item: CustomerImport) -> tuple[int, int, int, int]:
    return item.rows_created, item.rows_updated, item.rows_unchanged, item.rows_rejected


CUSTOMER_TABLES = (Customer, ContactPoint, AttributeChange, NamePart)


def customer_tables(superuser: psycopg.Connection) -> list[Any]:
    """Everything that is written of customers, seen past all walls."""
    return [
        superuser.execute(f"SELECT md5(coalesce(string_agg(t::text, '' ORDER BY id), '')) FROM {name} t").fetchone()
        for name in (model._meta.db_table for model in CUSTOMER_TABLES)
    ]


def test_a_trial_says_what_would_follow_and_writes_nothing_to_customers(
    in_tenant: Tenant, now: datetime, superuser: psycopg.Connection
) -> None:
    taken(book(person(), person(customer_number="2"), company()), now)
    before = customer_tables(superuser)
    content = book(
        person(phone="080-9999-0000", occupation="学生", branch_code="9"),
        person(customer_number="2"),
        person(customer_number="3"),
        company(address="大阪府大阪市北区梅田1丁目"),
        person(customer_number="4", birth_on="2023-02-30"),
    )
    item = tried(content, now)
    assert (item.status, counts(item)) == (STATUS.CHECKED, (1, 2, 1, 1))
    changed = {"phone", "occupation", "branch_code", "address", "accounts"}  # the account goes with its branch
    assert item.attributes_changed == dict.fromkeys(changed, 1)
    assert customer_tables(superuser) == before
    with transaction.atomic():
        changes = {change.line: (change.before, change.after) for change in ImportChange.objects.all()}
        rejected = RejectedRow.objects.get()
    account = {"number": "1234567", "opened_on": "2010-04-01"}
    assert changes[2] == (
        {
            "phone": "+819012345678",
            "occupation": "employee",
            "branch_code": "001",
            "accounts": [account | {"branch": "001"}],
        },
        {
            "phone": "+818099990000",
            "occupation": "student",
            "branch_code": "009",
            "accounts": [account | {"branch": "009"}],
        },
    )
    assert changes[5][1] == {"address": "大阪府大阪市北区梅田1丁目"}
    assert (rejected.line, rejected.column, rejected.code) == (6, "birth_on", "no_such_date")
    done = committed(item, now)
    assert (done.status, counts(done)) == (STATUS.COMPLETED, (1, 2, 1, 1)), "control: the same numbers come true"
    assert customer_tables(superuser) != before
    with transaction.atomic():
        assert RejectedRow.objects.count() == 1, "the trial's rows are not there twice"
        assert not ImportChunk.objects.exists()


def test_nothing_is_taken_in_before_a_person_says_so(in_tenant: Tenant, now: datetime) -> None:
    item = begin(book(person()), now)
    assert item.status == STATUS.DRAFT
    assert run_waiting_imports(actor=WORKER, now=now) == 0
    confirm_layout(customer_import=item, columns=item.columns, actor=ACTOR, now=now)
    assert run_waiting_imports(actor=WORKER, now=now) == 1
    assert run_waiting_imports(actor=WORKER, now=now + timedelta(hours=1)) == 0, "it waits for the decision"
    with transaction.atomic():
        assert not Customer.objects.exists()
    commit_import(customer_import=item, actor=ACTOR, now=now)
    assert run_waiting_imports(actor=WORKER, now=now) == 1
    with transaction.atomic():
        assert Customer.objects.count() == 1
        events = AuditEvent.objects.filter(target_id=str(item.pk), kind="ACT").order_by("id")
        told = list(events.values_list("event", flat=True))
    assert [event.removeprefix("customerimport.") for event in told] == [
        "uploaded", "draft", "checking", "advanced", "checked", "committed", "running", "advanced", "completed",
        "purged", "counted",
    ]  # fmt: skip


def test_the_banks_own_columns_are_guessed_confirmed_and_remembered(in_tenant: Tenant, now: datetime) -> None:
    item = begin(own_book(person()), now)
    assert (item.status, item.encoding, item.delimiter) == (STATUS.DRAFT, "cp932", ";")
    assert item.columns[0] == "customer_number", "by the name inside the title"
    assert item.columns[own_columns().index("birth_on")] == "birth_on"
    assert item.columns[-1] is None
    with pytest.raises(StepRefused):
        confirm_layout(customer_import=item, columns=item.columns, actor=ACTOR, now=now)  # no kind, no name yet
    confirm_layout(customer_import=item, columns=own_columns(), actor=ACTOR, now=now)
    run_import(import_id=item.pk, actor=WORKER, now=now)
    assert counts(committed(anew(item), now)) == (1, 0, 0, 0)
    next_month = begin(own_book(person(), person(customer_number="2")), now)
    assert next_month.status == STATUS.CHECKING, "no click"
    run_import(import_id=next_month.pk, actor=WORKER, now=now)
    assert counts(anew(next_month)) == (1, 0, 1, 0)
    assert counts(taken(own_book(person(), person(customer_number="3")), now)) == (1, 0, 1, 0), "nor at night"


def test_the_same_titles_written_in_another_way_are_asked_about_again(in_tenant: Tenant, now: datetime) -> None:
    item = begin(own_book(person()), now)
    confirm_layout(customer_import=item, columns=own_columns(), actor=ACTOR, now=now)
    run_import(import_id=item.pk, actor=WORKER, now=now)
    committed(anew(item), now)
    assert begin(own_book(person()), now).status == STATUS.CHECKING, "control"
    for other in (own_book(person()).replace(b";", b"\t"), own_book(person()).decode("cp932").encode()):
        changed = begin(other, now)
        assert changed.status == STATUS.DRAFT
        assert changed.titles == item.titles


def test_what_one_bank_says_of_its_columns_is_not_remembered_for_another(
    tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    with tenant_context(tenant.pk):
        item = begin(own_book(person()), now)
        confirm_layout(customer_import=item, columns=own_columns(), actor=ACTOR, now=now)
        run_import(import_id=item.pk, actor=WORKER, now=now)
        assert begin(own_book(person()), now).status == STATUS.DRAFT, "not before it has proved right"
        committed(anew(item), now)
        assert begin(own_book(person()), now).status == STATUS.CHECKING, "control"
    with tenant_context(other_tenant.pk):
        assert begin(own_book(person()), now).status == STATUS.DRAFT
        with transaction.atomic():
            assert not ImportLayout.objects.exists()


def test_a_file_without_some_columns_keeps_its_own_cells_in_the_error_file(in_tenant: Tenant, now: datetime) -> None:
    item = begin(own_book(person(), person(customer_number="2", birth_on="x")) + b"1;2\r\n", now)
    confirm_layout(customer_import=item, columns=own_columns(), actor=ACTOR, now=now)
    run_import(import_id=item.pk, actor=WORKER, now=now)
    with transaction.atomic():
        rows = {row.line: row for row in RejectedRow.objects.all()}
        content = b"".join(error_file(anew(item))).decode("utf-8-sig").splitlines()
    assert rows[3].original[-1] == "佐藤"
    assert len(rows[3].original) == len(COLUMNS)
    assert rows[4].params["expected"] == len(COLUMNS), "as many as the file has"
    assert content[0].startswith('"お客様番号（CIF）","人格","お名前"')


def test_the_header_can_be_read_in_another_way(in_tenant: Tenant, now: datetime) -> None:
    content = "顧客番号|区分|氏名|口座番号|口座開設日|支店コード\r\n1|個人|甲|1234567|2010-04-01|1\r\n".encode()
    item = begin(content, now)
    assert item.delimiter == "|"
    read_anew(customer_import=item, encoding="cp932", delimiter=",", actor=ACTOR, now=now)
    assert len(anew(item).titles) == 1
    read_anew(customer_import=item, encoding="utf-8", delimiter="|", actor=ACTOR, now=now)
    assert anew(item).columns == ["customer_number", "kind", "name", "account_number", "opened_on", "branch_code"]


def test_columns_that_stand_for_the_same_are_refused(in_tenant: Tenant, now: datetime) -> None:
    item = begin(book(person()), now)
    with pytest.raises(StepRefused):
        confirm_layout(customer_import=item, columns=["name", "name", *item.columns[2:]], actor=ACTOR, now=now)
    with pytest.raises(StepRefused):
        confirm_layout(customer_import=item, columns=item.columns[:-1], actor=ACTOR, now=now)
    assert anew(item).status == STATUS.DRAFT


@pytest.mark.parametrize("at", [STATUS.DRAFT, STATUS.CHECKING, STATUS.CHECKED])
def test_a_file_is_thrown_away_with_all_its_pieces(in_tenant: Tenant, now: datetime, at: str) -> None:
    if at == STATUS.CHECKED:
        taken(book(person()), now)
        item = tried(book(person(phone="080-9999-0000"), person(customer_number="2", kind="?")), now)
    else:
        item = begin(book(person()), now)
    if at == STATUS.CHECKING:
        confirm_layout(customer_import=item, columns=item.columns, actor=ACTOR, now=now)
    discard_import(customer_import=item, actor=ACTOR, now=now)
    with transaction.atomic():
        assert anew(item).status == STATUS.DISCARDED
        for model in (ImportChunk, RejectedRow, ImportChange):
            assert not model.objects.filter(customer_import=item).exists(), model
    with pytest.raises(StepRefused):
        commit_import(customer_import=item, actor=ACTOR, now=now)


def test_a_file_nobody_decides_about_does_not_lie_about(in_tenant: Tenant, now: datetime) -> None:
    item = begin(book(person()), now)
    run_waiting_imports(actor=WORKER, now=now + DECIDE_WITHIN)
    assert anew(item).status == STATUS.DRAFT, "control: not yet"
    run_waiting_imports(actor=WORKER, now=now + DECIDE_WITHIN + timedelta(minutes=1))
    assert anew(item).status == STATUS.DISCARDED
    with transaction.atomic():
        assert not ImportChunk.objects.exists()


def test_the_columns_can_be_changed_after_the_trial(in_tenant: Tenant, now: datetime) -> None:
    item = tried(book(person(), person(customer_number="2", birth_on="x")), now)
    reopen_layout(customer_import=item, actor=ACTOR, now=now)
    again = anew(item)
    assert (again.status, counts(again), again.next_line) == (STATUS.DRAFT, (0, 0, 0, 0), 0)
    with transaction.atomic():
        assert not RejectedRow.objects.exists()
    confirm_layout(customer_import=again, columns=again.columns, actor=ACTOR, now=now)
    run_import(import_id=again.pk, actor=WORKER, now=now)
    assert counts(anew(again)) == (1, 0, 0, 1)


def test_a_trial_that_died_goes_on_after_its_last_batch(
    in_tenant: Tenant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", 10)
    rows = [person(customer_number=str(number)) for number in range(1, 36)]
    item = begin(book(*rows), now)
    confirm_layout(customer_import=item, columns=item.columns, actor=ACTOR, now=now)
    taken_over = claim(item.pk, actor=WORKER, now=now)
    assert taken_over is not None
    turn = Turn(taken_over, WORKER, now)
    file = KeptFile(taken_over)
    reader = MappedReader(file.layout(), now.date(), {})
    records = list(file.unread(file.layout(), reader))[:10]
    with transaction.atomic():
        turn.hold(writes=False)
        running._try(turn, read_batch(records, reader))
    assert run_waiting_imports(actor=WORKER, now=now + timedelta(seconds=30)) == 0, "the lease still holds"
    assert run_waiting_imports(actor=WORKER, now=now + timedelta(minutes=10)) == 1
    assert (anew(item).status, counts(anew(item))) == (STATUS.CHECKED, (35, 0, 0, 0))


def test_a_trial_counts_every_change_and_lists_the_first(
    in_tenant: Tenant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "LISTED", 3)
    taken(book(*(person(customer_number=str(number)) for number in range(1, 8))), now)
    item = tried(book(*(person(customer_number=str(number), occupation="学生") for number in range(1, 8))), now)
    assert item.attributes_changed == {"occupation": 7}
    with transaction.atomic():
        assert ImportChange.objects.filter(customer_import=item).count() == 3
    done = committed(item, now)
    with transaction.atomic():
        assert ImportChange.objects.filter(customer_import=done).count() == 7, "all are kept to be taken back"


def test_a_row_written_in_another_way_changes_nothing(in_tenant: Tenant, now: datetime) -> None:
    taken(book(person()), now)
    item = tried(book(person(phone="０９０−１２３４−５６７８".replace("−", "-"))), now)
    assert counts(item) == (0, 0, 1, 0)
    assert item.attributes_changed == {}


def test_a_batch_costs_the_same_queries_however_many_rows(in_tenant: Tenant, now: datetime) -> None:
    def queries(first: int, rows: int) -> int:
        old = [person(customer_number=str(first + number)) for number in range(rows)]
        taken(book(*old), now)
        item = begin(book(*({**row, "occupation": "学生"} for row in old), person(customer_number=str(first - 1))), now)
        if item.status == STATUS.DRAFT:
            confirm_layout(customer_import=item, columns=item.columns, actor=ACTOR, now=now)
        with CaptureQueriesContext(connection) as captured:
            run_import(import_id=item.pk, actor=WORKER, now=now)
        commit_import(customer_import=item, actor=ACTOR, now=now)
        with CaptureQueriesContext(connection) as written:
            run_import(import_id=item.pk, actor=WORKER, now=now)
        assert counts(anew(item)) == (1, rows, 0, 0)
        return len(captured) * 1_000 + len(written)

    queries(1_000, 2)  # whatever is cached on first use
    assert queries(2_000, 5) == queries(3_000, 300)


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        (HEADER, tuple(COLUMNS)),
        (("ＣＩＦ番号", "顧客名（漢字）", "カナ氏名", "メモ"), ("customer_number", "name", "kana", None)),
        (("氏名", "氏名"), ("name", None)),
        (("住所", "郵便番号（自宅）", "ご連絡先電話番号"), ("address", "postal_code", "phone")),
    ],
)
def test_titles_are_understood_by_whole_names_first(titles: tuple[str, ...], expected: tuple[str | None, ...]) -> None:
    assert guess_columns(titles) == expected


def test_a_file_that_needs_no_help_is_read_as_ever() -> None:
    content = book(person())
    assert guess_layout(content) == layout_of(content)
    assert guess_layout(content).columns == tuple(COLUMNS)
    assert line(person()).split(",")[0] == "0000000001"
