"""A second, slow reading of the risk rules in plain Python: what the fast one is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

UNKNOWN = object()
OPERATIONS: Mapping[str, Callable[..., bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "in": lambda left, *right: left in right[0],
    "!": lambda only: not only,
}
ORDER = ["LOW", "MEDIUM", "HIGH"]


def value(rule: Any, inputs: Mapping[str, Any]) -> Any:
    """The value of an expression; UNKNOWN as soon as it reads something that is not there."""
    if isinstance(rule, list):
        parts = [value(part, inputs) for part in rule]
        return UNKNOWN if any(part is UNKNOWN for part in parts) else parts
    if not isinstance(rule, Mapping):
        return rule
    ((operator, operand),) = rule.items()
    if operator == "var":
        return UNKNOWN if inputs.get(operand) is None else inputs[operand]
    operands = value(operand if isinstance(operand, list) else [operand], inputs)
    return UNKNOWN if operands is UNKNOWN else OPERATIONS[operator](*operands)


def holds(conditions: list[Any], inputs: Mapping[str, Any]) -> Any:
    """Three-valued «and»."""
    results = [value(condition, inputs) for condition in conditions]
    if any(result is False for result in results):
        return False
    return UNKNOWN if any(result is UNKNOWN for result in results) else True


def score(inputs: Mapping[str, Any], document: Mapping[str, Any]) -> tuple[str, int, list[str], list[str], str]:
    """(tier, points, reasons, unknown, due diligence)"""
    kind = inputs["kind"]
    judged: dict[str, list[Any]] = {}
    points: dict[str, int] = {}
    for factor in document["factors"]:
        if kind in factor["kinds"]:
            judged.setdefault(factor["code"], []).append(holds(factor["when"], inputs))
            points[factor["code"]] = factor["points"]
    reasons = [code for code, results in judged.items() if True in results]
    unknown = [code for code, results in judged.items() if True not in results and UNKNOWN in results]
    total = sum(points[code] for code in reasons)
    tier = next(level["tier"] for level in document["tiers"] if total >= level["from"])
    if unknown and ORDER.index(tier) < ORDER.index(document["unknown_floor"]):
        tier = document["unknown_floor"]
    simplified = document["simplified"]
    may_be = tier == simplified["tier"] and not unknown and kind in simplified["kinds"]
    if may_be and all(holds(reason["when"], inputs) is True for reason in simplified["reasons"]):
        return tier, total, reasons + [reason["code"] for reason in simplified["reasons"]], unknown, "SIMPLIFIED"
    return tier, total, reasons, unknown, "ENHANCED" if tier == "HIGH" else "STANDARD"
