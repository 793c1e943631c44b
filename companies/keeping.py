"""Writing entries of the register into our table, many in one statement, and noting what they change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from django.db import connection, transaction

from companies.changing import Change, changes_between
from companies.models import RegistryChange
from companies.protocols import Entry

# In the order of `Entry`, whose last field is not kept: former entries are no rows.
COLUMNS = {
    "number": "varchar", "name": "varchar", "name_fold": "varchar", "furigana": "varchar", "name_en": "varchar",
    "kind": "varchar", "prefecture": "varchar", "city": "varchar", "street": "varchar", "address_abroad": "varchar",
    "postal_code": "varchar", "process": "varchar", "changed_on": "date", "updated_on": "date", "closed_on": "date",
    "close_cause": "varchar", "successor": "varchar", "change_cause": "varchar", "assigned_on": "date",
    "has_odd_characters": "boolean", "is_hidden": "boolean",
}  # fmt: skip
_NAMES = ", ".join(COLUMNS)
_ARRAYS = ", ".join(f"%s::{kind}[]" for kind in COLUMNS.values())
_OURS = ", ".join(f"r.{name}" for name in COLUMNS)
_THEIRS = ", ".join(f"i.{name}" for name in COLUMNS)
_EXCLUDED = ", ".join(f"EXCLUDED.{name}" for name in COLUMNS)
_SETTINGS = ", ".join(f"{name} = EXCLUDED.{name}" for name in COLUMNS if name != "number")
_KNOWN = "SELECT number FROM companies_corporaterecord WHERE number = ANY (%s)"
# Only what will be replaced comes back: of a file loaded anew, nearly nothing. Locked in the order of the keys.
_DIFFERING = f"""
    SELECT {_OURS} FROM unnest({_ARRAYS}) AS i ({_NAMES}) JOIN companies_corporaterecord r ON r.number = i.number
    WHERE r.updated_on <= i.updated_on AND ({_OURS}) IS DISTINCT FROM ({_THEIRS})
    ORDER BY r.number FOR UPDATE OF r"""  # noqa: S608  # names from the table above
_UPSERT = f"""
    INSERT INTO companies_corporaterecord AS r ({_NAMES})
    SELECT {_THEIRS} FROM unnest({_ARRAYS}) AS i ({_NAMES})
    ON CONFLICT (number) DO UPDATE SET {_SETTINGS}
    WHERE r.updated_on <= EXCLUDED.updated_on AND ({_OURS}) IS DISTINCT FROM ({_EXCLUDED})"""  # noqa: S608  # as above


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of entries: every one is counted once."""

    new: int = 0
    changed: int = 0
    same: int = 0
    former: int = 0


def keep_entries(entries: Sequence[Entry], *, since: date | None, now: datetime) -> Tally:
    """Keep the newest state of each company and note what happened to it; inside the transaction that is open.

    ``since``: of companies that we did not know, what happened before this day is no news. None: nothing is.
    Entries older than what is kept change nothing, so everything may be kept again, in any order.
    """
    newest: dict[str, Entry] = {}
    for entry in entries:
        if entry.is_latest and ((other := newest.get(entry.number)) is None or other.updated_on <= entry.updated_on):
            newest[entry.number] = entry
    rows = [newest[number] for number in sorted(newest)]
    if not rows:
        return Tally(former=len(entries))
    numbers = [row.number for row in rows]
    columns = [_literal(values) for values in list(zip(*rows, strict=True))[: len(COLUMNS)]]
    with transaction.atomic(), connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        known = {number for (number,) in cursor.execute(_KNOWN, [numbers])} if since is not None else set()
        replaced = {row[0]: Entry._make((*row, True)) for row in cursor.execute(_DIFFERING, columns)}
        written = cursor.execute(_UPSERT, columns).rowcount
        _note_changes(rows, replaced, known, since=since, now=now)
    return Tally(written - len(replaced), len(replaced), len(rows) - written, len(entries) - len(rows))


def _literal(values: Sequence[Any]) -> str:
    """An array as PostgreSQL writes it: joined in one go, because psycopg dumps lists item by item."""
    if isinstance(values[0], str):
        joined = '","'.join(values)
        if joined.count('"') != 2 * len(values) - 2 or "\\" in joined:
            joined = '","'.join([value.replace("\\", "\\\\").replace('"', '\\"') for value in values])
        return '{"' + joined + '"}'
    if isinstance(values[0], bool):
        return "{" + ",".join(["t" if value else "f" for value in values]) + "}"
    return "{" + ",".join(["NULL" if day is None else day.isoformat() for day in values]) + "}"


def _note_changes(
    rows: Sequence[Entry], replaced: Mapping[str, Entry], known: Collection[str], *, since: date | None, now: datetime
) -> None:
    changes: list[Change] = []
    for row in rows:
        before = replaced.get(row.number)
        if before is not None:
            changes += changes_between(before, row)
        elif since is not None and row.number not in known and row.changed_on >= since:
            changes += changes_between(None, row)
    RegistryChange.objects.bulk_create(
        [
            RegistryChange(
                number=change.number,
                kind=change.kind,
                happened_on=change.on,
                before=dict(change.before),
                after=dict(change.after),
                found_at=now,
            )
            for change in changes
        ],
        batch_size=2_000,
    )
