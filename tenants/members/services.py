"""Changing who works for the institution, as what, and until when."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from tenants.four_eyes import Standing
from tenants.members.appointing import COLUMNS, STEPS, MemberRefused, forget, holds_office, propose, save
from tenants.models import Membership, Role
from tenants.permissions import Permission
from tenants.sign_in.sessions import end_sessions_of_member


def change_member(
    *,
    member: Membership,
    role: str,
    staff_number: str,
    branch_code: str,
    valid_until: datetime | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Give a member another role, staff number, branch or end. It holds from the next request on.

    Whoever becomes an administrator stays what they are until a second person confirms it.

    Raises:
        MemberRefused: it is the actor's own, the last administrator's, or the person has that role already.
    """
    with transaction.atomic():
        by = _check(member, actor, now, leaves_office=role != Role.ADMINISTRATOR or valid_until is not None)
        was, number = member.role, member.staff_number
        member.staff_number = staff_number
        if role == Role.ADMINISTRATOR and not holds_office(member, now=now):
            propose(member=member, until=valid_until, by=by, actor=actor, now=now)
        else:
            if role != Role.ADMINISTRATOR:
                forget(member)
            member.role, member.branch_code, member.valid_until = role, branch_code, valid_until
            until = valid_until.isoformat() if valid_until else None
            record("membership.changed", target=member, actor=actor, at=now, was=was, role=role, until=until)
        save(member, ["role", "staff_number", "branch_code", "valid_until", "is_active", *COLUMNS])
        if staff_number != number:
            record("membership.renumbered", target=member, actor=actor, at=now)


def end_member(*, member: Membership, actor: Actor, now: datetime) -> None:
    """End a membership, and the member's sessions with it.

    Raises:
        MemberRefused: it is the actor's own or the last administrator's.
    """
    with transaction.atomic():
        _check(member, actor, now, leaves_office=True)
        member.is_active = False
        forget(member)
        member.save(update_fields=["is_active", *COLUMNS])
        record("membership.ended", target=member, actor=actor, at=now)
        end_sessions_of_member(membership=member, actor=actor, now=now)


def reactivate_member(*, member: Membership, actor: Actor, now: datetime) -> None:
    """Let somebody back in whose membership was ended, in the role they had; an administrator once it is confirmed.

    Raises:
        MemberRefused: the person has that role under another account by now.
    """
    with transaction.atomic():
        by = _check(member, actor, now, leaves_office=False)
        if member.role == Role.ADMINISTRATOR:
            propose(member=member, until=member.valid_until, by=by, actor=actor, now=now)
            save(member, ["is_active", *COLUMNS])
            return
        member.is_active = True
        save(member, ["is_active"])
        record("membership.reactivated", target=member, actor=actor, at=now, role=member.role)


def _check(member: Membership, actor: Actor, now: datetime, *, leaves_office: bool) -> Standing:
    """Lock the administrators, so that two who dismiss each other at once do not both succeed."""
    office = Membership.objects.filter(role=Role.ADMINISTRATOR, is_active=True, valid_until__isnull=True)
    others = [held.pk for held in office.select_for_update(no_key=True).order_by("pk") if held.pk != member.pk]
    standing = STEPS.standing(actor, Permission.MANAGE_MEMBERS, now=now)
    if standing.did((member.user_id, member.staff_number)):
        raise MemberRefused(_("Nobody changes their own role or ends their own membership. Ask another administrator."))
    member.refresh_from_db()
    if leaves_office and member.role == Role.ADMINISTRATOR and not others:
        raise MemberRefused(_("The institution must keep an administrator. Appoint another one first."))
    return standing
