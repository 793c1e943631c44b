"""Who works for the institution, who was asked to, and what they asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator

from audit.models import AuditEvent
from tenants.models import Invitation, Membership, Role
from tenants.permissions import ROLE_PERMISSIONS, Permission
from tenants.sign_in.factors import PROPER

REQUESTED = "membership.access_requested"
_RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member of the list."""

    member: Membership
    has_factor: bool
    is_over: bool


def member_rows(*, now: datetime) -> list[MemberRow]:
    """Everybody, those who are gone last; two queries."""
    members = list(Membership.objects.select_related("user").order_by("-is_active", "role", "user__name"))
    with_factor = set(
        Authenticator.objects.filter(user_id__in=[member.user_id for member in members], type__in=PROPER).values_list(
            "user_id", flat=True
        )
    )
    return [
        MemberRow(
            member=member,
            has_factor=member.user_id in with_factor,
            is_over=member.valid_until is not None and member.valid_until <= now,
        )
        for member in members
    ]


def open_invitations() -> list[Invitation]:
    """Those that have not been answered, newest first."""
    return list(Invitation.objects.filter(status=Invitation.Status.OPEN).order_by("-invited_at"))


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """That a member asked for a permission they lack."""

    member: Membership
    permission: str
    at: datetime


def access_requests(*, now: datetime, limit: int = 20) -> list[AccessRequest]:
    """The newest of the last thirty days; two queries."""
    events = list(AuditEvent.objects.filter(event=REQUESTED, at__gte=now - _RECENT).order_by("-id")[:limit])
    members = {
        str(member.pk): member
        for member in Membership.objects.filter(pk__in=[event.target_id for event in events]).select_related("user")
    }
    return [
        AccessRequest(members[event.target_id], str(event.data.get("permission", "")), event.at)
        for event in events
        if event.target_id in members
    ]


def roles_with(permission: Permission) -> list[str]:
    """The names of the roles that include it."""
    return [str(Role(role).label) for role, held in ROLE_PERMISSIONS.items() if permission in held]


def administrators() -> list[str]:
    """The names of those who can give roles and grants."""
    rows = Membership.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("user__name")
    return list(rows.values_list("user__name", flat=True))
