"""Who acts, in which request: opened at the edge, told to the database at every BEGIN, written by triggers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import connections

from audit.actors import Actor


@dataclass(frozen=True, slots=True)
class Acting:
    """An actor at work; ``request_id`` ties together what one request or task did, "" when there is none."""

    actor: Actor
    request_id: str


_current: ContextVar[Acting | None] = ContextVar("acting", default=None)


def current_acting() -> Acting | None:
    """Who acts here, if anybody has said."""
    return _current.get()


def current_actor() -> Actor | None:
    """As ``current_acting``, without the request."""
    acting = _current.get()
    return acting.actor if acting else None


@contextmanager
def acting(actor: Actor, *, request_id: str = "") -> Iterator[None]:
    """Name who causes the changes made inside, in transactions begun here and in the one that is open.

    Without ``request_id`` the surrounding one goes on. May be nested: what a customer does begins as a visit of nobody.
    """
    outer = _current.get()
    token = _current.set(Acting(actor, request_id or (outer.request_id if outer else "")))
    try:
        _tell_open_transactions()
        yield
    finally:
        _current.reset(token)
        _tell_open_transactions()


def _tell_open_transactions() -> None:
    for connection in connections.all(initialized_only=True):
        tell = getattr(connection, "tell_who_acts", None)
        if tell is not None:
            tell()
