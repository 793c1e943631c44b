"""What retention may destroy of questionnaires: answers never sent, and all of it with the customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record_ids
from questionnaires.files.models import AnswerFile
from questionnaires.files.selectors import PURPOSE
from questionnaires.files.services import forget_files
from questionnaires.models import AccessLink, Response
from retention.classes import Due, RecordClass, register_class, register_eraser
from retention.expiring import Period, Unit, day_in_japan, end_of_day
from tenants.scoping import required_tenant_id
from uploads.models import Upload

_LAYER = 20


def due_drafts(*, until: date, limit: int, only: Sequence[UUID] | None = None) -> list[Due]:
    """Withdrawn questionnaires with something entered."""
    rows = Response.objects.filter(status=Response.Status.CANCELLED, saved_at__lt=end_of_day(until))
    if only is not None:
        rows = rows.filter(pk__in=only)
    found = rows.order_by("saved_at", "pk").values_list("pk", "saved_at", "customer_id")[:limit]
    return [Due(pk, day_in_japan(at), customer_id) for pk, at, customer_id in found if at is not None]


def destroy_drafts(ids: Sequence[UUID], *, actor: Actor, now: datetime) -> None:
    """What was entered; that it was asked stays."""
    drafts = list(Response.objects.filter(pk__in=ids))
    for draft in drafts:
        draft.answers, draft.confirmed_pages, draft.saved_at = {}, [], None
    Response.objects.bulk_update(drafts, ["answers", "confirmed_pages", "saved_at"])
    forget_files(ids, actor=actor, now=now)
    record_ids("response.draft_destroyed", model=Response, tenant_id=required_tenant_id(), ids=ids, actor=actor, at=now)


def erase_customers(ids: Sequence[UUID]) -> None:
    """Every response of customers, and the links to them."""
    AccessLink.objects.filter(response__customer__in=ids).delete()
    Upload.objects.filter(purpose=PURPOSE, person_id__in=ids).delete()
    AnswerFile.objects.filter(response__customer__in=ids).delete()
    Response.objects.filter(customer__in=ids).delete()


def register() -> None:
    """Called when the apps are ready."""
    register_eraser(_LAYER, erase_customers)
    register_class(
        RecordClass(
            code="drafts",
            title=_("Answers that were begun and never sent"),
            basis=_("Not part of any record that must be kept"),
            trigger=_("The day something was last entered"),
            default=Period(365, Unit.DAYS),
            shortest=30,
            longest=3_650,
            due=due_drafts,
            destroy=destroy_drafts,
        )
    )
