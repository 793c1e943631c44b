"""Two people who act one after the other: what a table keeps of them, and the constraint that they are two."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q


def person_field() -> models.CharField[str, str]:
    """The column for a staff number beside an account; "" until somebody has acted."""
    return models.CharField(max_length=20, blank=True, default="")


def is_one_of(user_id: int, person: str, acts: Iterable[tuple[int | None, str]]) -> bool:
    """Whether an account, or the person behind it, is among those (account, staff number) who acted."""
    return any(user_id == other_id or person == other for other_id, other in acts)


def two_people(name: str, *, first: tuple[str, ...], second: str) -> models.CheckConstraint:
    """The constraint that ``second`` (``approved``) was somebody else than every one of ``first`` (``planned``, …).

    Each word stands for two columns, ``…_by`` and ``…_person``.
    """
    nobody_yet = Q(**{f"{second}_by__isnull": True, f"{second}_person": ""})
    somebody = Q(**{f"{second}_by__isnull": False}) & ~Q(**{f"{second}_person": ""})
    for word in first:
        somebody &= Q(**{f"{word}_by__isnull": False}) & ~Q(**{f"{word}_person": ""})
        somebody &= ~Q(**{f"{second}_by": F(f"{word}_by")}) & ~Q(**{f"{second}_person": F(f"{word}_person")})
    return models.CheckConstraint(condition=nobody_yet | somebody, name=name)
