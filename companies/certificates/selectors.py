"""Reading certificates: the list of those to be obtained, a company's own, and one beside the file."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from companies.certificates.models import RegistryCertificate
from companies.certificates.rules import Officers, compare_facts, compare_officers, folded, officers_in
from companies.comparing import Line
from customers.models import Customer, RelatedParty
from customers.related.selectors import Known, related_to
from customers.selectors import facts_of
from tenants.keyset import Page, keyset_page
from tenants.models import Membership
from tenants.permissions import ROLE_PERMISSIONS, Permission
from uploads.models import Upload
from uploads.selectors import clean_upload, uploads_of

_OFFICERS = {RelatedParty.Role.REPRESENTATIVE, RelatedParty.Role.OFFICER}
Status = RegistryCertificate.Status


def certificate_page(
    *, status: str = "", assigned_to: int | None = None, cursor: str | None = None
) -> Page[RegistryCertificate]:
    """Certificates by the day until which they are wanted; of everybody, or of one member."""
    rows = certificates_asked(status=status, assigned_to=assigned_to).select_related("customer")
    return keyset_page(rows, order=("due_on", "id"), cursor=cursor)


def certificates_asked(*, status: str = "", assigned_to: int | None = None) -> QuerySet[RegistryCertificate]:
    """Certificates, narrowed by what is not blank."""
    wanted = {"status": status, "assigned_to": assigned_to}
    found: QuerySet[RegistryCertificate] = RegistryCertificate.objects.filter(
        **{key: value for key, value in wanted.items() if value}
    )
    return found


def certificates_of(customer: Customer) -> list[RegistryCertificate]:
    """A company's certificates, the latest first."""
    return list(RegistryCertificate.objects.filter(customer=customer).order_by("-requested_at", "-pk"))


def last_checked(customer: Customer) -> RegistryCertificate | None:
    """The one of the latest day that was checked."""
    rows = RegistryCertificate.objects.filter(customer=customer, status=Status.CHECKED)
    return rows.order_by("-issued_on", "-pk").first()


def open_of(customer: Customer) -> RegistryCertificate | None:
    """The one that is under way; there is one at a time."""
    rows = RegistryCertificate.objects.filter(customer=customer, status__in=[Status.REQUESTED, Status.TRANSCRIBED])
    return rows.first()


def to_be_obtained_count(*, assigned_to: int | None = None, before: date | None = None) -> int:
    """How many are still to be obtained; of one member, or of those that were to be here before a day."""
    rows = RegistryCertificate.objects.filter(status=Status.REQUESTED)
    if assigned_to is not None:
        rows = rows.filter(assigned_to=assigned_to)
    if before is not None:
        rows = rows.filter(due_on__lt=before)
    return int(rows.count())


def to_be_checked_count() -> int:
    """How many wait for a second person."""
    return int(RegistryCertificate.objects.filter(status=Status.TRANSCRIBED).count())


def may_obtain(now: datetime) -> dict[int, str]:
    """The members who may obtain and transcribe a certificate, by account, with their names."""
    roles = [role for role, permissions in ROLE_PERMISSIONS.items() if Permission.DECIDE_CASE in permissions]
    holds = Q(valid_until__isnull=True) | Q(valid_until__gt=now)
    rows = Membership.objects.filter(holds, role__in=roles, is_active=True).order_by("user__name")
    return dict(rows.values_list("user_id", "user__name"))


def paper_beside(customer: Customer, certificate: RegistryCertificate) -> tuple[list[Line], Officers]:
    """What the paper says beside the file as it is now.

    Raises:
        PersonShredded: the customer's data were destroyed.
    """
    return compare_facts(facts_of(customer), certificate.said or {}), officers_of(customer, certificate)


def officers_of(customer: Customer, certificate: RegistryCertificate) -> Officers:
    """The officers of the paper beside the related parties that are officers."""
    on_file = [one.name for one in related_to(customer) if _OFFICERS.intersection(one.row.roles)]
    return compare_officers(on_file, officers_in(certificate.said or {}))


def leaving_of(customer: Customer, certificate: RegistryCertificate) -> list[Known]:
    """Officers on file whom the paper does not name; nobody where it names no officers at all."""
    if not officers_in(certificate.said or {}):
        return []
    gone = {folded(name) for name in officers_of(customer, certificate).only_file}
    return [one for one in related_to(customer) if _OFFICERS.intersection(one.row.roles) and folded(one.name) in gone]


def roles_beside(row: RelatedParty) -> list[str]:
    """What somebody remains who is no officer any more."""
    return [role for role in row.roles if role not in _OFFICERS]


def papers_of(certificate: RegistryCertificate) -> list[Upload]:
    """The pictures in the order they came, without their bodies."""
    return uploads_of(purpose=Upload.Purpose.REGISTRY_CERTIFICATE, reference=certificate.pk)


def paper_of(certificate: RegistryCertificate, upload_id: UUID) -> Upload:
    """A picture of this certificate that may be shown.

    Raises:
        Upload.DoesNotExist: it has no such picture, or it has not been found clean.
    """
    return clean_upload(upload_id, purpose=Upload.Purpose.REGISTRY_CERTIFICATE, reference=certificate.pk)
