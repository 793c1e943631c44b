"""Where each party stands in the picture: rows above the company, long lines led past the rows between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from customers.ownership.graph import Graph

type Link = tuple[str, str]

_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Rows:
    """Places by row, the company's row first; a place is a party's key, or a bend of a line that passes."""

    rows: Sequence[Sequence[str]]
    # from the holder to the held, with the bends between; lines that would run in a circle stay straight
    lines: Mapping[Link, Sequence[str]]


def rows_of(graph: Graph, ties: Collection[str] = ()) -> Rows:
    """Rows for the parties from whom holdings lead to the company, and for those tied to it otherwise."""
    shown = graph.upstream.union(ties)
    links = [(one.holder, one.held) for one in graph.holdings if one.holder in shown and one.held in shown]
    linked = set(links)
    links += [link for key in ties if (link := (key, graph.company)) not in linked]
    onward = _without_circles(graph.company, links)
    heights = _heights(shown, onward)
    rows: list[list[str]] = [[] for _ in range(max(heights.values()) + 1)]
    for party in graph.parties:
        if party.key in shown:
            rows[heights[party.key]].append(party.key)
    lines = {}
    for number, (holder, held) in enumerate(links):
        path = [holder]
        for height in range(heights[holder] - 1, heights[held], -1):
            bend = f"\0{number}.{height}"
            rows[height].append(bend)
            path.append(bend)
        lines[holder, held] = [*path, held]
    _untangle(rows, lines)
    return Rows(rows, lines)


def is_bend(place: str) -> bool:
    """Whether a place holds no party, only a line on its way."""
    return place.startswith("\0")


def _without_circles(company: str, links: Sequence[Link]) -> list[Link]:
    """The links less those that close a circle, found by walking up from the company."""
    holders: dict[str, list[str]] = defaultdict(list)
    for holder, held in links:
        holders[held].append(holder)
    done: set[str] = set()
    open_ones = {company}
    kept = []
    stack = [(company, iter(holders[company]))]
    while stack:
        held, waiting = stack[-1]
        for holder in waiting:
            if holder in open_ones:
                continue
            kept.append((holder, held))
            if holder not in done:
                open_ones.add(holder)
                stack.append((holder, iter(holders[holder])))
                break
        else:
            open_ones.discard(held)
            done.add(held)
            stack.pop()
    return kept


def _heights(shown: Collection[str], links: Sequence[Link]) -> dict[str, int]:
    """Each party above everything it holds."""
    heights = dict.fromkeys(shown, 0)
    for _ in shown:
        is_settled = True
        for holder, held in links:
            if heights[holder] <= heights[held]:
                heights[holder] = heights[held] + 1
                is_settled = False
        if is_settled:
            break
    return heights


def _untangle(rows: list[list[str]], lines: Mapping[Link, Sequence[str]]) -> None:
    """Put each place near the middle of what it is joined to, a few times up and down."""
    joined: dict[str, list[str]] = defaultdict(list)
    for path in lines.values():
        for one, other in pairwise(path):
            joined[one].append(other)
            joined[other].append(one)
    for _ in range(_SWEEPS):
        for order in (rows, rows[::-1]):
            places = {place: number - len(row) / 2 for row in rows for number, place in enumerate(row)}
            for row in order:
                row.sort(key=lambda place: _middle(place, joined, places))
                places.update({place: number - len(row) / 2 for number, place in enumerate(row)})


def _middle(place: str, joined: Mapping[str, Sequence[str]], places: Mapping[str, float]) -> float:
    near = [places[other] for other in joined.get(place, ())]
    return sum(near) / len(near) if near else places[place]
