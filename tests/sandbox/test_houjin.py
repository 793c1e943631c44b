"""The tax agency's corporate number service."""

import csv
import io
import xml.etree.ElementTree as ElementTree
from datetime import date, timedelta

import httpx
import pytest

from sandbox.houjin_records import FIELDS, check_digit, is_corporate_number

from .conftest import Sandbox

UMINEKO = "6120001039879"


def ask(sandbox: Sandbox, what: str, **query: str) -> httpx.Response:
    return httpx.get(f"{sandbox.url}/houjin/4/{what}", params={"id": "sandbox-houjin", "type": "02", **query})


def rows_of(answer: httpx.Response, encoding: str = "utf-8") -> tuple[list[str], list[dict[str, str]]]:
    head, *records = csv.reader(io.StringIO(answer.content.decode(encoding)))
    return head, [dict(zip(FIELDS, record, strict=True)) for record in records]


@pytest.mark.parametrize(("kind", "encoding"), [("01", "cp932"), ("02", "utf-8")])
def test_a_number_is_answered_with_30_fields_in_both_encodings(sandbox: Sandbox, kind: str, encoding: str) -> None:
    head, records = rows_of(ask(sandbox, "num", number=UMINEKO, type=kind), encoding)
    assert head[1:] == ["1", "1", "1"]
    (record,) = records
    assert (record["corporateNumber"], record["kind"], record["latest"]) == (UMINEKO, "301", "1")
    assert record["name"].startswith("株式会社")


def test_xml_carries_the_same_fields(sandbox: Sandbox) -> None:
    root = ElementTree.fromstring(ask(sandbox, "num", number=f"{UMINEKO},1010001012570", type="12").content)
    assert [root.findtext(name) for name in ("count", "divideNumber", "divideSize")] == ["2", "1", "1"]
    first, second = root.findall("corporation")
    assert [child.tag for child in first] == list(FIELDS)
    assert (second.findtext("closeDate"), second.findtext("closeCause")) == ("2022-01-19", "01")


def test_a_bad_id_is_404_and_a_bad_number_is_400(sandbox: Sandbox) -> None:
    assert ask(sandbox, "num", number=UMINEKO, id="wrong").status_code == 404
    refused = ask(sandbox, "num", number="1234567890123")
    assert refused.status_code == 400
    assert refused.text.startswith("042,")
    assert ask(sandbox, "num", number=UMINEKO, type="99").status_code == 400


def test_an_unknown_number_is_an_empty_list(sandbox: Sandbox) -> None:
    head, records = rows_of(ask(sandbox, "num", number=f"{check_digit('9' * 12)}{'9' * 12}"))
    assert (head[1], records) == ("0", [])


def test_a_name_is_found_by_its_beginning_or_a_part_in_full_width(sandbox: Sandbox) -> None:
    assert [r["corporateNumber"] for r in rows_of(ask(sandbox, "name", name="サンプル商事"))[1]] == ["5010401067252"]
    assert rows_of(ask(sandbox, "name", name="商事"))[1] == []
    assert len(rows_of(ask(sandbox, "name", name="商事", mode="2"))[1]) == 1
    assert ask(sandbox, "name", name="ABC").status_code == 400


def test_a_closed_company_can_be_left_out(sandbox: Sandbox) -> None:
    assert len(rows_of(ask(sandbox, "name", name="サンプル清算"))[1]) == 1
    assert rows_of(ask(sandbox, "name", name="サンプル清算", close="0"))[1] == []


COMPANY = (
    "顧客番号,区分,氏名,カナ,法人番号,郵便番号,住所\r\n"
    "H1,法人,株式会社かもめ運輸,カブシキガイシャカモメウンユ,7000012050002,1000004,東京都千代田区大手町1-1-1\r\n"
    "H2,法人,有限会社とび商店,ユウゲンガイシャトビショウテン,{number},4600008,愛知県名古屋市中区栄3-5-12\r\n"
)
TOBI = f"{check_digit('123456789012')}123456789012"


@pytest.mark.parametrize(
    ("fate", "process", "closed"), [("closed", "21", True), ("merged", "71", True), ("moved", "12", False)]
)
def test_a_company_of_the_book_can_have_changed_since(sandbox: Sandbox, fate: str, process: str, closed: bool) -> None:
    book = COMPANY.format(number=TOBI).encode("cp932")
    assert sandbox.control.post("/control/people", params={"bank": "komorebi"}, content=book).status_code == 200
    sandbox.rule({"provider": "houjin", "match": {"equals": TOBI}, "outcome": fate})
    _, (now,) = rows_of(ask(sandbox, "num", number=TOBI))
    assert (now["process"], bool(now["closeDate"]), now["kind"]) == (process, closed, "302")
    assert (now["prefectureName"], now["cityName"], now["prefectureCode"]) == ("愛知県", "名古屋市中区", "23")
    _, past = rows_of(ask(sandbox, "num", number=TOBI, history="1"))
    assert [record["latest"] for record in past] == ["0", "1"]
    changed = date.fromisoformat(now["changeDate"])
    window = {"from": (changed - timedelta(days=1)).isoformat(), "to": changed.isoformat()}
    assert TOBI in [r["corporateNumber"] for r in rows_of(ask(sandbox, "diff", **window))[1]]


def test_a_diff_of_more_than_50_days_is_refused(sandbox: Sandbox) -> None:
    assert ask(sandbox, "diff", **{"from": "2026-01-01", "to": "2026-06-01"}).status_code == 400


def test_check_digits_follow_the_published_rule() -> None:
    for number in ("7000012050002", "1010001012570", "5010401067252", "6120001039879"):
        assert is_corporate_number(number)
    assert not is_corporate_number("1000012050002")
