"""The register's files and differences: every line accounted for, resumable, repeatable, never backwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from companies import loading
from companies.loading import GapFound, LoadRefused, covered_until, load_differences, load_file, missing_days
from companies.models import CorporateRecord, RegistryChange, RegistryLoad
from companies.opening import FileRefused, rows_in, sha256_of
from companies.protocols import RegistryUnavailable
from companies.providers.houjin_v4 import HoujinV4
from sandbox.houjin import csv_lines
from sandbox.houjin_records import Record
from tests.companies.conftest import Agency, file_of, number_of, packed, record
from tests.conftest import NOW
from tests.customers.books import company

FULL, DIFFERENCE = RegistryLoad.Kind.FULL, RegistryLoad.Kind.DIFFERENCE
DAY = date(2026, 11, 20)  # a Friday
pytestmark = pytest.mark.usefixtures("db_clean")


def load(path: Path, *, kind: str = FULL, day: date = DAY, accept_gap: bool = False) -> RegistryLoad:
    return load_file(path=path, kind=kind, day=day, now=NOW, accept_gap=accept_gap)


def names() -> dict[str, str]:
    return dict(CorporateRecord.objects.values_list("number", "name"))


def changes() -> list[tuple[str, str]]:
    return list(RegistryChange.objects.order_by("pk").values_list("number", "kind"))


def moved(one: Record, on: date = DAY, **what: Any) -> Record:
    return replace(one, process="12", changed_on=on.isoformat(), **{"street": "大手町９丁目", **what})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_full_file_is_read_in_each_encoding(tmp_path: Path, encoding: str) -> None:
    done = load(file_of(tmp_path / "all.zip", *map(record, range(1, 8)), encoding=encoding))
    assert (done.rows_read, done.rows_new, done.rows_rejected) == (7, 7, 0)
    assert done.finished_at == NOW
    row = CorporateRecord.objects.get(pk=number_of(3))
    assert (row.name, row.name_fold, row.kind) == ("株式会社見本3", "見本3", "301")
    assert (row.prefecture + row.city + row.street, row.updated_on) == (
        "東京都千代田区丸の内１丁目２－３",
        date(2015, 10, 5),
    )
    assert changes() == []


def test_texts_are_kept_to_the_character(tmp_path: Path) -> None:
    """Quotes, backslashes, braces, commas, 〓 and characters beyond the basic plane."""
    hostile = ['株式会社"引用"', "a\\b", "{NULL}", "a,b", "〓商店", "𠮷野家", "'; DROP TABLE x; --", "NULL", '","']
    load(file_of(tmp_path / "all.zip", *[record(n, name=name) for n, name in enumerate(hostile)]))
    assert [names()[number_of(n)] for n in range(len(hostile))] == hostile
    load(file_of(tmp_path / "next.zip", *[moved(record(n, name=name)) for n, name in enumerate(hostile)]))
    assert {kind for _, kind in changes()} == {"MOVED"}


def test_a_file_that_was_read_is_not_read_again(tmp_path: Path) -> None:
    first = load(file_of(tmp_path / "all.zip", record(1)))
    again = load(file_of(tmp_path / "same.zip", record(1)))
    assert (again.pk, again.rows_read, RegistryLoad.objects.count()) == (first.pk, 1, 1)


def test_a_run_that_died_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "BATCH", 4)
    path = file_of(tmp_path / "all.zip", *map(record, range(1, 12)))

    def power_cut(now: RegistryLoad) -> None:
        if now.rows_read == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_file(path=path, kind=FULL, day=DAY, now=NOW, advanced=power_cut)
    assert len(names()) == 8
    assert covered_until() is None
    done = load(path)
    assert (done.rows_new, done.rows_read, done.lines_done) == (11, 11, 11)
    assert RegistryLoad.objects.count() == 1


def test_two_processes_do_not_read_one_file(tmp_path: Path, superuser: psycopg.Connection) -> None:
    path = file_of(tmp_path / "all.zip", *map(record, range(1, 5)))
    RegistryLoad.objects.create(kind=FULL, sha256=sha256_of(path), last_on=DAY, started_at=NOW)
    with superuser.transaction():
        superuser.execute("SELECT FROM companies_registryload FOR UPDATE")
        with pytest.raises(LoadRefused, match="taken"):
            load(path)
    assert names() == {}
    assert load(path).rows_new == 4, "control: alone it is read"


def test_what_a_newer_file_says_is_changed_and_noted(tmp_path: Path) -> None:
    old = [record(n) for n in range(1, 7)]
    load(file_of(tmp_path / "a.zip", *old), day=DAY - timedelta(days=30))
    closed: dict[str, Any] = {
        "process": "21",
        "changed_on": "2026-11-18",
        "closed_on": "2026-11-18",
        "close_cause": "01",
    }
    new = [
        old[0],
        moved(old[1]),
        replace(old[2], process="11", changed_on="2026-11-19", name="株式会社新見本"),
        replace(old[3], **closed),
        replace(old[4], **{**closed, "process": "71", "close_cause": "11", "successor": number_of(1)}),
        moved(old[5], name="株式会社両方"),
        record(9),
    ]
    done = load(file_of(tmp_path / "b.zip", *new))
    assert (done.rows_new, done.rows_changed, done.rows_same) == (1, 5, 1)
    assert sorted(changes(), key=lambda one: (one[0][1:], one[1])) == [
        (number_of(2), "MOVED"),
        (number_of(3), "RENAMED"),
        (number_of(4), "CLOSED"),
        (number_of(5), "MERGED"),
        (number_of(6), "MOVED"),
        (number_of(6), "RENAMED"),
    ]
    merged = RegistryChange.objects.get(number=number_of(5))
    assert (merged.happened_on, merged.after["successor"]) == (date(2026, 11, 18), number_of(1))
    renamed = RegistryChange.objects.get(number=number_of(3))
    assert (renamed.before["name"], renamed.after["name"]) == ("株式会社見本3", "株式会社新見本")
    back = replace(old[3], process="22", changed_on="2026-11-20")
    load(file_of(tmp_path / "diff.zip", back), kind=DIFFERENCE, day=DAY + timedelta(days=3))
    assert changes()[-1] == (number_of(4), "REOPENED")


def test_an_older_file_takes_nothing_back(tmp_path: Path) -> None:
    load(file_of(tmp_path / "new.zip", moved(record(1)), record(2)))
    done = load(file_of(tmp_path / "old.zip", record(1), record(2), record(3)), day=DAY - timedelta(days=90))
    assert (done.rows_new, done.rows_changed, done.rows_same) == (1, 0, 2)
    assert CorporateRecord.objects.get(pk=number_of(1)).street == "大手町９丁目"
    assert changes() == []


def test_former_entries_are_counted_and_kept_nowhere(tmp_path: Path) -> None:
    steps = [replace(record(1), is_latest=False), replace(record(1), process="12", changed_on="2026-11-19")]
    done = load(file_of(tmp_path / "all.zip", *steps, record(2)))
    assert (done.rows_new, done.rows_former, done.rows_read) == (2, 1, 3)


def test_a_line_that_is_no_entry_is_counted_with_its_reason(tmp_path: Path) -> None:
    lines = csv_lines([record(1).values(1), [*record(2).values(2)[:-1]], record(3).values(3)])
    done = load(packed(tmp_path / "all.zip", lines.replace(number_of(3), "8" * 13)))
    assert (done.rows_new, done.rows_rejected, done.rows_read) == (1, 2, 3)
    assert RegistryLoad.objects.get().rejections == [[2, "fields"], [3, "number"]]


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoadRefused, match="rejected"):
        load(packed(tmp_path / "ken_all.zip", "01101,060,0600000,ホッカイドウ\r\n" * 1_001))
    assert names() == {}


def broken_files(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    good = csv_lines([record(n).values(n) for n in range(1, 300)]).encode()
    whole = packed(tmp_path / "whole.zip", good).read_bytes()
    for name, content in {
        "cut": whole[: len(whole) // 2],
        "flipped": whole[:2000] + bytes([whole[2000] ^ 0xFF]) + whole[2001:],
        "not_zip": b"PK\x03\x04 not at all",
    }.items():
        (tmp_path / f"{name}.zip").write_bytes(content)
        yield "broken", tmp_path / f"{name}.zip"
    yield "nul (line 2)", packed(tmp_path / "nul.zip", good[: good.index(b"\n") + 1] + b"1,\0,2\r\n")
    yield "encoding (line 2)", packed(tmp_path / "mixed.zip", "海\r\n".encode() * 200_000 + b"")
    yield "line_too_long (line 1)", packed(tmp_path / "long.zip", b"1" * 10_000_000)
    yield "not_one_csv", packed(tmp_path / "other.zip", b"1", name="readme.txt")


def test_a_broken_file_is_refused_with_its_reason_and_line(tmp_path: Path) -> None:
    for code, path in broken_files(tmp_path):
        if path.name == "mixed.zip":
            packed(path, "海,海\r\n".encode() * 200_000 + "東京".encode("cp932") + b"\x80\r\n")
            code = "encoding (line 200001)"
        with pytest.raises(FileRefused) as caught:
            for _ in rows_in(path):
                pass
        assert str(caught.value).startswith(code), path.name


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = packed(tmp_path / "bomb.zip", b"0" * 3_000_000)
    with pytest.raises(FileRefused, match="too_large"):
        list(rows_in(bomb, max_unpacked=1_000_000))
    assert bomb.stat().st_size < 10_000, "control"


def test_days_that_are_missing_before_a_difference_are_noticed(tmp_path: Path) -> None:
    load(file_of(tmp_path / "all.zip", record(1)))  # until Friday the 20th
    monday = file_of(tmp_path / "mon.zip", moved(record(1), DAY + timedelta(days=3)))
    thursday = file_of(tmp_path / "thu.zip", moved(record(1), DAY + timedelta(days=6), street="別の町"))
    with pytest.raises(GapFound) as caught:
        load(thursday, kind=DIFFERENCE, day=DAY + timedelta(days=6))
    assert [day.day for day in caught.value.missing] == [23, 24, 25]
    assert changes() == []
    load(monday, kind=DIFFERENCE, day=DAY + timedelta(days=3))
    load(thursday, kind=DIFFERENCE, day=DAY + timedelta(days=6), accept_gap=True)
    assert covered_until() == DAY + timedelta(days=6)
    assert [kind for _, kind in changes()] == ["MOVED", "MOVED"]
    assert missing_days(DAY, DAY + timedelta(days=3)) == []


def test_differences_are_asked_for_since_the_last_day_and_in_order(
    agency: Agency, houjin: HoujinV4, tmp_path: Path
) -> None:
    """Three days later, then after 120 days of silence: in windows of at most 50 days, without a gap."""
    agency.knows(*[company(customer_number=f"C-{n}", corporate_number=number_of(n)) for n in (1, 2)])
    load(agency.download(tmp_path / "zenkoku_all.zip"), day=DAY)
    assert set(names()) > {number_of(1), number_of(2)}
    agency.happens((number_of(1), "moved:2026-11-21"), (number_of(2), "closed:2027-02-01"))
    first = load_differences(registry=houjin, today=DAY + timedelta(days=4), now=NOW)
    assert [(one.first_on, one.last_on, one.rows_changed) for one in first] == [
        (DAY + timedelta(days=1), DAY + timedelta(days=3), 1)
    ]
    later = load_differences(registry=houjin, today=DAY + timedelta(days=124), now=NOW)
    assert [(one.last_on - one.first_on).days + 1 for one in later if one.first_on] == [50, 50, 20]
    assert later[0].first_on == DAY + timedelta(days=4)
    assert changes() == [(number_of(1), "MOVED"), (number_of(2), "CLOSED")]
    assert load_differences(registry=houjin, today=DAY + timedelta(days=124), now=NOW) == []


def test_without_a_full_file_the_agencys_own_word_is_taken(agency: Agency, houjin: HoujinV4) -> None:
    """The first question reaches 50 days back; of a company never seen before, the process says what happened."""
    agency.knows(*[company(customer_number=f"C-{n}", corporate_number=number_of(n)) for n in range(1, 6)])
    fates = ["moved", "renamed", "closed", "merged", "reopened"]
    agency.happens(*[(number_of(n), f"{fate}:2026-11-10") for n, fate in enumerate(fates, start=1)])
    (done,) = load_differences(registry=houjin, today=date(2026, 11, 24), now=NOW)
    assert (done.first_on, done.rows_new) == (date(2026, 10, 5), 5)
    assert sorted(changes()) == sorted(
        (number_of(n), kind) for n, kind in enumerate(["MOVED", "RENAMED", "CLOSED", "MERGED", "REOPENED"], start=1)
    )


def test_an_answer_that_broke_off_is_asked_for_again(agency: Agency, houjin: HoujinV4) -> None:
    agency.knows(company(corporate_number=number_of(1)))
    agency.happens((number_of(1), "moved:2026-11-10"))
    agency.weather.set(request={"houjin": {"fail_before": 1.0}})
    with pytest.raises(RegistryUnavailable):
        load_differences(registry=houjin, today=date(2026, 11, 24), now=NOW)
    assert covered_until() is None
    agency.weather.set(request={"houjin": None})
    (done,) = load_differences(registry=houjin, today=date(2026, 11, 25), now=NOW)
    assert (done.last_on, done.rows_new, RegistryLoad.objects.count()) == (date(2026, 11, 24), 1, 1)


def test_the_application_may_write_the_register_and_never_delete_from_it(
    tmp_path: Path, superuser: psycopg.Connection
) -> None:
    load(file_of(tmp_path / "all.zip", record(1)))
    for table in ("companies_corporaterecord", "companies_registrychange", "companies_registryload"):
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
    with pytest.raises(DatabaseError), transaction.atomic():
        RegistryChange.objects.update(kind="MOVED")
    superuser.execute("DELETE FROM companies_corporaterecord")
    assert names() == {}, "control: somebody with the right can"


def test_the_command_loads_a_downloaded_file_and_says_so(
    agency: Agency, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = agency.download(tmp_path / "00_zenkoku_all_20261120.zip", encoding="cp932")
    call_command("load_corporate_numbers", str(path))
    assert "4 rows, 4 new, 0 changed, 0 the same, 0 former, 0 not read" in capsys.readouterr().out
    assert covered_until() == DAY
    gap = agency.download(tmp_path / "diff_20261127.zip", day="2026-11-27")
    with pytest.raises(CommandError, match="2026-11-23, 2026-11-24, 2026-11-25, 2026-11-26"):
        call_command("load_corporate_numbers", str(gap))
    with pytest.raises(CommandError, match="no file"):
        call_command("load_corporate_numbers", str(tmp_path / "zenkoku_all_20261121.zip"))
    with pytest.raises(CommandError, match="--kind and --day"):
        call_command("load_corporate_numbers", str(path.rename(tmp_path / "download.zip")))


def test_readers_of_the_table_do_not_wait_for_a_look_up_beside_a_load(tmp_path: Path, agency: Agency) -> None:
    """Two writers of overlapping companies, each in the order of the numbers, end without a deadlock."""
    paths = [
        file_of(tmp_path / f"{n}.zip", *[moved(record(i), street=f"{n}丁目") for i in range(1, 400)]) for n in (1, 2)
    ]
    failures: list[BaseException] = []

    def run(path: Path) -> None:
        try:
            load(path)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert CorporateRecord.objects.count() == 399


def test_the_sandboxs_files_are_as_the_agencys(agency: Agency) -> None:
    refused = httpx.get(f"{agency.weather.sandbox.url}/houjin/files/diff.zip", params={"day": "yesterday"}, timeout=5)
    assert refused.status_code == 400
