"""Which facts of a customer are edited by hand, and which of them are shown once more before they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from customers.facts.catalogue import BESIDE, BY_KEY
from customers.facts.selectors import fact_of, facts_in_use
from customers.facts.shape import Fact, Gravity, Type

# Columns beside the facts that staff decide about; the others follow from accounts and reviews.
_APART = (Type.OWNERS, Type.ACCOUNTS)
BY_HAND = tuple(key for key in BESIDE if key in {"branch_code", "language"})


def editable_facts(kind: str) -> list[Fact]:
    """The facts of such a customer, the institution's own among them. Owners and accounts have pages of their own."""
    facts = [fact for fact in facts_in_use().values() if kind in fact.kinds and fact.type not in _APART]
    return [*facts, *(BY_KEY[key] for key in BY_HAND)]


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The facts of ``one`` that are otherwise in ``other``; None is not known."""
    return [key for key, value in one.items() if other.get(key) != value]


def is_sensitive(key: str) -> bool:
    """Whether a slip would let somebody else in, or stand in the way of recognising the customer."""
    fact = fact_of(key)
    return fact is None or fact.is_masked or fact.gravity is Gravity.SERIOUS
