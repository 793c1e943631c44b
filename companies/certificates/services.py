"""Ordering a registry certificate, taking its pictures, transcribing it, and checking it by a second person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from companies.certificates.models import RegistryCertificate
from companies.certificates.rules import ENDED, OFFICERS
from companies.certificates.selectors import leaving_of, may_obtain, officers_of, paper_beside, roles_beside
from companies.standing import settle_standing
from customers.models import AttributeChange, Customer, RelatedParty
from customers.parsing import Invalid
from customers.pointers import lock_own
from customers.related.selectors import Known
from customers.related.services import AlreadyChanged, StillHeld, end_party, enter_party
from customers.services import apply_facts
from customers.wording import sentence
from retention.expiring import day_in_japan
from tenants.permissions import Permission
from tenants.steps import Refused, Steps, Words
from uploads.models import Upload
from uploads.services import receive_upload

Status = RegistryCertificate.Status
PURPOSE = Upload.Purpose.REGISTRY_CERTIFICATE


class CertificateRefused(Refused):
    """The step cannot be taken; its text says what to do. ``field``: of the form, if it is one."""

    def __init__(self, words: Words, field: str | None = None) -> None:
        super().__init__(words)
        self.field = field


_STEPS = Steps(CertificateRefused)


def request_certificate(
    *,
    customer: Customer,
    origin: str,
    reference: UUID | None,
    why: str,
    assigned_to: int,
    due_on: date,
    actor: Actor,
    now: datetime,
) -> RegistryCertificate:
    """Have somebody obtain a certificate of a company until a day.

    Raises:
        CertificateRefused: no company, one is under way, a day that is over, or nobody who may do it.
        CustomerMerged: the customer is part of another by now.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.DECIDE_CASE, now=now)
        held = lock_own(customer.pk)
        if held.kind != Customer.Kind.COMPANY:
            raise CertificateRefused(_("Only companies are in the register."))
        if due_on < day_in_japan(now):
            raise CertificateRefused(_("Enter a day that is not in the past."), "due_on")
        if assigned_to not in may_obtain(now):
            raise CertificateRefused(_("Choose who obtains it."), "assigned_to")
        certificate = RegistryCertificate(
            customer=held,
            origin=origin,
            reference=reference,
            why=why.strip() or None,
            requested_by=standing.user_id,
            requested_at=now,
            assigned_to=assigned_to,
            due_on=due_on,
        )
        try:
            with transaction.atomic():
                certificate.save()
        except IntegrityError as error:
            raise CertificateRefused(_("A certificate of this company is under way already.")) from error
        record("registrycertificate.ordered", target=certificate, actor=actor, at=now, due_on=due_on.isoformat())
    return certificate


@transaction.atomic
def attach_paper(*, certificate_id: UUID, file: BinaryIO, name: str, actor: Actor, now: datetime) -> Upload:
    """Take in a picture of a page, or a PDF, until the certificate is checked.

    Raises:
        CertificateRefused: it is settled.
        UploadRefused: it is not a picture that can be taken.
    """
    held = _lock(certificate_id)
    if not held.is_open:
        raise CertificateRefused(_("This certificate is settled. Order a new one."), "file")
    return receive_upload(
        file, name=name, purpose=PURPOSE, reference=held.pk, person_id=held.customer_id, actor=actor, now=now
    )


def transcribe_certificate(
    *, certificate_id: UUID, kind: str, issued_on: date, said: Mapping[str, Any], actor: Actor, now: datetime
) -> RegistryCertificate:
    """Put down what the paper says (keys of `companies.certificates.rules`); then a second person checks it.

    Raises:
        CertificateRefused: there is no picture of it yet, its day is not possible, or it is not waiting for this.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.DECIDE_CASE, now=now)
        held = _lock(certificate_id)
        if issued_on > day_in_japan(now):
            raise CertificateRefused(_("Enter a day that is not in the future."), "issued_on")
        papers = Upload.objects.filter(purpose=PURPOSE, reference=held.pk)
        if not papers.exclude(status=Upload.Status.REJECTED).exists():
            raise CertificateRefused(_("Add a picture of the paper first, so that a second person can compare it."))
        _STEPS.move(
            held,
            Status.TRANSCRIBED,
            actor=actor,
            now=now,
            kind=kind,
            issued_on=issued_on,
            said=dict(said),
            transcribed_by=standing.user_id,
            transcribed_person=standing.person,
            transcribed_at=now,
            returned_because=None,
        )
    return held


def check_certificate(
    *,
    certificate_id: UUID,
    seen_at: str,
    take: Collection[str],
    actor: Actor,
    now: datetime,
    end: Collection[UUID] = (),
) -> list[str]:
    """A second person found the transcription right; what they chose of the differences goes into the file.

    ``seen_at`` is the moment of the transcription that was looked at; ``end`` the rows of officers whom the paper does
    not name and who are officers no longer. Returns what changed: facts, and `ENDED` where somebody was ended.

    Raises:
        CertificateRefused: it is the actor's own transcription, another one than was looked at, no picture of it was
            found clean, or the file does not take a value.
        CustomerMerged: the customer is part of another by now.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.APPROVE_CASE, now=now)
        held = _lock(certificate_id)
        if standing.did((held.transcribed_by, held.transcribed_person)):
            raise CertificateRefused(_("You transcribed this yourself. Somebody else has to check it."))
        if held.transcribed_at is None or held.transcribed_at.isoformat() != seen_at:
            raise CertificateRefused(_("The transcription has changed meanwhile. Look at it again."))
        papers = Upload.objects.filter(purpose=PURPOSE, reference=held.pk, status=Upload.Status.CLEAN)
        if not papers.exists():
            raise CertificateRefused(_("No picture of the paper can be looked at. Return it, so that one is added."))
        customer = lock_own(held.customer_id)
        lines, officers = paper_beside(customer, held)
        differed = [line.key for line in lines if not line.is_same] + ([] if officers.is_same else [OFFICERS])
        chosen = [key for key in differed if key in take]
        leaving = [one for one in leaving_of(customer, held) if one.row.pk in set(end)]
        changed = _take_facts(customer, held, chosen, actor=actor, now=now)
        if OFFICERS in chosen:
            _enter_officers(customer, held, actor=actor, now=now)
        if leaving:
            _end_officers(customer, leaving, actor=actor, now=now)
            changed, chosen = [*changed, ENDED], [*chosen, ENDED]
        _STEPS.move(
            held,
            Status.CHECKED,
            actor=actor,
            now=now,
            checked_by=standing.user_id,
            checked_person=standing.person,
            checked_at=now,
            differed=differed,
            taken=chosen,
        )
        customer.refresh_from_db()
        settle_standing({customer.pk: customer.corporate_number}, now=now)
    return changed


