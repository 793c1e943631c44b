"""The canonical line of an event: the exact bytes that are hashed, and one line of an export.

A JSON array without spaces, in UTF-8: numbers as numbers, times in UTC with six decimals and a Z, the payload as the
stored text. `columns` makes PostgreSQL hand the values over in this order and form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime

FIELDS = (
    "id", "tenant_id", "txid", "at", "recorded_at", "kind", "actor_kind", "actor_id", "request_id", "event",
    "target_type", "target_id", "payload",
)  # fmt: skip
_TIMES = frozenset({"at", "recorded_at"})
_NUMBERS = 3
_TIME = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
_SPECIAL = bytes({*range(32), ord("\\")} - {ord("\t")})
# Of COPY's text format; other characters may be escaped by themselves.
_PARTS, _HEADS, _LINES = b"\x1f", b"\x1d", b"\n"
_CONTROL = bytes({*range(32)} - {*_PARTS, *_HEADS, *_LINES})
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def columns(table: str) -> str:
    """The select list that gives ``FIELDS`` of ``table`` as text that `copied_line` takes."""
    return ", ".join(_values(table))


def canonical_line(row: Sequence[object]) -> bytes:
    """The line of one event, given its values in the order of ``FIELDS``; aware datetimes, whole numbers, text."""
    values = [_time(value) if isinstance(value, datetime) else value for value in row]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def copied_line(row: bytes) -> bytes:
    """The line of one event, given its row in COPY's text format without the newline.

    Raises:
        ValueError: a column is missing or null.
    """
    # Nearly every row holds no character that COPY or JSON escapes, but for the quotes of the payload.
    if len(row.translate(None, _SPECIAL)) == len(row):
        numbers = row.replace(b'"', b'\\"').replace(b"\t", b",", _NUMBERS - 1)
        return b"[" + numbers.replace(b"\t", b',"', 1).replace(b"\t", b'","') + b'"]'
    fields = [_unescaped(field) for field in row.decode().split("\t")]
    if len(fields) != len(FIELDS):
        raise ValueError(f"An event has {len(fields)} columns.")
    return canonical_line([*map(int, fields[:_NUMBERS]), *fields[_NUMBERS:]])


def packed(table: str) -> str:
    """An expression for one event's values with separators between them, for `unpacked_lines`."""
    values = _values(table)
    numbers, texts = ", ".join(values[:_NUMBERS]), ", ".join(values[_NUMBERS:])
    return f"concat(concat_ws(',', {numbers}), E'\\x1d', concat_ws(E'\\x1f', {texts}))"


def unpacked_lines(joined: bytes, count: int) -> list[bytes] | None:
    """The lines of ``count`` packed events without a null that are joined by newlines, each behind a zero byte.

    None when a value holds a control character, which may be one of the separators: take `copied_line` for them.
    Whole batches at once: a few replaces cost less than ten thousand; what they add to the length counts for nothing.
    """
    escaped = joined.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    headed = escaped.replace(_HEADS, b',"')
    parted = headed.replace(_PARTS, b'","')
    lines = (b"\0[" + parted.replace(_LINES, b'"]\n\0[') + b'"]').split(_LINES)
    is_plain = (
        len(lines) == len(headed) - len(escaped) == count
        and len(parted) - len(headed) == 2 * count * (len(FIELDS) - _NUMBERS - 1)
        and len(joined.translate(None, _CONTROL)) == len(joined)
    )
    return lines if is_plain else None


def _values(table: str) -> list[str]:
    names = ((name, f"{table}.{name}") for name in FIELDS)
    return [_TIME.format(qualified) if name in _TIMES else qualified for name, qualified in names]


def _unescaped(field: str) -> str:
    if field == "\\N":
        raise ValueError("An event has a null.")
    return re.sub(r"\\(.)", lambda found: _ESCAPED.get(found[1], found[1]), field, flags=re.DOTALL)


def _time(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
