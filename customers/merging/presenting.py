"""How two customers who are to be one are shown: what differs, which is kept, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from customers.merging.beside import Beside, attribute_label
from customers.merging.comparing import Known, Row, Side
from customers.merging.models import CustomerMerge
from customers.merging.selectors import merge_of, merges_into
from customers.models import Customer
from customers.presenting import hide, name_shown, say
from customers.recording import LINE_ID
from customers.selectors import facts_of_each


@dataclass(frozen=True, slots=True)
class Masks:
    """Which of the two are masked, and what is shown of both all the same."""

    masked: tuple[bool, bool]
    open_keys: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the page: what differs, in words, and whose is kept."""

    row: Row
    label: str
    survivor: str
    merged: str
    kept: Side | None


def lines_of(beside: Beside, masks: Masks, *, taken: Collection[str] | None = None) -> list[Line]:
    """What differs, in reading order; with ``taken`` also whose is kept."""
    customers = (beside.survivor, beside.merged)
    lines = []
    for row in beside.rows:
        words = [
            _words(row, known, customer, masks.open_keys if is_masked else None)
            for known, customer, is_masked in zip(beside.known, customers, masks.masked, strict=True)
        ]
        kept = None if taken is None else Side.MERGED if row.leader in taken else Side.SURVIVOR
        lines.append(Line(row, attribute_label(row.leader), words[0], words[1], kept))
    return lines


@dataclass(frozen=True, slots=True)
class Became:
    """One attribute of the survivor that the merge changed."""

    label: str
    before: str
    after: str


def became(merge: CustomerMerge, masks: Masks) -> list[Became]:
    """What the merge changed of the survivor, as it was then; nothing where their data were destroyed."""
    before, after = merge.before or {}, merge.after or {}
    open_keys = masks.open_keys if masks.masked[0] else None
    return [
        Became(
            attribute_label(key),
            word(key, before.get(key), merge.survivor, open_keys),
            word(key, after[key], merge.survivor, open_keys),
        )
        for key in after
    ]


def word(key: str, value: object, customer: Customer, open_keys: Collection[str] | None) -> str:
    """One value in words, masked but for ``open_keys``; None masks nothing."""
    if key == LINE_ID:
        return gettext("Tied") if value else gettext("Not tied")
    words = say(key, value)
    if open_keys is None or key in open_keys:
        return words
    return hide(key, words, is_company=customer.kind == Customer.Kind.COMPANY)


def _words(row: Row, known: Known, customer: Customer, open_keys: Collection[str] | None) -> str:
    """The row's attributes of one side, in one line; those that are not known only if none is."""
    held = [key for key in row.keys if known.get(key) not in (None, "")]
    return " ".join(word(key, known.get(key), customer, open_keys) for key in held or [row.leader])


@dataclass(frozen=True, slots=True)
class Parts:
    """For the page of a customer: whom they are part of, and who is part of them, each with a name."""

    into: CustomerMerge | None
    into_name: str
    merged: Sequence[tuple[CustomerMerge, str]]


def parts_of(customer: Customer, *, masked: bool) -> Parts:
    """One step of the chain in each direction; the others' pages lead on."""
    into = merge_of(customer) if customer.status == Customer.Status.MERGED else None
    merges = merges_into(customer)
    others = [one.merged for one in merges] + ([into.survivor] if into else [])
    facts = facts_of_each(others)
    names = {other.pk: name_shown(other, facts[other.pk], masked=masked) for other in others}
    return Parts(into, names[into.survivor_id] if into else "", [(one, names[one.merged_id]) for one in merges])
