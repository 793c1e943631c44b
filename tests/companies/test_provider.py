"""The corporate number web API, version 4: what is asked, what is believed, and what never leaves the adapter."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.conf import settings

from companies.protocols import RegistryRefused, RegistryUnavailable, RegistryUnreadable
from companies.providers.houjin_v4 import HoujinV4, full_width
from companies.reading import BadEntry, is_corporate_number, read_entry
from sandbox.houjin import csv_lines
from tenants.outgoing import guarded_client
from tests.companies.conftest import ID, Agency, number_of, record
from tests.customers.books import company

MOVED_ON = date(2026, 11, 20)
TAX_AGENCY, CLOSED, TRADER, MAKER = "7000012050002", "1010001012570", "5010401067252", "6120001039879"


def test_companies_come_in_the_order_asked_and_unknown_ones_are_left_out(houjin: HoujinV4) -> None:
    found = houjin.by_numbers([MAKER, number_of(999), CLOSED, TAX_AGENCY, MAKER])
    assert [entry.number for entry in found] == [MAKER, CLOSED, TAX_AGENCY]
    closed = found[1]
    assert (closed.process, closed.closed_on, closed.close_cause) == ("21", date(2022, 1, 19), "01")
    assert (closed.kind, closed.postal_code, closed.assigned_on) == ("301", "1000004", date(2015, 10, 5))


def test_history_is_oldest_first_and_only_the_last_is_the_latest(houjin: HoujinV4, agency: Agency) -> None:
    agency.knows(company(corporate_number=number_of(1)))
    agency.happens((number_of(1), f"merged:{MOVED_ON}"))
    past = houjin.by_numbers([number_of(1)], with_history=True)
    assert [entry.is_latest for entry in past] == [False, True]
    assert (past[1].process, past[1].successor, past[1].closed_on) == ("71", MAKER, MOVED_ON)


@pytest.mark.parametrize("numbers", [[], [number_of(n) for n in range(11)], ["1000012050002"], ["7000012050002 "]])
def test_what_the_agency_would_refuse_is_not_asked(houjin: HoujinV4, numbers: list[str]) -> None:
    with pytest.raises(ValueError, match="one to ten"):
        houjin.by_numbers(numbers)


def test_a_name_is_found_by_its_beginning_or_anywhere_and_in_full_width(houjin: HoujinV4, agency: Agency) -> None:
    agency.knows(company(corporate_number=number_of(1), name="株式会社ＡＢＣ&Co"))
    assert [entry.number for entry in houjin.by_name("商事").entries] == [TRADER]
    assert houjin.by_name("商事", anywhere=False).entries == ()
    assert [entry.number for entry in houjin.by_name("サンプル商事", anywhere=False).entries] == [TRADER]
    assert [entry.number for entry in houjin.by_name("ABC&Co").entries] == [number_of(1)]
    assert {entry.number for entry in houjin.by_name("サンプル").entries} == {CLOSED, TRADER, MAKER}
    assert CLOSED not in {entry.number for entry in houjin.by_name("サンプル", has_closed=False).entries}
    assert full_width("A b～") == "Ａ　ｂ～"


def test_a_former_name_is_found_only_when_asked_for(houjin: HoujinV4, agency: Agency) -> None:
    agency.knows(company(corporate_number=number_of(1), name="株式会社うみかぜ"))
    agency.happens((number_of(1), f"renamed:{MOVED_ON}"))
    assert [entry.name for entry in houjin.by_name("うみかぜ").entries] == ["株式会社うみかぜホールディングス"]
    assert {entry.is_latest for entry in houjin.by_name("うみかぜ", is_former=True).entries} == {False, True}


def test_differences_come_part_by_part_and_whole(houjin: HoujinV4, agency: Agency) -> None:
    agency.knows(*[company(customer_number=f"C-{n}", corporate_number=number_of(n)) for n in range(2_345)])
    agency.happens(("", f"moved:{MOVED_ON}"))
    parts = list(houjin.differences(MOVED_ON - timedelta(days=49), MOVED_ON))
    assert [(part.part, part.size, part.count, len(part.entries)) for part in parts] == [
        (1, 2, 2_345, 2_000),
        (2, 2, 2_345, 345),
    ]
    assert len({entry.number for part in parts for entry in part.entries}) == 2_345


@pytest.mark.parametrize("days", [-1, 50, 400])
def test_more_days_than_the_agency_gives_at_once_are_not_asked(houjin: HoujinV4, days: int) -> None:
    with pytest.raises(ValueError, match="one to 50 days"):
        list(houjin.differences(MOVED_ON, MOVED_ON + timedelta(days=days)))


@pytest.mark.parametrize(("outcome", "code"), [("fail_before", "http_500"), ("rate_limited", "http_503")])
def test_trouble_at_the_agency_is_trouble_that_passes(
    houjin: HoujinV4, agency: Agency, outcome: str, code: str
) -> None:
    agency.weather.set(request={"houjin": {outcome: 1.0}})
    with pytest.raises(RegistryUnavailable) as caught:
        houjin.by_numbers([MAKER])
    assert caught.value.code == code


def test_a_wrong_application_id_and_a_wrong_parameter_are_said_apart(agency: Agency, houjin: HoujinV4) -> None:
    with guarded_client() as http:
        stranger = HoujinV4(http=http, url=agency.url, application_id="somebody", pace=0)
        with pytest.raises(RegistryRefused, match="application_id"):
            stranger.by_numbers([MAKER])
    with pytest.raises(RegistryRefused, match="021"):
        houjin.by_name("")


def test_questions_are_a_second_apart(agency: Agency) -> None:
    waits: list[float] = []
    with guarded_client(max_body=1_000_000) as http:
        slow = HoujinV4(http=http, url=agency.url, application_id=ID, wait=waits.append)
        slow.by_numbers([MAKER])
        slow.by_name("商事")
        slow.by_numbers([TRADER])
    assert waits == [1.0, 1.0]


def test_the_application_id_is_in_no_log_and_no_error(
    houjin: HoujinV4, agency: Agency, caplog: pytest.LogCaptureFixture
) -> None:
    """At the level that production logs at; the same library left to itself tells it (control)."""
    caplog.set_level(logging.INFO)
    assert logging.getLogger("httpx").level == logging.WARNING
    agency.weather.set(request={"houjin": {"fail_before": 1.0}})
    with pytest.raises(RegistryUnavailable) as caught:
        houjin.by_numbers([MAKER])
    assert ID not in caplog.text
    assert ID not in repr(caught.value)
    assert caught.value.__cause__ is None
    caplog.set_level(logging.INFO, logger="httpx")
    with pytest.raises(RegistryUnavailable):
        houjin.by_numbers([MAKER])
    assert ID in caplog.text


type Answer = Callable[[str], tuple[int, bytes]]


@pytest.fixture
def stand_in() -> Iterator[Callable[[Answer], HoujinV4]]:
    """An agency that says what a test wants, over a real socket."""
    servers: list[ThreadingHTTPServer] = []
    clients: list[httpx.Client] = []
    was = settings.SANDBOX_URL

    def start(answer: Answer) -> HoujinV4:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answer(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Silence."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        settings.SANDBOX_URL = f"http://127.0.0.1:{server.server_address[1]}"
        clients.append(guarded_client())
        return HoujinV4(http=clients[-1], url=f"{settings.SANDBOX_URL}/4/", application_id=ID, pace=0)

    yield start
    settings.SANDBOX_URL = was
    for client in clients:
        client.close()
    for server in servers:
        server.shutdown()
        server.server_close()


def body(*lines: list[str], count: int | None = None, part: int = 1, size: int = 1, on: str = "2026-11-20") -> bytes:
    return f"{on},{len(lines) if count is None else count},{part},{size}\r\n{csv_lines(lines)}".encode()


GOOD = record(1).values(1)


def test_a_stand_in_that_answers_well_is_believed(stand_in: Callable[[Answer], HoujinV4]) -> None:
    """Positive control of the next test; and the question is as the agency describes it."""
    asked: list[str] = []

    def answer(path: str) -> tuple[int, bytes]:
        asked.append(path)
        return 200, body(GOOD)

    assert [entry.number for entry in stand_in(answer).by_numbers([number_of(1)])] == [number_of(1)]
    address = urlsplit(asked[0])
    assert address.path == "/4/num"
    assert parse_qs(address.query) == {"id": [ID], "type": ["02"], "number": [number_of(1)], "history": ["0"]}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "answer"),
        (b"<html>maintenance</html>", "answer"),
        (body(GOOD)[:-40], "answer"),
        (body(GOOD).decode().encode("utf-16"), "answer"),
        (body(GOOD).replace("見本".encode(), b"\x83"), "answer"),
        (body(GOOD[:-1]), "fields"),
        (body([*GOOD, ""]), "fields"),
        (body([*GOOD[:1], "1000012050002", *GOOD[2:]]), "number"),
        (body([*GOOD[:4], "2026-02-30", *GOOD[5:]]), "date"),
        (body([*GOOD[:23], "2", *GOOD[24:]]), "latest"),
        (body(GOOD, count=2), "count"),
        (body(GOOD, part=2, size=2), "part"),
        (body(record(2).values(1)), "other_company"),
    ],
)
def test_an_answer_that_is_not_as_described_is_not_believed(
    stand_in: Callable[[Answer], HoujinV4], content: bytes, code: str
) -> None:
    with pytest.raises(RegistryUnreadable) as caught:
        stand_in(lambda path: (200, content)).by_numbers([number_of(1)])
    assert caught.value.code == code


def test_parts_of_two_different_answers_do_not_make_one(stand_in: Callable[[Answer], HoujinV4]) -> None:
    def answer(path: str) -> tuple[int, bytes]:
        is_first = "divide=1" in path
        return 200, body(GOOD, count=2, part=1 if is_first else 2, size=2, on=f"2026-11-2{0 if is_first else 1}")

    with pytest.raises(RegistryUnavailable, match="changed_meanwhile"):
        list(stand_in(answer).differences(MOVED_ON, MOVED_ON))


def test_a_part_with_too_few_entries_is_noticed_at_the_end(stand_in: Callable[[Answer], HoujinV4]) -> None:
    with pytest.raises(RegistryUnreadable, match="count"):
        list(stand_in(lambda path: (200, body(GOOD, count=2))).differences(MOVED_ON, MOVED_ON))


@pytest.mark.parametrize(("status", "said"), [(403, "application_id"), (400, "http_400"), (418, "http_418")])
def test_other_refusals_are_refusals(stand_in: Callable[[Answer], HoujinV4], status: int, said: str) -> None:
    with pytest.raises(RegistryRefused, match=said):
        stand_in(lambda path: (status, b"?")).by_numbers([MAKER])


def test_nobody_there_and_an_endless_answer_are_trouble_that_passes(stand_in: Callable[[Answer], HoujinV4]) -> None:
    with pytest.raises(RegistryUnavailable, match="network"):
        stand_in(lambda path: (200, b"x" * 100_000)).by_numbers([MAKER])
    settings.SANDBOX_URL = "http://127.0.0.1:1"
    with guarded_client() as http, pytest.raises(RegistryUnavailable, match="network"):
        HoujinV4(http=http, url="http://127.0.0.1:1/4", application_id=ID, pace=0).by_numbers([MAKER])


def test_check_digits_follow_the_published_rule() -> None:
    for number in (TAX_AGENCY, CLOSED, TRADER, MAKER):
        assert is_corporate_number(number)
        assert not is_corporate_number(str((int(number[0]) + 1) % 10) + number[1:])
    assert not is_corporate_number("７０００012050002")
    with pytest.raises(BadEntry, match="successor"):
        read_entry([*GOOD[:20], "1", *GOOD[21:]])
