"""How a value of the file is written for the core system, and why it sometimes cannot be: pure.

Nothing is replaced, cut or guessed: what does not go into the bank's encoding or field is named and left out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from customers.facts.shape import Fact, Type
from customers.folding import digits_of
from integrations.returns.layouts import Cell
from tenants.cells import safe_cell

_KINDS = {"INDIVIDUAL": "個人", "COMPANY": "法人"}
_ANSWERS = {"true": "有", "false": "無"}
# Between values of a list, as our own import parts them.
_BETWEEN = "、"
_FILLS = {"spaces": " ", "wide_spaces": "　", "zeros": "0"}
_SOUND_MARKS = {"゛": "ﾞ", "゜": "ﾟ", "\u3099": "ﾞ", "\u309a": "ﾟ", "　": " "}
_HALF = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF61, 0xFF9E)} | _SOUND_MARKS
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a value cannot stand in the file; ``code`` and ``params`` make the sentence at the edge."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


class Unwritable(Exception):
    """A value that the file cannot carry."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.hindrance = Hindrance(code, params)


def codes_of(what: str, facts: Mapping[str, Fact]) -> Mapping[str, str]:
    """The codes that a value may be, each with its word in files; none where it is free."""
    if what == "kind":
        return _KINDS
    fact = facts.get(what)
    if fact is None:
        return {}
    if fact.type is Type.ANSWER:
        return _ANSWERS
    return {code: known.ja for code, known in (fact.list_of_codes() or {}).items()}


def text_of(cell: Cell, value: Any, facts: Mapping[str, Fact]) -> str:
    """The text of a value, or of its part in this cell, before it is filled up to its length; "" for none.

    Raises:
        Unwritable: the host's codes lack it, or it is more than one value.
    """
    if cell.place is not None:
        value = _part_of(value, *cell.place)
    if value is None or value == "":
        return ""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        if cell.values and len(value) > 1:
            raise Unwritable("several")
        return _BETWEEN.join(text_of(cell, one, facts) for one in value)
    if isinstance(value, (list, dict)):
        raise Unwritable("several")
    code = str(value).lower() if isinstance(value, bool) else str(value)
    if cell.values:
        if code not in cell.values:
            raise Unwritable("no_code")
        return cell.values[code]
    return _formed(cell, _worded(cell.what, value, code, facts))


def _part_of(people: Any, number: int, part: str) -> Any:
    """What is said of one in a list of people; nothing where there are fewer."""
    if not isinstance(people, list) or not all(isinstance(one, dict) for one in people):
        raise Unwritable("several")
    return people[number].get(part) if number < len(people) else None


def _worded(what: str, value: Any, code: str, facts: Mapping[str, Fact]) -> str:
    """As our own import reads it back."""
    if isinstance(value, bool):
        return _ANSWERS[code]
    fact = facts.get(what)
    if fact and fact.type is Type.PHONE and code.startswith("+81"):
        return "0" + code[3:]
    return codes_of(what, facts).get(code, code)


def _formed(cell: Cell, text: str) -> str:
    if cell.form == "digits":
        return digits_of(text)
    if cell.form == "half_kana":
        return "".join(map(_half, text))
    return text.translate(_WIDE) if cell.form == "wide" else text


def _half(char: str) -> str:
    """A voiced letter is two half-width ones; what is no katakana stays."""
    parts = unicodedata.normalize("NFD", char) if "\u30a0" <= char <= "\u30ff" else char
    return "".join(_HALF.get(part, part) for part in parts)


def bytes_of(text: str, *, encoding: str) -> bytes:
    """The text in the file's encoding, without a mark of its beginning.

    Raises:
        Unwritable: characters that the encoding lacks or has for itself (外字), or that would break the record.
    """
    encoding = encoding.removesuffix("-sig")
    foreign = [char for char in dict.fromkeys(text) if not _is_written(char, encoding)]
    if foreign:
        raise Unwritable("characters", points=[f"U+{ord(char):04X}" for char in foreign])
    return text.encode(encoding)


def _is_written(char: str, encoding: str) -> bool:
    if char == "\ufffd" or unicodedata.category(char) in ("Cc", "Co", "Cs", "Cn", "Zl", "Zp"):
        return False
    try:
        return char.encode(encoding).decode(encoding) == char
    except UnicodeEncodeError:
        return False


def check_cell(text: str) -> str:
    """The text of one cell of CSV, as it is.

    Raises:
        Unwritable: a spreadsheet would run it; an apostrophe before it would be a change.
    """
    if safe_cell(text) != text:
        raise Unwritable("formula")
    return text


def filled(cell: Cell, text: str, *, encoding: str) -> bytes:
    """The text in exactly ``cell.length`` bytes.

    Raises:
        Unwritable: as `bytes_of`, or it is longer.
    """
    data = bytes_of(text, encoding=encoding)
    if len(data) > cell.length:
        raise Unwritable("too_long", bytes=len(data), limit=cell.length)
    fill = _FILLS[cell.fill].encode(encoding)
    rest = cell.length - len(data)
    if rest % len(fill):
        raise Unwritable("not_wide")
    filling = fill * (rest // len(fill))
    return filling + data if cell.fill == "zeros" else data + filling
