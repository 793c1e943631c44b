"""What retention may destroy of notices: notices with their letters and attempts, and what providers told us."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db.models import DateTimeField, Max
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record_ids
from channels.models import DeliveryAttempt, Letter, LineLink, Notice, OptOut, Trial, WebhookEvent
from retention.classes import Due, RecordClass, register_class, register_eraser
from retention.expiring import Period, Unit, day_in_japan, end_of_day
from retention.reports import reports
from tenants.scoping import required_tenant_id

_LAYER = 20
_UNDER_WAY = (DeliveryAttempt.Status.QUEUED, DeliveryAttempt.Status.SENDING)


def due_notices(*, until: date, limit: int, only: Sequence[UUID] | None = None) -> list[Due]:
    """Notices of which nothing is under way, by the day their last attempt was settled."""
    rows = Notice.objects.filter(created_at__lt=end_of_day(until))
    if only is not None:
        rows = rows.filter(pk__in=only)
    open_ones = DeliveryAttempt.objects.filter(status__in=_UNDER_WAY).values("notice_id")
    settled = Coalesce(Max("attempts__settled_at"), "created_at", output_field=DateTimeField())
    ended = rows.exclude(pk__in=open_ones).annotate(ended_at=settled).filter(ended_at__lt=end_of_day(until))
    found = ended.order_by("created_at", "pk").values_list("pk", "ended_at", "customer_id")[:limit]
    return [Due(pk, day_in_japan(at), customer_id) for pk, at, customer_id in found]


def destroy_notices(ids: Sequence[UUID], *, actor: Actor, now: datetime) -> None:
    """Notices, what was sent exactly, and the letters as printed."""
    _erase(ids)
    record_ids("notice.destroyed", model=Notice, tenant_id=required_tenant_id(), ids=ids, actor=actor, at=now)


def erase_customers(ids: Sequence[UUID]) -> None:
    """Every notice to customers, what providers told us about them, and what they asked of us."""
    OptOut.objects.filter(contact_point__customer__in=ids).delete()
    LineLink.objects.filter(customer__in=ids).delete()
    _erase(list(Notice.objects.filter(customer__in=ids).values_list("pk", flat=True)))


def due_trials(*, until: date, limit: int, only: Sequence[UUID] | None = None) -> list[Due]:
    """Tests of texts, by the day they were sent; they are about no customer."""
    rows = Trial.objects.filter(sent_at__lt=end_of_day(until))
    if only is not None:
        rows = rows.filter(pk__in=only)
    found = rows.order_by("sent_at", "pk").values_list("pk", "sent_at")[:limit]
    return [Due(pk, day_in_japan(at), None) for pk, at in found]


def destroy_trials(ids: Sequence[UUID], *, actor: Actor, now: datetime) -> None:
    """Records of tests."""
    Trial.objects.filter(pk__in=ids).delete()
    record_ids("trial.destroyed", model=Trial, tenant_id=required_tenant_id(), ids=ids, actor=actor, at=now)


def _erase(notices: Sequence[UUID]) -> None:
    attempts = list(DeliveryAttempt.objects.filter(notice__in=notices).values_list("pk", flat=True))
    WebhookEvent.objects.filter(attempt_reference__in=attempts).delete()
    Letter.objects.filter(attempt__in=attempts).delete()
    DeliveryAttempt.objects.filter(pk__in=attempts).delete()
    Notice.objects.filter(pk__in=notices).delete()


def _customers_of(events: Sequence[UUID]) -> dict[UUID, UUID]:
    references = WebhookEvent.objects.filter(pk__in=events, attempt_reference__isnull=False)
    attempt_of = dict(references.values_list("pk", "attempt_reference"))
    customers = dict(
        DeliveryAttempt.objects.filter(pk__in=set(attempt_of.values())).values_list("pk", "notice__customer_id")
    )
    return {event: customers[attempt] for event, attempt in attempt_of.items() if attempt in customers}


def register() -> None:
    """Called when the apps are ready."""
    register_eraser(_LAYER, erase_customers)
    register_class(
        RecordClass(
            code="notices",
            title=_("Records of notices: what was sent, when, and letters as printed"),
            basis=_("Act on Prevention of Transfer of Criminal Proceeds, art. 7 (3)"),
            trigger=_("The day the last delivery was settled"),
            default=Period(7, Unit.YEARS),
            shortest=7,
            longest=30,
            due=due_notices,
            destroy=destroy_notices,
        )
    )
    register_class(
        RecordClass(
            code="trials",
            title=_("Records of texts sent as tests"),
            basis=_("Needed only to show that texts were tried before they were used"),
            trigger=_("The day of the test"),
            default=Period(2, Unit.YEARS),
            shortest=1,
            longest=10,
            due=due_trials,
            destroy=destroy_trials,
        )
    )
    title = _("Raw reports of delivery providers")
    register_class(reports(WebhookEvent, code="delivery_reports", title=title, about=_customers_of))
