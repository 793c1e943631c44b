"""Any layout and any values: every record has its length, and each value can be read back or is named as left out."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from customers.facts.catalogue import FACTS
from customers.facts.shape import Fact, Type
from integrations.returns.filling import ReturnFile, Subject
from integrations.returns.layouts import FILLS, FORMS, NEWLINES, PARTS, PLACES, Cell, form_from
from integrations.returns.sampling import sample_of
from integrations.returns.spelling import text_of
from integrations.returns.wording import reason

FILL = {"spaces": " ", "wide_spaces": "　", "zeros": "0"}
OWN = {"own_points": Fact(key="own_points", type=Type.NUMBER), "own_memo": Fact(key="own_memo", type=Type.TEXT)}
KNOWN = {**{key: fact for key, fact in FACTS.items() if fact.type is not Type.ACCOUNTS}, **OWN}
PLAIN = ("name", "kana", "address", "phone", "employer", "corporate_number", "own_memo")
KEYS = (*PLAIN, "occupation", "nationality", "tax_residences", "is_foreign_pep", "birth_on", "own_points")
ANY = st.text(st.characters(blacklist_categories=()), max_size=12)
USUAL = st.text(st.sampled_from("髙橋一郎ガクﾔﾏ〜−𠮷Ab 09-'=＋　\ue000"), max_size=12)
TEXT = ANY | USUAL
DAY = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(date.isoformat)
PERSON = st.fixed_dictionaries({"name": TEXT, "birth_on": DAY, "share_percent": st.integers(1, 100)})
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(PLAIN, TEXT),
    "occupation": st.sampled_from(list(FACTS["occupation"].list_of_codes() or {})),
    "nationality": st.sampled_from(["JP", "US", "KR"]),
    "tax_residences": st.lists(st.sampled_from(["JP", "US"]), min_size=1, max_size=2, unique=True),
    "is_foreign_pep": st.booleans(),
    "birth_on": DAY,
    "own_points": st.integers(-9, 10**9),
    "owners": st.lists(PERSON, max_size=PLACES + 1),
}
WHATS = [*KEYS, *(f"owners.{number}.{part}" for number in range(1, PLACES + 1) for part in PARTS)]


@st.composite
def layouts(draw: st.DrawFn) -> dict[str, Any]:
    """A layout that can be used, in any of the three formats."""
    kind = draw(st.sampled_from(["csv", "fixed", "xlsx"]))
    encoding = draw(st.sampled_from(["cp932", "utf-8"]))
    wide = len("　".encode(encoding))
    body: list[dict[str, Any]] = [{"what": "customer_number", "length": 10}]
    for what in draw(st.lists(st.sampled_from(WHATS), min_size=1, max_size=7)):
        cell: dict[str, Any] = {
            "what": what,
            "form": draw(st.sampled_from(FORMS)),
            "fill": draw(st.sampled_from(FILLS)),
        }
        cell["length"] = draw(st.integers(1, 15)) * wide
        if what == "occupation" and draw(st.booleans()):
            cell["values"] = {"employee": "1", "retired": "2"}
        body.append(cell)
        if draw(st.booleans()):
            body.append({"what": "mark:" + what.partition(".")[0], "length": 1})
    newline = draw(st.sampled_from(["crlf", "lf"] if kind == "csv" else list(NEWLINES)))
    return {"format": kind, "encoding": encoding, "newline": newline, "body": body}


def read_back(data: bytes, document: dict[str, Any], cells: tuple[Cell, ...]) -> list[str]:
    """The cells of the one record, as somebody reads them who knows the layout and not our code."""
    if document["format"] == "xlsx":
        (typed,) = (
            CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python(skip_empty_area=False)
        )
        return [str(cell) for cell in typed] + [""] * (len(cells) - len(typed))
    if document["format"] == "csv":
        (row,) = csv.reader(io.StringIO(data.decode(document["encoding"]), newline=""))
        return row
    ending = NEWLINES[document["newline"]].encode()
    assert len(data) == sum(cell.length for cell in cells) + len(ending)
    assert data.endswith(ending)
    found, at = [], 0
    for cell in cells:
        found.append(data[at : at + cell.length].decode(document["encoding"]))
        at += cell.length
    return found


def bare(text: str, cell: Cell, document: dict[str, Any]) -> str:
    """Without what a field is filled up with: of a value that ends in it nobody can tell how often."""
    if document["format"] != "fixed":
        return text
    return text.lstrip("0") if cell.fill == "zeros" else text.rstrip(FILL[cell.fill])


def written(cell: Cell, value: Any) -> str:
    """What ought to stand there."""
    if cell.place is None and cell.fact in PLAIN and cell.form == "as_is" and cell.fact != "phone":
        return str(value)
    if cell.values:
        return cell.values[value]
    if cell.fact == "is_foreign_pep" and cell.form == "as_is":
        return "有" if value else "無"
    return text_of(cell, value, KNOWN)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=layouts(), data=st.data())
def test_every_value_is_read_back_as_it_is_or_named(document: dict[str, Any], data: st.DataObject) -> None:
    form = form_from(document, facts=KNOWN)
    values = {key: data.draw(VALUES[key], label=key) for key in sorted(form.facts)}
    file = ReturnFile(form, number=1, on=date(2026, 11, 24))
    line, hindered = file.record(Subject("0000000001", "COMPANY", "001"), values)
    said = [reason(why.code, why.params) for why in hindered.values()]
    assert all(said)
    assert not any("%(" in one for one in said)
    carried = {key: value for key, value in values.items() if key not in hindered}
    if not carried:
        assert line == b""
        assert file.totals.records == 0
        return
    assert file.totals.changes == len(carried)
    places = {cell.place[0] for cell in form.body if cell.place}
    assert set(range(len(carried.get("owners", [])))) <= places, "nobody without a place"
    found = read_back(file.head() + line + file.tail(), document, form.body)
    assert found[0] == "0000000001"
    for cell, text in zip(form.body[1:], found[1:], strict=True):
        if cell.marks:
            wanted = "0" if cell.marks not in carried else "2" if carried[cell.marks] in ("", [], None) else "1"
            assert text == wanted
        elif cell.fact in carried:
            assert bare(text, cell, document) == bare(written(cell, carried[cell.fact]), cell, document)
        else:
            assert bare(text, cell, document) == "", "of what is left out nothing is written"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=layouts())
def test_whoever_has_more_owners_than_the_layout_has_places_for_is_named_and_nobody_dropped(
    document: dict[str, Any],
) -> None:
    form = form_from(document, facts=KNOWN)
    places = {cell.place[0] for cell in form.body if cell.place}
    people = [{"name": f"株主{number}", "birth_on": "1960-01-01", "share_percent": 20} for number in range(PLACES + 1)]
    if places:
        _line, hindered = ReturnFile(form, number=1, on=date(2026, 11, 24)).record(
            Subject("0000000001", "COMPANY", "001"), {"owners": people}
        )
        assert hindered["owners"].code == "places"
        assert hindered["owners"].params == {"people": PLACES + 1, "places": len(places)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=layouts())
def test_any_layout_has_a_sample_of_lines(document: dict[str, Any]) -> None:
    form = form_from(document, facts=KNOWN)
    assert len(sample_of(form, on=date(2026, 11, 24))) <= 1, "none where no field has room"


def test_every_fact_has_a_value_in_the_sample() -> None:
    whats = [what for key in KNOWN for what in ([f"owners.1.{part}" for part in PARTS] if key == "owners" else [key])]
    body = [{"what": "customer_number"}, *({"what": what} for what in whats)]
    form = form_from({"format": "csv", "encoding": "utf-8", "newline": "lf", "body": body}, facts=KNOWN)
    (line,) = sample_of(form, on=date(2026, 11, 24))
    (row,) = csv.reader([line])
    shown = dict(zip(whats, row[1:], strict=True))
    assert (shown["is_foreign_pep"], shown["owners.1.name"], shown["own_points"]) == ("有", "見本　一郎", "3")
    free = {what for what in whats if KNOWN[what.partition(".")[0]].type in (Type.NAME, Type.KANA, Type.ADDRESS)}
    assert [what for what, text in shown.items() if not text and what not in free] == []
