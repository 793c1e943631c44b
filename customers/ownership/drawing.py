"""The graph of ownership as shapes: where each box, line and word stands. A template writes them as SVG and escapes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from customers.ownership.graph import Graph, Holding, Party, PartyKind, say_share
from customers.ownership.layering import Link, Rows, is_bend, rows_of

BOX_WIDTH = 156
BOX_HEIGHT = 60
BEND_WIDTH = 12
GAP = 18
STEP = 132
MARGIN = 12
# of each edge, from both ends, no line leaves or arrives
_INSET = 12
# columns of half width that fit into a box
_COLUMNS = 20
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CLASSES = {
    PartyKind.PERSON: "person",
    PartyKind.COMPANY: "company",
    PartyKind.ENTITY: "company",
    PartyKind.PUBLIC: "public",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What the picture says beside names and numbers, in the language of the page."""

    title: str
    description: str
    # below the name
    kinds: Mapping[PartyKind, str]
    owner: str
    # on the line of somebody who holds nothing and is an owner all the same, by key
    ties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """A line of text, by the middle of its foot."""

    text: str
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Box:
    """A party. ``title`` has the whole name; ``style`` is its class: person, company or public."""

    style: str
    is_owner: bool
    is_subject: bool
    title: str
    x: str
    y: str
    radius: int
    name: Sequence[Written]
    below: Written


