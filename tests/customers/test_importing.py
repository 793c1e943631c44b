"""Rows: what is read, and every way in which a row is rejected, with line, column and reason."""

from __future__ import annotations

from collections import Counter

import pytest

from customers.breaking import WAYS
from customers.decoding import COLUMNS, Record, layout_of, records_of
from customers.folding import fold_name
from customers.importing import CustomerRow, Rejection, RowReader
from customers.synthetic import make_book
from customers.synthetic_details import DETAILS
from customers.wording import column_title, sentence
from tests.customers.books import TODAY, book, company, person


def read(content: bytes) -> list[CustomerRow | Rejection]:
    layout = layout_of(content)
    reader = RowReader(layout, TODAY)
    return [reader.read(record) for record in records_of([content], layout)]


def row(cells: dict[str, str], encoding: str = "utf-8") -> CustomerRow:
    found = read(book(cells, encoding=encoding))[0]
    assert isinstance(found, CustomerRow), found
    return found


def errors(cells: dict[str, str], encoding: str = "utf-8") -> list[tuple[str, str]]:
    found = read(book(cells, encoding=encoding))[0]
    assert isinstance(found, Rejection), found
    for error in found.errors:
        text = sentence(error.code, error.params)
        assert text != sentence("no such code", {})
        assert "%(" not in text
        assert column_title(error.column)
    return [(error.column, error.code) for error in found.errors]


BAD_CELLS = [
    ("customer_number", "", "required"),
    ("customer_number", "番号", "bad_number"),
    ("customer_number", "1" * 21, "bad_number"),
    ("kind", "", "required"),
    ("kind", "自然人", "bad_kind"),
    ("name", "　", "required"),
    ("name", "寿" * 141, "too_long"),
    ("name", "\ue000田", "private_character"),
    ("name", "\U000f0001田", "private_character"),
    ("name", "あ\x07", "control_character"),
    ("name", "山\ufffd", "replacement_character"),
    ("kana", "山田", "bad_kana"),
    ("birth_on", "", "required"),
    ("birth_on", "2023-02-30", "no_such_date"),
    ("birth_on", "2023-13-01", "no_such_date"),
    ("birth_on", "80.5.3", "bad_date"),
    ("birth_on", "昭和64年1月8日", "after_era"),
    ("birth_on", "2.93E+04", "scientific"),
    ("address", "#REF!", "sheet_error"),
    ("last_reviewed_on", "######", "sheet_error"),
    ("birth_on", "2026-11-25", "in_the_future"),
    ("birth_on", "1899-12-31", "too_early"),
    ("postal_code", "", "required"),
    ("postal_code", "100-000", "bad_postal_code"),
    ("postal_code", "000-0000", "unknown_postal_code"),
    ("postal_code", "600001", "lost_zero"),
    ("address", "", "required"),
    ("address", "あ" * 201, "too_long"),
    ("phone", "090-1234", "bad_phone"),
    ("phone", "電話なし", "bad_phone"),
    ("phone", "+1 555", "bad_phone"),
    ("email", "hanako@", "bad_email"),
    ("email", "花子@mail.example.jp", "bad_email"),
    ("email", "a..b@mail.example.jp", "bad_email"),
    ("line_id", "U123", "bad_line_id"),
    ("nationality", "ムー大陸", "unknown_country"),
    ("country_of_residence", "XX", "unknown_country"),
    ("residence_expires_on", "来年", "bad_date"),
    ("occupation", "会社", "unknown_choice"),
    ("purpose", "ひみつ", "unknown_choice"),
    ("industry", "製造業", "not_for_kind"),
    ("is_foreign_pep", "不明", "bad_answer"),
    ("account_number", "", "required"),
    ("account_number", "12", "bad_account"),
    ("opened_on", "", "required"),
    ("last_reviewed_on", "2009-01-01", "before_opening"),
    ("last_reviewed_on", "2099-01-01", "in_the_future"),
    ("branch_code", "本店", "bad_branch"),
    ("branch_code", "", "required"),
]


@pytest.mark.parametrize(("column", "cell", "code"), BAD_CELLS)
def test_a_bad_cell_is_told_by_column_and_reason(column: str, cell: str, code: str) -> None:
    assert errors(person(**{column: cell})) == [(column, code)]


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("corporate_number", "123456789012", "bad_corporate_number"),
        ("corporate_number", "7000012050003", "corporate_check_digit"),
        ("industry", "製造", "unknown_choice"),
        ("birth_on", "2001-04-01", "not_for_kind"),
        ("occupation", "会社員", "not_for_kind"),
    ],
)
def test_a_bad_cell_of_a_company_is_told_as_well(column: str, cell: str, code: str) -> None:
    assert errors(company(**{column: cell})) == [(column, code)]


def test_all_errors_of_a_row_are_told_at_once() -> None:
    found = errors(person(birth_on="2023-02-30", email="x", last_reviewed_on="2000-01-01"))
    assert found == [("birth_on", "no_such_date"), ("email", "bad_email"), ("last_reviewed_on", "before_opening")]


@pytest.mark.parametrize(
    ("column", "cell", "fact"),
    [
        ("name", " 神﨑　𠮷子 ", "神﨑　𠮷子"),
        ("kana", "ｶﾝｻﾞｷ ﾖｼｺ", "ｶﾝｻﾞｷ ﾖｼｺ"),
        ("birth_on", "1980年5月3日", "1980-05-03"),
        ("birth_on", "１９８０／５／３", "1980-05-03"),
        ("birth_on", "19800503", "1980-05-03"),
        ("birth_on", "昭和55年5月3日", "1980-05-03"),
        ("birth_on", "Ｓ５５．５．３", "1980-05-03"),
        ("postal_code", "〒１００−０００５", "1000005"),
        ("phone", "０９０（１２３４）５６７８", "+819012345678"),
        ("phone", "03-3211-1111", "+81332111111"),
        ("phone", "+84 912 345 678", "+84912345678"),
        ("nationality", "VN", "VN"),
        ("nationality", "アメリカ合衆国", "US"),
        ("occupation", "employee", "employee"),
        ("handles_cash", "あり", True),
        ("account_number", "１２３-4567", "123-4567"),
    ],
)
def test_a_cell_is_read_however_it_is_written(column: str, cell: str, fact: object) -> None:
    assert row(person(**{column: cell})).facts[column] == fact


