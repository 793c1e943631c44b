"""A kind of work that the home page may show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenants.permissions import Permission


@dataclass(frozen=True, slots=True)
class Offer:
    """A kind of work, for whoever has the permission; counted only for them."""

    permission: Permission
    count: Callable[[], int]
    title: str
    note: str
    url: str
    is_urgent: bool = False
