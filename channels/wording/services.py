"""Writing templates: drafts, and the second person who puts them in force."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from channels.linting import has_errors
from channels.models import MessageTemplate
from channels.wording.selectors import (
    WITH_SUBJECT,
    Slot,
    in_force,
    remarks_on,
    sample_wording,
    text_of,
    versions_of,
    words_of,
)
from tenants.models import tenant_in_scope
from tenants.permissions import Permission
from tenants.steps import Refused, Steps
from tenants.turns import take_turn

Status = MessageTemplate.Status
_ONE_AT_A_TIME = 4_202  # advisory lock class; the key within it is the tenant


class TemplateRefused(Refused):
    """The text cannot be changed so."""

    OWN_WORK = _("You wrote this text yourself. Somebody else has to approve it.")
    TOO_LATE = _("Somebody else has dealt with this text already. Reload the page.")


_STEPS = Steps(TemplateRefused)


def draft_template(*, slot: Slot, actor: Actor, now: datetime, version: int | None = None) -> MessageTemplate:
    """Begin a new version with the text in force; the one that is being written, if there is one.

    ``version`` begins it with an earlier text instead, to go back to that; 0 is what comes with the product.

    Raises:
        TemplateRefused: the actor may not; there is no such version; or, going back, another one is being written.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.EDIT_TEMPLATE, now=now)
        take_turn(_ONE_AT_A_TIME)
        versions = versions_of(slot)
        for one in versions:
            if one.status in (Status.DRAFT, Status.AWAITING_APPROVAL):
                if version is not None:
                    raise TemplateRefused(_("A version is being written already. Finish it or throw it away first."))
                return one
        words = in_force()[slot] if version is None else text_of(slot, version)
        if words is None:
            raise TemplateRefused(_("There is no such version."))
        template: MessageTemplate = MessageTemplate.objects.create(
            channel=slot.channel,
            purpose=slot.purpose,
            language=slot.language,
            version=versions[0].version + 1 if versions else 1,
            subject=words.subject,
            body=words.body,
            **standing.signs("drafted", now),
        )
        data = {"version": template.version, "of": words.version}
        record("messagetemplate.drafted", target=template, actor=actor, at=now, **data)
    return template


def write_template(*, template: MessageTemplate, subject: str, body: str, actor: Actor, now: datetime) -> None:
    """Change a draft. Whoever wrote last is its author.

    Raises:
        TemplateRefused: it is no draft any more.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.EDIT_TEMPLATE, now=now)
        rows = MessageTemplate.objects.filter(pk=template.pk, status=Status.DRAFT)
        is_written = rows.update(
            subject=subject.strip() if template.channel in WITH_SUBJECT else "",
            body=body.replace("\r\n", "\n").strip(),
            **standing.signs("drafted", now),
        )
        if not is_written:
            raise TemplateRefused(_("Only a draft can be changed. Begin a new version."))
        record("messagetemplate.written", target=template, actor=actor, at=now, version=template.version)
        template.refresh_from_db()


def submit_template(*, template: MessageTemplate, actor: Actor, now: datetime) -> None:
    """Ask a second person.

    Raises:
        TemplateRefused: it has errors, or it is no draft any more.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.EDIT_TEMPLATE, now=now)
        template.refresh_from_db()
        _check(template, now)
        asked = {**standing.signs("submitted", now), "return_reason": ""}
        _STEPS.move(template, Status.AWAITING_APPROVAL, actor=actor, now=now, **asked)


def approve_template(*, template: MessageTemplate, seen_hash: str, actor: Actor, now: datetime) -> None:
    """Put a version in force in place of the one before. ``seen_hash`` is what the approver's page showed.

    Raises:
        TemplateRefused: the actor wrote or submitted it, under whatever account; may not approve; it has errors; it is
            not what the approver saw; or somebody was faster.
    """
    with transaction.atomic():
        take_turn(_ONE_AT_A_TIME)
        template.refresh_from_db()
        authors = [(template.drafted_by, template.drafted_person), (template.submitted_by, template.submitted_person)]
        standing = _STEPS.second(actor, Permission.APPROVE_TEMPLATE, authors, now=now)
        if seen_hash != words_of(template).digest:
            raise TemplateRefused(_("The text has changed since you opened it. Reload it and look again."))
        if template.status != Status.AWAITING_APPROVAL:
            raise TemplateRefused(TemplateRefused.TOO_LATE)
        _check(template, now)
        slot = {"channel": template.channel, "purpose": template.purpose, "language": template.language}
        before = MessageTemplate.objects.filter(status=Status.APPROVED, **slot).first()
        if before is not None:
            _STEPS.move(before, Status.RETIRED, actor=actor, now=now)
        signed = {**standing.signs("approved", now), "approved_hash": seen_hash}
        _STEPS.move(template, Status.APPROVED, actor=actor, now=now, **signed)


def return_template(*, template: MessageTemplate, reason: str, actor: Actor, now: datetime) -> None:
    """Give it back to whoever wrote it.

    Raises:
        TemplateRefused: the actor may not approve, or it is decided already.
    """
    with transaction.atomic():
        _STEPS.standing(actor, Permission.APPROVE_TEMPLATE, now=now)
        if template.status != Status.AWAITING_APPROVAL:
            raise TemplateRefused(TemplateRefused.TOO_LATE)
        _STEPS.move(template, Status.DRAFT, actor=actor, now=now, return_reason=reason.strip()[:400])


def discard_template(*, template: MessageTemplate, actor: Actor, now: datetime) -> None:
    """Throw a draft away; its number is not used again.

    Raises:
        TemplateRefused: it is no draft any more.
    """
    with transaction.atomic():
        _STEPS.standing(actor, Permission.EDIT_TEMPLATE, now=now)
        if template.status != Status.DRAFT:
            raise TemplateRefused(_("Only a draft can be thrown away."))
        _STEPS.move(template, Status.RETIRED, actor=actor, now=now)


def _check(template: MessageTemplate, now: datetime) -> None:
    words = words_of(template)
    if has_errors(remarks_on(words, sample_wording(words.slot, tenant_in_scope(), now.date()))):
        raise TemplateRefused(_("The text still has errors. Correct them first."))
