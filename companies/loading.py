"""The register's files and daily differences, read into our table: in order, resumable, every line accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import batched
from pathlib import Path

from django.db import DatabaseError, transaction
from django.db.models import Max

from companies.keeping import Tally, keep_entries
from companies.models import RegistryLoad
from companies.opening import rows_in, sha256_of
from companies.protocols import DAYS, Entry, Registry
from companies.reading import BadEntry, read_entry

BATCH = 5_000
# A file whose lines are no entries is another file; the lines of one that is are wrong now and then.
MAX_REJECTED = 1_000
REJECTIONS_KEPT = 20
# How far back the first difference reaches where no full file was ever loaded: what the agency gives at once.
FIRST_DAYS = DAYS
# Of companies that we did not know, older things are no news.
NEWS_DAYS = 60


class LoadRefused(Exception):
    """The file cannot be loaded: "taken" by another process, "rejected" lines without end."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class GapFound(Exception):
    """Working days lie between what is loaded and the file: their differences are missing."""

    def __init__(self, missing: Sequence[date]) -> None:
        super().__init__(", ".join(day.isoformat() for day in missing))
        self.missing = missing


def load_file(
    *,
    path: Path,
    kind: str,
    day: date,
    now: datetime,
    accept_gap: bool = False,
    advanced: Callable[[RegistryLoad], None] = lambda load: None,
) -> RegistryLoad:
    """Read a file into the table, or go on with it where a run ended; one that was read is not read again.

    ``day`` is the last day it covers. ``advanced`` is called after each batch, which is committed by then.

    Raises:
        FileRefused: it is no file of the agency, or broken; what was read before that stays and does no harm.
        LoadRefused: another process reads it, or too many lines are no entries.
        GapFound: of a difference, days before it are missing.
    """
    load = _begin_file(path, kind=kind, day=day, now=now, accept_gap=accept_gap)
    if load.finished_at is not None:
        return load
    since = None if kind == RegistryLoad.Kind.FULL else day - timedelta(days=NEWS_DAYS)
    rows = (row for row in rows_in(path) if row[0] > load.lines_done)
    for batch in batched(rows, BATCH):
        _keep_batch(load, batch, since=since, now=now)
        advanced(load)
    _finish(load, now=now)
    return load


def load_differences(*, registry: Registry, today: date, now: datetime) -> list[RegistryLoad]:
    """Ask for everything since the last day we have until yesterday, in order, in as many questions as it takes.

    Asks a provider, so no transaction may be open. What was asked before may be asked again.

    Raises:
        RegistryUnavailable, RegistryRefused, RegistryUnreadable: the days up to there are kept, the rest waits.
    """
    loads = []
    for first, last in _windows(covered_until(), today):
        load = _begin_answer(first, last, now=now)
        for found in registry.differences(first, last):
            with transaction.atomic():
                tally = keep_entries(found.entries, since=last - timedelta(days=NEWS_DAYS), now=now)
                _count(load, tally, lines=len(found.entries))
        _finish(load, now=now)
        loads.append(load)
    return loads


def covered_until() -> date | None:
    """The last day of which everything is loaded; None: nothing ever was."""
    found: date | None = RegistryLoad.objects.filter(finished_at__isnull=False).aggregate(day=Max("last_on"))["day"]
    return found


def missing_days(after: date, before: date) -> list[date]:
    """Monday to Friday between two days, neither included; the agency writes on no other day."""
    days = (after + timedelta(days=n) for n in range(1, (before - after).days))
    return [day for day in days if day.weekday() < 5]


def _windows(covered: date | None, today: date) -> Iterator[tuple[date, date]]:
    """The days to ask for, up to yesterday, which is complete."""
    yesterday = today - timedelta(days=1)
    first = covered + timedelta(days=1) if covered else today - timedelta(days=FIRST_DAYS)
    while first <= yesterday:
        last = min(first + timedelta(days=DAYS - 1), yesterday)
        yield first, last
        first = last + timedelta(days=1)


def _begin_file(path: Path, *, kind: str, day: date, now: datetime, accept_gap: bool) -> RegistryLoad:
    digest = sha256_of(path)
    with transaction.atomic():
        load = RegistryLoad.objects.filter(sha256=digest).first()
        if load is not None:
            return load
        covered = covered_until()
        if kind == RegistryLoad.Kind.DIFFERENCE and covered and not accept_gap:
            missing = missing_days(covered, day)
            if missing:
                raise GapFound(missing)
        return RegistryLoad.objects.create(
            kind=kind,
            filename=path.name[:120],
            sha256=digest,
            first_on=day if kind == RegistryLoad.Kind.DIFFERENCE else None,
            last_on=day,
            started_at=now,
        )


def _begin_answer(first: date, last: date, *, now: datetime) -> RegistryLoad:
    """An answer that broke off is asked for again from its beginning: keeping twice changes nothing."""
    with transaction.atomic():
        load, _ = RegistryLoad.objects.update_or_create(
            kind=RegistryLoad.Kind.DIFFERENCE,
            sha256="",
            finished_at=None,
            defaults={
                "first_on": first,
                "last_on": last,
                "started_at": now,
                **dict.fromkeys(("lines_done", "rows_new", "rows_changed", "rows_same", "rows_former"), 0),
            },
        )
    return load


def _keep_batch(
    load: RegistryLoad, batch: Sequence[tuple[int, list[str]]], *, since: date | None, now: datetime
) -> None:
    entries: list[Entry] = []
    rejections: list[tuple[int, str]] = []
    for line, cells in batch:
        try:
            entries.append(read_entry(cells))
        except BadEntry as error:
            rejections.append((line, error.code))
    if load.rows_rejected + len(rejections) > MAX_REJECTED:
        raise LoadRefused("rejected")
    with transaction.atomic():
        _hold(load)
        tally = keep_entries(entries, since=since, now=now)
        load.rejections = [*load.rejections, *rejections][:REJECTIONS_KEPT]
        load.rows_rejected += len(rejections)
        _count(load, tally, lines=batch[-1][0] - load.lines_done)


def _hold(load: RegistryLoad) -> None:
    """Lock the load for this batch.

    Raises:
        LoadRefused: another process has it, or went on with it meanwhile.
    """
    rows = RegistryLoad.objects.select_for_update(nowait=True)
    try:
        held = rows.get(pk=load.pk)
    except DatabaseError as error:
        raise LoadRefused("taken") from error
    if held.lines_done != load.lines_done:
        raise LoadRefused("taken")


def _count(load: RegistryLoad, tally: Tally, *, lines: int) -> None:
    load.lines_done += lines
    load.rows_new += tally.new
    load.rows_changed += tally.changed
    load.rows_same += tally.same
    load.rows_former += tally.former
    load.save()


def _finish(load: RegistryLoad, *, now: datetime) -> None:
    load.finished_at = now
    with transaction.atomic():
        load.save(update_fields=["finished_at"])
