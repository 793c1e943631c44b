"""The document, the route through it, and the conditions that shape it."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers import codes
from questionnaires import standard
from questionnaires.conditions import InvalidCondition, evaluate_plainly, parse_condition
from questionnaires.routing import answers_on_route, may_visit, next_page, route
from questionnaires.schema import InvalidQuestionnaire, digest_of
from questionnaires.shaping import parse

INDIVIDUAL = standard.questionnaire("individual")
COMPANY = standard.questionnaire("company")

FACTS_OF_PERSON = {
    "name",
    "postal_code",
    "address",
    "phone",
    "email",
    "occupation",
    "purpose",
    "nationality",
    "country_of_residence",
    "residence_expires_on",
    "is_foreign_pep",
    "handles_cash",
    "sends_abroad",
}
FACTS_OF_COMPANY = {
    "name",
    "representative",
    "postal_code",
    "address",
    "phone",
    "email",
    "industry",
    "purpose",
    "country_of_residence",
    "handles_cash",
    "sends_abroad",
    "owners",
}

TEXTS = st.sampled_from(["JP", "VN", "", "a", "１"])
NUMBERS = st.integers(-5, 5)
VALUES = {"text": TEXTS, "number": NUMBERS, "flag": st.booleans(), "chosen": st.lists(TEXTS)}


def comparisons() -> st.SearchStrategy[dict[str, Any]]:
    var = {name: [{"var": name}] for name in VALUES}
    return st.one_of(
        st.builds(lambda op, v: {op: [*var["text"], v]}, st.sampled_from(["===", "!=="]), TEXTS),
        st.builds(lambda op, v: {op: [*var["flag"], v]}, st.sampled_from(["===", "!=="]), st.booleans()),
        st.builds(
            lambda op, v: {op: [*var["number"], v]}, st.sampled_from(["<", "<=", ">", ">=", "===", "!=="]), NUMBERS
        ),
        st.builds(lambda v: {"in": [*var["text"], v]}, st.lists(TEXTS)),
        st.builds(lambda v: {"in": [v, *var["chosen"]]}, TEXTS),
        # Across types: never equal, never coerced.
        st.builds(lambda op, v: {op: [*var["flag"], v]}, st.sampled_from(["===", "!=="]), TEXTS),
        st.builds(lambda op, v: {op: [*var["text"], v]}, st.sampled_from(["===", "!=="]), NUMBERS),
    )


CONDITIONS = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.builds(
            lambda op, parts: {op: parts}, st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3)
        ),
        st.builds(lambda part: {"!": [part]}, inner),
    ),
    max_leaves=12,
)


@given(CONDITIONS, st.fixed_dictionaries(VALUES))
def test_the_engine_agrees_with_the_plain_evaluator(logic: dict[str, Any], answers: dict[str, Any]) -> None:
    assert parse_condition(logic).holds(answers) is evaluate_plainly(logic, answers)


@given(CONDITIONS, st.fixed_dictionaries(VALUES), st.sampled_from(list(VALUES)))
def test_a_condition_that_reads_an_unanswered_question_is_unknown(
    logic: dict[str, Any], answers: dict[str, Any], lost: str
) -> None:
    condition = parse_condition(logic)
    holds = condition.holds(answers | {lost: None})
    assert (holds is None) is (lost in condition.reads)


@pytest.mark.parametrize(
    "logic",
    [
        {"map": [{"var": "a"}, {"var": ""}]},
        {"==": [{"var": "a"}, 1]},
        {"===": [1, {"var": "a"}]},
        {"===": [{"var": "a"}, {"var": "b"}]},
        {"===": [{"var": "a"}]},
        {"in": [{"var": "a"}, "JP"]},
        {"<": [{"var": "a"}, "1"]},
        {"and": []},
        {"and": [{"===": [{"var": "a"}, 1]}], "or": []},
        {"var": "a"},
        True,
        [],
    ],
)
def test_a_condition_outside_the_subset_is_refused(logic: object) -> None:
    with pytest.raises(InvalidCondition):
        parse_condition(logic)


def test_a_condition_nested_without_end_is_refused() -> None:
    logic: dict[str, Any] = {"===": [{"var": "a"}, 1]}
    for _ in range(5_000):
        logic = {"!": [logic]}
    with pytest.raises(InvalidCondition):
        parse_condition(logic)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            field: st.sampled_from(["JP", "VN", None, True, "2028-04-01"])
            for page in INDIVIDUAL.pages
            for field in page.fields
        },
    )
)
def test_the_walk_always_ends_and_visits_no_page_twice(answers: dict[str, object]) -> None:
    visited = []
    answers = dict(answers)
    while page_id := next_page(INDIVIDUAL, answers):
        assert page_id not in visited
        assert may_visit(INDIVIDUAL, answers, page_id)
        visited.append(page_id)
        page = INDIVIDUAL.page(page_id)
        assert page is not None
        answers |= {field: answers.get(field) or "JP" for field in page.fields}
    shown = route(INDIVIDUAL, answers)
    assert len(set(shown)) == len(shown)
    assert all(may_visit(INDIVIDUAL, answers, page_id) for page_id in shown)


def test_a_page_is_shown_until_its_condition_is_known() -> None:
    assert "stay" in route(INDIVIDUAL, {})
    assert "stay" in route(INDIVIDUAL, {"nationality": "VN"})
    assert "stay" not in route(INDIVIDUAL, {"nationality": "JP"})


def test_an_answer_left_behind_on_another_route_counts_for_nothing() -> None:
    answers = {"nationality": "JP", "residence_expires_on": "2028-04-01"}
    assert answers_on_route(INDIVIDUAL, answers) == {"nationality": "JP"}


def test_no_page_can_be_reached_past_an_open_one() -> None:
    assert may_visit(INDIVIDUAL, {}, "contact")
    assert not may_visit(INDIVIDUAL, {}, "work")
    assert not may_visit(INDIVIDUAL, {}, "no_such_page")


def test_the_standard_documents_ask_for_the_facts_of_the_file() -> None:
    assert {field for page in INDIVIDUAL.pages for field in page.fields} == FACTS_OF_PERSON
    assert {field for page in COMPANY.pages for field in page.fields} == FACTS_OF_COMPANY


def test_the_standard_choices_are_the_codes_of_the_file() -> None:
    lists = {
        question.id: {choice.value for choice in question.choices}
        for questionnaire in (INDIVIDUAL, COMPANY)
        for question in questionnaire.questions()
        if question.choices
    }
    assert lists["occupation"] == set(codes.OCCUPATIONS)
    assert lists["purpose"] == set(codes.PURPOSES)
    assert lists["industry"] == set(codes.INDUSTRIES)
    assert set(codes.COUNTRIES) <= lists["nationality"] <= codes.COUNTRY_CODES


@pytest.mark.parametrize("name", standard.NAMES)
def test_the_standard_texts_hint_at_no_suspicion(name: str) -> None:
    text = str(standard.document(name))
    for word in ("疑い", "疑わ", "リスク", "不審", "テロ", "suspic", "risk", "terror", "暗証番号", "パスワード"):
        assert word not in text


def test_the_digest_depends_on_the_words_and_not_on_the_order_of_keys() -> None:
    document = standard.document("individual")
    shuffled = dict(reversed(document.items()))
    changed = copy.deepcopy(document)
    changed["pages"][0]["title"]["ja"] += "。"
    assert digest_of(shuffled) == digest_of(document) == INDIVIDUAL.digest
    assert digest_of(changed) != INDIVIDUAL.digest


def _set(path: list[Any], value: object) -> dict[str, Any]:
    document = copy.deepcopy(standard.document("individual"))
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["pages"], [], "pages: .* non-empty"),
        (["languages"], ["en", "vi"], "default language"),
        (["default_language"], "fr", "default_language: 'fr' is not one of"),
        (["pages", 0, "title"], {"en": "Title"}, "no text in ja"),
        (["pages", 1, "id"], "contact", "appears twice"),
        (["pages", 1, "id"], "check", "can't be an id"),
        (["pages", 1, "id"], "Work!", "'Work!' id: 'Work!' does not match"),
        (["pages", 0, "questions", 0, "id"], "pin", "can't be an id"),
        (["pages", 0, "questions", 0, "kind"], "essay", "'contact' questions 'name' kind: 'essay' is not one of"),
        (["pages", 0, "questions", 0, "constraints"], {"max_length": "9"}, "constraints"),
        (["pages", 1, "questions", 0, "choices"], "nothing", "no choice list"),
        (["pages", 1, "questions", 0, "id"], "phone", "appears twice"),
        (["pages", 4, "show_if"], {"===": [{"var": "later"}, 1]}, "no earlier page asks"),
        (["pages", 4, "show_if"], {"map": []}, "unknown operator"),
    ],
)
def test_a_wrong_document_is_refused_with_the_reason(path: list[Any], value: object, words: str) -> None:
    with pytest.raises(InvalidQuestionnaire, match=words):
        parse(_set(path, value))
