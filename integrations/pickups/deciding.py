"""What follows a fetched file's trial without a person, and noticing that a file did not come."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from audit.services import Actor, record
from audit.transitions import transition
from channels.models import SendingRules
from customers.models import CustomerImport
from customers.services import commit_import
from integrations.pickups.models import PickedFile, PickupSource
from integrations.pickups.rules import Expected, excess, last_due

log = structlog.get_logger(__name__)
_STATUS = PickedFile.Status
_IMPORT = CustomerImport.Status
_UNTRIED = (_IMPORT.UPLOADED, _IMPORT.CHECKING)
# That the file came, whatever became of it.
_CAME = (_STATUS.TAKEN, _STATUS.COMMITTED, _STATUS.HELD, _STATUS.KNOWN)


def decide_tried(*, actor: Actor, now: datetime) -> int:
    """Take in, or hold for a person, every fetched file whose trial is over. Returns how many were decided."""
    with transaction.atomic():
        waiting = PickedFile.objects.filter(status=_STATUS.TAKEN, is_automatic=True)
        tried = waiting.exclude(customer_import__status__in=_UNTRIED)
        ids = list(tried.order_by("id").values_list("pk", flat=True))
    for file_id in ids:
        _decide(file_id, actor=actor, now=now)
    return len(ids)


def _decide(file_id: UUID, *, actor: Actor, now: datetime) -> None:
    with transaction.atomic():
        rows = PickedFile.objects.select_for_update(skip_locked=True, of=("self",))
        file = rows.filter(pk=file_id, status=_STATUS.TAKEN).select_related("source", "customer_import").first()
        if file is None:
            return
        held = why_not(file)
        if held:
            transition(file, _STATUS.HELD, actor=actor, at=now, code=held)
            log.warning("pickup.held", tenant_id=file.tenant_id, reference=str(file.source_id), code=held)
            return
        # Raises StepRefused when somebody has moved the import on since it was read: the whole is undone, and the
        # next round finds it held.
        commit_import(customer_import=file.customer_import, actor=actor, now=now)
        transition(file, _STATUS.COMMITTED, actor=actor, at=now)


def why_not(file: PickedFile) -> str:
    """Why a tried file waits for a person: a code of integrations.pickups.wording; "" if it need not."""
    source, tried = file.source, file.customer_import
    assert tried is not None
    if tried.status == _IMPORT.DRAFT:
        return "columns"
    if tried.status == _IMPORT.FAILED:
        return "unreadable_book"
    if tried.status != _IMPORT.CHECKED:
        return "decided"
    if not source.is_automatic:
        return "not_approved"
    return excess(
        total=tried.rows_done,
        changed=tried.rows_created + tried.rows_updated,
        rejected=tried.rows_rejected,
        joined=tried.rows_joined,
        max_changed=source.max_changed,
        max_rejected=source.max_rejected,
    )


def watch_for_missing(*, actor: Actor, now: datetime) -> int:
    """Notice, once for each hour by which a file should have come, that none came since the hour before."""
    missing = 0
    with transaction.atomic():
        watched = PickupSource.objects.filter(status=PickupSource.Status.ACTIVE, expected_by__isnull=False)
        sources = list(watched.order_by("pk").select_for_update(skip_locked=True, no_key=True))
        holidays = _holidays() if sources else []
        for source in sources:
            due = _due(source, now, holidays)
            if due is None or (source.watched_at is not None and source.watched_at >= due):
                continue
            lacks = source.proposed_at < due and not _has_come(source, due, holidays)
            mine = PickupSource.objects.filter(pk=source.pk)
            mine.update(watched_at=due, **({"missing_since": due} if lacks else {}))
            if lacks:
                missing += 1
                record("pickupsource.missing", target=source, actor=actor, at=now)
                log.error("pickup.missing", tenant_id=source.tenant_id, reference=str(source.pk))
    return missing


def _has_come(source: PickupSource, due: datetime, holidays: list[date]) -> bool:
    since = _due(source, due - timedelta(microseconds=1), holidays)
    came = PickedFile.objects.filter(source=source, status__in=_CAME)
    return bool((came.filter(settled_at__gt=since) if since else came).exists())


def _due(source: PickupSource, now: datetime, holidays: list[date]) -> datetime | None:
    expected = expected_of(source)
    assert expected is not None
    return last_due(now, expected, holidays=holidays)


def expected_of(source: PickupSource) -> Expected | None:
    """By when a file should come, and on which days; None if nobody waits for one."""
    if source.expected_by is None:
        return None
    return Expected(
        by=source.expected_by,
        banking_days_only=source.expected_days == PickupSource.Days.WORKING_DAYS,
        weekdays=frozenset(source.expected_weekdays),
        nth=source.expected_nth,
    )


def _holidays() -> list[date]:
    rules = SendingRules.objects.first()
    return [date.fromisoformat(day) for day in rules.holidays] if rules else []
