"""Raw calls of providers, kept in inboxes: one class of record for each room that has an inbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record_ids
from retention.classes import Due, RecordClass, Words
from retention.expiring import Period, Unit, day_in_japan, end_of_day
from tenants.inbox import InboxEvent
from tenants.scoping import required_tenant_id

# The customer each event is about, as far as that is known outside its sealed body.
type About = Callable[[Sequence[UUID]], Mapping[UUID, UUID]]


def reports(model: type[InboxEvent], *, code: str, title: Words, about: About = lambda ids: {}) -> RecordClass:
    """The class of what providers told through an inbox and was acted on; what followed from it stays."""

    def due(*, until: date, limit: int, only: Sequence[UUID] | None = None) -> list[Due]:
        rows = model.objects.filter(processed_at__isnull=False, received_at__lt=end_of_day(until))
        if only is not None:
            rows = rows.filter(pk__in=only)
        found = list(rows.order_by("received_at", "pk").values_list("pk", "received_at")[:limit])
        customers = about([pk for pk, _at in found])
        return [Due(pk, day_in_japan(at), customers.get(pk)) for pk, at in found]

    def destroy(ids: Sequence[UUID], *, actor: Actor, now: datetime) -> None:
        model.objects.filter(pk__in=ids).delete()
        event = f"{model._meta.model_name}.destroyed"
        record_ids(event, model=model, tenant_id=required_tenant_id(), ids=ids, actor=actor, at=now)

    return RecordClass(
        code=code,
        title=title,
        basis=_("Needed only to prove and repeat what followed from them"),
        trigger=_("The day of arrival"),
        default=Period(90, Unit.DAYS),
        shortest=30,
        longest=3_650,
        due=due,
        destroy=destroy,
    )
