"""A segment as a document: what its conditions may ask, and whether one is well made. No Django, no clock.

``{"schema": 1, "conditions": [...]}``: a customer belongs to the segment if all conditions hold. One of them is

- ``{"field": "risk_tier", "any_of": ["HIGH", ""]}``: the value is one of these; "" is «not known»;
- ``{"field": "next_review_on", "way": "within", "days": 30}``: a day, as `Way` says, with ``days``, ``day`` or
  ``day`` and ``until`` where the way needs them, and ``"or_missing": true`` to take in who has no such day;
- ``{"field": "own_staff_count", "least": 10, "most": 50}``: a number, with one of the two bounds or both, each within
  it, and ``"or_missing": true`` to take in who has no such number; that alone asks for those.

Only what stands plain may be asked (docs/adr/0004), so that a document holds nothing about anybody. An institution's
own attributes are asked by their keys in the catalogue; ``own`` says what they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from customers.codes import COUNTRY_CODES, LANGUAGES
from customers.contacts.reachability import Band
from customers.facts.catalogue import FACTS
from customers.facts.shape import Fact, Type
from customers.flags.rules import DECEASED, DO_NOT_CONTACT, GUARDIAN, LITIGATION, VULNERABLE
from customers.parsing import MAX_DEPARTMENT

SCHEMA = 1
NOT_KNOWN = ""
YES, NO = "yes", "no"
MOST_DAYS = 3_650
MOST_VALUES = 300
MOST_NUMBER = 10**15
_LONGEST = 24
_LONGEST_OF = {"department": MAX_DEPARTMENT}
_CHANNELS = frozenset({"LINE", "PHONE", "EMAIL", "POST"})
_FLAGS = frozenset({DECEASED, GUARDIAN, LITIGATION, DO_NOT_CONTACT, VULNERABLE})
_ANSWERS = frozenset({YES, NO, NOT_KNOWN})
type Own = Mapping[str, Fact]

NONE_OWN: Own = MappingProxyType({})
# Of open accounts; the last number stands for itself and more.
NUMBERS = ("0", "1", "2", "3", "4", "5")
ACCOUNTS = frozenset({"has_product", "open_accounts"})
ACCOUNT_DAY = "account_opened_on"
# The facts of the catalogue that may be asked.
ASKED: Mapping[str, Fact] = {key: fact for key, fact in FACTS.items() if fact.is_asked}


def values_of_fact(fact: Fact) -> frozenset[str]:
    """The values that may be asked."""
    if fact.type is Type.ANSWER:
        return _ANSWERS
    return (COUNTRY_CODES if fact.type is Type.COUNTRY else frozenset(fact.codes or ())) | {NOT_KNOWN}


# None: the tenant's own codes.
CHOICES: Mapping[str, frozenset[str] | None] = {
    "kind": frozenset({"INDIVIDUAL", "COMPANY"}),
    "status": frozenset({"ACTIVE", "CLOSED"}),
    "risk_tier": frozenset({"HIGH", "MEDIUM", "LOW", NOT_KNOWN}),
    "due_diligence": frozenset({"SIMPLIFIED", "STANDARD", "ENHANCED", NOT_KNOWN}),
    "branch_code": None,
    "department": None,
    "language": frozenset(LANGUAGES),
    **{key: values_of_fact(fact) for key, fact in ASKED.items() if fact.type is not Type.DAY},
    # Channels with an address on file; none of them on file; whose address last worked, or was found dead.
    "has_channel": _CHANNELS,
    "lacks_channels": _CHANNELS,
    "channel_working": _CHANNELS,
    "channel_unreachable": _CHANNELS,
    "reachability": frozenset(Band),
    # Flags in force; their reasons are asked by nobody.
    "has_flag": _FLAGS,
    "lacks_flags": _FLAGS,
    "has_product": None,
    "open_accounts": frozenset({*NUMBERS, NOT_KNOWN}),
}
ANSWERS = frozenset(key for key, fact in ASKED.items() if fact.type is Type.ANSWER)
CHANNELS = frozenset({"has_channel", "lacks_channels", "channel_working", "channel_unreachable"})
FLAGS = frozenset({"has_flag", "lacks_flags"})
DAYS = (
    "next_review_on",
    "last_reviewed_on",
    "stay_ends_on",
    ACCOUNT_DAY,
    *(key for key, fact in ASKED.items() if fact.type is Type.DAY),
)


class SegmentInvalid(ValueError):
    """The document is not a segment of this schema."""


class Way(StrEnum):
    """How a day lies to today."""

    PAST = "past"  # before today
    WITHIN = "within"  # today or in the next `days`
    UNTIL = "until"  # on `day` or before
    SINCE = "since"  # on `day` or after
    BETWEEN = "between"  # from `day` to `until`, both of them
    AGO = "ago"  # more than `days` before today
    MISSING = "missing"


NEEDS_DAYS = frozenset({Way.WITHIN, Way.AGO})
NEEDS_DAY = frozenset({Way.UNTIL, Way.SINCE, Way.BETWEEN})
NUMERIC = frozenset({Type.NUMBER, Type.AMOUNT})


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The field has one of the values."""

    field: str
    values: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As kept."""
        return {"field": self.field, "any_of": list(self.values)}


@dataclass(frozen=True, slots=True)
class Day:
    """The field's day lies so to today; ``or_missing``: or there is none."""

    field: str
    way: Way
    days: int = 0
    day: date | None = None
    or_missing: bool = False
    until: date | None = None

    def document(self) -> dict[str, Any]:
        """As kept."""
        said: dict[str, Any] = {"field": self.field, "way": self.way.value}
        if self.way in NEEDS_DAYS:
            said["days"] = self.days
        if self.day is not None:
            said["day"] = self.day.isoformat()
        if self.until is not None:
            said["until"] = self.until.isoformat()
        return said | ({"or_missing": True} if self.or_missing else {})


