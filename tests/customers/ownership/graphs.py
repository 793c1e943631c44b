"""Graphs written shortly: ``graph("C", {"山田 > C": "51"})``; capitals are companies, other names persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from customers.ownership.graph import Graph, Holding, Party, PartyKind, read_share


def graph(
    company: str,
    holdings: Mapping[str, str],
    *,
    kinds: Mapping[str, PartyKind] | None = None,
    without_will: Sequence[str] = (),
    influential: Sequence[str] = (),
    representatives: Sequence[str] = (),
) -> Graph:
    """``holdings``: "holder > held" and the share as people write it."""
    links = [(*link.split(" > "), share) for link, share in holdings.items()]
    keys = dict.fromkeys([company, *(key for link in links for key in link[:2]), *influential, *representatives])
    known = kinds or {}
    parties = tuple(Party(key, key, known.get(key) or kind_of(key), key in without_will) for key in keys)
    held = tuple(Holding(holder, held, read_share(share)) for holder, held, share in links)
    return Graph(company, parties, held, tuple(influential), tuple(representatives))


def kind_of(key: str) -> PartyKind:
    """By the first letter."""
    return PartyKind.COMPANY if key[0].isascii() and key[0].isupper() else PartyKind.PERSON
