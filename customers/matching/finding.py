"""Finding customers who may be one: a single statement over the blind indexes, and what it changes in the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from audit.services import Actor, record_ids
from audit.transitions import transition_many
from customers.matching.models import MatchCandidate
from customers.matching.rules import FOR, Reason, weight_of
from customers.writing import insert_many, update_many
from tenants.scoping import required_tenant_id
from tenants.turns import take_turn

# What more customers than this share says nothing about two of them: a nursing home's telephone, a dormitory.
LARGEST = 8
# More pairs than this no search takes, those with the same person or number (reasons 1 and 8) before the others.
MOST = 200_000
_LOCK = 0x6B7A_0011

type Pair = tuple[UUID, UUID]

Status = MatchCandidate.Status

PAIRS = """
WITH shared AS (
    SELECT channel, value_index FROM customers_contactpoint
    WHERE tenant_id = %(tenant)s AND is_current AND channel IN ('PHONE', 'POST')
    GROUP BY channel, value_index HAVING count(*) > 1
), alike AS (
    SELECT 1 AS reason, array_agg(id) AS ids FROM customers_customer
    WHERE tenant_id = %(tenant)s AND status = 'ACTIVE' AND person_index IS NOT NULL
    GROUP BY person_index HAVING count(*) BETWEEN 2 AND %(largest)s
  UNION ALL
    SELECT 8, array_agg(id) FROM customers_customer
    WHERE tenant_id = %(tenant)s AND status = 'ACTIVE' AND corporate_number <> ''
    GROUP BY corporate_number HAVING count(*) BETWEEN 2 AND %(largest)s
  UNION ALL
    SELECT 16, array_agg(id) FROM customers_customer
    WHERE tenant_id = %(tenant)s AND status = 'ACTIVE' AND kind = 'COMPANY' AND name_index IS NOT NULL
    GROUP BY name_index HAVING count(*) BETWEEN 2 AND %(largest)s
  UNION ALL
    SELECT CASE s.channel WHEN 'PHONE' THEN 2 ELSE 4 END, array_agg(c.id)
    FROM shared s
    JOIN customers_contactpoint p
      ON p.tenant_id = %(tenant)s AND p.value_index = s.value_index AND p.channel = s.channel AND p.is_current
    JOIN customers_customer c ON c.tenant_id = %(tenant)s AND c.id = p.customer_id
    WHERE c.status = 'ACTIVE' AND c.kana_index IS NOT NULL
    GROUP BY s.channel, s.value_index, c.kana_index, c.kind HAVING count(*) BETWEEN 2 AND %(largest)s
), pairs AS (
    SELECT a, b, bit_or(reason) AS reasons FROM alike, unnest(ids) a, unnest(ids) b WHERE a < b GROUP BY a, b
)
SELECT p.a, p.b, p.reasons
       | CASE WHEN x.name_index = y.name_index AND x.person_index <> y.person_index THEN 32 ELSE 0 END
FROM pairs p
JOIN customers_customer x ON x.tenant_id = %(tenant)s AND x.id = p.a
JOIN customers_customer y ON y.tenant_id = %(tenant)s AND y.id = p.b
WHERE p.reasons & 8 > 0 OR x.corporate_number = '' OR y.corporate_number = ''
ORDER BY p.reasons & 9 = 0, p.a, p.b LIMIT %(most)s
"""


def find_candidates(*, actor: Actor, now: datetime) -> int:
    """Search the whole book; returns how many pairs are new or to be looked at again.

    A pair somebody has judged comes back only with a reason it did not have then. One that waits and shares nothing
    any more leaves the queue. Whose contract has ended is not searched.
    """
    with transaction.atomic():
        _hold()
        found = _pairs()
        known = {(row.first_id, row.second_id): row for row in MatchCandidate.objects.all()}
        returned = [row for pair, row in known.items() if _comes_back(row, found.get(pair))]
        waiting = [row for row in known.values() if row.status == Status.OPEN]
        _refresh([*waiting, *returned], found)
        new = _enter({pair: why for pair, why in found.items() if pair not in known}, actor=actor, now=now)
        for was in (Status.GONE, Status.DIFFERENT, Status.HOUSEHOLD):
            _move([row for row in returned if row.status == was], was, Status.OPEN, actor=actor, now=now)
        if len(found) < MOST:
            gone = [row for row in waiting if (row.first_id, row.second_id) not in found]
            _move(gone, Status.OPEN, Status.GONE, actor=actor, now=now)
    return new + len(returned)


def _hold() -> None:
    """One search of the bank at a time."""
    take_turn(_LOCK)


def _pairs() -> dict[Pair, Reason]:
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, {"tenant": required_tenant_id(), "largest": LARGEST, "most": MOST})
        return {(first, second): Reason(reasons) for first, second, reasons in cursor.fetchall()}


def _enter(pairs: Mapping[Pair, Reason], *, actor: Actor, now: datetime) -> int:
    made = [
        MatchCandidate(first_id=first, second_id=second, reasons=int(why), strength=int(weight_of(why)), found_at=now)
        for (first, second), why in pairs.items()
    ]
    columns = {
        name: [getattr(one, name) for one in made] for name in ("id", "first_id", "second_id", "reasons", "strength")
    }
    insert_many(MatchCandidate, columns, status=Status.OPEN, found_at=now)
    ids = [one.pk for one in made]
    record_ids(
        "matchcandidate.found", model=MatchCandidate, tenant_id=required_tenant_id(), ids=ids, actor=actor, at=now
    )
    return len(made)


def _comes_back(row: MatchCandidate, why: Reason | None) -> bool:
    """Whether a pair that does not wait is to be looked at again."""
    if why is None or row.status == Status.OPEN:
        return False
    return row.status == Status.GONE or bool(why & FOR & ~row.why)


def _refresh(rows: Sequence[MatchCandidate], found: Mapping[Pair, Reason]) -> None:
    """What pairs share by now; a judged one keeps what it was judged by."""
    shared = [(row, found.get((row.first_id, row.second_id), row.why)) for row in rows]
    changed = [(row.pk, why) for row, why in shared if why != row.why]
    columns = {"reasons": [int(why) for _pk, why in changed], "strength": [int(weight_of(why)) for _pk, why in changed]}
    update_many(MatchCandidate, [pk for pk, _why in changed], columns)


def _move(rows: Sequence[MatchCandidate], was: str, to: str, *, actor: Actor, now: datetime) -> None:
    ids = [row.pk for row in rows]
    transition_many(MatchCandidate, ids, was=was, to=to, actor=actor, at=now, decided_by=None, decided_at=None)
