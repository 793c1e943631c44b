"""Invitations: made by an administrator, sent by mail, good once and for three days."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.services import Actor, record
from audit.transitions import LostRace, transition
from tenants.lookups import memberships_of, tenant_of_invitation
from tenants.members.appointing import STEPS, MemberRefused
from tenants.models import Invitation, Membership, Role, User, tenant_in_scope
from tenants.permissions import Permission
from tenants.scoping import tenant_scope

LIFE = timedelta(hours=72)


def invite_member(
    *,
    email: str,
    name: str,
    role: str,
    staff_number: str,
    branch_code: str,
    valid_until: datetime | None,
    actor: Actor,
    now: datetime,
) -> Invitation:
    """Ask somebody to join; the mail goes out within seconds.

    Raises:
        MemberRefused: the address or the person has that place already.
    """
    token = secrets.token_urlsafe(20)
    with transaction.atomic():
        standing = STEPS.standing(actor, Permission.MANAGE_MEMBERS, now=now)
        present = Membership.objects.filter(is_active=True)
        if present.filter(user__email=email).exists():
            raise MemberRefused(_("This address belongs to a member already."))
        if present.filter(staff_number=staff_number, role=role).exists():
            raise MemberRefused(_("This person already has an account in that role."))
        invitation: Invitation = Invitation.objects.create(
            email=email,
            name=name,
            role=role,
            staff_number=staff_number,
            branch_code=branch_code,
            valid_until=valid_until,
            token=token,
            token_hash=hash_of(token),
            invited_by=standing.user_id,
            invited_person=standing.person,
            invited_at=now,
            expires_at=now + LIFE,
        )
        record("invitation.made", target=invitation, actor=actor, at=now, role=role)
    return invitation


def withdraw_invitation(*, invitation: Invitation, actor: Actor, now: datetime) -> None:
    """Take an invitation back: its link opens nothing any more.

    Raises:
        MemberRefused: it has been answered.
    """
    try:
        transition(invitation, Invitation.Status.WITHDRAWN, actor=actor, at=now, token=None)
    except LostRace as race:
        raise MemberRefused(_("The invitation has been answered by now. Reload the page.")) from race


def send_invitations() -> int:
    """Send what waits in the tenant in scope; returns how many went out. No transaction is open meanwhile."""
    with transaction.atomic():
        tenant = tenant_in_scope()
        waiting = list(Invitation.objects.filter(status=Invitation.Status.OPEN, token__isnull=False))
    for invitation in waiting:
        context = {
            "invitation": invitation,
            "tenant": tenant,
            "address": settings.PUBLIC_BASE_URL + reverse("join", args=[invitation.token]),
            "host": settings.PUBLIC_BASE_URL,
        }
        text = render_to_string("staff/members/invitation_mail.txt", context)
        subject = _("Keizoku: an invitation from %(bank)s") % {"bank": tenant.name}
        EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [invitation.email]).send()
        with transaction.atomic():
            Invitation.objects.filter(pk=invitation.pk).update(token=None)
    return len(waiting)


def find_invitation(token: str) -> Invitation | None:
    """The invitation behind a link; None for one that is unknown, answered, withdrawn or too old."""
    tenant_id = tenant_of_invitation(hash_of(token))
    if tenant_id is None:
        return None
    with tenant_scope(tenant_id):
        return Invitation.objects.select_related("tenant").filter(token_hash=hash_of(token)).first()


def account_of(invitation: Invitation) -> User | None:
    """The account of the address, if somebody works with it: they sign in and keep their password."""
    user = User.objects.filter(email=invitation.email.strip().lower()).first()
    return user if user is not None and memberships_of(user.pk) else None


def accept_invitation(*, invitation: Invitation, name: str, password: str | None, now: datetime) -> User:
    """Make the member. Without a ``password`` the account is one that works elsewhere, and signed in.

    Raises:
        MemberRefused: the link was used or withdrawn a moment ago, or the place is taken.
    """
    with tenant_scope(invitation.tenant_id):
        email = invitation.email.strip().lower()
        user = User.objects.filter(email=email).first() or User(email=email, name=name)
        if password is not None:
            user.name = name
            user.set_password(password)
        user.save()
        actor = Actor.user(user.pk)
        try:
            with transaction.atomic():
                transition(invitation, Invitation.Status.ACCEPTED, actor=actor, at=now, token=None)
                member = _place(invitation, user)
                record("membership.created", target=member, actor=actor, at=now, role=invitation.role)
        except (LostRace, IntegrityError) as error:
            raise MemberRefused(_("This invitation can no longer be used. Ask for another one.")) from error
    return user


def _place(invitation: Invitation, user: User) -> Membership:
    """The place that was offered; an administrator's waits for the second person (`tenants.members.appointing`)."""
    place: dict[str, Any] = {
        "role": invitation.role,
        "staff_number": invitation.staff_number,
        "branch_code": invitation.branch_code,
        "valid_until": invitation.valid_until,
        "is_active": True,
    }
    proposal: dict[str, Any] = {
        "staff_number": invitation.staff_number,
        "appointed_by": invitation.invited_by,
        "appointed_person": invitation.invited_person,
        "appointed_until": invitation.valid_until,
        "confirmed_by": None,
        "confirmed_person": "",
    }
    if invitation.role != Role.ADMINISTRATOR:
        known, new = place, place
    else:
        known, new = proposal, {**place, **proposal, "is_active": False}
    member: Membership
    member, _is_new = Membership.objects.update_or_create(user=user, defaults=known, create_defaults=new)
    return member


def hash_of(token: str) -> bytes:
    """SHA-256 of the token."""
    return hashlib.sha256(token.encode()).digest()