@dataclass(frozen=True, slots=True)
class Number:
    """The field's number is within the bounds; ``or_missing``: or there is none."""

    field: str
    least: int | None = None
    most: int | None = None
    or_missing: bool = False

    def document(self) -> dict[str, Any]:
        """As kept."""
        bounds = {name: bound for name in ("least", "most") if (bound := getattr(self, name)) is not None}
        return {"field": self.field, **bounds, **({"or_missing": True} if self.or_missing else {})}


type Condition = AnyOf | Day | Number


@dataclass(frozen=True, slots=True)
class Lost:
    """What a kept segment asks that cannot be asked any more: values that left their list, or the field itself."""

    field: str
    values: tuple[str, ...] = ()


def document_of(conditions: Iterable[Condition], own: Own = NONE_OWN) -> dict[str, Any]:
    """Conditions as a segment is kept. Raises SegmentInvalid."""
    document = {"schema": SCHEMA, "conditions": [condition.document() for condition in conditions]}
    conditions_of(document, own)
    return document


def conditions_of(document: Mapping[str, Any], own: Own = NONE_OWN) -> tuple[Condition, ...]:
    """What a document asks, checked.

    Raises:
        SegmentInvalid: an unknown schema, field, value or key, a field twice, a number or day out of bounds.
    """
    schema = document.get("schema")
    if set(document) != {"schema", "conditions"} or type(schema) is not int or schema != SCHEMA:
        raise SegmentInvalid(f"A segment has schema {SCHEMA} and conditions.")
    entries: object = document["conditions"]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SegmentInvalid("Conditions are a list of objects.")
    conditions = tuple(_condition(entry, own) for entry in entries)
    if len({condition.field for condition in conditions}) != len(conditions):
        raise SegmentInvalid("A field is asked once.")
    return conditions


