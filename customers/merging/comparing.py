"""Which of two customers' attributes differ, and which is kept unless somebody says otherwise: pure rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# Of two days the earlier stands: since then the relationship has lasted, and since then nobody has looked.
_EARLIER = ("opened_on", "last_reviewed_on")

type Known = Mapping[str, Any]


class Side(StrEnum):
    """Whose attribute."""

    SURVIVOR = "SURVIVOR"
    MERGED = "MERGED"


@dataclass(frozen=True, slots=True)
class Row:
    """Attributes that stand and go together, such as a postal code and its address; the ``leader`` names them."""

    leader: str
    keys: tuple[str, ...]
    default: Side | None


def rows_of(
    survivor: Known, merged: Known, *, groups: Mapping[str, str], same: Mapping[str, bool], order: Sequence[str]
) -> list[Row]:
    """What differs, in ``order``, then the rest by name.

    ``groups`` names the leader of attributes that have one, ``same`` says of attributes that differ whether it is no
    more than the writing. Where both sides know something else there is no default: somebody has to choose.
    """
    keys = sorted(survivor.keys() | merged.keys(), key=lambda key: (_place(key, order), key))
    together: dict[str, list[str]] = {}
    for key in keys:
        together.setdefault(groups.get(key, key), []).append(key)
    return [
        Row(leader, tuple(members), _default(leader, members, survivor, merged, same))
        for leader, members in together.items()
        if any(survivor.get(key) != merged.get(key) for key in members)
    ]


def taken_by(rows: Sequence[Row], taken: Collection[str], merged: Known) -> dict[str, Any]:
    """What the survivor takes over, None where the other knows nothing. Raises KeyError for what does not differ."""
    by_leader = {row.leader: row for row in rows}
    return {key: merged.get(key) for leader in taken for key in by_leader[leader].keys}


def _default(leader: str, keys: Sequence[str], survivor: Known, merged: Known, same: Mapping[str, bool]) -> Side | None:
    mine = any(survivor.get(key) not in (None, "") for key in keys)
    theirs = any(merged.get(key) not in (None, "") for key in keys)
    if mine != theirs:
        return Side.SURVIVOR if mine else Side.MERGED
    if leader in _EARLIER:
        return Side.SURVIVOR if survivor[leader] < merged[leader] else Side.MERGED
    alike = all(survivor.get(key) == merged.get(key) or same.get(key, False) for key in keys)
    return Side.SURVIVOR if alike else None


def _place(key: str, order: Sequence[str]) -> int:
    return order.index(key) if key in order else len(order)
