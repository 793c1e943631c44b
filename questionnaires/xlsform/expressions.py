"""A documented part of XLSForm's XPath to our conditions and back. No Django, no clock.

``${q} = 'x'``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``and``, ``or``, ``not()``, ``selected()``; of an answer itself
``. >= 5``, ``string-length(.)``, ``count-selected(.)``, ``. <= today()``, ``. >= date('2026-04-01')``. The rest is
refused and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, cast

from lark import Lark, Token, Transformer
from lark.exceptions import LarkError

MAX_LENGTH = 2_000
MAX_DEPTH = 20

_GRAMMAR = r"""
    ?start: either
    ?either: both ("or" both)*
    ?both: unit ("and" unit)*
    ?unit: "not" "(" either ")" -> negation
        | "(" either ")" -> bracket
        | "selected" "(" field "," TEXT ")" -> has
        | "selected" "(" TEXT "," field ")" -> one_of
        | operand OPERATOR value -> comparison
    ?operand: field | itself | length | chosen
    field: NAME
    itself: "."
    length: "string-length" "(" "." ")"
    chosen: "count-selected" "(" "." ")"
    ?value: TEXT -> text | NUMBER -> number | "today" "(" ")" -> today | "date" "(" TEXT ")" -> day
        | "true" "(" ")" -> yes | "false" "(" ")" -> no
    NAME: /\$\{[^{}]{1,80}\}/
    OPERATOR: "!=" | "<=" | ">=" | "=" | "<" | ">"
    TEXT: /'[^']*'/ | /"[^"]*"/
    NUMBER: /-?[0-9]+(\.[0-9]+)?/
    %import common.WS
    %ignore WS
"""
_ORDER = frozenset({"<", "<=", ">", ">="})
_OURS = {"=": "===", "!=": "!=="}
_THEIRS = {ours: theirs for theirs, ours in _OURS.items()}
_SUM = re.compile(r"\s*\$\{([^{}]+)\}(?:\s*\+\s*\$\{([^{}]+)\})+\s*")
_NAMED = re.compile(r"\$\{([^{}]+)\}")
_COUNT = re.compile(r"\s*count-selected\(\s*\$\{([^{}]+)\}\s*\)\s*")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


class Unreadable(ValueError):
    """An expression outside the part that is read; ``code`` makes the sentence, ``what`` is the place in it."""

    def __init__(self, code: str, what: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.what = what


class Of(StrEnum):
    """What the answer to a name is, and so how it is written in a comparison."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes_no"  # 'yes', 'no'
    DECLARATION = "declaration"  # 'OK'
    FLAG = "flag"  # 'true', 'false': worked out
    SEVERAL = "several"


_WORDS: Mapping[Of, Mapping[bool, str]] = {
    Of.YES_NO: {True: "yes", False: "no"},
    Of.DECLARATION: {True: "OK"},
    Of.FLAG: {True: "true", False: "false"},
}


@dataclass(frozen=True, slots=True)
class Bound:
    """One clause about the answer itself: "value", "length" or "chosen", an operator and a number or day."""

    of: str
    operator: str
    value: object


class _Tree(Transformer[Token, Any]):
    """Our condition's shape, with what only makes sense of the answer itself as `Bound`."""

    def __init__(self, names: Mapping[str, Of]) -> None:
        super().__init__()
        self.names = names

    def negation(self, parts: list[Any]) -> Any:
        return {"!": [parts[0]]}

    def bracket(self, parts: list[Any]) -> Any:
        return parts[0]

    def field(self, parts: list[Any]) -> Any:
        name = parts[0][2:-1].strip()
        if name not in self.names:
            raise Unreadable("unknown_name", name)
        return name

    def itself(self, parts: list[Any]) -> Any:
        return Bound("value", "", None)

    def length(self, parts: list[Any]) -> Any:
        return Bound("length", "", None)

    def chosen(self, parts: list[Any]) -> Any:
        return Bound("chosen", "", None)

    def text(self, parts: list[Any]) -> Any:
        return str(parts[0][1:-1])

    def number(self, parts: list[Any]) -> Any:
        return float(parts[0]) if "." in parts[0] else int(parts[0])

    def today(self, parts: list[Any]) -> Any:
        return Bound("today", "", "today")

    def day(self, parts: list[Any]) -> Any:
        said = parts[0][1:-1]
        try:
            return Bound("today", "", date.fromisoformat(said).isoformat())
        except ValueError:
            raise Unreadable("bad_day", said) from None

    def yes(self, parts: list[Any]) -> Any:
        return True

    def no(self, parts: list[Any]) -> Any:
        return False

    def has(self, parts: list[Any]) -> Any:
        name, value = parts[0], str(parts[1][1:-1])
        if self.names[name] is not Of.SEVERAL:
            return {"===": [{"var": name}, self._literal(name, value, "selected")]}
        return {"in": [value, {"var": name}]}

    def one_of(self, parts: list[Any]) -> Any:
        return {"in": [{"var": parts[1]}, parts[0][1:-1].split()]}

    def comparison(self, parts: list[Any]) -> Any:
        left, operator, right = parts[0], str(parts[1]), parts[2]
        if isinstance(left, Bound):
            if left.of == "value" and isinstance(right, Bound):
                return Bound("day", operator, right.value)
            if not isinstance(right, int | float) or isinstance(right, bool):
                raise Unreadable("bad_bound", operator)
            return Bound(left.of, operator, right)
        if isinstance(right, Bound):
            raise Unreadable("day_of_another", left)
        literal = self._literal(left, right, operator)
        return {_OURS.get(operator, operator): [{"var": left}, literal]}

    def _literal(self, name: str, said: object, operator: str) -> object:
        kind = self.names[name]
        if kind is Of.SEVERAL:
            raise Unreadable("use_selected", name)
        if kind is Of.NUMBER:
            number = _number(said)
            if number is None:
                raise Unreadable("not_a_number", name)
            return number
        if operator in _ORDER:
            raise Unreadable("not_a_number", name)
        if kind in _WORDS:
            for literal, word in _WORDS[kind].items():
                if said is literal or said == word:
                    return literal
            raise Unreadable("not_yes_or_no", name)
        return str(said)

    def both(self, parts: list[Any]) -> Any:
        return {"and": parts}

    def either(self, parts: list[Any]) -> Any:
        return {"or": parts}


