"""Reading the catalogue as one institution has it: the facts of the product and its own, once a scope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from django.db import transaction
from django.db.models import QuerySet

from customers.codes import Label
from customers.facts.catalogue import BY_KEY, COLUMNS, FACTS
from customers.facts.models import OwnAttribute
from customers.facts.own import PREFIX, Definition, fact_from
from customers.facts.shape import Fact, Kept
from tenants.scoping import remembered

_REMEMBERED = "own facts"


def own_facts() -> Mapping[str, Fact]:
    """The institution's own entries by key, retired ones too, in the order in which they were proposed; one query.

    Outside every scope there is no institution, and so there are none.
    """
    memory = remembered()
    if memory is None:
        return {}
    if _REMEMBERED not in memory:
        memory[_REMEMBERED] = _read()
    return cast("Mapping[str, Fact]", memory[_REMEMBERED])


def forget_own_facts() -> None:
    """They are other ones now; the next question in this scope reads them anew."""
    if (memory := remembered()) is not None:
        memory.pop(_REMEMBERED, None)


def own_facts_in_use() -> dict[str, Fact]:
    """Those that are not retired."""
    return {key: fact for key, fact in own_facts().items() if not fact.is_retired}


def fact_of(key: str) -> Fact | None:
    """An entry by its key, ours or the institution's; no query for ours."""
    return own_facts().get(key) if key.startswith(PREFIX) else BY_KEY.get(key)


def facts_in_use() -> dict[str, Fact]:
    """Every fact that may be read, asked for and exported here."""
    return {**FACTS, **own_facts_in_use()}


def columns_in_use() -> dict[str, tuple[str, ...]]:
    """Every column that a file may have here, with what it is called."""
    return {**COLUMNS, **{key: fact.titles for key, fact in own_facts_in_use().items()}}


def own_asked() -> dict[str, Fact]:
    """Own facts that a segment may ask; retired ones too, which older segments do."""
    return {key: fact for key, fact in own_facts().items() if fact.is_asked}


def plain_own_keys() -> frozenset[str]:
    """Own facts that stand plain in `Customer.attributes`; the others are sealed in the profile."""
    return frozenset(key for key, fact in own_facts().items() if fact.kept is Kept.ATTRIBUTES)


def attributes() -> QuerySet[OwnAttribute]:
    """Every definition, as the page lists them."""
    return cast("QuerySet[OwnAttribute]", OwnAttribute.objects.order_by("status", "proposed_at", "pk"))


def definition_of(attribute: OwnAttribute) -> Definition:
    """What a row says."""
    return Definition(
        code=attribute.code,
        type=attribute.type,
        kinds=attribute.kinds,
        sensitivity=attribute.sensitivity,
        name=Label(attribute.name_ja, attribute.name_en),
        titles=tuple(attribute.titles),
        choices=tuple((code, ja, en) for code, ja, en in attribute.choices),
        list_key=attribute.list_key,
        bears_on_risk=attribute.bears_on_risk,
        asks_customers=attribute.asks_customers,
    )


def _read() -> dict[str, Fact]:
    in_force = (OwnAttribute.Status.ACTIVE, OwnAttribute.Status.RETIRED)
    with transaction.atomic(savepoint=False):
        rows = list(OwnAttribute.objects.filter(status__in=in_force).order_by("proposed_at", "pk"))
    facts = (fact_from(definition_of(row), is_retired=row.status == OwnAttribute.Status.RETIRED) for row in rows)
    return {fact.key: fact for fact in facts}
