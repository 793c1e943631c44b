"""Risk rules: facts and a policy document in, tier, points and reasons out. Missing inputs are unknown, never low."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

import datalogic_py

from customers.facts.catalogue import FACTS
from customers.facts.own import PREFIX

TIERS = ("LOW", "MEDIUM", "HIGH")
KINDS = frozenset({"INDIVIDUAL", "COMPANY"})
# What the register of companies says of a customer that is one: OPEN, CLOSED, MERGED, and whether the file differs.
REGISTER = ("register_status", "register_differs")
# Of open accounts: the codes of their products, a list, and how many they are; not known where no account is.
PRODUCTS, OPEN_ACCOUNTS = HELD = ("products", "open_accounts")
# What rules may read: attributes that bear on risk and identify nobody.
INPUTS = (
    "kind",
    *(key for key, fact in FACTS.items() if fact.bears_on_risk),
    "owner_is_pep",
    "stay_has_ended",
    *REGISTER,
    *HELD,
)
QUESTIONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "!"})
OPERATORS = QUESTIONS | {"var", "+", "-", "*"}
OPERATION_BUDGET = 2_000
# Before a fact's key, among what could not be judged: its code came into the list after the policy was written.
UNJUDGED = "unjudged:"
SIMPLIFIED, STANDARD, ENHANCED = "SIMPLIFIED", "STANDARD", "ENHANCED"


class PolicyInvalid(ValueError):
    """A policy document that cannot be used; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a policy says of one customer.

    `reasons` are the codes of the factors that hold, in the policy's order, then those of the simplified rule
    where it applies; `unknown` are the factors that could not be judged; `inputs` is what was read.
    """

    tier: str
    points: int
    reasons: tuple[str, ...]
    unknown: tuple[str, ...]
    due_diligence: str
    inputs: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class _Condition:
    rule: Any
    reads: frozenset[str]

    def holds(self, inputs: Mapping[str, Any]) -> bool | None:
        """True, False, or None when anything it reads is not known."""
        if any(inputs.get(name) is None for name in self.reads):
            return None
        result, _ = self.rule.evaluate_metered(dict(inputs), OPERATION_BUDGET)
        return bool(result == "true")


@dataclass(frozen=True, slots=True)
class _Row:
    code: str
    points: int
    kinds: frozenset[str]
    conditions: tuple[_Condition, ...]

    def holds(self, inputs: Mapping[str, Any]) -> bool | None:
        """All conditions hold; False as soon as one is known not to; else None if any is unknown."""
        results = [condition.holds(inputs) for condition in self.conditions]
        if False in results:
            return False
        return None if None in results else True


class Policy:
    """A policy document, checked and compiled. Scores are remembered by their inputs, which are few.

    Raises PolicyInvalid for a document that is not one.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        try:
            self._compile(document)
        except (KeyError, TypeError, AttributeError) as error:
            raise PolicyInvalid(f"The policy lacks a part or has one of the wrong kind: {error}") from error
        self._scores: dict[Hashable, Score] = {}

    def _compile(self, document: Mapping[str, Any]) -> None:
        self._factors = [_row(factor) for factor in document["factors"]]
        levels = sorted(document["tiers"], key=lambda level: -level["from"])
        if sorted(level["tier"] for level in levels) != sorted(TIERS) or levels[-1]["from"] != 0:
            raise PolicyInvalid("Each tier must appear once, and the lowest must begin at 0 points.")
        if [level["tier"] for level in levels] != list(reversed(TIERS)):
            raise PolicyInvalid("A higher tier must begin at more points.")
        self._levels = [(level["tier"], level["from"]) for level in levels]
        self.cycle_months = {level["tier"]: int(level["cycle_months"]) for level in levels}
        if min(self.cycle_months.values()) < 1:
            raise PolicyInvalid("A cycle has at least one month.")
        if document["unknown_floor"] not in TIERS or document["simplified"]["tier"] not in TIERS:
            raise PolicyInvalid(f"A tier is one of {', '.join(TIERS)}.")
        self._floor = TIERS.index(document["unknown_floor"])
        simplified = document["simplified"]
        self._simplified_kinds = frozenset(simplified["kinds"])
        self._simplified_tier = simplified["tier"]
        self._simplified = [_row({"points": 0, "kinds": KINDS, **reason}) for reason in simplified["reasons"]]
        rows = (*self._factors, *self._simplified)
        reads = {name for row in rows for condition in row.conditions for name in condition.reads}
        # what it reads of the institution's own attributes
        self.own = tuple(sorted(name for name in reads if name.startswith(PREFIX)))
        self.reads_accounts = not reads.isdisjoint(HELD)
        self.reads = frozenset(reads)
        # of each input, the values it speaks of, and those it was said of that they bring nothing
        parts = (*document["factors"], *document["simplified"]["reasons"])
        self.named = _named([rule for part in parts for rule in part["when"]], document.get("judged", {}))

    def score(self, facts: Mapping[str, Any], unjudged: tuple[str, ...] = ()) -> Score:
        """Rate one customer from `facts` (keys of customers.selectors.facts_of, and `kind`).

        `unjudged`: the facts whose codes nobody has thought of yet. They are not known, and never low.
        """
        inputs = inputs_of(facts, self.own)
        values = ((name, tuple(value) if isinstance(value, list) else value) for name, value in inputs.items())
        key = (*values, *unjudged)
        found = self._scores.get(key)
        if found is None:
            found = self._scores[key] = self._judge(inputs, unjudged)
        return found

    def _judge(self, inputs: Mapping[str, Any], unjudged: tuple[str, ...]) -> Score:
        said = inputs
        inputs = {name: value for name, value in said.items() if name not in unjudged}
        kind = inputs.get("kind")
        rows = [row for row in self._factors if kind is None or kind in row.kinds]
        results = [(row, row.holds(inputs)) for row in rows]
        hit = {row.code: row.points for row, holds in results if holds}
        unknown = tuple(dict.fromkeys(row.code for row, holds in results if holds is None and row.code not in hit))
        unknown += tuple(UNJUDGED + name for name in unjudged)
        points = sum(hit.values())
        tier = next(tier for tier, least in self._levels if points >= least)
        if unknown or kind is None:
            tier = TIERS[max(TIERS.index(tier), self._floor)]
        reasons = tuple(hit)
        due_diligence = ENHANCED if tier == "HIGH" else STANDARD
        if self._is_simplified(tier, unknown, inputs):
            due_diligence = SIMPLIFIED
            reasons += tuple(row.code for row in self._simplified)
        return Score(tier, points, reasons, unknown, due_diligence, dict(said))

    def _is_simplified(self, tier: str, unknown: Sequence[str], inputs: Mapping[str, Any]) -> bool:
        if tier != self._simplified_tier or unknown or inputs.get("kind") not in self._simplified_kinds:
            return False
        return bool(self._simplified) and all(row.holds(inputs) for row in self._simplified)


