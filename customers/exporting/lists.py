"""Lists of the rooms above whose customers can be exported: who is in one, and which columns it adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q
from django.utils.functional import Promise

# What a list asks, as its page has it in the address; kept with the export.
type Asked = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListKind:
    """One kind of list.

    ``read`` takes an address and gives nothing where it does not know it. ``values`` says by customer what stands in
    the columns; of a customer who is there several times the newest. Keys of columns begin with the kind's name.
    """

    title: Promise
    read: Callable[[Asked], Asked | None]
    customers: Callable[[Asked, date], Q]
    columns: Mapping[str, Promise]
    values: Callable[[Asked, Sequence[UUID], date], Mapping[UUID, Mapping[str, str]]]
    words: Callable[[Asked], list[tuple[str, str]]]


_KINDS: dict[str, ListKind] = {}


def register_list(name: str, kind: ListKind) -> None:
    """Make the customers of a list exportable; called when the apps are ready."""
    _KINDS[name] = kind


def list_kind(name: str) -> ListKind | None:
    """The kind of that name, None for the customer book itself."""
    return _KINDS.get(name)


def title_in_a_list(key: str) -> Promise | None:
    """What a column that some list adds is called."""
    return next((kind.columns[key] for kind in _KINDS.values() if key in kind.columns), None)