def legible_of(document: Mapping[str, Any], own: Own = NONE_OWN) -> tuple[tuple[Condition, ...], tuple[Lost, ...]]:
    """What a kept document still asks, and what it cannot ask any more since a list or an attribute changed.

    To show and to mend it. Nobody is looked for by the rest alone: it would find more than was meant.
    """
    kept: list[Condition] = []
    lost: list[Lost] = []
    entries = document.get("conditions", ())
    for entry in entries if isinstance(entries, list) else ():
        try:
            kept.append(_condition(entry, own))
        except SegmentInvalid:
            field, values = str(entry.get("field")), [str(value) for value in entry.get("any_of", ())]
            left = [value for value in values if _may_ask(field, value, own)]
            lost.append(Lost(field, tuple(value for value in values if value not in left)))
            kept += [AnyOf(field, tuple(left))] if left else []
    return tuple(kept), tuple(lost)


def _may_ask(field: str, value: str, own: Own) -> bool:
    try:
        _condition({"field": field, "any_of": [value]}, own)
    except SegmentInvalid:
        return False
    return True


def _condition(entry: dict[str, Any], own: Own) -> Condition:
    field = str(entry.get("field"))
    if field in DAYS or (field in own and own[field].type is Type.DAY):
        return _day(field, entry)
    if field in CHOICES:
        # The institution's own list may be another one than when this process began.
        return _any_of(field, entry, values_of_fact(ASKED[field]) if field in ASKED else CHOICES[field])
    if field in own and own[field].type in NUMERIC:
        return _number(field, entry)
    if field in own:
        return _any_of(field, entry, values_of_fact(own[field]))
    raise SegmentInvalid(f"There is no field {field!r} to ask.")


def _any_of(field: str, entry: dict[str, Any], allowed: frozenset[str] | None) -> AnyOf:
    values = entry.get("any_of")
    if set(entry) != {"field", "any_of"} or not isinstance(values, list) or not 0 < len(values) <= MOST_VALUES:
        raise SegmentInvalid(f"{field}: from 1 to {MOST_VALUES} values are needed, and nothing else.")
    longest = _LONGEST_OF.get(field, _LONGEST)
    if not all(isinstance(value, str) and len(value) <= longest for value in values):
        raise SegmentInvalid(f"{field}: values are short texts.")
    if len(set(values)) != len(values) or (allowed is not None and not allowed.issuperset(values)):
        raise SegmentInvalid(f"{field}: not one of its values, or one of them twice.")
    return AnyOf(field, tuple(values))


def _day(field: str, entry: dict[str, Any]) -> Day:
    try:
        way = Way(entry.get("way", ""))
        day = date.fromisoformat(entry["day"]) if way in NEEDS_DAY else None
        until = date.fromisoformat(entry["until"]) if way is Way.BETWEEN else None
    except (KeyError, TypeError, ValueError) as error:
        raise SegmentInvalid(f"{field}: no such way or day.") from error
    needed = {"field", "way"} | ({"days"} if way in NEEDS_DAYS else set())
    needed |= ({"day"} if day else set()) | ({"until"} if until else set())
    if set(entry) - {"or_missing"} != needed or entry.get("or_missing", True) is not True:
        raise SegmentInvalid(f"{field}: something is missing, or too much.")
    days = entry.get("days", 0)
    if type(days) is not int or not 0 <= days <= MOST_DAYS:
        raise SegmentInvalid(f"{field}: days are a whole number from 0 to {MOST_DAYS}.")
    if day and until and until < day:
        raise SegmentInvalid(f"{field}: the last day comes before the first.")
    return Day(field, way, days, day, "or_missing" in entry and way is not Way.MISSING, until)


def _number(field: str, entry: dict[str, Any]) -> Number:
    bounds = [entry[name] for name in ("least", "most") if name in entry]
    if not all(type(bound) is int and abs(bound) <= MOST_NUMBER for bound in bounds) or bounds != sorted(bounds):
        raise SegmentInvalid(f"{field}: bounds are whole numbers, the lower one first.")
    if set(entry) - {"least", "most", "or_missing"} != {"field"} or entry.get("or_missing", True) is not True:
        raise SegmentInvalid(f"{field}: something is missing, or too much.")
    if not bounds and "or_missing" not in entry:
        raise SegmentInvalid(f"{field}: it asks nothing.")
    return Number(field, entry.get("least"), entry.get("most"), "or_missing" in entry)
