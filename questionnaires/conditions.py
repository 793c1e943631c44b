"""When a page is shown: a JSONLogic subset under an operation budget, which says "unknown" and never guesses."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import ge, gt, le, lt
from typing import Any, cast

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


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked condition and the answers it reads."""

    logic: Mapping[str, Any]
    reads: frozenset[str]

    def holds(self, answers: Mapping[str, object]) -> bool | None:
        """None when an answer it reads is missing: an unanswered question proves nothing either way."""
        if any(answers.get(name) is None for name in self.reads):
            return None
        known = {name: answers[name] for name in self.reads}
        result, _ = _compiled(json.dumps(self.logic, sort_keys=True)).evaluate_metered(
            json.dumps(known), OPERATION_BUDGET
        )
        return cast(bool, json.loads(result))


def parse_condition(logic: object) -> Condition:
    """Accept and/or/!, === and !==, < <= > >= on numbers, and `in` a literal list; refuse everything else.

    A comparison has a variable on the left and a literal on the right, so that no value is ever coerced.
    """
    return Condition(cast(Mapping[str, Any], logic), frozenset(_reads(logic, depth=0)))


def evaluate_plainly(logic: Any, answers: Mapping[str, object]) -> bool:
    """The subset in plain Python: the yardstick the engine is measured against."""
    [(operator, operands)] = logic.items()
    if operator == "and":
        return all(evaluate_plainly(part, answers) for part in operands)
    if operator == "or":
        return any(evaluate_plainly(part, answers) for part in operands)
    if operator == "!":
        return not evaluate_plainly(operands[0], answers)
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


def _reads(logic: object, *, depth: int) -> Iterator[str]:
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
            yield from _reads(part, depth=depth + 1)
        return
    yield _variable(operator, operands)


def _variable(operator: str, operands: list[object]) -> str:
    """The variable of one comparison, after checking both of its sides."""
    if operator not in _EQUALITY | _ORDER | {"in"}:
        raise InvalidCondition(f"unknown operator {operator!r}")
    if len(operands) != 2:
        raise InvalidCondition(f"{operator!r} compares a variable with a literal")
    variable, literal = operands
    if not isinstance(variable, dict) or list(variable) != ["var"] or not isinstance(variable["var"], str):
        raise InvalidCondition(f"{operator!r} needs a variable on the left")
    if operator == "in":
        if not isinstance(literal, list) or not all(isinstance(item, str) for item in literal):
            raise InvalidCondition("'in' needs a list of texts on the right")
    elif operator in _ORDER:
        if isinstance(literal, bool) or not isinstance(literal, int | float):
            raise InvalidCondition(f"{operator!r} needs a number on the right")
    elif not isinstance(literal, str | bool | int):
        raise InvalidCondition(f"{operator!r} needs a text, a number or true/false on the right")
    return variable["var"]
