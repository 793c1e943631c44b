"""Looking at personal data: with a reason, for ten minutes, and on the record."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from customers.models import Customer, CustomerImport
from tenants.models import Tenant

WINDOW = timedelta(minutes=10)
_SESSION = "revealed"


class ViewReason(models.TextChoices):
    """Why somebody needs to see what is masked."""

    REVIEW = "REVIEW", _("To review an answer")
    INQUIRY = "INQUIRY", _("To answer the customer's inquiry")
    CONTACT = "CONTACT", _("To prepare a call or a visit")
    NOTICE = "NOTICE", _("To check the text of a notice")
    INSPECTION = "INSPECTION", _("Inspection or audit")


class ReasonRequired(Exception):
    """A sensitive customer's data were about to be shown without naming the matter they are needed for."""


def is_sensitive(customer: Customer) -> bool:
    """Whether curiosity has to be ruled out: a foreign politically exposed person (犯収法施行令 §12)."""
    return bool(customer.is_foreign_pep)


def reveal(
    session: MutableMapping[str, Any],
    *,
    customer: Customer,
    reason: str,
    actor: Actor,
    now: datetime,
    matter: str = "",
) -> None:
    """Open one customer's data to this session for ten minutes; recorded each time it is opened anew.

    ``matter`` is the bank's own number of the request or ledger entry behind it, never a name.

    Raises:
        ReasonRequired: the customer is sensitive and no matter is named.
    """
    if shown_until(session, customer.pk, now) is not None:
        return
    if is_sensitive(customer) and not matter:
        raise ReasonRequired
    with transaction.atomic():
        record("customer.viewed", target=customer, actor=actor, at=now, reason=reason, **_named(matter))
    kept = {key: until for key, until in session.get(_SESSION, {}).items() if until > now.isoformat()}
    session[_SESSION] = {**kept, str(customer.pk): (now + WINDOW).isoformat()}


def note_look_back(*, customer: Customer, on: date, actor: Actor, now: datetime) -> None:
    """Personal data as they were on a day are shown; the reason was given when they were opened to the session."""
    with transaction.atomic():
        record("customer.looked_back", target=customer, actor=actor, at=now, on=on.isoformat())


def note_contact_search(*, tenant: Tenant, reason: str, actor: Actor, now: datetime) -> None:
    """Somebody to whom personal data are masked asks whose a telephone number or e-mail address is, and why."""
    with transaction.atomic():
        record("tenant.contact_searched", target=tenant, actor=actor, at=now, reason=reason)


def note_changes_seen(*, customer_import: CustomerImport, customers: int, actor: Actor, now: datetime) -> None:
    """What an import changes of so many customers is shown, before and after."""
    with transaction.atomic():
        record("customerimport.changes_seen", target=customer_import, actor=actor, at=now, customers=customers)


def shown_until(session: MutableMapping[str, Any], customer_id: UUID, now: datetime) -> datetime | None:
    """Until when this session may see the customer's data, if it may at all."""
    until = session.get(_SESSION, {}).get(str(customer_id))
    moment = datetime.fromisoformat(until) if until else None
    return moment if moment is not None and moment > now else None


def _named(matter: str) -> dict[str, str]:
    return {"matter": matter} if matter else {}
