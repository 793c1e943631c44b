"""Reading the audit trail: the list with its filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.models import AuditEvent
from customers.models import Customer
from reporting.rows import APPLICATION, row_events_of
from reporting.sentences import events_of
from reporting.timelines import ids_about
from tenants.keyset import Page, keyset_page
from tenants.scoping import required_tenant_id

JST = ZoneInfo("Asia/Tokyo")

# Triggers write a record for every row that a change touched; people first want to know who decided what.
RECORDS: Sequence[tuple[str, Promise | str]] = (
    ("", _("Acts")),
    ("rows", _("Changed rows")),
    ("outside", _("Rows changed past the application")),
)
_OF_KIND: Mapping[str, Q] = {
    "": Q(kind=AuditEvent.Kind.ACT),
    "rows": Q(kind=AuditEvent.Kind.ROW),
    "outside": Q(kind=AuditEvent.Kind.ROW, actor_kind="database") & ~Q(actor_id=APPLICATION),
}


def audit_page(
    *,
    actor_id: str = "",
    subject: str = "",
    record: str = "",
    number: str = "",
    since: date | None = None,
    until: date | None = None,
    cursor: str | None = None,
) -> Page[AuditEvent]:
    """The trail, newest first.

    ``record`` is one of `RECORDS`, ``subject`` the part of event names before the dot (``campaign``), ``number`` a
    customer number; ``since`` and ``until`` are days of Japan, both included.
    """
    events = AuditEvent.objects.filter(_OF_KIND[record], tenant_id=required_tenant_id())
    if actor_id:
        events = events.filter(actor_kind="user", actor_id=actor_id)
    if subject:
        events = events.filter(event__in=row_events_of(subject) if record else events_of(subject))
    if number:
        customer = Customer.objects.filter(number=number).first()
        events = events.filter(target_id__in=ids_about(customer)) if customer else events.none()
    if since:
        events = events.filter(at__gte=datetime.combine(since, time.min, JST))
    if until:
        events = events.filter(at__lte=datetime.combine(until, time.max, JST))
    return keyset_page(events, order=("-id",), cursor=cursor)
