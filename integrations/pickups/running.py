"""One look at a place: what is there, what of it is whole and new, and handing that over to the import."""

from __future__ import annotations

import errno
import hashlib
import io
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, BinaryIO, cast
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from audit.services import Actor, record
from audit.transitions import transition
from customers.fixed_layouts.selectors import table_of
from customers.models import CustomerImport
from customers.services import ImportRefused, start_import
from integrations.pickups.models import PickedFile, PickupSource
from integrations.pickups.opening import place_of
from integrations.pickups.places import FileVanished, Place, PlaceFailed
from integrations.pickups.rules import SETTLING, Entry, is_wanted, is_whole, next_look, next_try
from tenants.keys import cipher
from tenants.turns import take_turn
from uploads.spooling import FRAME, SealedSpool

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=5)
# As slow as storing a file may be, in bytes a second, before another worker takes it for dead.
SLOWEST = 1024**2
# A server that lets its bytes drip would keep a worker from everybody else's work.
LONGEST = timedelta(hours=1)
_LOCK = 0x6B7A_0005
_INDEX = "pickup-name"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Failures that leave the other files within reach.
_OF_ONE_FILE = ("permission", "unreadable", "link")
_STATUS = PickedFile.Status
_IMPORT = CustomerImport.Status
# What came to nothing may come again.
_FORGOTTEN = (_IMPORT.DISCARDED, _IMPORT.FAILED, _IMPORT.UNDONE)


class LookLost(Exception):
    """Another worker has taken the source over."""


@dataclass(slots=True)
class Look:
    """One worker's look at one source, its own as long as it renews the lease."""

    source: PickupSource
    actor: Actor
    began_at: datetime
    began: float = field(default_factory=monotonic)
    held_until: datetime = field(init=False)
    # what went wrong on the way without ending the look
    trouble: str = ""

    def __post_init__(self) -> None:
        self.held_until = self.began_at + LEASE

    def now(self) -> datetime:
        """The moment, told by the edge and carried on."""
        return self.began_at + timedelta(seconds=monotonic() - self.began)

    def keep(self, *, storing: int = 0) -> None:
        """Renew the lease in time. ``storing``: so many bytes follow in one transaction, which cannot renew it.

        Raises LookLost, or PlaceFailed after LONGEST.
        """
        now = self.now()
        if now - self.began_at > LONGEST:
            raise PlaceFailed("too_slow")
        needed = LEASE / 2 + timedelta(seconds=storing / SLOWEST)
        if now < self.held_until - needed:
            return
        until = now + LEASE / 2 + needed
        with transaction.atomic():
            mine = PickupSource.objects.filter(pk=self.source.pk, lease_until=self.held_until)
            if not mine.update(lease_until=until):
                raise LookLost
        self.held_until = until


def look_at_due(*, actor: Actor, now: datetime) -> int:
    """Look at every place whose time has come. Returns how many. Needs the tenant's context, no open transaction."""
    with transaction.atomic():
        ids = list(_due(now).order_by("next_look_at").values_list("pk", flat=True))
    for source_id in ids:
        look_at(source_id=source_id, actor=actor, now=now)
    return len(ids)


def look_at(*, source_id: UUID, actor: Actor, now: datetime) -> None:
    """Look at one place, if its time has come and nobody else is looking."""
    look = _claim(source_id, actor, now)
    if look is None:
        return
    try:
        with transaction.atomic():
            opened = place_of(look.source)
        with opened as place:
            waits = _go_through(look, place)
    except PlaceFailed as failed:
        _fail(look, failed)
    except LookLost:
        return
    else:
        if look.trouble:
            _fail(look, PlaceFailed(look.trouble))
        else:
            _succeed(look, waits=waits)


def _due(now: datetime) -> QuerySet[PickupSource]:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    found: QuerySet[PickupSource] = PickupSource.objects.filter(
        free, status=PickupSource.Status.ACTIVE, next_look_at__lte=now
    )
    return found


