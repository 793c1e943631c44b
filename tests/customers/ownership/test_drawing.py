"""The picture of a graph: whole, escaped, without styles of its own, and never one thing over another."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import combinations
from xml.etree import ElementTree

from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.ownership.drawing import BOX_HEIGHT, BOX_WIDTH, Picture, Words, draw
from customers.ownership.graph import Graph, Holding, Party, PartyKind
from customers.ownership.layering import rows_of
from customers.ownership.rules import owners_of
from tests.customers.ownership.graphs import graph
from tests.customers.ownership.test_brute_force import graphs

SVG = "{http://www.w3.org/2000/svg}"
KINDS = dict.fromkeys(PartyKind, "法人")


def words(**ties: str) -> Words:
    return Words("Cの実質的支配者", "山田がCの60%を保有", KINDS, "実質的支配者", ties)


def svg(drawn: Picture) -> str:
    """As the page writes it."""
    return render_to_string("staff/customers/related/picture.html", {"picture": drawn})


def picture(drawn: Graph, **ties: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg(draw(drawn, words=words(**ties))))


CHAIN = graph("C", {"山田 太郎 > A": "60", "A > C": "1/3", "鈴木 > C": "26", "B > A": "10"})


def test_it_says_what_it_shows_to_those_who_do_not_see_it() -> None:
    root = picture(CHAIN)
    title, text = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert text is not None
    assert (title.text, text.text) == ("Cの実質的支配者", "山田がCの60%を保有")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {text.get('id')}"


def test_every_party_and_every_share_is_in_it() -> None:
    root = picture(CHAIN)
    said = [text for text in ("".join(one.itertext()) for one in root.iter(f"{SVG}text")) if text]
    assert {"山田 太郎", "鈴木", "A", "B", "C", "60%", "1/3", "26%", "10%"} <= set(said)


def test_no_style_script_or_handler_stands_in_it() -> None:
    """The page's policy allows none."""
    drawn = svg(draw(CHAIN, words=words()))
    assert not re.search(r"style|script|\son\w+=|href|foreignObject", drawn)


def test_owners_and_what_counts_for_them_are_marked() -> None:
    owners = owners_of(CHAIN).owners
    counted = [holding for owner in owners if owner.stake for holding in owner.stake.through]
    drawn = svg(draw(CHAIN, words=words(), owners=[owner.party.key for owner in owners], counted=counted))
    assert drawn.count("ownership__box--owner") == 2
    assert drawn.count('"ownership__line ownership__line--counted"') == 1
    assert drawn.count("ownership__box--subject") == 1


HOSTILE = st.text(st.characters(codec=None), min_size=1, max_size=60) | st.sampled_from(
    ["<script>alert(1)</script>", '"><svg onload=alert(1)>', "]]>", "&amp;", "\x00\x0b", "\ud800", "株式会社" * 20]
)


@given(HOSTILE, HOSTILE)
def test_names_cannot_become_markup(name: str, tie: str) -> None:
    named = Graph("c", (Party("c", name, PartyKind.COMPANY), Party("p", name, PartyKind.PERSON)))
    root = ElementTree.fromstring(svg(draw(named, words=words(p=tie))))
    allowed = {f"{SVG}{tag}" for tag in ("svg", "title", "desc", "g", "rect", "text", "tspan", "path")}
    assert {one.tag for one in root.iter()} <= allowed
    assert not any(key.startswith("on") or key == "style" for one in root.iter() for key in one.attrib)


def test_a_long_name_is_cut_in_the_box_and_whole_in_its_title() -> None:
    name = "株式会社とても長い商号のホールディングスインターナショナル日本支社"
    drawn = draw(Graph("c", (Party("c", name, PartyKind.COMPANY),)), words=words())
    root = ElementTree.fromstring(svg(drawn))
    box = root.find(f"{SVG}g/{SVG}title")
    assert box is not None
    assert (box.text or "").startswith(name)
    lines = [span.text or "" for span in root.iter(f"{SVG}tspan")]
    assert len(lines) == 2
    assert lines[1].endswith("…")


@given(graphs())
@settings(max_examples=80, deadline=None)
def test_no_box_lies_on_another_and_all_are_inside(drawn: Graph) -> None:
    """Circles and all: also graphs that are refused can be looked at."""
    root = picture(drawn, 甲="代表")
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    corners = [
        (float(one.get("x", "")), float(one.get("y", "")))
        for box in root.iter(f"{SVG}g")
        for one in box.iter(f"{SVG}rect")
    ]
    assert len(corners) == len(drawn.upstream | {"甲"})
    for x, y in corners:
        assert 0 <= x <= width - BOX_WIDTH
        assert 0 <= y <= height - BOX_HEIGHT
    for (x, y), (other_x, other_y) in combinations(corners, 2):
        assert abs(x - other_x) >= BOX_WIDTH or abs(y - other_y) >= BOX_HEIGHT


@given(graphs())
@settings(max_examples=80, deadline=None)
def test_every_holder_stands_above_what_it_holds_unless_in_a_circle(drawn: Graph) -> None:
    rows = rows_of(drawn)
    height = {place: number for number, row in enumerate(rows.rows) for place in row}
    for holder, held in rows.lines:
        if height[holder] <= height[held]:
            assert held in holders_above(drawn, holder), "only a line that closes a circle may climb"


def holders_above(drawn: Graph, start: str) -> set[str]:
    """Everybody from whom holdings lead to ``start``."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for holding in drawn.into.get(waiting.pop(), ()):
            if holding.holder not in found:
                found.add(holding.holder)
                waiting.append(holding.holder)
    return found


def test_forty_holders_are_drawn_at_once() -> None:
    holders = tuple(Party(str(number), f"株主{number}", PartyKind.PERSON) for number in range(40))
    holdings = tuple(Holding(holder.key, "C", Fraction(1, 40)) for holder in holders)
    many = Graph("C", (Party("C", "C", PartyKind.COMPANY), *holders), holdings)
    assert len(list(picture(many).iter(f"{SVG}g"))) == 41
