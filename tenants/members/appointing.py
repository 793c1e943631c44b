"""Nobody makes an administrator alone: one person proposes, another confirms, and only then does it hold."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from audit.services import Actor, record
from tenants.four_eyes import Standing
from tenants.models import Membership, Role
from tenants.permissions import Permission
from tenants.steps import Refused, Steps

COLUMNS = ("appointed_by", "appointed_person", "appointed_until", "confirmed_by", "confirmed_person")


class MemberRefused(Refused):
    """The change can't be made; the text tells the person what to do next."""


STEPS = Steps(MemberRefused)


def propose(*, member: Membership, until: datetime | None, by: Standing, actor: Actor, now: datetime) -> None:
    """Keep that the member is to become an administrator. Called in the transaction of the act, which saves."""
    forget(member)
    member.appointed_by, member.appointed_person, member.appointed_until = by.user_id, by.person, until
    if member.role == Role.ADMINISTRATOR:  # was one, and is let back in
        member.is_active = False
    record("membership.proposed", target=member, actor=actor, at=now, until=until.isoformat() if until else None)


def forget(member: Membership) -> None:
    """Take an appointment off the member, confirmed or not."""
    member.appointed_by = member.appointed_until = member.confirmed_by = None
    member.appointed_person = member.confirmed_person = ""


def holds_office(member: Membership, *, now: datetime) -> bool:
    """Whether the member is an administrator at this moment."""
    is_over = member.valid_until is not None and member.valid_until <= now
    return member.role == Role.ADMINISTRATOR and member.is_active and not is_over


def confirm_appointment(*, member: Membership, actor: Actor, now: datetime) -> None:
    """Make the member an administrator, as somebody else proposed. It holds from the next request on.

    Raises:
        MemberRefused: the actor is the one who proposed it or the one it is about, under whatever account; or an
            approver while another administrator could confirm; or it has been answered.
    """
    with transaction.atomic():
        standing = STEPS.standing(actor, Permission.CONFIRM_ADMINISTRATOR, now=now)
        _lock(member)
        mine, theirs = (member.user_id, member.staff_number), (member.appointed_by, member.appointed_person)
        if standing.did(mine, theirs):
            raise MemberRefused(_("Somebody else confirms it: not who proposed it, and not whom it is about."))
        if standing.role != Role.ADMINISTRATOR and _others_in_office(member, now):
            raise MemberRefused(_("The institution has another administrator, who is the one to confirm this."))
        member.confirmed_by, member.confirmed_person = standing.user_id, standing.person
        member.role, member.branch_code, member.is_active = Role.ADMINISTRATOR, "", True
        member.valid_until = member.appointed_until
        save(member, ["role", "branch_code", "is_active", "valid_until", *COLUMNS])
        record("membership.confirmed", target=member, actor=actor, at=now)


def decline_appointment(*, member: Membership, actor: Actor, now: datetime) -> None:
    """Leave the member what they are. Also for whoever proposed it and thinks better of it.

    Raises:
        MemberRefused: it has been answered.
    """
    with transaction.atomic():
        STEPS.standing(actor, Permission.CONFIRM_ADMINISTRATOR, now=now)
        _lock(member)
        forget(member)
        save(member, list(COLUMNS))
        record("membership.declined", target=member, actor=actor, at=now)


def awaiting() -> list[Membership]:
    """Those whom a second person has to confirm."""
    rows = Membership.objects.filter(appointed_by__isnull=False, confirmed_by__isnull=True)
    return list(rows.select_related("user").order_by("user__name"))


def save(member: Membership, fields: list[str]) -> None:
    """Write the columns.

    Raises:
        MemberRefused: the person has that role under another account.
    """
    try:
        with transaction.atomic():
            member.save(update_fields=fields)
    except IntegrityError as error:
        raise MemberRefused(_("This person already has an account in that role.")) from error


def _lock(member: Membership) -> None:
    Membership.objects.select_for_update(no_key=True).get(pk=member.pk)
    member.refresh_from_db()
    if not member.is_awaiting:
        raise MemberRefused(_("Somebody has answered this by now. Reload the page."))


def _others_in_office(member: Membership, now: datetime) -> bool:
    """Whether there is an administrator who is neither the one who proposed nor the one proposed."""
    holds = Q(valid_until__isnull=True) | Q(valid_until__gt=now)
    office = Membership.objects.filter(holds, role=Role.ADMINISTRATOR, is_active=True)
    return office.exclude(staff_number__in=(member.staff_number, member.appointed_person)).exists()
