"""What retention may destroy of identity verifications: what providers told us, and all of it with the customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record_ids
from ekyc.models import EkycEvent, Verification
from retention.classes import Due, RecordClass, register_class, register_eraser
from retention.expiring import Period, Unit, day_in_japan, end_of_day
from tenants.scoping import required_tenant_id

_LAYER = 20


def due_events(*, until: date, limit: int, only: Sequence[UUID] | None = None) -> list[Due]:
    """What providers told us and was acted on; whom it is about stands in the sealed body only."""
    rows = EkycEvent.objects.filter(processed_at__isnull=False, received_at__lt=end_of_day(until))
    if only is not None:
        rows = rows.filter(pk__in=only)
    found = rows.order_by("received_at", "pk").values_list("pk", "received_at")[:limit]
    return [Due(pk, day_in_japan(at), None) for pk, at in found]


def destroy_events(ids: Sequence[UUID], *, actor: Actor, now: datetime) -> None:
    """The raw calls; what followed from them stays with the verifications."""
    EkycEvent.objects.filter(pk__in=ids).delete()
    record_ids("ekycevent.destroyed", model=EkycEvent, tenant_id=required_tenant_id(), ids=ids, actor=actor, at=now)


def erase_customers(ids: Sequence[UUID]) -> None:
    """Every verification of customers."""
    Verification.objects.filter(customer__in=ids).delete()


def register() -> None:
    """Called when the apps are ready."""
    register_eraser(_LAYER, erase_customers)
    register_class(
        RecordClass(
            code="ekyc_reports",
            title=_("Raw reports of eKYC providers, with what they show of documents"),
            basis=_("Needed only to prove and repeat what followed from them"),
            trigger=_("The day of arrival"),
            default=Period(90, Unit.DAYS),
            shortest=30,
            longest=3_650,
            due=due_events,
            destroy=destroy_events,
        )
    )
