"""How return files are written: in pieces, in the layouts of each core system, kept sealed, or thrown away whole."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import psycopg
import pytest
from django.db import transaction
from python_calamine import CalamineWorkbook

from audit.services import Actor
from customers.destroying import destroy_customers
from integrations.returns.models import ReturnBatch, ReturnedChange, ReturnPiece
from integrations.returns.selectors import left_out_file
from integrations.returns.services import (
    KEPT,
    ReturnRefused,
    destroy_old_files,
    make_waiting,
    prepare_batch,
    release_batch,
    take_file,
)
from tenants.models import Tenant, User
from tests.campaigns.acting import enter
from tests.conftest import NOW, SYSTEM
from tests.customers.attributes import define
from tests.customers.related.behind import company
from tests.integrations.acting import change, content, dealt_with, due, fresh, lay_out, lines, made, released
from tests.integrations.layouts import CSV, FIXED


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
