"""Changing who works for the institution, as what, and until when."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from tenants.four_eyes import standing_of
from tenants.models import Membership, Role
from tenants.permissions import Permission
from tenants.sign_in.sessions import end_sessions_of_member


class MemberRefused(Exception):
    """The change can't be made; the text tells the person what to do next."""


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

    Raises:
        MemberRefused: it is the actor's own, the last administrator's, or the person has that role already.
    """
    with transaction.atomic():
        _check(member, actor, now, leaves_office=role != Role.ADMINISTRATOR or valid_until is not None)
        was, number = member.role, member.staff_number
        member.role, member.branch_code, member.valid_until = role, branch_code, valid_until
        member.staff_number = staff_number
        _save(member, ["role", "staff_number", "branch_code", "valid_until"])
        until = valid_until.isoformat() if valid_until else None
        record("membership.changed", target=member, actor=actor, at=now, was=was, role=role, until=until)
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
        member.save(update_fields=["is_active"])
        record("membership.ended", target=member, actor=actor, at=now)
        end_sessions_of_member(membership=member, actor=actor, now=now)


def reactivate_member(*, member: Membership, actor: Actor, now: datetime) -> None:
    """Let somebody back in whose membership was ended, in the role they had.

    Raises:
        MemberRefused: the person has that role under another account by now.
    """
    with transaction.atomic():
        _check(member, actor, now, leaves_office=False)
        member.is_active = True
        _save(member, ["is_active"])
        record("membership.reactivated", target=member, actor=actor, at=now, role=member.role)


def _check(member: Membership, actor: Actor, now: datetime, *, leaves_office: bool) -> None:
    """Lock the administrators, so that two who dismiss each other at once do not both succeed."""
    office = Membership.objects.filter(role=Role.ADMINISTRATOR, is_active=True, valid_until__isnull=True)
    others = [held.pk for held in office.select_for_update(no_key=True).order_by("pk") if held.pk != member.pk]
    standing = standing_of(actor, now=now)
    if standing is None or not standing.may(Permission.MANAGE_MEMBERS):
        raise MemberRefused(_("Your role does not include this step any more. Ask an administrator."))
    if standing.did((member.user_id, member.staff_number)):
        raise MemberRefused(_("Nobody changes their own role or ends their own membership. Ask another administrator."))
    member.refresh_from_db()
    if leaves_office and member.role == Role.ADMINISTRATOR and not others:
        raise MemberRefused(_("The institution must keep an administrator. Appoint another one first."))


def _save(member: Membership, fields: list[str]) -> None:
    try:
        with transaction.atomic():
            member.save(update_fields=fields)
    except IntegrityError as error:
        raise MemberRefused(_("This person already has an account in that role.")) from error