def return_certificate(*, certificate_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    """The transcription is not right, or the paper not legible: whoever obtains it has it again.

    Raises:
        CertificateRefused: no reason, the role is gone, or it does not wait for a check.
    """
    if not reason.strip():
        raise CertificateRefused(_("Say what is to be corrected."), "reason")
    with transaction.atomic():
        _STEPS.standing(actor, Permission.APPROVE_CASE, now=now)
        _STEPS.move(_lock(certificate_id), Status.REQUESTED, actor=actor, now=now, returned_because=reason.strip())


def cancel_certificate(*, certificate_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    """It is not needed any more.

    Raises:
        CertificateRefused: no reason, the role is gone, or it is settled.
    """
    if not reason.strip():
        raise CertificateRefused(_("Say in a few words why it is not needed."), "reason")
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.DECIDE_CASE, now=now)
        _STEPS.move(
            _lock(certificate_id),
            Status.CANCELLED,
            actor=actor,
            now=now,
            cancelled_by=standing.user_id,
            cancelled_at=now,
            cancelled_because=reason.strip(),
        )


def _take_facts(
    customer: Customer, held: RegistryCertificate, chosen: Collection[str], *, actor: Actor, now: datetime
) -> list[str]:
    said: dict[str, Any] = held.said or {}
    changes = {key: said[key] for key in chosen if key != OFFICERS}
    if "address" in changes:
        # The old code beside the new address would be wrong; no certificate has one, whoever transcribes may know it.
        changes["postal_code"] = said.get("postal_code") or None
    if not changes:
        return []
    try:
        return apply_facts(
            customer=customer,
            changes=changes,
            source=AttributeChange.Source.REGISTRY,
            reference=held.pk,
            actor=actor,
            now=now,
        )
    except Invalid as invalid:
        raise CertificateRefused(sentence(invalid.code, invalid.params)) from invalid


def _enter_officers(customer: Customer, held: RegistryCertificate, *, actor: Actor, now: datetime) -> None:
    """Whom the paper alone names becomes a related party. Whom only the file names stays, unless chosen to end."""
    for officer in officers_of(customer, held).only_paper:
        role = RelatedParty.Role.REPRESENTATIVE if officer.represents else RelatedParty.Role.OFFICER
        enter_party(
            customer=customer,
            kind=RelatedParty.Kind.PERSON,
            roles=[role],
            details={"name": officer.name, "holds": []},
            actor=actor,
            now=now,
        )


def _end_officers(customer: Customer, leaving: Sequence[Known], *, actor: Actor, now: datetime) -> None:
    """They are no officers any more; who is also something else, such as a shareholder, remains that."""
    for one in leaving:
        try:
            if roles := roles_beside(one.row):
                enter_party(
                    customer=customer,
                    kind=one.row.kind,
                    roles=roles,
                    details=one.row.details,
                    actor=actor,
                    now=now,
                    replaces=one.row.pk,
                )
            else:
                end_party(customer=customer, row_id=one.row.pk, actor=actor, now=now)
        except (AlreadyChanged, StillHeld) as error:
            raise CertificateRefused(
                _("Somebody who is to be ended was changed meanwhile, or others hold through them. Look at it again.")
            ) from error


def _lock(certificate_id: UUID) -> RegistryCertificate:
    held: RegistryCertificate = RegistryCertificate.objects.select_for_update(of=("self",)).get(pk=certificate_id)
    return held
