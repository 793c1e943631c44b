"""What may leave now: pauses, quiet hours, quotas and batches in flight, as the database has them at the claim."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Now

from audit.services import Actor, record
from channels.hours import Hours, day_of, opens_at
from channels.models import DeliveryAttempt, HeldGroup, ProviderAccount, SendingRules, Trial
from channels.protocols import Channel

log = structlog.get_logger(__name__)
Status = DeliveryAttempt.Status


def sending_rules() -> SendingRules:
    """The tenant's rules; those of a new tenant if it has not changed them."""
    return SendingRules.objects.first() or default_rules()


def locked_rules() -> SendingRules:
    """The tenant's row, made if there is none, locked until the transaction ends."""
    rows = SendingRules.objects.select_for_update(no_key=True)
    if not rows.exists():
        made = default_rules()
        made.adopt_tenant()
        SendingRules.objects.bulk_create([made], ignore_conflicts=True)
    kept: SendingRules = rows.get()
    return kept


def default_rules() -> SendingRules:
    """What holds until a tenant says otherwise; not saved."""
    quiet_from, quiet_until = settings.DEFAULT_QUIET_HOURS or (None, None)
    return SendingRules(quiet_from=quiet_from, quiet_until=quiet_until, budget=settings.DEFAULT_CONTACT_BUDGET)


def hours_of(rules: SendingRules) -> Hours:
    """The rules as `channels.hours` takes them."""
    holidays = frozenset(date.fromisoformat(day) for day in rules.holidays)
    return Hours(rules.quiet_from, rules.quiet_until, rules.sms_rests, holidays)


def is_open(*, channel: Channel, now: datetime) -> bool:
    """Whether the tenant sends at all, and by this channel at this hour."""
    rules = sending_rules()
    return not rules.is_paused and opens_at(channel, now, hours_of(rules)) is None


def not_held() -> Q:
    """Attempts whose group nobody holds."""
    return Q(group__isnull=True) | ~Q(group__in=HeldGroup.objects.values("group"))


def places(*, channel: Channel, now: datetime, limit: int) -> int:
    """How many attempts, ``limit`` at most, the account's quotas and its batches in flight leave room for.

    Locks an account that has such limits until the transaction ends, so that two claims cannot both have the last
    place.
    """
    limited = Q(batches_at_once__isnull=False) | Q(per_day__isnull=False) | Q(per_month__isnull=False)
    found = ProviderAccount.objects.filter(limited, channel=channel).select_for_update(no_key=True).first()
    if found is None:
        return limit
    if found.batches_at_once is not None and _batches_in_flight(found) >= found.batches_at_once:
        return 0
    today = day_of(now)
    for quota, since in ((found.per_day, today), (found.per_month, today.replace(day=1))):
        if quota is not None:
            limit = min(limit, quota - tried_since(found, since))
    return max(limit, 0)


def tried_since(account: ProviderAccount, since: datetime) -> int:
    """How many messages were first handed over by the account at or after ``since``; tests too, as providers count."""
    tests = Trial.objects.filter(channel=account.channel, sent_at__gte=since).count()
    return int(DeliveryAttempt.objects.filter(account=account, first_tried_at__gte=since).count() + tests)


def _batches_in_flight(account: ProviderAccount) -> int:
    held = DeliveryAttempt.objects.filter(account=account, status=Status.SENDING, lease_until__gt=Now())
    return int(held.aggregate(batches=Count("claim", distinct=True))["batches"])


@transaction.atomic
def hold_group(*, group: UUID, now: datetime) -> None:
    """Nothing of the group is claimed after this commits; what is in flight may still arrive."""
    HeldGroup.objects.get_or_create(group=group, defaults={"held_at": now})


@transaction.atomic
def release_group(*, group: UUID) -> None:
    """Let the group leave again."""
    HeldGroup.objects.filter(group=group).delete()


@transaction.atomic
def pause_tenant(*, reason: str, actor: Actor, now: datetime) -> None:
    """Let nothing of the tenant leave by any channel; what is in flight may still arrive."""
    rules = locked_rules()
    if not rules.is_paused:
        _save(rules, is_paused=True, pause_reason=reason[:80])
        record("sendingrules.paused", target=rules, actor=actor, at=now, reason=reason[:80])
        if actor.kind == "system":  # people know what they did, and their words may name somebody
            log.error("sending.stopped", tenant_id=rules.tenant_id, channel="ALL", code=reason[:80])


@transaction.atomic
def resume_tenant(*, actor: Actor, now: datetime) -> None:
    """Let the tenant's messages leave again."""
    rules = locked_rules()
    if rules.is_paused:
        _save(rules, is_paused=False, pause_reason="")
        record("sendingrules.resumed", target=rules, actor=actor, at=now)


@transaction.atomic
def change_rules(*, changes: dict[str, object], actor: Actor, now: datetime) -> None:
    """Set fields of the tenant's rules; nothing if they are as they were."""
    rules = locked_rules()
    changed = sorted(name for name, value in changes.items() if getattr(rules, name) != value)
    if changed:
        _save(rules, **changes)
        record("sendingrules.changed", target=rules, actor=actor, at=now, fields=changed)


@transaction.atomic
def change_limits(*, account: ProviderAccount, limits: dict[str, int | None], actor: Actor, now: datetime) -> None:
    """Set ``per_minute``, ``batches_at_once``, ``per_day`` and ``per_month`` of an account; None for no limit."""
    changed = sorted(name for name, value in limits.items() if getattr(account, name) != value)
    if changed:
        for name, value in limits.items():
            setattr(account, name, value)
        account.save(update_fields=list(limits))
        record("provideraccount.limits_changed", target=account, actor=actor, at=now, **limits)


def _save(rules: SendingRules, **changes: object) -> None:
    for name, value in changes.items():
        setattr(rules, name, value)
    rules.save(update_fields=list(changes))