def factors_missing(document: Mapping[str, Any], standard: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The factors of `standard` that read something which `document` reads nowhere, in their order."""
    read = Policy(document).reads
    return [
        factor
        for factor in standard["factors"]
        if any(name not in read for rule in factor["when"] for name in _reads(rule))
    ]


def with_factors(document: Mapping[str, Any], factors: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The document with further factors; one whose code is taken gets a number behind it."""
    taken = {part["code"] for part in (*document["factors"], *document["simplified"]["reasons"])}
    added: list[dict[str, Any]] = []
    for factor in factors:
        code = next(code for code in _codes_from(factor["code"]) if code not in taken)
        taken.add(code)
        added.append({**factor, "code": code})
    return {**document, "factors": [*document["factors"], *added]}


def _codes_from(code: str) -> Iterator[str]:
    yield code
    for number in count(2):
        yield f"{code}_{number}"


def score(facts: Mapping[str, Any], policy_document: Mapping[str, Any]) -> Score:
    """Rate one customer; to rate many, keep the Policy."""
    return Policy(policy_document).score(facts)


def inputs_of(facts: Mapping[str, Any], own: Sequence[str] = ()) -> dict[str, Any]:
    """What rules may read of a customer's facts, `own` attributes too; what is not known is left out."""
    inputs = {name: value for name in (*INPUTS, *own) if (value := facts.get(name)) is not None and value != ""}
    owners = facts.get("owners")
    if owners:
        answers = [owner.get("is_pep") for owner in owners]
        known = True if True in answers else None if None in answers else False
        if known is not None:
            inputs["owner_is_pep"] = known
    return inputs


def add_months(day: date, months: int) -> date:
    """The same day of the month, or its last day where the month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def next_review_on(last_reviewed_on: date | None, opened_on: date | None, months: int) -> date | None:
    """When the next review is due: a cycle after the last one, or after the opening of the account."""
    since = last_reviewed_on or opened_on
    return add_months(since, months) if since else None


_engine = datalogic_py.Engine()


def _row(factor: Mapping[str, Any]) -> _Row:
    code, kinds, points = factor["code"], frozenset(factor["kinds"]), factor["points"]
    if not factor["label"].get("ja") or not factor["label"].get("en"):
        raise PolicyInvalid(f"{code}: a label in Japanese and English is needed.")
    if not kinds <= KINDS or not kinds:
        raise PolicyInvalid(f"{code}: kinds are {', '.join(sorted(KINDS))}.")
    if type(points) is not int or points < 0:
        raise PolicyInvalid(f"{code}: points are whole numbers from 0.")
    if not factor["when"]:
        raise PolicyInvalid(f"{code}: a condition is needed.")
    conditions = tuple(_condition(code, rule) for rule in factor["when"])
    return _Row(code, points, kinds, conditions)


def _condition(code: str, rule: Any) -> _Condition:
    if not isinstance(rule, Mapping) or len(rule) != 1 or not QUESTIONS.issuperset(rule):
        raise PolicyInvalid(f"{code}: a condition is one question: {' '.join(sorted(QUESTIONS))}.")
    for operator in _operators(rule):
        if operator not in OPERATORS:
            raise PolicyInvalid(f"{code}: the operator {operator!r} is not allowed.")
    reads = frozenset(_reads(rule))
    if not reads or not {name for name in reads if not name.startswith(PREFIX)} <= set(INPUTS):
        raise PolicyInvalid(f"{code}: a condition reads one or more of {', '.join(INPUTS)}.")
    try:
        return _Condition(_engine.compile_strict(rule), reads)
    except datalogic_py.DataLogicError as error:
        raise PolicyInvalid(f"{code}: {error}") from error


def codes_named(rules: Sequence[Any], name: str) -> frozenset[str]:
    """The values of an input that rules speak of."""
    return _named(rules, {}).get(name, frozenset())


def _named(rules: Sequence[Any], judged: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    named = {key: set(codes) for key, codes in judged.items()}
    for rule in rules:
        for name in _reads(rule):
            named.setdefault(name, set()).update(_literals(rule))
    return {name: frozenset(values) for name, values in named.items()}


def _literals(rule: Any) -> Iterator[str]:
    """The texts that a rule compares with."""
    if isinstance(rule, Mapping):
        for operator, operand in rule.items():
            if operator != "var":
                yield from _literals(operand)
    elif isinstance(rule, list):
        for part in rule:
            yield from _literals(part)
    elif isinstance(rule, str):
        yield rule


def _operators(rule: Any) -> Iterator[str]:
    if isinstance(rule, Mapping):
        for operator, operand in rule.items():
            yield operator
            yield from _operators(operand)
    elif isinstance(rule, list):
        for part in rule:
            yield from _operators(part)


def _reads(rule: Any) -> Iterator[str]:
    if isinstance(rule, Mapping):
        for operator, operand in rule.items():
            if operator == "var":
                if not isinstance(operand, str):
                    raise PolicyInvalid("`var` takes one name; a default would hide what is unknown.")
                yield operand
            else:
                yield from _reads(operand)
    elif isinstance(rule, list):
        for part in rule:
            yield from _reads(part)