@dataclass(frozen=True, slots=True)
class Line:
    """A holding or a tie. ``style`` is its class: counted, other or tie."""

    style: str
    path: str
    head: str
    label: Written
    # the ground of the label
    left: str
    top: str
    width: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything to be drawn, in CSS pixels; numbers are written out, so that no language changes their point."""

    title: str
    description: str
    width: int
    height: int
    box_width: int
    box_height: int
    boxes: Sequence[Box]
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class _Point:
    x: float
    y: float


def draw(graph: Graph, *, words: Words, owners: Collection[str] = (), counted: Collection[Holding] = ()) -> Picture:
    """The company at the bottom and its holders above it. Lines of holdings not in ``counted`` are "other"."""
    rows = rows_of(graph, [key for key in words.ties if key in graph.by_key])
    width = max(_width(row) for row in rows.rows) + 2 * MARGIN
    places = dict(_places(rows, width))
    boxes = [
        _box(party, places[party.key], words, is_owner=party.key in owners, is_subject=party.key == graph.company)
        for party in graph.parties
        if party.key in places
    ]
    return Picture(
        _clean(words.title),
        _clean(words.description),
        width,
        (len(rows.rows) - 1) * STEP + BOX_HEIGHT + 2 * MARGIN,
        BOX_WIDTH,
        BOX_HEIGHT,
        boxes,
        list(_lines(graph, rows, places, words, counted)),
    )


def _width(row: Sequence[str]) -> int:
    return sum(BEND_WIDTH if is_bend(place) else BOX_WIDTH for place in row) + GAP * (len(row) - 1)


def _places(rows: Rows, width: int) -> Iterator[tuple[str, _Point]]:
    """The middle of the upper edge of each place."""
    for number, row in enumerate(reversed(rows.rows)):
        x = (width - _width(row)) / 2
        for place in row:
            wide = BEND_WIDTH if is_bend(place) else BOX_WIDTH
            yield place, _Point(x + wide / 2, MARGIN + number * STEP)
            x += wide + GAP


def _box(party: Party, at: _Point, words: Words, *, is_owner: bool, is_subject: bool) -> Box:
    name, kind = _clean(party.name), _clean(words.kinds[party.kind])
    below = f"{kind} · {_clean(words.owner)}" if is_owner else kind
    lines = _on_two_lines(name)
    feet = (20, 35) if len(lines) == 2 else (28,)
    return Box(
        _CLASSES[party.kind],
        is_owner,
        is_subject,
        f"{name} ({below})",
        _number(at.x - BOX_WIDTH / 2),
        _number(at.y),
        BOX_HEIGHT // 2 if party.kind is PartyKind.PERSON else 4,
        [_written(text, at.x, at.y + foot) for text, foot in zip(lines, feet, strict=True)],
        _written(below, at.x, at.y + 51),
    )


def _lines(
    graph: Graph, rows: Rows, places: Mapping[str, _Point], words: Words, counted: Collection[Holding]
) -> Iterator[Line]:
    known = {(holding.holder, holding.held): holding for holding in graph.holdings}
    leaving, arriving = _ports(rows, places, 0), _ports(rows, places, 1)
    low = _every_other(leaving)
    for link, path in rows.lines.items():
        holding = known.get(link)
        points = [
            _Point(leaving[link], places[path[0]].y + BOX_HEIGHT),
            *(_Point(places[bend].x, places[bend].y + shift) for bend in path[1:-1] for shift in (0, BOX_HEIGHT)),
            _Point(arriving[link], places[path[-1]].y),
        ]
        style = "tie" if holding is None else "counted" if holding in counted else "other"
        text = words.ties[link[0]] if holding is None else say_share(holding.share)
        yield _line(style, _cut(_clean(text), _COLUMNS), points, 40 if link in low else 22)


def _line(style: str, text: str, points: Sequence[_Point], below: int) -> Line:
    """What is held stands so far below the holder, on a ground of its own."""
    half = _columns(text) * 3.6 + 4
    x, y, end = points[0].x, points[0].y + below, points[-1]
    head = f"M{end.x - 4:g} {end.y - 8:g}L{end.x:g} {end.y:g}L{end.x + 4:g} {end.y - 8:g}Z"
    return Line(style, _path(points), head, _written(text, x, y), _number(x - half), _number(y - 13), _number(2 * half))


def _ports(rows: Rows, places: Mapping[str, _Point], end: int) -> dict[Link, float]:
    """Where lines leave the lower edge of their holder (0), or meet the upper edge of what is held (1)."""
    ports: dict[Link, float] = {}
    for key in dict.fromkeys(link[end] for link in rows.lines):
        mine = [link for link in rows.lines if link[end] == key]
        mine.sort(key=lambda link: places[rows.lines[link][1 if end == 0 else -2]].x)
        step = (BOX_WIDTH - 2 * _INSET) / (len(mine) + 1)
        for number, link in enumerate(mine, 1):
            ports[link] = places[key].x - BOX_WIDTH / 2 + _INSET + number * step
    return ports


def _every_other(leaving: Mapping[Link, float]) -> set[Link]:
    """Of a holder's lines from left to right every second one, where they are too many for their labels."""
    low: set[Link] = set()
    for holder in {link[0] for link in leaving}:
        mine = sorted((link for link in leaving if link[0] == holder), key=lambda link: leaving[link])
        low.update(mine[1::2] if len(mine) > 2 else ())
    return low


def _path(points: Sequence[_Point]) -> str:
    """Straight past the rows, curved between them."""
    steps = [f"M{points[0].x:g} {points[0].y:g}"]
    for one, other in pairwise(points):
        middle = (one.y + other.y) / 2
        steps.append(f"C{one.x:g} {middle:g} {other.x:g} {middle:g} {other.x:g} {other.y:g}")
    return "".join(steps)


def _on_two_lines(name: str) -> list[str]:
    """A name on one or two lines; what does not fit ends in an ellipsis."""
    if _columns(name) <= _COLUMNS:
        return [name]
    length = next(length for length in range(len(name), 0, -1) if _columns(name[:length]) <= _COLUMNS)
    return [name[:length], _cut(name[length:].lstrip(), _COLUMNS)]


def _cut(text: str, columns: int) -> str:
    if _columns(text) <= columns:
        return text
    while _columns(text) > columns - 2:
        text = text[:-1]
    return text + "…"


def _columns(text: str) -> int:
    """How wide a text is, in columns of half width."""
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)


def _written(text: str, x: float, y: float) -> Written:
    return Written(text, _number(x), _number(y))


def _number(value: float) -> str:
    return f"{value:g}"


def _clean(text: str) -> str:
    """Without what no document can hold."""
    return _UNPRINTABLE.sub("", text)
