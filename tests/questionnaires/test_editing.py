"""Whatever is edited, a document stays one that can be judged, and nothing in it gets lost on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questionnaires import standard
from questionnaires.building.composing import CannotCompare, Row, logic_of, rows_of
from questionnaires.building.differing import Change, What, changes_between
from questionnaires.building.editing import (
    add_page,
    add_question,
    duplicate_page,
    duplicate_question,
    move_page,
    move_question,
    remove_page,
    remove_question,
    write_calculated,
    write_choices,
    write_heading,
    write_page,
    write_question,
)
from questionnaires.building.missing import by_language, missing_words
from questionnaires.building.parts import EditRefused, page_of, question_of, questions_of
from questionnaires.building.reaching import reach_of_page
from questionnaires.building.readout import sentence_of
from questionnaires.building.taking import pieces_between, taken
from questionnaires.building.ways import stops_of, unreachable
from questionnaires.conditions import evaluate_plainly, parse_condition
from questionnaires.faults import faults_of
from questionnaires.schema import InvalidQuestionnaire, Kind
from questionnaires.shaping import parse
from tests.questionnaires.documents import EVERYTHING, document, page, question

type Edit = Callable[[dict[str, Any]], dict[str, Any]]

DOCUMENTS = [EVERYTHING, standard.document("individual"), standard.document("company")]


def ids(made: dict[str, Any]) -> list[str]:
    return [asked["id"] for _, asked in questions_of(made)]


@st.composite
def edits(draw: st.DrawFn) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """One edit of whatever the document holds by then, chosen by numbers so that it can be replayed."""
    which, first, second, third = (draw(st.integers(0, 40)) for _ in range(4))
    kind = draw(st.sampled_from(list(Kind)))

    def edit(made: dict[str, Any]) -> dict[str, Any]:
        pages = [one["id"] for one in made["pages"]]
        asked = ids(made)
        some_page = pages[first % len(pages)] if pages else "gone"
        some = asked[second % len(asked)] if asked else "gone"
        held = question_of(made, some) or {"id": some}
        renamed = {**held, "id": f"renamed_{third}"}
        every: list[Callable[[], dict[str, Any]]] = [
            lambda: add_page(made, after=some_page),
            lambda: duplicate_page(made, some_page),
            lambda: remove_page(made, some_page),
            lambda: move_page(made, some_page, third),
            lambda: add_question(made, some_page, kind),
            lambda: duplicate_question(made, some),
            lambda: remove_question(made, some),
            lambda: move_question(made, some, some_page, third),
            lambda: write_question(made, some, renamed),
            lambda: write_question(made, some, {**held, "required": True, "kind": str(kind)}),
            lambda: write_heading(made, {"ja": "題"}, ["en", "ja", "vi"], "ja"),
            lambda: write_choices(made, "funds", []),
        ]
        try:
            return every[which % len(every)]()
        except EditRefused:
            return made

    return edit


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(DOCUMENTS), st.lists(edits(), max_size=12))
def test_whatever_is_edited_can_be_judged_told_and_compared(start: dict[str, Any], steps: list[Edit]) -> None:
    kept = deepcopy(start)
    made = start
    for step in steps:
        before = deepcopy(made)
        after = step(made)
        assert made == before, "what was there before is left alone"
        made = after
    assert start == kept
    json.dumps(made)
    faults = faults_of(made)
    if faults:
        with pytest.raises(InvalidQuestionnaire):
            parse(made)
    else:
        assert len(missing_words(made)) <= len(parse(made).untranslated)
        assert set(unreachable(parse(made))) <= {one["id"] for one in made["pages"]}
    assert [stop.id for stop in stops_of(made, "ja", end="")] == [one["id"] for one in made["pages"]]
    assert bool(changes_between(start, made, "ja")) is (
        json.dumps(start, sort_keys=True) != json.dumps(made, sort_keys=True)
    )
    assert changes_between(made, made, "en") == []


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(DOCUMENTS), st.lists(edits(), max_size=8), st.data())
def test_whatever_differs_is_taken_over_wholly_or_in_pieces(
    start: dict[str, Any], steps: list[Edit], data: st.DataObject
) -> None:
    goal = start
    for step in steps:
        goal = step(goal)
    changes = pieces_between(start, goal, "ja")
    every = [change.key for change in changes]
    assert pieces_between(taken(start, goal, every), goal, "ja") == []
    some = data.draw(st.sets(st.sampled_from(every))) if every else set()
    partly = taken(start, goal, some)
    faults_of(partly)
    left = {change.key for change in pieces_between(partly, goal, "ja")}
    assert not left & {key for key in some if key.startswith(("added question", "removed", "changed question"))}
    assert start == taken(start, goal, [])


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_moving_keeps_every_question_and_back_again_is_as_before(data: st.DataObject) -> None:
    start = data.draw(st.sampled_from(DOCUMENTS))
    name = data.draw(st.sampled_from(ids(start)))
    goal = data.draw(st.sampled_from([one["id"] for one in start["pages"]]))
    moved = move_question(start, name, goal, data.draw(st.integers(0, 10)))
    assert sorted(ids(moved)) == sorted(ids(start))
    [(home, at)] = [
        (one["id"], number)
        for one in start["pages"]
        for number, asked in enumerate(one["questions"])
        if asked["id"] == name
    ]
    assert move_question(moved, name, home, at) == start
    turned = move_page(start, goal, 0)
    assert sorted(ids(turned)) == sorted(ids(start))
    place = [one["id"] for one in start["pages"]].index(goal)
    assert move_page(turned, goal, place) == start


def test_what_reads_a_question_follows_its_new_name() -> None:
    renamed = write_question(
        EVERYTHING, "handles_cash", {**(question_of(EVERYTHING, "handles_cash") or {}), "id": "cash"}
    )
    assert parse(renamed).page("abroad").show_if.reads == {"cash", "funds"}  # type: ignore[union-attr]
    monthly = write_question(EVERYTHING, "monthly", {**(question_of(EVERYTHING, "monthly") or {}), "id": "each_month"})
    assert parse(monthly).calculated[0].reads == ("each_month", "yearly")
    moved = write_question(EVERYTHING, "address", {**(question_of(EVERYTHING, "address") or {}), "id": "home"})
    assert parse(moved).page("evidence").show_if.reads == {"changed:home"}  # type: ignore[union-attr]
    total = write_calculated(EVERYTHING, "total", {"id": "sum_of_all", "sum": ["monthly", "yearly"]})
    assert parse(total).page("end_of_it").show_if.reads == {"sum_of_all"}  # type: ignore[union-attr]


def test_a_copied_page_reads_its_own_answers_and_keeps_none_in_the_file() -> None:
    told = page(
        "cash",
        question("pays", "yes_no", maps_to="handles_cash"),
        question("note", "text"),
        checks=[{"holds": {"===": [{"var": "pays"}, True]}, "at": "pays", "message": {"ja": "違います"}}],
        block=True,
    )
    copied = duplicate_page(document(told), "cash")
    second = copied["pages"][1]
    names = [one["id"] for one in second["questions"]]
    assert names == ["pays_1", "note_1"]
    assert second["checks"][0]["at"] == "pays_1"
    assert second["checks"][0]["holds"] == {"===": [{"var": "pays_1"}, True]}
    assert "maps_to" not in second["questions"][0]
    assert parse(copied).pages[1].block is False


def test_names_that_are_taken_and_parts_that_are_gone_are_refused() -> None:
    made = document(page("one", question("a", "text"), question("b", "text")))
    with pytest.raises(EditRefused):
        write_question(made, "a", question("b", "text"))
    with pytest.raises(EditRefused):
        write_page(made, "one", {"id": "a", "title": {}, "why": {}})
    with pytest.raises(EditRefused):
        remove_page(made, "two")
    with pytest.raises(EditRefused):
        remove_question(made, "c")
    with pytest.raises(EditRefused):
        move_page(made, "x", 0)


def test_every_fault_is_named_at_its_place_and_none_because_of_another() -> None:
    made = document(
        page("one", question("a", "text", label={"ja": "暗証番号"}), question("b", "radio", choices="nothing")),
        page("two", question("c", "yes_no"), show_if={"===": [{"var": "a"}, "x"]}),
        page("three", question("d", "text"), show_if={"===": [{"var": "nobody"}, "x"]}),
    )
    faults = faults_of(made)
    assert [(one.page, one.question, one.part) for one in faults] == [
        ("one", "a", "label"),
        ("one", "b", "choices"),
        ("three", "", "show_if"),
    ]
    unfit = faults_of({**made, "pages": [{**made["pages"][0], "questions": []}]})
    assert [(one.page, one.part) for one in unfit] == [("one", "questions")]


def test_conditions_are_told_in_both_languages() -> None:
    told = sentence_of(EVERYTHING["pages"][3]["show_if"], EVERYTHING, "en")
    assert told == "“Question handles_cash” is “Yes” and “Question funds” includes “Salary”"
    for logic, words in (
        ({"!": [{"in": ["none", {"var": "funds"}]}]}, "“Question funds” does not include “None of these”"),
        ({">": [{"var": "monthly"}, 1_000_000]}, "“Question monthly” is more than 1,000,000 yen"),
        ({"!==": [{"var": "nationality"}, "JP"]}, "“Question nationality” is not “Japan”"),
        ({"===": [{"var": "changed:address"}, True]}, "“Question address” differs from the file"),
        ({"!": [{"===": [{"var": "moved"}, True]}]}, "it is not so that “Question moved” is “Yes”"),
        (
            {"or": [{"and": [{"<": [{"var": "payments"}, 3]}, {"in": [{"var": "main_fund"}, ["salary", "other"]]}]}]},
            "“Question payments” is less than 3 and “Question main_fund” is one of “Salary; Other”",
        ),
        ({"nonsense": 3}, ""),
    ):
        assert sentence_of(logic, EVERYTHING, "en").strip("()") == words


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_rows_make_the_condition_that_they_show(data: st.DataObject) -> None:
    reach = reach_of_page(EVERYTHING, "", "en")
    offered = reach.comparables
    rows = []
    for _ in range(data.draw(st.integers(1, 4))):
        answer = data.draw(st.sampled_from(sorted(offered)))
        operator = data.draw(st.sampled_from(["===", "!==", "<", ">=", "has", "lacks"]))
        value = data.draw(st.sampled_from([*dict(offered[answer].values), "12", "x"]))
        rows.append(Row(answer, operator, value))
    joint = data.draw(st.sampled_from(["and", "or"]))
    try:
        logic = logic_of(joint, rows, reach)
    except CannotCompare:
        return
    parse_condition(logic)
    shown = rows_of(logic)
    assert shown is not None
    assert list(shown.rows) == rows
    assert logic_of(shown.joint, shown.rows, reach) == logic


def test_a_list_of_values_is_shown_as_alternatives_and_other_shapes_are_not_shown() -> None:
    one_of = {"in": [{"var": "main_fund"}, ["salary", "other"]]}
    shown = rows_of(one_of)
    assert shown is not None
    remade = logic_of(shown.joint, shown.rows, reach_of_page(EVERYTHING, "", "en"))
    for value in ("salary", "other", "pension"):
        assert evaluate_plainly(remade, {"main_fund": value}) is evaluate_plainly(one_of, {"main_fund": value})
    assert rows_of({"and": [{"or": [one_of]}]}) is None
    assert rows_of({"and": [one_of]}) is None


@pytest.mark.parametrize(
    ("asked", "show_if", "is_never"),
    [
        ({"required": True}, {"and": [{"===": [{"var": "a"}, True]}, {"===": [{"var": "a"}, False]}]}, True),
        ({}, {"and": [{"===": [{"var": "a"}, True]}, {"===": [{"var": "a"}, False]}]}, False),
        ({"required": True}, {"===": [{"var": "a"}, True]}, False),
        ({"required": True, "kind": "number", "constraints": {"min": 0, "max": 9}}, {">": [{"var": "a"}, 9]}, True),
        ({"required": True, "kind": "number", "constraints": {"min": 0, "max": 9}}, {">=": [{"var": "a"}, 9]}, False),
        ({"required": True, "kind": "band", "bands": [0, 100]}, {">": [{"var": "a"}, 100]}, True),
        ({"required": True, "kind": "declaration"}, {"===": [{"var": "a"}, False]}, True),
        ({"required": True, "kind": "text"}, {"===": [{"var": "a"}, "x"]}, False),
        ({"required": True}, {"===": [{"var": "both"}, True]}, True),
        (
            {"required": True, "kind": "checkboxes", "choices": "funds"},
            {"and": [{"in": ["none", {"var": "a"}]}, {"in": ["salary", {"var": "a"}]}]},
            True,
        ),
    ],
)
def test_a_page_that_no_answer_leads_to_is_named(
    asked: dict[str, Any], show_if: dict[str, Any], is_never: bool
) -> None:
    flag = {"and": [{"===": [{"var": "a"}, True]}, {"!==": [{"var": "a"}, True]}]}
    calculated = [{"id": "both", "holds": flag}] if asked.get("kind", "yes_no") == "yes_no" else []
    made = document(
        page("one", {**question("a", "yes_no"), **asked}),
        page("two", question("b", "text"), show_if=show_if),
        **({"calculated": calculated} if calculated else {}),
    )
    assert unreachable(parse(made)) == (["two"] if is_never else [])


def test_the_map_says_what_follows_until_something_is_always_asked() -> None:
    stops = {stop.id: stop for stop in stops_of(EVERYTHING, "en", end="Check")}
    assert [step.name for step in stops["money"].steps] == ["Page abroad", "Page officers"]
    assert [step.when != "" for step in stops["money"].steps] == [True, False]
    last = EVERYTHING["pages"][-1]["id"]
    assert [step.name for step in stops[last].steps] == ["Check"]


def test_what_changed_is_told_by_kind_and_moves_as_few_as_moved() -> None:
    made = move_page(EVERYTHING, "officers", 0)
    made = remove_question(made, "nickname")
    made = add_question(made, "about", "text")
    made = move_question(made, "remarks", "evidence", 0)
    label = {**(question_of(made, "phone") or {}), "label": {"ja": "電話", "en": "Question phone"}, "required": True}
    made = write_question(made, "phone", label)
    found = changes_between(EVERYTHING, made, "en")
    assert [(one.what, one.subject, one.id) for one in found] == [
        (What.MOVED, "page", "officers"),
        (What.ADDED, "question", "question_1"),
        (What.CHANGED, "question", "phone"),
        (What.MOVED, "question", "remarks"),
        (What.REMOVED, "question", "nickname"),
    ]
    phone: Change = found[2]
    assert [(one.part, one.language, one.before, one.after) for one in phone.details] == [
        ("label", "ja", "問い phone", "電話"),
        ("required", "", "", "true"),
    ]
    assert (found[3].place, found[3].from_place) == ("Page evidence", "Page abroad")


def test_missing_words_are_those_that_the_document_reports() -> None:
    made = {**document(page("one", question("a", "text"))), "languages": ["ja", "en", "vi"]}
    made["pages"][0]["questions"][0]["label"] = {"ja": "お名前"}
    found = by_language(made)
    assert {(language, one.page, one.question, one.part) for language, ones in found.items() for one in ones} == {
        ("en", "one", "a", "label"),
        ("vi", "", "", "title"),
        ("vi", "one", "", "title"),
        ("vi", "one", "", "why"),
        ("vi", "one", "a", "label"),
    }
    assert len(missing_words(made)) == len(parse(made).untranslated)
    assert page_of(made, "two") is None