def _claim(source_id: UUID, actor: Actor, now: datetime) -> Look | None:
    with transaction.atomic():
        source = _due(now).filter(pk=source_id).select_for_update(skip_locked=True, no_key=True).first()
        if source is None:
            return None
        look = Look(source, actor, now)
        PickupSource.objects.filter(pk=source.pk).update(lease_until=look.held_until)
        return look


def _go_through(look: Look, place: Place) -> bool:
    """Fetch what is whole and new. Returns whether something is still arriving."""
    entries = place.entries()
    names = {entry.name for entry in entries}
    wanted = [entry for entry in entries if is_wanted(entry.name, look.source.pattern, look.source.marker)]
    ready, arriving = _compare(look, sorted(wanted, key=lambda entry: (entry.modified_at, entry.name)), names)
    for row, entry in ready:
        try:
            _fetch(look, place, row, entry)
        except FileVanished:
            arriving += 1
        except PlaceFailed as failed:
            if failed.code not in _OF_ONE_FILE:
                raise
            look.trouble = failed.code
    return bool(arriving)


def _compare(look: Look, entries: Sequence[Entry], names: set[str]) -> tuple[list[tuple[PickedFile, Entry]], int]:
    """What is there beside what was there: the files to fetch, and how many are not whole yet."""
    source, now = look.source, look.now()
    ready, arriving = [], 0
    with transaction.atomic():
        index = {entry.name: cipher().index(_INDEX, entry.name) for entry in entries}
        rows = PickedFile.objects.filter(source=source, name_index__in=list(index.values())).order_by("id")
        last = {bytes(row.name_index): row for row in rows.defer("name")}
        for entry in entries:
            row = _row_of(source, entry, index[entry.name], last.get(index[entry.name]), now)
            if row is None:
                continue
            if is_whole(entry, seen_at=row.seen_at, marker=source.marker, names=names, now=now):
                ready.append((row, entry))
            else:
                arriving += not source.marker
        lost = PickedFile.objects.filter(source=source, status=_STATUS.SEEN).exclude(name_index__in=index.values())
        for row in lost:
            transition(row, _STATUS.GONE, actor=look.actor, at=now, settled_at=now)
    return ready, arriving


def _row_of(
    source: PickupSource, entry: Entry, name_index: bytes, last: PickedFile | None, now: datetime
) -> PickedFile | None:
    """The row of a file that is not dealt with in this form, made or brought up to date; else None."""
    form = {"size": entry.size, "modified_at": entry.modified_at}
    is_same = last is not None and (last.size, last.modified_at) == (entry.size, entry.modified_at)
    if last is not None and last.status == _STATUS.SEEN:
        if not is_same:
            PickedFile.objects.filter(pk=last.pk).update(**form, seen_at=now)
            last.size, last.modified_at, last.seen_at = entry.size, entry.modified_at, now
        return last
    if is_same and last is not None and last.status != _STATUS.GONE:
        return None
    made: PickedFile = PickedFile.objects.create(
        source=source, name=entry.name, name_index=name_index, seen_at=now, **form
    )
    return made


