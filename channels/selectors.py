"""Reading the outbox: attempts, counts, and the channels by which customers can be reached."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet

from channels.gates import hours_of, not_held, sending_rules
from channels.hours import JST, Hours, opens_at
from channels.models import DeliveryAttempt, OptOut, ProviderAccount
from channels.protocols import Channel
from channels.segments import read_price
from channels.senders import SenderNumber, numbers_of
from channels.stop_words import NOT_SET_UP
from customers.contacts.health import DEAD
from customers.flags.rules import GUARDIAN, silenced_by
from customers.flags.selectors import guardians_of, kinds_in_force
from customers.models import ContactPoint

# Japanese mobile numbers; a short message to a landline is refused.
MOBILE = re.compile(r"\+81[6789]0\d{8}|\+(?!81)\d{6,15}")
STOPPABLE = (Channel.SMS, Channel.EMAIL)


def attempts_of(reference: UUID) -> list[DeliveryAttempt]:
    """Every try to deliver the notices of one review, oldest first."""
    return list(
        DeliveryAttempt.objects.filter(notice__reference=reference)
        .select_related("notice")
        .order_by("created_at", "id")
    )


def timeline_of(customer_id: UUID) -> list[DeliveryAttempt]:
    """Everything one customer was sent, newest first."""
    return list(
        DeliveryAttempt.objects.filter(notice__customer_id=customer_id)
        .select_related("notice")
        .order_by("-created_at", "-id")
    )


def delivery_counts(references: Sequence[UUID]) -> dict[Channel, dict[str, int]]:
    """How many attempts of these reviews stand in which status, by channel."""
    counts: dict[Channel, dict[str, int]] = {}
    rows = (
        DeliveryAttempt.objects.filter(notice__reference__in=list(references))
        .values_list("channel", "status")
        .annotate(count=Count("id"))
        .order_by("channel", "status")
    )
    for channel, status, count in rows:
        counts.setdefault(Channel(channel), {})[status] = count
    return counts


def unit_prices() -> dict[str, Decimal]:
    """What one notice costs by each channel whose account names its price (option ``yen``). One query."""
    options = ProviderAccount.objects.values_list("channel", "options__yen")
    return {channel: price for channel, yen in options if (price := read_price(yen)) is not None}


def usable_channels(customer_ids: Sequence[UUID]) -> dict[UUID, dict[Channel, UUID | None]]:
    """By which channels each customer can be reached now, and at which contact point.

    LINE is the linked account, or else the mobile number if the bank may send notification messages. None of those
    whom a flag keeps from being contacted; under guardianship only by post, at no contact point: to the guardian.
    """
    rows = ProviderAccount.objects.exclude(is_paused=True, pause_reason=NOT_SET_UP)
    accounts = {Channel(account.channel): account for account in rows}
    by_number = bool(accounts.get(Channel.LINE) and accounts[Channel.LINE].options.get("notification_messages"))
    usable: dict[UUID, dict[Channel, UUID | None]] = {customer_id: {} for customer_id in customer_ids}
    flags = kinds_in_force(customer_ids)
    left_alone = {pk for pk, kinds in flags.items() if silenced_by(kinds)}
    guarded = {pk for pk, kinds in flags.items() if GUARDIAN in kinds} - left_alone
    if Channel.POST in accounts:
        usable |= {customer_id: {Channel.POST: None} for customer_id in guardians_of(guarded)}
    for point in _working_points(customer_ids):
        if point.customer_id in left_alone or point.customer_id in guarded:
            continue
        found = usable[point.customer_id]
        for channel in _channels_of(point, by_number=by_number):
            if channel in STOPPABLE and point.is_stopped:
                continue
            is_better = point.channel == ContactPoint.Channel.LINE or channel not in found
            if channel in accounts and is_better:
                found[channel] = point.pk
    return usable


def sender_numbers() -> list[SenderNumber]:
    """The numbers that customers see on the institution's short messages. One query."""
    account = ProviderAccount.objects.filter(channel=Channel.SMS).first()
    return numbers_of(account.options) if account else []


def channels_with_work(*, now: datetime) -> list[Channel]:
    """Channels on which something is due and may leave."""
    rules = sending_rules()
    if rules.is_paused:
        return []
    due = DeliveryAttempt.objects.filter(
        not_held(), status=DeliveryAttempt.Status.QUEUED, not_before__lte=now, account__is_paused=False
    )
    hours = hours_of(rules)
    found = [channel for channel in Channel if opens_at(channel, now, hours) is None]
    return [channel for channel in found if due.filter(channel=channel).exists()]


def resting_channels(*, on: date) -> list[Channel]:
    """Channels by which nothing leaves at noon of this day, by the tenant's rules: those that rest all of it."""
    hours, noon = hours_of(sending_rules()), datetime.combine(on, time(12), JST)
    return [channel for channel in Channel if _rests_all_day(channel, noon, hours)]


def _rests_all_day(channel: Channel, noon: datetime, hours: Hours) -> bool:
    later = opens_at(channel, noon, hours)
    return later is not None and later.date() > noon.date()


def stopped_channels() -> list[Channel]:
    """Channels by which nothing leaves until a person says so; all of them if the tenant has stopped everything."""
    accounts = (
        ProviderAccount.objects.all() if sending_rules().is_paused else ProviderAccount.objects.filter(is_paused=True)
    )
    return [Channel(channel) for channel in accounts.values_list("channel", flat=True)]


def _working_points(customer_ids: Sequence[UUID]) -> QuerySet[Any]:
    """With ``is_stopped``: their owner wants no short messages, or no mail, there."""
    points = ContactPoint.objects.filter(customer_id__in=list(customer_ids), is_current=True).exclude(health__in=DEAD)
    stopped = OptOut.objects.filter(contact_point=OuterRef("pk"), channel__in=STOPPABLE)
    found: QuerySet[Any] = points.annotate(is_stopped=Exists(stopped))
    return found


def _channels_of(point: ContactPoint, *, by_number: bool) -> list[Channel]:
    kinds = ContactPoint.Channel
    if point.channel == kinds.PHONE:
        if not MOBILE.fullmatch(str(point.value)):
            return []
        return [Channel.SMS, Channel.LINE] if by_number else [Channel.SMS]
    return {kinds.LINE: [Channel.LINE], kinds.EMAIL: [Channel.EMAIL], kinds.POST: [Channel.POST]}[kinds(point.channel)]
