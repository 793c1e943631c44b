"""Segments as documents: what is well made is read and written without loss, everything else is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.segments.conditions import (
    CHOICES,
    DAYS,
    MOST_DAYS,
    NEEDS_DAYS,
    AnyOf,
    Condition,
    Day,
    SegmentInvalid,
    Way,
    conditions_of,
    document_of,
)

BRANCHES = ("001", "012")


def choices(field: str) -> st.SearchStrategy[AnyOf]:
    values = sorted(CHOICES[field] or BRANCHES)
    return st.lists(st.sampled_from(values), min_size=1, unique=True).map(lambda some: AnyOf(field, tuple(some)))


@st.composite
def days(draw: st.DrawFn, field: str) -> Day:
    way = draw(st.sampled_from(Way))
    number = draw(st.integers(0, MOST_DAYS)) if way in NEEDS_DAYS else 0
    day = draw(st.dates()) if way is Way.UNTIL else None
    return Day(field, way, number, day, way is not Way.MISSING and draw(st.booleans()))


@st.composite
def segments(draw: st.DrawFn) -> list[Condition]:
    fields = draw(st.lists(st.sampled_from([*CHOICES, *DAYS]), unique=True, max_size=6))
    every: dict[str, st.SearchStrategy[Condition]] = {field: days(field) for field in DAYS}
    every |= {field: choices(field) for field in CHOICES}
    return [draw(every[field]) for field in fields]


@given(segments())
def test_conditions_survive_being_kept(conditions: list[Condition]) -> None:
    document = json.loads(json.dumps(document_of(conditions)))
    assert list(conditions_of(document)) == conditions
    assert document_of(conditions_of(document)) == document


def asking(*conditions: Any, schema: Any = 1) -> Any:
    return {"schema": schema, "conditions": list(conditions)}


TIER = {"field": "risk_tier", "any_of": ["HIGH"]}
DUE = {"field": "next_review_on", "way": "within", "days": 30}
WRONG: dict[str, Any] = {
    "no document": {},
    "another schema": asking(TIER, schema=2),
    "a schema that is true": asking(TIER, schema=True),
    "more than a document": {**asking(TIER), "sql": "1=1"},
    "conditions of another kind": {"schema": 1, "conditions": {"field": "risk_tier"}},
    "a condition of another kind": asking("risk_tier"),
    "an unknown field": asking({"field": "profile", "any_of": ["x"]}),
    "a field that leads elsewhere": asking({"field": "tenant__name", "any_of": ["x"]}),
    "a field twice": asking(TIER, TIER),
    "no field": asking({"any_of": ["HIGH"]}),
    "a field that is no text": asking({"field": ["risk_tier"], "any_of": ["HIGH"]}),
    "no values": asking({"field": "risk_tier", "any_of": []}),
    "an unknown value": asking({"field": "risk_tier", "any_of": ["HUGE"]}),
    "a value twice": asking({"field": "risk_tier", "any_of": ["HIGH", "HIGH"]}),
    "a value that is no text": asking({"field": "risk_tier", "any_of": [None]}),
    "too many values": asking({"field": "branch_code", "any_of": [str(number) for number in range(301)]}),
    "too long a value": asking({"field": "branch_code", "any_of": ["0" * 25]}),
    "a key too many": asking({**TIER, "none_of": []}),
    "an unknown way": asking({"field": "next_review_on", "way": "soon"}),
    "no way": asking({"field": "next_review_on", "days": 3}),
    "no days": asking({"field": "next_review_on", "way": "within"}),
    "days that are not needed": asking({"field": "next_review_on", "way": "past", "days": 3}),
    "days that are true": asking({**DUE, "days": True}),
    "half a day": asking({**DUE, "days": 1.5}),
    "days before zero": asking({**DUE, "days": -1}),
    "days without end": asking({**DUE, "days": MOST_DAYS + 1}),
    "no day": asking({"field": "next_review_on", "way": "until"}),
    "no such day": asking({"field": "next_review_on", "way": "until", "day": "2027-02-30"}),
    "a day that is a number": asking({"field": "next_review_on", "way": "until", "day": 20270101}),
    "missing or not": asking({**DUE, "or_missing": False}),
}


@pytest.mark.parametrize("document", WRONG.values(), ids=WRONG)
def test_what_is_not_well_made_is_refused(document: Any) -> None:
    """A9, W10: whatever stands in the database or arrives from a form."""
    assert conditions_of(asking(TIER, DUE)), "control"
    with pytest.raises(SegmentInvalid):
        conditions_of(document)


KEYS = st.sampled_from(["schema", "conditions", "field", "any_of", "way", "days", "day"])
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.sampled_from(["risk_tier", "next_review_on", "past", "HIGH", "x"])
)


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner)))
def test_nothing_else_than_a_refusal_comes_of_rubbish(rubbish: Any) -> None:
    document = rubbish if isinstance(rubbish, dict) else {"schema": 1, "conditions": rubbish}
    with suppress(SegmentInvalid):
        conditions_of(document)


def test_a_day_is_kept_as_a_day() -> None:
    until = Day("residence_expires_on", Way.UNTIL, day=date(2027, 1, 31), or_missing=True)
    assert until.document() == {
        "field": "residence_expires_on", "way": "until", "day": "2027-01-31", "or_missing": True,
    }  # fmt: skip
