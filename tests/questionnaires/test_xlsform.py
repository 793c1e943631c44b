"""XLSForm out and in again: the same document comes back, whatever it asks."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from questionnaires import standard
from questionnaires.schema import InvalidQuestionnaire
from questionnaires.shaping import parse
from questionnaires.xlsform import expressions
from questionnaires.xlsform.expressions import Of, Unreadable
from questionnaires.xlsform.reading import Outcome, document_of
from questionnaires.xlsform.workbooks import read_workbook
from questionnaires.xlsform.writing import sheets_of, workbook_of
from tests.questionnaires.documents import EVERYTHING, document, page, question

type Document = dict[str, Any]

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029"),
    min_size=1,
    max_size=30,
).filter(lambda said: said.strip() != "")
TEXTS = st.fixed_dictionaries({"ja": WORDS}, optional={"en": WORDS})
VALUES = st.sampled_from(["salary", "pension", "other", "none"])
CONDITIONS = st.recursive(
    st.one_of(
        st.builds(lambda op, to: {op: [{"var": "q0"}, to]}, st.sampled_from(["===", "!=="]), VALUES),
        st.builds(lambda to: {"in": [{"var": "q0"}, to]}, st.lists(VALUES, min_size=1, max_size=3, unique=True)),
        st.builds(lambda to: {"in": [to, {"var": "q1"}]}, VALUES),
        st.builds(
            lambda op, to: {op: [{"var": "q2"}, to]},
            st.sampled_from(["===", "!==", "<", "<=", ">", ">="]),
            st.integers(-9, 10**12) | st.sampled_from([0.5, -1.25, 1e300]),
        ),
        st.builds(lambda to: {"===": [{"var": "q3"}, to]}, st.booleans()),
        st.builds(lambda to: {"===": [{"var": "q4"}, to]}, st.text("ab'\"$ {}", max_size=6)),
        st.builds(lambda name: {"===": [{"var": f"changed:{name}"}, True]}, st.sampled_from(["q0", "q4"])),
    ),
    lambda part: (
        st.builds(lambda op, to: {op: to}, st.sampled_from(["and", "or"]), st.lists(part, min_size=1, max_size=3))
        | st.builds(lambda to: {"!": [to]}, part)
    ),
    max_leaves=6,
)
LIMITS = st.one_of(
    st.just({}),
    st.builds(lambda least, more: {"min": least, "max": least + more}, st.integers(-5, 9), st.integers(0, 99)),
    st.builds(lambda most: {"max": most}, st.integers(0, 10**9)),
)
DAYS = st.sampled_from(["today", "today-18y", "today+3m", "2026-04-01"])


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A page that asks of every sort, then pages with conditions on it, checks and calculations."""
    first = page(
        "first",
        question("q0", "radio", choices="funds", label=draw(TEXTS)),
        question("q1", "checkboxes", choices="funds", constraints=draw(st.sampled_from([{}, {"min_chosen": 2}]))),
        question("q2", "amount", constraints=draw(LIMITS), required=draw(st.booleans())),
        question("q3", "yes_no", sensitivity="sensitive"),
        question("q4", draw(st.sampled_from(["text", "paragraph"])), hint=draw(TEXTS)),
    )
    later = question("q5", "date", constraints={draw(st.sampled_from(["earliest", "latest"])): draw(DAYS)})
    second = page("second", later, question("q6", "country", maps_to="nationality"), show_if=draw(CONDITIONS))
    if draw(st.booleans()):
        second["checks"] = [{"holds": draw(CONDITIONS), "at": "q6", "message": draw(TEXTS)}]
    calculated = [{"id": "total", "sum": ["q2"]}, {"id": "flag", "holds": draw(CONDITIONS)}]
    made = document(first, second, title=draw(TEXTS), calculated=calculated[: draw(st.integers(0, 2))])
    if not made["calculated"]:
        del made["calculated"]
    return made


def back(made: Document) -> Outcome:
    """Written and read again, without the file between."""
    cells = {
        name: [(1, headings), *[(at, [row.get(one, "") for one in headings]) for at, row in enumerate(rows, start=2)]]
        for name, (headings, rows) in sheets_of(made).items()
    }
    return document_of(cells)


