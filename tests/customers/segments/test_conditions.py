"""Segments as documents: what is well made is read and written without loss, everything else is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.facts.shape import Fact, Kept, Type
from customers.segments.conditions import (
    CHOICES,
    DAYS,
    MOST_DAYS,
    MOST_NUMBER,
    NEEDS_DAY,
    NEEDS_DAYS,
    AnyOf,
    Condition,
    Day,
    Lost,
    Number,
    SegmentInvalid,
    Way,
    conditions_of,
    document_of,
    legible_of,
)

BRANCHES = ("001", "012")


def choices(field: str) -> st.SearchStrategy[AnyOf]:
    values = sorted(CHOICES[field] or BRANCHES)
    return st.lists(st.sampled_from(values), min_size=1, unique=True).map(lambda some: AnyOf(field, tuple(some)))


@st.composite
def days(draw: st.DrawFn, field: str) -> Day:
    way = draw(st.sampled_from(Way))
    number = draw(st.integers(0, MOST_DAYS)) if way in NEEDS_DAYS else 0
    first, last = sorted((draw(st.dates()), draw(st.dates())))
    day, until = first if way in NEEDS_DAY else None, last if way is Way.BETWEEN else None
    return Day(field, way, number, day, way is not Way.MISSING and draw(st.booleans()), until)


@st.composite
def numbers(draw: st.DrawFn, field: str) -> Number:
    bounds = st.none() | st.integers(-MOST_NUMBER, MOST_NUMBER)
    least, most = draw(bounds), draw(bounds)
    if least is not None and most is not None:
        least, most = sorted((least, most))
    return Number(field, least, most, draw(st.booleans()) or least is most is None)


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


OWN = {"own_staff_count": Fact(key="own_staff_count", type=Type.NUMBER, kept=Kept.ATTRIBUTES)}


@given(numbers("own_staff_count"))
def test_a_number_survives_being_kept(number: Number) -> None:
    document = json.loads(json.dumps(document_of([number], OWN)))
    assert conditions_of(document, OWN) == (number,)


@pytest.mark.parametrize(
    "entry",
    [{}, {"least": 3, "most": 2}, {"least": True}, {"least": 1.5}, {"least": 1, "way": "past"}, {"any_of": ["1"]}],
)
def test_a_number_without_sound_bounds_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(SegmentInvalid):
        conditions_of(asking({"field": "own_staff_count", **entry}), OWN)


def test_what_left_the_lists_is_named_and_the_rest_stays_legible() -> None:
    """The control: the document as a whole is refused, so that the rest alone never finds anybody."""
    document = asking(
        DUE, {"field": "occupation", "any_of": ["employee", "lamplighter"]}, {"field": "own_x", "least": 1}
    )
    with pytest.raises(SegmentInvalid):
        conditions_of(document)
    kept, lost = legible_of(document)
    assert kept == (Day("next_review_on", Way.WITHIN, 30), AnyOf("occupation", ("employee",)))
    assert lost == (Lost("occupation", ("lamplighter",)), Lost("own_x"))


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
