"""The risk rules: against a plain-Python oracle, with inputs missing, and with documents that are no policies."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.scoring import TIERS, Policy, PolicyInvalid, Score, add_months, inputs_of, next_review_on, score
from risk.services import default_document
from tests.risk import oracle

PERSON = {
    "kind": "INDIVIDUAL", "nationality": "JP", "country_of_residence": "JP", "occupation": "employee",
    "purpose": "salary", "is_foreign_pep": False, "handles_cash": False, "sends_abroad": False,
    "stay_has_ended": False,
}  # fmt: skip
COMPANY = {
    "kind": "COMPANY", "country_of_residence": "JP", "industry": "it", "purpose": "business", "handles_cash": False,
    "sends_abroad": False, "owners": [{"name": "a", "is_pep": False}],
}  # fmt: skip
answers = st.sampled_from([True, False, None])
countries = st.sampled_from(["JP", "US", "MM", "KP", "IR", "", None])
facts = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["INDIVIDUAL", "COMPANY"]),
        "nationality": countries,
        "country_of_residence": countries,
        "occupation": st.sampled_from(["employee", "student", "other", None]),
        "industry": st.sampled_from(["it", "crypto_assets", "food_service", None]),
        "purpose": st.sampled_from(["salary", "remittance", "other", None]),
        "stay_has_ended": answers,
        "is_foreign_pep": answers,
        "handles_cash": answers,
        "sends_abroad": answers,
        "owners": st.sampled_from([None, [], [{"is_pep": True}], [{"is_pep": False}], [{"is_pep": False}, {}]]),
    }
)
variables = st.sampled_from(["handles_cash", "sends_abroad", "is_foreign_pep"])
leaves = st.one_of(
    st.builds(lambda name, wanted: {"==": [{"var": name}, wanted]}, variables, st.booleans()),
    st.builds(lambda name, wanted: {"!=": [{"var": name}, wanted]}, variables, st.booleans()),
    st.builds(lambda codes: {"in": [{"var": "purpose"}, codes]}, st.lists(st.sampled_from(["salary", "other"]))),
    st.builds(lambda name: {"!": [{"var": name}]}, variables),
)
kinds = st.lists(st.sampled_from(["INDIVIDUAL", "COMPANY"]), min_size=1, unique=True)
factors = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.sampled_from(["a", "b", "c"]),
            "points": st.just(50),
            "kinds": kinds,
            "label": st.just({"ja": "要素", "en": "factor"}),
            "when": st.lists(leaves, min_size=1, max_size=3),
        }
    ),
    max_size=6,
)


def shape(found: Score) -> tuple[str, int, list[str], list[str], str]:
    return found.tier, found.points, list(found.reasons), sorted(found.unknown), found.due_diligence


def expected(given_facts: dict[str, Any], document: dict[str, Any]) -> tuple[str, int, list[str], list[str], str]:
    tier, points, reasons, unknown, care = oracle.score(inputs_of(given_facts), document)
    return tier, points, reasons, sorted(unknown), care


@given(facts)
def test_the_default_policy_agrees_with_the_oracle(given_facts: dict[str, Any]) -> None:
    assert shape(score(given_facts, default_document())) == expected(given_facts, default_document())


@given(facts, factors)
def test_any_policy_agrees_with_the_oracle(given_facts: dict[str, Any], some: list[dict[str, Any]]) -> None:
    document = default_document() | {"factors": some}
    found, wanted = shape(score(given_facts, document)), expected(given_facts, document)
    assert (found[0], found[1], set(found[2]), *found[3:]) == (wanted[0], wanted[1], set(wanted[2]), *wanted[3:])


@given(facts, variables)
def test_an_unknown_input_never_makes_a_tier_lower_than_a_known_harmless_one(
    given_facts: dict[str, Any], name: str
) -> None:
    policy = Policy(default_document())
    unknown = policy.score(given_facts | {name: None})
    harmless = policy.score(given_facts | {name: False})
    assert TIERS.index(unknown.tier) >= TIERS.index(harmless.tier)


@given(facts)
def test_whoever_has_an_unknown_factor_is_neither_low_nor_simplified(given_facts: dict[str, Any]) -> None:
    found = score(given_facts, default_document())
    if found.unknown:
        assert found.tier != "LOW"
        assert found.due_diligence != "SIMPLIFIED"


@pytest.mark.parametrize("missing", [name for name in PERSON if name not in ("kind", "occupation")])
def test_each_missing_answer_of_a_person_is_listed_and_raises_low_to_medium(missing: str) -> None:
    complete = score(PERSON, default_document())
    assert (complete.tier, complete.due_diligence) == ("LOW", "SIMPLIFIED")
    found = score({key: value for key, value in PERSON.items() if key != missing}, default_document())
    assert found.tier == "MEDIUM"
    assert found.unknown


@pytest.mark.parametrize("owners", [None, [], [{"name": "a"}], [{"is_pep": False}, {"is_pep": None}]])
def test_a_company_is_not_low_before_its_owners_are_known(owners: Any) -> None:
    assert score(COMPANY, default_document()).tier == "LOW"
    found = score(COMPANY | {"owners": owners}, default_document())
    assert (found.tier, found.unknown) == ("MEDIUM", ("owner_pep",))


def test_one_owner_who_is_a_pep_is_enough() -> None:
    found = score(COMPANY | {"owners": [{"is_pep": None}, {"is_pep": True}]}, default_document())
    assert (found.tier, found.reasons, found.due_diligence) == ("HIGH", ("owner_pep",), "ENHANCED")


def test_points_add_up_over_the_tiers() -> None:
    tiers = [
        score(PERSON | change, default_document()).tier
        for change in ({}, {"sends_abroad": True}, {"handles_cash": True}, {"sends_abroad": True, "handles_cash": True})
    ]
    assert tiers == ["LOW", "MEDIUM", "MEDIUM", "HIGH"]


def test_what_identifies_a_person_is_never_an_input() -> None:
    found = score(PERSON | {"name": "髙﨑", "birth_on": "1980-05-03", "phone": "+8190"}, default_document())
    assert set(found.inputs) == set(PERSON)


def broken(change: Any) -> dict[str, Any]:
    document: dict[str, Any] = deepcopy(default_document())
    change(document)
    return document


BAD_POLICIES = {
    "no factors": lambda d: d.pop("factors"),
    "no label": lambda d: d["factors"][0].update(label={"ja": "x"}),
    "unknown kind": lambda d: d["factors"][0].update(kinds=["CAT"]),
    "negative points": lambda d: d["factors"][0].update(points=-1),
    "points that are true": lambda d: d["factors"][0].update(points=True),
    "no condition": lambda d: d["factors"][0].update(when=[]),
    "a condition that reads nothing": lambda d: d["factors"][0].update(when=[{"==": [1, 1]}]),
    "a name": lambda d: d["factors"][0].update(when=[{"==": [{"var": "name"}, "x"]}]),
    "an operator that hides unknowns": lambda d: d["factors"][0].update(when=[{"or": [{"var": "handles_cash"}, True]}]),
    "an operator inside": lambda d: d["factors"][0].update(when=[{"==": [{"if": [{"var": "kind"}, 1, 2]}, 1]}]),
    "a default value": lambda d: d["factors"][0].update(when=[{"==": [{"var": ["handles_cash", False]}, True]}]),
    "not a question": lambda d: d["factors"][0].update(when=[{"var": "handles_cash"}]),
    "two questions in one": lambda d: d["factors"][0].update(
        when=[{"==": [{"var": "kind"}, "x"], "!=": [{"var": "kind"}, "y"]}]
    ),
    "a tier missing": lambda d: d["tiers"].pop(),
    "tiers upside down": lambda d: d["tiers"][0].update({"from": 10}),
    "no lowest tier": lambda d: d["tiers"][2].update({"from": 5}),
    "a cycle of nothing": lambda d: d["tiers"][0].update(cycle_months=0),
    "an unknown floor": lambda d: d.update(unknown_floor="NONE"),
}


@pytest.mark.parametrize("change", BAD_POLICIES.values(), ids=BAD_POLICIES)
def test_a_document_that_is_no_policy_is_refused(change: Any) -> None:
    with pytest.raises(PolicyInvalid):
        Policy(broken(change))


@pytest.mark.parametrize(
    ("day", "months", "wanted"),
    [
        (date(2023, 8, 31), 6, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2023, 12, 31), 24, date(2025, 12, 31)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2023, 1, 15), -2, date(2022, 11, 15)),
    ],
)
def test_months_are_added_to_the_calendar(day: date, months: int, wanted: date) -> None:
    assert add_months(day, months) == wanted


def test_the_next_review_counts_from_the_last_or_from_the_opening() -> None:
    opened, reviewed = date(2010, 4, 1), date(2023, 2, 28)
    assert next_review_on(reviewed, opened, 36) == date(2026, 2, 28)
    assert next_review_on(None, opened, 12) == date(2011, 4, 1)
    assert next_review_on(None, None, 12) is None
