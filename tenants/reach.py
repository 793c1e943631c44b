"""How far a member sees inside the tenant: everything, their own branch, or only what they were given.

As the tenant scope, the reach is opened at the edge and applied by the manager of every model that says what it
means there (``within``), so that lists, details, counts, searches and exports all end at the same line, and
nothing that is added later has to remember it. Jobs have no reach: they work for the tenant as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from tenants.models import Grant

_current: ContextVar[Reach | None] = ContextVar("reach", default=None)


class Reach:
    """What a member with a narrow role may see. Grants are read at first need, once for each kind."""

    def __init__(self, *, user_id: int, branch_code: str = "", is_operator: bool = False) -> None:
        self.user_id = user_id
        self.branch_code = branch_code
        # Sees how far things have got, nobody they are about (cdd/operators).
        self.is_operator = is_operator
        self._granted: dict[type[Grant], frozenset[UUID]] = {}

    @property
    def has_branch(self) -> bool:
        """Whether the member works at a branch, and so sees its customers."""
        return bool(self.branch_code)

    @property
    def branches(self) -> frozenset[str]:
        """The codes of the branches whose customers the member sees."""
        from tenants.models import Branch, BranchGrant

        given = self.granted(BranchGrant)
        codes = Branch.objects.filter(pk__in=given).values_list("code", flat=True) if given else ()
        return frozenset(codes) | ({self.branch_code} if self.branch_code else set())

    def granted(self, grant: type[Grant]) -> frozenset[UUID]:
        """The ids of the objects that grants of this kind give the member at this moment."""
        if grant not in self._granted:
            rows = grant.in_force().filter(user_id=self.user_id)
            self._granted[grant] = frozenset(rows.values_list("content_object_id", flat=True))
        return self._granted[grant]


def current_reach() -> Reach | None:
    """The reach that is open; None is everything."""
    return _current.get()


@contextmanager
def within_reach(reach: Reach | None) -> Iterator[None]:
    """Narrow every query on tenants' rows begun inside."""
    token = _current.set(reach)
    try:
        yield
    finally:
        _current.reset(token)