def test_a_blank_cell_says_nothing() -> None:
    facts = row(person(phone="", email="", sends_abroad="", kana="")).facts
    assert not {"phone", "email", "sends_abroad", "kana"} & set(facts)


def test_an_address_abroad_needs_no_postal_code() -> None:
    assert row(person(country_of_residence="US", postal_code="")).facts["country_of_residence"] == "US"


def test_a_number_used_twice_is_rejected_with_the_line_of_its_first_use() -> None:
    first, second, third = read(
        book(person(), person(customer_number=" ００００００0001 "), person(customer_number="2"), encoding="utf-8")
    )
    assert isinstance(first, CustomerRow)
    assert isinstance(third, CustomerRow)
    assert isinstance(second, Rejection)
    assert (second.errors[0].code, second.errors[0].params) == ("duplicate", {"first": 2})


def test_characters_outside_cp932_are_told_and_the_row_keeps_its_text() -> None:
    found = read(book(person(name="@@")).replace(b"@@", b"\x81\xadA"))[0]
    assert isinstance(found, Rejection)
    assert (found.errors[0].code, found.errors[0].params["byte"]) == ("undecodable", "81")
    assert "\\x81" in found.cells[2]


def test_a_row_reads_the_same_in_any_order_of_columns() -> None:
    order = list(COLUMNS)[::-1]
    titles = ",".join(COLUMNS[key][0] for key in order)
    content = f"{titles}\n{','.join(person().get(key, '') for key in order)}\n".encode()
    found = read(content)[0]
    assert isinstance(found, CustomerRow)
    assert (found.facts, found.source) == (row(person()).facts, row(person()).source)


def test_skipped_rows_still_count_for_duplicates() -> None:
    layout = layout_of(book(person()))
    reader = RowReader(layout, TODAY)
    records = list(records_of([book(person(), person())], layout))
    reader.skip(records[0])
    assert isinstance(reader.read(records[1]), Rejection)


def test_a_record_with_a_problem_keeps_its_text() -> None:
    reader = RowReader(layout_of(book(person())), TODAY)
    found = reader.read(Record(9, '1,"a', [], "unclosed_quote"))
    assert isinstance(found, Rejection)
    assert found.cells == ['1,"a']


def test_a_synthetic_book_breaks_in_every_way_and_nowhere_else() -> None:
    made = make_book(individuals=700, companies=60, seed=5, today=TODAY)
    results = read(made.content)
    rejected = [result for result in results if isinstance(result, Rejection)]
    assert (len(results) - len(rejected), len(rejected)) == (made.good, made.broken) == (760, 44)
    assert {error.code for result in rejected for error in result.errors} == WAYS


def test_a_synthetic_book_is_the_same_for_the_same_seed_and_plausible() -> None:
    made = make_book(individuals=2_000, companies=100, seed=6, today=TODAY)
    assert made.content == make_book(individuals=2_000, companies=100, seed=6, today=TODAY).content
    assert made.content != make_book(individuals=2_000, companies=100, seed=7, today=TODAY).content
    rows = [result for result in read(made.content) if isinstance(result, CustomerRow)]
    people = [found for found in rows if found.kind == "INDIVIDUAL"]
    post_only = [found for found in rows if not (found.line_id or "phone" in found.facts or "email" in found.facts)]
    assert 0.07 < len(post_only) / len(rows) < 0.15
    assert 0.03 < sum(found.facts["nationality"] != "JP" for found in people) / len(people) < 0.07
    assert all("residence_expires_on" in found.facts for found in people if found.facts["nationality"] != "JP")
    assert any("髙" in found.facts["name"] or "﨑" in found.facts["name"] for found in people)
    assert max(Counter(found.facts["name"] for found in people).values()) < 20


def test_a_detailed_book_tells_more_of_the_same_customers() -> None:
    """Seen by whoever opens a demonstration: no column of a customer's page stays empty for everybody."""
    plain = make_book(individuals=1_500, companies=80, seed=6, today=TODAY)
    made = make_book(individuals=1_500, companies=80, seed=6, today=TODAY, is_detailed=True)
    results = read(made.content)
    rejected = [result for result in results if isinstance(result, Rejection)]
    assert (len(results) - len(rejected), len(rejected)) == (made.good, made.broken) == (1_580, 44)
    assert {error.code for result in rejected for error in result.errors} == WAYS
    rows = [result for result in results if isinstance(result, CustomerRow)]
    usual = {found.number: found.facts for found in read(plain.content) if isinstance(found, CustomerRow)}
    told = [found.number for found in rows if usual[found.number].items() <= found.facts.items()]
    born = Counter(
        (fold_name(found.facts["name"]), found.facts["birth_on"]) for found in rows if found.kind == "INDIVIDUAL"
    )
    twice = sum(count == 2 for count in born.values())
    assert twice >= 8, "some people have two numbers, for whoever looks for doubles"
    assert len(rows) - len(told) <= twice, "everybody else is as in the book that tells less"
    assert {key for found in rows for key in found.facts} >= set(DETAILS)
    foreign = [found for found in rows if "residence_expires_on" in found.facts]
    assert all(found.facts["residence_status"] for found in foreign)
