"""Reads a tenant's entries back with their events, hashes them, and says which is the first that is wrong.

Whole pieces at once where all is right, entry by entry where something is not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format

from audit.lines import FIELDS, columns, copied_line, packed, unpacked_lines

# An event that was written a day before a checkpoint which did not see it yet has been smuggled in: no transaction
# of ours lives that long.
LATEST_COMMIT = timedelta(days=1)
# Asked for at once; worked on at once: so few that it stays in the processor's cache.
_CHUNK = 16_384
_PIECE = 2_048
_ENTRIES = (
    "FROM audit_leaf l LEFT JOIN audit_auditevent e ON e.id = l.event_id AND e.tenant_id = l.tenant_id"
    " WHERE l.tenant_id = {0} AND l.position >= {1} AND l.position < {2}"
)


class WrongEntry(Exception):
    """The first bad entry; ends the reading. ``position`` counts from 0."""

    def __init__(self, problem: str, position: int | None = None, event_id: int | None = None) -> None:
        super().__init__(problem)
        self.problem, self.position, self.event_id = problem, position, event_id


def read_digests(
    tenant_id: int, first: int, marks: Sequence[tuple[int, datetime]], cursor: Any
) -> Generator[Sequence[bytes]]:
    """The hashes of the events at the entries from ``first`` on, piece by piece, as far as they are what is stored.

    ``marks``: size and time of each checkpoint, in order. Close the generator before the connection is used otherwise.

    Raises:
        WrongEntry: after the last entry that is right.
    """
    connection = cursor.connection
    with ThreadPoolExecutor(1) as reader:
        position, end = first, first + _CHUNK
        answer = _ask(reader, connection, tenant_id, first)
        while pieces := _pieces(answer):
            # The database puts the next chunk together while we hash this one.
            answer = _ask(reader, connection, tenant_id, end)
            for piece in pieces:
                digests = _digests_of(piece, position, marks)
                if digests is None:
                    answer.result()
                    yield from _digests_one_by_one(tenant_id, position, end, marks, cursor)
                    position = end
                    answer = _ask(reader, connection, tenant_id, end)
                    break
                yield digests
                position += piece.count
            end += _CHUNK
    cursor.execute(
        "SELECT EXISTS (SELECT FROM audit_leaf WHERE tenant_id = %s AND position >= %s)", [tenant_id, position]
    )
    if cursor.fetchone()[0]:
        raise WrongEntry("the entry is missing", position)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Consecutive entries as they are in the database; ``last`` is the position of the last."""

    count: int
    last: int
    leaves: bytes
    joined: bytes
    is_whole: bool
    oldest: datetime | None


def _ask(reader: Executor, connection: Any, tenant_id: int, first: int) -> Future[Any]:
    """Ask for one chunk in one call of libpq's, which waits and reads beside the interpreter.

    A cursor would take what arrives in the interpreter's time, bit by bit, and the database wait with it.
    """
    query = (
        f"SELECT piece.* FROM generate_series($2::bigint, $3::bigint - 1, {_PIECE}) first, LATERAL ("  # noqa: S608  # names of our own columns
        "SELECT count(*)::text, max(position)::text, string_agg(leaf, ''::bytea), string_agg(packed, E'\\n'),"
        " bool_and(is_whole)::text, min(recorded_at)::text"
        f" FROM (SELECT l.position, l.leaf, {packed('e')} AS packed, e.recorded_at,"
        f" num_nulls({', '.join('e.' + name for name in FIELDS)}) = 0 AS is_whole"
        f" {_ENTRIES.format('$1', 'first', f'first + {_PIECE}')} ORDER BY l.position) entries) piece"
        " WHERE piece.count <> '0'"
    )
    bounds = [str(number).encode() for number in (tenant_id, first, first + _CHUNK)]
    return reader.submit(connection.pgconn.exec_params, query.encode(), bounds, result_format=Format.BINARY)


def _pieces(future: Future[Any]) -> list[_Piece]:
    """Wait for the chunk that was asked for; its pieces in the order of their entries."""
    answer = future.result()
    if answer.status != ExecStatus.TUPLES_OK:
        raise error_from_result(answer)
    rows = ([answer.get_value(row, column) or b"" for column in range(6)] for row in range(answer.ntuples))
    pieces = [
        _Piece(
            count=int(count),
            last=int(last),
            leaves=leaves,
            joined=joined,
            is_whole=is_whole == b"true",
            oldest=datetime.fromisoformat(oldest.decode()) if oldest else None,
        )
        for count, last, leaves, joined, is_whole, oldest in rows
    ]
    return sorted(pieces, key=lambda piece: piece.last)


def _digests_of(piece: _Piece, first: int, marks: Sequence[tuple[int, datetime]]) -> Sequence[bytes] | None:
    """All at once; None when an entry among them is wrong or has to be looked at by itself."""
    if not piece.is_whole or piece.last != first + piece.count - 1:
        return None
    lines = unpacked_lines(piece.joined, piece.count)
    if lines is None or piece.oldest is None or piece.oldest < _earliest(marks, piece.last):
        return None
    digests = [sha256(line).digest() for line in lines]
    return digests if b"".join(digests) == piece.leaves else None


def _digests_one_by_one(
    tenant_id: int, first: int, end: int, marks: Sequence[tuple[int, datetime]], cursor: Any
) -> Iterator[Sequence[bytes]]:
    """As far as they are right; then raises what is wrong with the next."""
    entries = _ENTRIES.format("%s", "%s", "%s")
    query = f"COPY (SELECT l.position, l.event_id, l.leaf, {columns('e')} {entries} ORDER BY l.position) TO STDOUT"
    digests: list[bytes] = []
    wrong = None
    with cursor.copy(query, [tenant_id, first, end]) as copy:
        for raw in copy:
            position, event_id, leaf, row = bytes(raw[:-1]).split(b"\t", 3)
            expected = first + len(digests)
            wrong = wrong or _wrong(int(position), int(event_id), leaf, row, expected, marks)
            if wrong is None:
                digests.append(sha256(b"\0" + copied_line(row)).digest())
    yield digests
    if wrong is not None:
        raise wrong


def _wrong(
    position: int, event_id: int, leaf: bytes, row: bytes, expected: int, marks: Sequence[tuple[int, datetime]]
) -> WrongEntry | None:
    if position != expected:
        return WrongEntry("the entry is missing", expected)
    # COPY escapes the backslash of a null and of a hexadecimal value.
    if row.startswith(b"\\N"):
        return WrongEntry("the event is gone", position, event_id)
    if b"\\N" in row.split(b"\t") or leaf != b"\\\\x" + sha256(b"\0" + copied_line(row)).hexdigest().encode():
        return WrongEntry("the event is not what was sealed", position, event_id)
    recorded_at = row.split(b"\t", 5)[4].decode()
    if datetime.fromisoformat(recorded_at) < _earliest(marks, position):
        return WrongEntry(
            f"the event claims to be of {recorded_at}, but what was sealed a day later did not know it: "
            "it was inserted into the past",
            position,
            event_id,
        )
    return None


def _earliest(marks: Sequence[tuple[int, datetime]], position: int) -> datetime:
    """What was recorded before this would have been sealed before ``position``."""
    passed = bisect_right(marks, position, key=lambda mark: mark[0])
    return marks[passed - 1][1] - LATEST_COMMIT if passed else datetime.min.replace(tzinfo=UTC)
