"""Four eyes are two people: not one person twice, under whatever account, and not somebody who has lost the right.

A table that keeps an approval has, beside each account (``planned_by``), the staff number it belonged to at that
moment (``planned_person``), and `tenants.pairing.two_people` among its constraints, so that the database refuses
what a mistake in the code would let through. The code asks `standing_of` inside the transaction of the act.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from audit.services import Actor
from tenants.models import Membership
from tenants.pairing import is_one_of
from tenants.permissions import ROLE_PERMISSIONS, Permission


@dataclass(frozen=True)
class Standing:
    """Which member is acting: the account, the person behind it, and what the role allows."""

    user_id: int
    person: str
    role: str

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it."""
        return permission in ROLE_PERMISSIONS[self.role]

    def did(self, *acts: tuple[int | None, str]) -> bool:
        """Whether one of these (account, person) is the same account or the same person."""
        return is_one_of(self.user_id, self.person, acts)

    def signs(self, word: str, now: datetime) -> dict[str, object]:
        """The three columns of an act, such as ``approved``: the account, the person and the moment."""
        return {f"{word}_by": self.user_id, f"{word}_person": self.person, f"{word}_at": now}

    def rejects(self, now: datetime) -> dict[str, object]:
        """The columns of a rejection, which anybody may make who may approve."""
        return {"rejected_by": self.user_id, "rejected_at": now}


def standing_of(actor: Actor, *, now: datetime) -> Standing | None:
    """The member behind ``actor`` in the tenant in scope, None if there is none at ``now``.

    Locks the membership until the transaction ends: a role taken away meanwhile waits, or has won.
    """
    if actor.kind != "user":
        return None
    holds = Q(valid_until__isnull=True) | Q(valid_until__gt=now)
    rows = Membership.objects.filter(holds, user_id=int(actor.id), is_active=True)
    member = rows.select_for_update(no_key=True).first()
    return Standing(member.user_id, member.staff_number, member.role) if member else None
