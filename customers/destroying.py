"""What retention may destroy of the customer file: whole customers after the contract, and rows not taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record_ids
from customers.exporting.erasing import erase_from_exports
from customers.facts.models import ExpiredValue
from customers.flags.models import CustomerFlag, FlagLifting
from customers.folding import fold_number
from customers.imports.warned import WarnedRow
from customers.matching.models import MatchCandidate
from customers.merging.models import CustomerMerge
from customers.models import (
    AttributeChange,
    ContactPoint,
    Customer,
    CustomerAccount,
    CustomerImport,
    ImportChange,
    OwnerPaper,
    RejectedRow,
    RelatedParty,
)
from customers.pointers import survivors_of, whole_of
from customers.searching import remove_parts
from customers.stays.models import EndedStay
from retention.classes import (
    Due,
    RecordClass,
    Subjects,
    erase_everywhere,
    register_class,
    register_eraser,
    register_subjects,
)
from retention.expiring import Period, Unit, day_in_japan, end_of_day
from tenants.scoping import required_tenant_id
from tenants.shredding import shred_persons
from uploads.models import Upload

_LAYER = 10


def due_customers(*, until: date, limit: int, only: Sequence[UUID] | None = None) -> list[Due]:
    """Customers whose contract ended; one that was opened again is not due, whatever day is noted."""
    rows = Customer.objects.filter(status=Customer.Status.CLOSED, closed_on__lte=until)
    if only is not None:
        rows = rows.filter(pk__in=only)
    found = rows.order_by("closed_on", "pk").values_list("pk", "closed_on")[:limit]
    return [Due(pk, closed_on, pk) for pk, closed_on in found if closed_on is not None]


def destroy_customers(ids: Sequence[UUID], *, actor: Actor, now: datetime) -> None:
    """Everything about customers and who was merged into them, in every room, and the keys for old back-ups."""
    ids = whole_of(ids)
    erase_everywhere(ids)
    shred_persons(ids, actor=actor, now=now)
    record_ids("customer.destroyed", model=Customer, tenant_id=required_tenant_id(), ids=ids, actor=actor, at=now)


def erase_customers(ids: Sequence[UUID]) -> None:
    """The file itself, and what finds it."""
    erase_from_exports(ids)
    remove_parts(ids)
    CustomerMerge.objects.filter(Q(survivor__in=ids) | Q(merged__in=ids)).delete()
    MatchCandidate.objects.filter(Q(first__in=ids) | Q(second__in=ids)).delete()
    ImportChange.objects.filter(customer__in=ids).delete()
    ExpiredValue.objects.filter(customer__in=ids).delete()
    EndedStay.objects.filter(customer__in=ids).delete()
    flags = CustomerFlag.objects.filter(customer__in=ids).values("pk")
    Upload.objects.filter(purpose=Upload.Purpose.FLAG_EVIDENCE, reference__in=flags).delete()
    FlagLifting.objects.filter(flag__customer__in=ids).delete()
    CustomerFlag.objects.filter(customer__in=ids).delete()
    papers = OwnerPaper.objects.filter(customer__in=ids).values("pk")
    Upload.objects.filter(purpose=Upload.Purpose.OWNER_PAPER, reference__in=papers).delete()
    OwnerPaper.objects.filter(customer__in=ids).delete()
    RelatedParty.objects.filter(customer__in=ids).delete()
    AttributeChange.objects.filter(customer__in=ids).delete()
    ContactPoint.objects.filter(customer__in=ids).delete()
    CustomerAccount.objects.filter(customer__in=ids).delete()
    Customer.objects.filter(pk__in=ids).delete()


def due_imports(*, until: date, limit: int, only: Sequence[UUID] | None = None) -> list[Due]:
    """Settled imports that still have rows they did not take, or took with a warning."""
    listed = Q(rejected_rows__isnull=False) | Q(warned_rows__isnull=False)
    rows = CustomerImport.objects.filter(listed, finished_at__lt=end_of_day(until))
    if only is not None:
        rows = rows.filter(pk__in=only)
    found = rows.order_by("finished_at", "pk").values_list("pk", "finished_at").distinct()[:limit]
    return [Due(pk, day_in_japan(at), None) for pk, at in found if at is not None]


def destroy_rejected_rows(ids: Sequence[UUID], *, actor: Actor, now: datetime) -> None:
    """The rows as the file had them; the import and its counts stay."""
    RejectedRow.objects.filter(customer_import__in=ids).delete()
    WarnedRow.objects.filter(customer_import__in=ids).delete()
    record_ids(
        "customerimport.rows_destroyed",
        model=CustomerImport,
        tenant_id=required_tenant_id(),
        ids=ids,
        actor=actor,
        at=now,
    )


def _find(number: str) -> UUID | None:
    """The number of a merged customer means the one who goes on."""
    found: UUID | None = Customer.objects.filter(number=fold_number(number)).values_list("pk", flat=True).first()
    return found and survivors_of([found])[found]


def _numbers(ids: Sequence[UUID]) -> Mapping[UUID, str]:
    return dict(Customer.objects.filter(pk__in=ids).values_list("pk", "number"))


def register() -> None:
    """Called when the apps are ready."""
    register_subjects(Subjects(_find, _numbers))
    register_eraser(_LAYER, erase_customers)
    register_class(
        RecordClass(
            code="confirmation",
            title=_("Confirmation records: the whole customer"),
            basis=_("Act on Prevention of Transfer of Criminal Proceeds, art. 6 (2)"),
            trigger=_("The end of the contract"),
            default=Period(7, Unit.YEARS),
            shortest=7,
            longest=30,
            due=due_customers,
            destroy=destroy_customers,
        )
    )
    register_class(
        RecordClass(
            code="rejected_rows",
            title=_("Rows of imported files that were not taken"),
            basis=_("Needed only to correct the file"),
            trigger=_("The end of the import"),
            default=Period(90, Unit.DAYS),
            shortest=7,
            longest=365,
            due=due_imports,
            destroy=destroy_rejected_rows,
        )
    )
