"""Options as documents: a dotted name leads inwards, nothing entered leaves nothing behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def value_at(options: Mapping[str, Any], name: str) -> Any:
    """What stands under a dotted name; None where there is nothing."""
    found: Any = options
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def with_values(options: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The options with ``changes`` by dotted name; None takes a value out, and a document that is left empty."""
    result = dict(options)
    for name, value in changes.items():
        first, _, rest = name.partition(".")
        if rest:
            inner = result.get(first)
            value = with_values(inner if isinstance(inner, Mapping) else {}, {rest: value}) or None
        if value is None:
            result.pop(first, None)
        else:
            result[first] = value
    return result
