"""Gives answers other names wherever a document reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from questionnaires.schema import NamePart, more_field, part_field, postal_field

_CHANGED = "changed:"


def fields_renamed(old: str, new: str) -> dict[str, str]:
    """Every answer that a question may give, by its old name."""
    pairs = [(more_field(old), more_field(new)), (postal_field(old), postal_field(new)), (old, new)]
    return dict([*pairs, *((part_field(old, part), part_field(new, part)) for part in NamePart)])


def rename_reads(part: dict[str, Any], names: Mapping[str, str]) -> None:
    """Rename what the conditions, checks and sums of a document or page read, in place."""

    def renamed(name: str) -> str:
        bare = name.removeprefix(_CHANGED)
        return name[: len(name) - len(bare)] + names.get(bare, bare)

    for page in part.get("pages", [part]):
        _in_place(page, "show_if", lambda logic: _logic(logic, renamed))
        for check in page.get("checks", ()):
            _in_place(check, "holds", lambda logic: _logic(logic, renamed))
            _in_place(check, "at", renamed)
    for one in part.get("calculated", ()):
        _in_place(one, "holds", lambda logic: _logic(logic, renamed))
        _in_place(one, "count", renamed)
        _in_place(one, "sum", lambda read: [renamed(name) for name in read])


def reads_of(logic: object) -> set[str]:
    """The answers a condition reads, whatever else is wrong with it."""
    if isinstance(logic, Mapping):
        if isinstance(logic.get("var"), str):
            return {logic["var"]}
        return {name for value in logic.values() for name in reads_of(value)}
    if isinstance(logic, list):
        return {name for value in logic for name in reads_of(value)}
    return set()


def _in_place(part: dict[str, Any], key: str, change: Callable[[Any], Any]) -> None:
    if key in part:
        part[key] = change(part[key])


def _logic(logic: Any, renamed: Callable[[str], str]) -> Any:
    if isinstance(logic, list):
        return [_logic(one, renamed) for one in logic]
    if not isinstance(logic, dict):
        return logic
    if isinstance(logic.get("var"), str):
        return {**logic, "var": renamed(logic["var"])}
    return {key: _logic(value, renamed) for key, value in logic.items()}