def _number(said: object) -> int | float | None:
    if isinstance(said, bool):
        return None
    if isinstance(said, int | float):
        return said
    try:
        return int(str(said))
    except ValueError:
        return None


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", start="start")


def read(said: str, names: Mapping[str, Of]) -> Any:
    """The condition, with `Bound` where it speaks of the answer itself.

    Raises:
        Unreadable: it is outside the part that is read, or speaks of a name that there is not.
    """
    if len(said) > MAX_LENGTH:
        raise Unreadable("too_long", str(MAX_LENGTH))
    depth = 0
    for sign in said:
        depth += (sign == "(") - (sign == ")")
        if depth > MAX_DEPTH:
            raise Unreadable("too_deep", str(MAX_DEPTH))
    try:
        return _Tree(names).transform(_parser().parse(said))
    except LarkError as error:
        if isinstance(cause := getattr(error, "orig_exc", None), Unreadable):
            raise cause from None
        at = getattr(error, "pos_in_stream", None)
        raise Unreadable("not_read", said[at : at + 40] if isinstance(at, int) and at >= 0 else said[-40:]) from None


def condition(said: str, names: Mapping[str, Of]) -> dict[str, Any]:
    """A condition on other answers. Raises Unreadable."""
    found = read(said, names)
    if has_bound(found):
        raise Unreadable("speaks_of_itself")
    return cast("dict[str, Any]", found)


def has_bound(found: Any) -> bool:
    """Whether it speaks of the answer itself anywhere."""
    if isinstance(found, Bound):
        return True
    if isinstance(found, dict):
        return any(has_bound(part) for operands in found.values() for part in operands)
    return False


def bounds(found: Any) -> list[Bound] | None:
    """The clauses, if it is nothing but clauses about the answer itself, joined by "and"."""
    if isinstance(found, Bound):
        return [found]
    if isinstance(found, dict) and list(found) == ["and"] and all(isinstance(one, Bound) for one in found["and"]):
        return list(found["and"])
    return None


def summed(said: str) -> list[str] | None:
    """The names in ``${a} + ${b}``."""
    return _NAMED.findall(said) if _SUM.fullmatch(said) else None


def counted(said: str) -> str | None:
    """The name in ``count-selected(${a})``."""
    found = _COUNT.fullmatch(said)
    return found[1] if found else None


def written(logic: Mapping[str, Any], names: Mapping[str, Of], *, inside: bool = False) -> str | None:
    """The condition as XPath; None where XLSForm has no way to say it so that it is read back the same."""
    [(operator, operands)] = logic.items()
    if operator in ("and", "or"):
        parts = [written(part, names, inside=True) for part in operands]
        if len(parts) < 2 or None in parts:
            return None
        joined = f" {operator} ".join(cast("list[str]", parts))
        return f"({joined})" if inside else joined
    if operator == "!":
        part = written(operands[0], names)
        return None if part is None else f"not({part})"
    return _comparison(operator, operands, names)


def _comparison(operator: str, operands: Sequence[Any], names: Mapping[str, Of]) -> str | None:
    left, right = operands
    if operator == "in":
        if isinstance(left, str):
            name = right["var"]
            is_sayable = names.get(name) is Of.SEVERAL and _PLAIN.fullmatch(left)
            return f"selected(${{{name}}}, '{left}')" if is_sayable else None
        name = left["var"]
        if names.get(name) is not Of.TEXT or not right or not all(map(_PLAIN.fullmatch, right)):
            return None
        return f"selected('{' '.join(right)}', ${{{name}}})"
    name = left["var"]
    kind = names.get(name)
    if kind is None or kind is Of.SEVERAL:
        return None
    literal = _quoted(right, kind)
    return None if literal is None else f"${{{name}}} {_THEIRS.get(operator, operator)} {literal}"


def _quoted(value: object, kind: Of) -> str | None:
    if kind is Of.NUMBER:
        is_sayable = type(value) is int or (type(value) is float and re.fullmatch(r"-?\d+\.\d+", repr(value)))
        return repr(value) if is_sayable else None
    if kind in _WORDS:
        word = _WORDS[kind].get(value) if isinstance(value, bool) else None
        return None if word is None else f"'{word}'"
    if not isinstance(value, str) or "${" in value:
        return None
    if "'" not in value:
        return f"'{value}'"
    return None if '"' in value else f'"{value}"'
