"""Long lists by key, not by offset: page n costs what page 1 costs, and counting stops at a cap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import models
from django.db.models import Q

COUNT_CAP = 10_000


@dataclass(frozen=True)
class Page[M: models.Model]:
    """One screenful, and where the next and the previous begin."""

    items: list[M]
    next_cursor: str | None
    previous_cursor: str | None
    count: int | None
    """How many there are in all, up to COUNT_CAP; None if they were not counted."""
    is_capped: bool


def keyset_page[M: models.Model](
    rows: models.QuerySet[M],
    *,
    order: Sequence[str] = ("-id",),
    cursor: str | None = None,
    limit: int = 50,
    counts: bool = True,
) -> Page[M]:
    """The rows after (or before) ``cursor`` in ``order``, whose last field must be unique.

    Without ``counts`` they are not counted unless all of them are on the page: to count what few of a million rows
    are takes much longer than to find the first fifty.

    A cursor that cannot be read, or is not of this order, starts from the beginning: an address may be cut or aged.
    """
    backwards, position = place_of(cursor, rows.model, order)
    wanted = [_flip(name) for name in order] if backwards else list(order)
    page = rows.order_by(*wanted)
    if position is not None:
        page = page.filter(_beyond(wanted, position))
    found = list(page[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    if backwards:
        found.reverse()
    has_next = bool(found) and (more if not backwards else position is not None)
    has_previous = bool(found) and (more if backwards else position is not None)
    count = None
    if position is None and not more:
        count = len(found)
    elif counts:
        count = rows.order_by()[: COUNT_CAP + 1].count()
    return Page(
        items=found,
        next_cursor=_write("n", found[-1], order) if has_next else None,
        previous_cursor=_write("p", found[0], order) if has_previous else None,
        count=None if count is None else min(count, COUNT_CAP),
        is_capped=count is not None and count > COUNT_CAP,
    )


def _flip(name: str) -> str:
    return name[1:] if name.startswith("-") else "-" + name


def _beyond(order: Sequence[str], position: Sequence[Any]) -> Q:
    """Strictly after ``position`` in lexicographic ``order``."""
    condition = Q()
    equal = Q()
    for name, value in zip(order, position, strict=True):
        field = name.lstrip("-")
        step = "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{field}__{step}": value})
        equal &= Q(**{field: value})
    return condition


def _write(direction: str, row: models.Model, order: Sequence[str]) -> str:
    """A cursor is signed, so that no value of a stranger's reaches a query."""
    values = [str(getattr(row, name.lstrip("-"))) for name in order]
    return signing.dumps([direction, *values], salt=_salt(type(row), order))


def place_of(cursor: str | None, model: type[models.Model], order: Sequence[str]) -> tuple[bool, list[Any] | None]:
    """Whether a cursor leads backwards, and the values of ``order`` where it stands; None for the beginning."""
    if not cursor:
        return False, None
    try:
        direction, *texts = signing.loads(cursor, salt=_salt(model, order))
    except signing.BadSignature:
        return False, None
    fields: list[Any] = [model._meta.get_field(name.lstrip("-")) for name in order]
    return direction == "p", [field.to_python(text) for field, text in zip(fields, texts, strict=True)]


def _salt(model: type[models.Model], order: Sequence[str]) -> str:
    return f"keyset {model._meta.label} {' '.join(order)}"
