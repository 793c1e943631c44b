"""The bytes of return files: fields, widths, marks, totals, and everything that must not be written."""

from __future__ import annotations

import csv
import io
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.facts.catalogue import BY_KEY
from customers.facts.catalogue import FACTS as CATALOGUE
from customers.facts.shape import Fact, Type
from integrations.returns.filling import ReturnFile, Subject
from integrations.returns.layouts import Cell, LayoutInvalid, ReturnForm, document_of, form_from
from integrations.returns.spelling import Hindrance, text_of
from integrations.returns.wording import layout_problem, reason
from tests.integrations.layouts import CSV, FIXED

FACTS = CATALOGUE
DAY = date(2026, 11, 24)
ONE = Subject("0000000001", "INDIVIDUAL", "001")
TWO = Subject("0000000012", "INDIVIDUAL", "001")


def form(document: dict[str, Any], **changes: Any) -> ReturnForm:
    return form_from({**deepcopy(document), **changes}, facts=FACTS)


def begun(document: dict[str, Any], **changes: Any) -> ReturnFile:
    return ReturnFile(form(document, **changes), number=7, on=DAY)


def rows(data: bytes, encoding: str = "cp932") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(encoding), newline="")))


def test_a_csv_file_has_titles_what_changed_and_marks() -> None:
    file = begun(CSV)
    data = file.head()
    line, hindered = file.record(ONE, {"name": "佐々木　花子", "phone": "+818011112222", "email": None})
    data += line + file.tail()
    assert hindered == {}
    assert rows(data) == [
        ["顧客番号", "氏名", "氏名変更", "住所", "郵便番号", "電話番号", "メール", "メール変更", "職業"],
        ["0000000001", "佐々木　花子", "1", "", "", "08011112222", "", "2", ""],
    ]
    assert (file.totals.records, file.totals.changes, file.totals.hash_total) == (1, 3, 1)


def test_a_fixed_file_counts_bytes_and_closes_with_totals() -> None:
    file = begun(FIXED)
    data = file.head()
    for subject, changes in (
        (ONE, {"kana": "ヤマダ　ガク", "name": "山田　学", "phone": "+819012345678"}),
        (TWO, {"occupation": "retired"}),
    ):
        line, hindered = file.record(subject, changes)
        assert hindered == {}
        data += line
    data += file.tail()
    lines = data.split(b"\r\n")
    assert lines.pop() == b""
    assert {len(line) for line in lines} == {64}
    assert lines[0].decode("cp932") == "1" + "000007" + "20261124" + " " * 49
    assert (
        lines[1].decode("cp932")
        == "2" + "0000000001" + "ﾔﾏﾀﾞ ｶﾞｸ".ljust(20) + "1" + "山田　学　　　　　　" + "09012345678 "
    )
    assert lines[2].decode("cp932") == "2" + "0000000012" + " " * 20 + "0" + "　" * 10 + " " * 11 + "R"
    assert lines[3].decode("cp932") == "8" + "000002" + "000004" + "000000000013" + " " * 39
    assert lines[4].decode("cp932") == "9" + " " * 63


@pytest.mark.parametrize(
    ("document", "fact", "value", "code"),
    [
        (CSV, "name", "𠮷田　花子", "characters"),
        (CSV, "name", "\ue000田", "characters"),
        (CSV, "address", "東京都\n千代田区", "characters"),
        (CSV, "name", "=HYPERLINK(1)", "formula"),
        (CSV, "address", None, "no_mark"),
        (FIXED, "name", "あ" * 11, "too_long"),
        (FIXED, "name", "ABC", "not_wide"),
        (FIXED, "occupation", "student", "no_code"),
        (FIXED, "occupation", ["employee", "retired"], "several"),
        (CSV, "address", [{"name": "山田"}], "several"),
    ],
)
def test_what_cannot_be_written_is_named_and_the_rest_goes(
    document: dict[str, Any], fact: str, value: object, code: str
) -> None:
    """Never replaced, never cut: a neighbour of the same customer is written all the same."""
    file = begun(document)
    line, hindered = file.record(ONE, {fact: value, "phone": "+819012345678"})
    assert {key: why.code for key, why in hindered.items()} == {fact: code}
    assert b"09012345678" in line
    assert file.totals.changes == 1
    assert "%(" not in reason(code, hindered[fact].params)


def test_the_characters_are_named_by_their_code_points() -> None:
    _, hindered = begun(CSV).record(ONE, {"name": "𠮷〜田"})
    assert hindered["name"] == Hindrance("characters", {"points": ["U+20BB7", "U+301C"]})
    line, hindered = begun(CSV, encoding="utf-8-sig").record(ONE, {"name": "𠮷〜田"})
    assert hindered == {}, "control: another encoding holds them"
    assert rows(line, "utf-8")[0][1] == "𠮷〜田"


