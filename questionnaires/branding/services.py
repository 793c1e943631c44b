"""Changing how an institution looks: written and proposed by one person, let by another; earlier looks return so."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from questionnaires.branding.colouring import is_fine
from questionnaires.branding.models import Branding
from questionnaires.branding.selectors import next_number, shown_of
from tenants.models import Tenant, tenant_in_scope
from tenants.permissions import Permission
from tenants.steps import Refused, Steps

Status = Branding.Status


class BrandingRefused(Refused):
    """The look cannot be changed so."""

    WAITING = _("Another change is being written or waits for approval. Have it dealt with first.")


_STEPS = Steps(BrandingRefused)


@transaction.atomic
def save_branding(*, shown: Mapping[str, str], mark: bytes | None, actor: Actor, now: datetime) -> Branding:
    """Keep a look that is being written, in place of the one before. ``mark``: a PNG of `uploads.marks`, or none.

    Raises:
        BrandingRefused: customers' pages may not have the colour, a version waits for approval, or the actor may not.
    """
    standing = _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
    _check_colour(shown["brand_colour"], shown["brand_words"])
    picture = {"mark": mark, "mark_digest": hashlib.sha256(mark).hexdigest()[:16] if mark else ""}
    values: dict[str, object] = {**shown, **picture, **standing.signs("proposed", now)}
    draft: Branding | None = Branding.objects.filter(status=Status.DRAFT).select_for_update().first()
    if draft is None:
        draft = _begin(values)
    else:
        for name, value in values.items():
            setattr(draft, name, value)
        draft.save(update_fields=list(values))
    record("branding.saved", target=draft, actor=actor, at=now, number=draft.number)
    return draft


@transaction.atomic
def propose_branding(*, branding: Branding, actor: Actor, now: datetime) -> None:
    """Hand it to a second person.

    Raises:
        BrandingRefused: the actor may not, or it is not being written any more.
    """
    standing = _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
    _STEPS.move(branding, Status.PROPOSED, actor=actor, now=now, **standing.signs("proposed", now))


@transaction.atomic
def restore_branding(*, branding: Branding, actor: Actor, now: datetime) -> Branding:
    """Propose that an earlier version comes back, as a new one.

    Raises:
        BrandingRefused: another is being written or waits, or the actor may not.
    """
    standing = _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
    if branding.status != Status.APPROVED:
        raise BrandingRefused(_("Only what was once in force can come back."))
    _check_colour(branding.brand_colour, branding.brand_words)
    signed = standing.signs("proposed", now)
    made = _begin({**shown_of(branding), "mark": branding.mark, **signed})
    record("branding.restored", target=made, actor=actor, at=now, number=made.number, restores=branding.number)
    _STEPS.move(made, Status.PROPOSED, actor=actor, now=now, **signed)
    return made


@transaction.atomic
def approve_branding(*, branding: Branding, actor: Actor, now: datetime) -> None:
    """Have every page, e-mail and letter look like it from now on.

    Raises:
        BrandingRefused: the actor proposed it, under whatever account; may not; or somebody was faster.
    """
    standing = _STEPS.second(actor, Permission.APPROVE_SETTINGS, branding.acts, now=now)
    _check_colour(branding.brand_colour, branding.brand_words)
    _STEPS.approved(branding, standing, actor=actor, now=now)
    Tenant.objects.filter(pk=tenant_in_scope().pk).update(**shown_of(branding))


@transaction.atomic
def reject_branding(*, branding: Branding, actor: Actor, now: datetime) -> None:
    """Leave the look as it is; whoever wrote or proposed the other one may take it back so.

    Raises:
        BrandingRefused: the actor may not, or it is decided already.
    """
    needed = Permission.MANAGE_SETTINGS if branding.status == Status.DRAFT else Permission.APPROVE_SETTINGS
    _STEPS.reject(branding, needed, actor=actor, now=now)


def _begin(values: Mapping[str, object]) -> Branding:
    try:
        with transaction.atomic():
            made: Branding = Branding.objects.create(**values, number=next_number())
    except IntegrityError as error:
        raise BrandingRefused(BrandingRefused.WAITING) from error
    return made


def _check_colour(colour: str, words: str) -> None:
    if not is_fine(colour, words):
        raise BrandingRefused(_("Customers could not read pages in this colour. Choose another."))
