"""Whose host a request came to: known to each process for a few seconds, so that no page asks the database for it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import connection
from django.http import HttpRequest

# How long a host that was let go of may still be answered on by another process.
FRESH_S = 5.0


@dataclass(frozen=True, slots=True)
class _Known:
    tenants: Mapping[str, int] = field(default_factory=dict)
    until: float = 0.0


_known = _Known()


def tenant_at(host: str) -> int | None:
    """The institution whose own host this is, in lower case and without a port. Asks the database every few seconds.

    All hosts are read at once, which are as many as there are institutions, so that strangers who send made-up ones
    cost nothing.
    """
    global _known
    known = _known
    if time.monotonic() >= known.until:
        _known = known = _Known(_read(), time.monotonic() + FRESH_S)
    return known.tenants.get(host.rstrip("."))


def own_tenant_id(request: HttpRequest) -> int | None:
    """Whose own host the request came to; None for the service's, which is everybody's."""
    return getattr(request, "own_tenant_id", None)


def is_here(request: HttpRequest, tenant_id: int) -> bool:
    """Whether the institution's pages answer on this host: not on another's own."""
    return own_tenant_id(request) in (None, tenant_id)


def forget_hosts() -> None:
    """Have this process read them anew."""
    global _known
    _known = _Known()


def _read() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT host, tenant_id FROM keizoku_served_hosts()")
        return dict(cursor.fetchall())