def test_a_customer_whose_number_does_not_fit_is_left_out_whole() -> None:
    file = begun(FIXED)
    line, hindered = file.record(Subject("C-12345678901", "COMPANY", "1"), {"phone": "+819012345678"})
    assert (line, hindered["phone"].code) == (b"", "too_long")
    assert file.totals.records == 0


def test_a_list_is_written_as_our_own_import_parts_it() -> None:
    document = {**CSV, "body": [CSV["body"][0], {"what": "tax_residences", "title": "居住地国"}]}
    line, hindered = begun(document).record(ONE, {"tax_residences": ["JP", "US"]})
    assert (rows(line)[0][1], hindered) == ("日本、アメリカ合衆国", {})
    assert BY_KEY["tax_residences"].read(rows(line)[0][1]) == ["JP", "US"]


@pytest.mark.parametrize(
    "fact", [fact for fact in CATALOGUE.values() if fact.list_of_codes()], ids=lambda fact: fact.key
)
def test_every_code_is_written_as_our_own_import_reads_it(fact: Fact) -> None:
    codes = list(fact.list_of_codes() or {})
    written = {code: text_of(Cell(fact.key), code, FACTS) for code in codes}
    several = fact.type is Type.COUNTRIES
    assert {code: fact.read(text) for code, text in written.items()} == {
        code: [code] if several else code for code in codes
    }


def test_nothing_to_carry_is_no_record() -> None:
    file = begun(CSV)
    line, hindered = file.record(ONE, {"name": "𠮷"})
    assert (line, list(hindered), file.totals.records) == (b"", ["name"], 0)


def _broken(
    change: dict[str, Any], record: str = "body", place: int = 1, base: dict[str, Any] = FIXED
) -> dict[str, Any]:
    document = deepcopy(base)
    document[record][place] |= change
    return document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({**CSV, "format": "pdf"}, "unreadable"),
        ({}, "unreadable"),
        ({**CSV, "body": [{"what": 3}]}, "unreadable"),
        ({**FIXED, "encoding": "utf-8-sig"}, "encoding"),
        ({**CSV, "newline": "none"}, "newline"),
        ({**CSV, "body": CSV["body"][1:]}, "nothing"),
        ({**CSV, "body": CSV["body"][:1]}, "nothing"),
        ({**CSV, "body": [*CSV["body"], {"what": "owners"}]}, "unknown"),
        ({**CSV, "header": [{"what": "records"}]}, "unknown"),
        ({**CSV, "body": [CSV["body"][0], CSV["body"][1], {"what": "mark:email"}]}, "mark_alone"),
        ({**CSV, "body": [{"what": "text"}] * 401}, "too_many"),
        (_broken({"length": 0}), "length"),
        (_broken({"length": 11}), "lengths"),
        (_broken({"text": "12345678901"}), "does_not_fit"),
        (_broken({"values": {"employee": "AB"}}, place=6), "does_not_fit"),
        (_broken({"text": "𠮷"}, place=0), "characters"),
        (_broken({"text": "\n"}, place=0), "characters"),
    ],
)
def test_a_layout_that_cannot_work_is_refused_with_the_reason(document: dict[str, Any], code: str) -> None:
    with pytest.raises(LayoutInvalid) as refused:
        form_from(document, facts=FACTS)
    assert refused.value.code == code
    assert "%(" not in layout_problem(code, refused.value.params)


@pytest.mark.parametrize("document", [CSV, FIXED])
def test_a_layout_is_kept_as_json_and_comes_back(document: dict[str, Any]) -> None:
    assert form_from(document_of(form(document)), facts=FACTS) == form(document)


TEXT = st.text(st.characters(blacklist_categories=()), max_size=30)


@given(name=TEXT, kana=TEXT, phone=TEXT)
def test_every_record_of_a_fixed_file_has_its_length_whatever_the_values_are(name: str, kana: str, phone: str) -> None:
    file = begun(FIXED)
    line, hindered = file.record(ONE, {"name": name, "kana": kana, "phone": phone, "occupation": "retired"})
    assert len(line) == 66
    assert line.endswith(b"\r\n")
    assert b"\n" not in line[:64]
    if "name" not in hindered:
        assert line[32:52].decode("cp932").rstrip("　") == name.rstrip("　")
    if name in ("", None):
        assert "name" in hindered, "an erased value without a mark"


@given(values=st.fixed_dictionaries({"name": TEXT, "address": TEXT, "email": TEXT}))
def test_a_csv_file_gives_back_exactly_what_went_in_or_names_it(values: dict[str, str]) -> None:
    file = begun(CSV, titles=False)
    line, hindered = file.record(ONE, values)
    carried = {key: value for key, value in values.items() if key not in hindered}
    if not carried:
        assert line == b""
        return
    (cells,) = rows(line)
    assert cells[0] == ONE.number
    assert dict(zip(("name", "address", "email"), (cells[1], cells[3], cells[6]), strict=True)) == {
        key: carried.get(key, "") for key in values
    }
