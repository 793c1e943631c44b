"""When a page is shown: a JSONLogic subset under an operation budget, which says "unknown" and never guesses."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import ge, gt, le, lt
from typing import Any, NamedTuple, cast

import datalogic_py

OPERATION_BUDGET = 2_000
MAX_DEPTH = 20

_ENGINE = datalogic_py.Engine()
_JOINING = frozenset({"and", "or"})
_EQUALITY = frozenset({"===", "!=="})
_COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge}
_ORDER = frozenset(_COMPARE)


class InvalidCondition(ValueError):
    """The condition steps outside the subset; the text says where."""


class Comparison(NamedTuple):
    """One comparison of a condition. The operator "has": whether the literal is among several choices."""

    variable: str
    operator: str
    literal: Any


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked condition, and what it compares."""

    logic: Mapping[str, Any]
    comparisons: tuple[Comparison, ...]

    @property
    def reads(self) -> frozenset[str]:
        """The answers it reads."""
        return frozenset(one.variable for one in self.comparisons)

    def holds(self, answers: Mapping[str, object]) -> bool | None:
        """None when an answer it reads is missing: an unanswered question proves nothing either way."""
        known = {one.variable: answers.get(one.variable) for one in self.comparisons}
        if None in known.values():
            return None
        result, _ = _compiled(json.dumps(self.logic, sort_keys=True)).evaluate_metered(
            json.dumps(known), OPERATION_BUDGET
        )
        return cast(bool, json.loads(result))


def parse_condition(logic: object) -> Condition:
    """Accept and/or/!, === and !==, < <= > >= on numbers, and `in`; refuse everything else.

    A comparison has a variable on the left and a literal on the right, so that no value is ever coerced. `in` asks
    whether a variable is one of a literal list, or whether a literal is among a variable's several choices.
    """
    return Condition(cast(Mapping[str, Any], logic), tuple(_comparisons(logic, depth=0)))


def evaluate_plainly(logic: Any, answers: Mapping[str, object]) -> bool:
    """The subset in plain Python: the yardstick the engine is measured against."""
    [(operator, operands)] = logic.items()
    if operator == "and":
        return all(evaluate_plainly(part, answers) for part in operands)
    if operator == "or":
        return any(evaluate_plainly(part, answers) for part in operands)
    if operator == "!":
        return not evaluate_plainly(operands[0], answers)
    if operator == "in" and isinstance(operands[0], str):
        chosen = answers[operands[1]["var"]]
        assert isinstance(chosen, list)
        return any(_same(item, operands[0]) for item in chosen)
    value, literal = answers[operands[0]["var"]], operands[1]
    if operator == "in":
        return any(_same(value, item) for item in literal)
    if operator in _EQUALITY:
        return _same(value, literal) is (operator == "===")
    assert isinstance(value, int | float)
    return bool(_COMPARE[operator](value, literal))


@lru_cache(maxsize=512)
def _compiled(logic: str) -> datalogic_py.Rule:
    return _ENGINE.compile_strict(logic)


def _same(left: object, right: object) -> bool:
    return isinstance(left, bool) is isinstance(right, bool) and left == right


def _comparisons(logic: object, *, depth: int) -> Iterator[Comparison]:
    if depth > MAX_DEPTH:
        raise InvalidCondition(f"nested deeper than {MAX_DEPTH}")
    if not isinstance(logic, dict) or len(logic) != 1:
        raise InvalidCondition(f"expected one operator, found {logic!r}")
    [(operator, operands)] = logic.items()
    if not isinstance(operands, list):
        raise InvalidCondition(f"{operator!r} needs a list of operands")
    if operator in _JOINING or operator == "!":
        if not operands or (operator == "!" and len(operands) != 1):
            raise InvalidCondition(f"{operator!r} has the wrong number of operands")
        for part in operands:
            yield from _comparisons(part, depth=depth + 1)
        return
    yield _comparison(operator, operands)


def _comparison(operator: str, operands: list[object]) -> Comparison:
    """One comparison, after checking both of its sides."""
    if operator not in _EQUALITY | _ORDER | {"in"}:
        raise InvalidCondition(f"unknown operator {operator!r}")
    if len(operands) != 2:
        raise InvalidCondition(f"{operator!r} compares a variable with a literal")
    variable, literal = operands
    if operator == "in" and isinstance(variable, str):
        return Comparison(_variable(operator, literal), "has", variable)
    name = _variable(operator, variable)
    if wrong := _misfit(operator, literal):
        raise InvalidCondition(f"{operator!r} needs {wrong} on the right")
    return Comparison(name, operator, literal)


def _variable(operator: str, said: object) -> str:
    if not isinstance(said, dict) or list(said) != ["var"] or not isinstance(said["var"], str):
        raise InvalidCondition(f"{operator!r} needs a variable on the left")
    return said["var"]


def _misfit(operator: str, literal: object) -> str:
    """What a comparison needs instead of this literal; "" where it fits."""
    if operator == "in":
        is_list = isinstance(literal, list) and all(isinstance(item, str) for item in literal)
        return "" if is_list else "a list of texts"
    if operator in _ORDER:
        return "a number" if isinstance(literal, bool) or not isinstance(literal, int | float) else ""
    return "" if isinstance(literal, str | bool | int) else "a text, a number or true/false"