def _fetch(look: Look, place: Place, row: PickedFile, entry: Entry) -> None:
    """Copy one file, sealed, and hand it over; then put it aside if the source says so. Raises FileVanished."""
    if entry.size > settings.PICKUP_MAX_BYTES:
        _settle(look, row, _STATUS.REFUSED, code="too_large", params={"limit": settings.PICKUP_MAX_BYTES // 1024**2})
    else:
        with closing(SealedSpool()) as spool:
            sha256 = _copy(look, place, entry, spool)
            look.keep(storing=entry.size)
            _hand_over(look, row, entry, spool, sha256)
    if look.source.afterwards == PickupSource.Afterwards.ARCHIVE:
        _put_aside(look, place, row, entry)


def _copy(look: Look, place: Place, entry: Entry, spool: SealedSpool) -> str:
    digest = hashlib.sha256()
    try:
        for piece in place.read(entry):
            look.keep()
            digest.update(piece)
            spool.append(piece)
        if spool.finish() != entry.size:
            raise FileVanished
    except OSError as error:
        if error.errno in _FULL:
            raise PlaceFailed("disk_full") from error
        raise
    return digest.hexdigest()


def _hand_over(look: Look, row: PickedFile, entry: Entry, spool: SealedSpool, sha256: str) -> None:
    source, now = look.source, look.now()
    try:
        with transaction.atomic():
            take_turn(_LOCK)  # two sources may bring the same file at once
            PickupSource.objects.filter(pk=source.pk).update(missing_since=None)
            settled: dict[str, Any] = {"actor": look.actor, "at": now, "settled_at": now, "sha256": sha256}
            same = CustomerImport.objects.filter(sha256=sha256).exclude(status__in=_FORGOTTEN).order_by("id")
            known = None if row.again_reason else same.first()
            if known is not None:
                transition(row, _STATUS.KNOWN, customer_import_id=known.pk, **settled)
                return
            made = start_import(
                file=cast(BinaryIO, io.BufferedReader(spool, FRAME)),
                filename=entry.name,
                by_steps=True,
                table=table_of(source.layout) if source.layout else None,
                limit=settings.PICKUP_MAX_BYTES,
                actor=look.actor,
                now=now,
            )
            # Whoever asks for a file once more looks at its trial.
            is_automatic = source.is_automatic and not row.again_reason
            transition(row, _STATUS.TAKEN, customer_import_id=made.pk, is_automatic=is_automatic, **settled)
    except ImportRefused as refused:
        _settle(look, row, _STATUS.REFUSED, sha256=sha256, code=refused.code, params=dict(refused.params))


def _settle(look: Look, row: PickedFile, to: str, **more: object) -> None:
    with transaction.atomic():
        transition(row, to, actor=look.actor, at=look.now(), settled_at=look.now(), **more)


def _put_aside(look: Look, place: Place, row: PickedFile, entry: Entry) -> None:
    """Move it, and its marker; that it cannot be moved is told, and keeps nothing from being taken in."""
    before = f"{look.now():%Y%m%d-%H%M%S}-{row.pk.hex[-6:]}-"
    try:
        place.archive(entry.name, before + entry.name)
        if look.source.marker:
            with suppress(FileVanished):
                place.archive(entry.name + look.source.marker, before + entry.name + look.source.marker)
    except FileVanished:
        return
    except PlaceFailed as failed:
        look.trouble = failed.code
        return
    with transaction.atomic():
        PickedFile.objects.filter(pk=row.pk).update(is_archived=True)


def _fail(look: Look, failed: PlaceFailed) -> None:
    """Say what is wrong, and try again soon; the log and the trail hear of it once."""
    source, now = look.source, look.now()
    with transaction.atomic():
        if source.failure_code != failed.code:
            record("pickupsource.failed", target=source, actor=look.actor, at=now, code=failed.code)
            log.error("pickup.failed", tenant_id=source.tenant_id, reference=str(source.pk), code=failed.code)
        failures = source.failures + 1
        _end(
            look,
            failure_code=failed.code,
            failure_params=failed.params,
            failing_since=source.failing_since or now,
            failures=failures,
            next_look_at=next_try(failures, now),
        )


def _succeed(look: Look, *, waits: bool) -> None:
    source, now = look.source, look.now()
    following = next_look(now, every_minutes=source.every_minutes, times=source.times)
    with transaction.atomic():
        if source.failure_code:
            record("pickupsource.recovered", target=source, actor=look.actor, at=now)
        _end(
            look,
            failure_code="",
            failure_params={},
            failing_since=None,
            failures=0,
            next_look_at=min(following, now + SETTLING) if waits else following,
        )


def _end(look: Look, **found: object) -> None:
    """Give the source back, with what was found; of no interest if somebody has ordered another look meanwhile."""
    mine = PickupSource.objects.filter(pk=look.source.pk, lease_until=look.held_until)
    mine.exclude(next_look_at=look.source.next_look_at).update(lease_until=None)
    mine.update(lease_until=None, looked_at=look.now(), **found)