@given(documents())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_is_read_back_the_same(made: Document) -> None:
    try:
        parse(made)
    except InvalidQuestionnaire:
        assume(False)
    outcome = back(made)
    assert outcome.errors == ()
    assert outcome.document == made


@pytest.mark.parametrize(
    "made", [standard.document(name) for name in standard.READY] + [EVERYTHING], ids=lambda d: d["id"]
)
def test_a_workbook_is_one_for_other_tools_and_comes_back_the_same(made: Document) -> None:
    """pyxform, on which other tools are built, takes it; every ready questionnaire and every kind of question."""
    workbook = read_workbook(workbook_of(made))
    assert workbook.pyxform == ""
    outcome = document_of(workbook.sheets)
    assert outcome.errors == ()
    assert outcome.document == made


@pytest.mark.parametrize("said", ["=1+1", '=HYPERLINK("http://evil.example","x")', "+81", "@SUM(A1)", "-2+3"])
def test_words_that_look_like_a_formula_stay_words(said: str) -> None:
    made = document(page("first", question("q0", "text", label={"ja": said, "en": said})))
    data = workbook_of(made)
    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
        assert said in [cell for row in book.get_sheet_by_name("survey").iter_rows() for cell in row]
    assert b"<f>" not in _unpacked(data)
    assert document_of(read_workbook(data).sheets).document == made


def _unpacked(data: bytes) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"".join(archive.read(name) for name in archive.namelist() if "worksheets" in name)


NAMES = {"a": Of.TEXT, "n": Of.NUMBER, "s": Of.SEVERAL, "y": Of.YES_NO, "d": Of.DECLARATION, "f": Of.FLAG}


@pytest.mark.parametrize(
    ("said", "logic"),
    [
        ("${a} = 'x'", {"===": [{"var": "a"}, "x"]}),
        ('${a} != "x"', {"!==": [{"var": "a"}, "x"]}),
        ("${n} >= 5 and ${n} < 10", {"and": [{">=": [{"var": "n"}, 5]}, {"<": [{"var": "n"}, 10]}]}),
        ("${y} = 'yes' or ${f} = 'true'", {"or": [{"===": [{"var": "y"}, True]}, {"===": [{"var": "f"}, True]}]}),
        ("not(selected(${s}, 'b'))", {"!": [{"in": ["b", {"var": "s"}]}]}),
        ("selected('x z', ${a})", {"in": [{"var": "a"}, ["x", "z"]]}),
        ("selected(${a}, 'x')", {"===": [{"var": "a"}, "x"]}),
        ("${d} = 'OK'", {"===": [{"var": "d"}, True]}),
        ("${n} > '3'", {">": [{"var": "n"}, 3]}),
    ],
)
def test_an_expression_is_read_as_a_condition(said: str, logic: Document) -> None:
    assert expressions.condition(said, NAMES) == logic


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("${zz} = 'x'", "unknown_name"),
        ("${a} = ${n}", "not_read"),
        ("count(${a}) > 1", "not_read"),
        ("${a} = 'x' and", "not_read"),
        ("jr:choice-name(${a}, '${a}') = 'x'", "not_read"),
        ("${a} > 5", "not_a_number"),
        ("${n} = 'many'", "not_a_number"),
        ("${s} = 'b'", "use_selected"),
        ("${y} = 'perhaps'", "not_yes_or_no"),
        (". > today()", "speaks_of_itself"),
        ("${a} < today()", "day_of_another"),
        ("(" * 30 + "${a} = 'x'" + ")" * 30, "too_deep"),
        ("${a} = 'x' or " * 300 + "${a} = 'x'", "too_long"),
        (". > date('2026-13-01')", "bad_day"),
    ],
)
def test_what_is_outside_the_part_that_is_read_is_refused(said: str, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        expressions.condition(said, NAMES)
    assert refused.value.code == code


@given(st.text("${}().='<>! andorots123\"x,", max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_a_cell_is_read_or_refused(said: str) -> None:
    try:
        found = expressions.read(said, NAMES)
    except Unreadable:
        return
    assert isinstance(found, dict | expressions.Bound)
