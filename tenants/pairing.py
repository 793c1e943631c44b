"""What a table keeps of two people who act one after the other, and the constraint that they are two."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


def person_field() -> models.CharField[str, str]:
    """The column for a staff number beside an account; "" until somebody has acted."""
    return models.CharField(max_length=20, blank=True, default="")


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
