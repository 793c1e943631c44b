"""The questions that may be asked before the tenant is known, each a SECURITY DEFINER function.

The application role cannot read the tables behind them, so nothing can be listed, only asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from tenants.pairing import is_one_of


@dataclass(frozen=True)
class MembershipOf:
    """Where a person who has signed in may work, and as what."""

    user_id: int
    tenant_id: int
    membership_id: UUID
    role: str
    staff_number: str
    branch_code: str
    valid_until: datetime | None

    def did(self, *acts: tuple[int | None, str]) -> bool:
        """Whether this person did one of these (account, staff number), under this account or another.

        For what a page offers; the service asks `tenants.four_eyes.standing_of`, which also holds the role.
        """
        return is_one_of(self.user_id, self.staff_number, acts)


def tenant_of_link(token_hash: bytes) -> int | None:
    """Whose answer link has this SHA-256, if any."""
    return _one("SELECT keizoku_tenant_of_link(%s)", token_hash)


def tenant_of_channel(public_id: str) -> int | None:
    """Whose provider account is called by this opaque name in webhook addresses, if any."""
    return _one("SELECT keizoku_tenant_of_channel(%s)", public_id)


def tenant_of_ekyc_account(public_id: str) -> int | None:
    """As ``tenant_of_channel``, for eKYC providers."""
    return _one("SELECT keizoku_tenant_of_ekyc_account(%s)", public_id)


def tenant_of_invitation(token_hash: bytes) -> int | None:
    """Whose invitation has this SHA-256, if it still waits for an answer and has not run out."""
    return _one("SELECT keizoku_tenant_of_invitation(%s)", token_hash)


def memberships_of(user_id: int) -> list[MembershipOf]:
    """The memberships of an account that hold at this moment, in active tenants, by the tenant's id.

    The moment is the database's, so that no process with a wrong clock lets anybody in.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tenant_id, membership_id, role, staff_number, branch_code, valid_until"
            " FROM keizoku_memberships_of(%s)",
            [user_id],
        )
        return [MembershipOf(user_id, *row) for row in cursor.fetchall()]


def _one(sql: str, value: str | bytes) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [value])
        row = cursor.fetchone()
    return None if row is None else row[0]
