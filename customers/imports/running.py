"""Reading a kept file to its end and taking its rows into the customer file, a batch a transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import batched
from time import monotonic
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.services import Actor, record
from audit.transitions import transition
from customers.decoding import SNIFF_BYTES, FileRefused, Layout, Record, layout_of, records_of
from customers.importing import CustomerRow, Rejection, RowError, RowReader
from customers.imports.settling import keep_rejections, settle_import
from customers.indexing import SOURCE
from customers.models import AttributeChange, Customer, CustomerImport, ImportChunk
from customers.recording import Change, change_customers, enter_customers
from tenants.branches import note_branches
from tenants.keys import CannotDecrypt, KeysUnavailable, cipher
from tenants.scoping import required_tenant_id

BATCH = 2_000
LEASE = timedelta(minutes=2)
_IMPORT_LOCK = 0x6B7A_0001


class LeaseLost(Exception):
    """Another worker has taken the import over."""


def run_waiting_imports(*, actor: Actor, now: datetime) -> int:
    """Run what was uploaded, and go on with what a worker left when it died. Returns how many were run."""
    with transaction.atomic():
        waiting = CustomerImport.objects.filter(status=CustomerImport.Status.UPLOADED)
        stale = CustomerImport.objects.filter(status=CustomerImport.Status.RUNNING, lease_until__lt=now)
        ids = [*waiting.order_by("id").values_list("pk", flat=True), *stale.values_list("pk", flat=True)]
    for import_id in ids:
        run_import(import_id=import_id, actor=actor, now=now)
    return len(ids)


def run_import(*, import_id: UUID, actor: Actor, now: datetime) -> None:
    """Read an uploaded file to its end, a batch a transaction; begun anew, it goes on after the last batch.

    Needs the tenant's context and no open transaction. Does nothing when another worker holds the import.
    """
    customer_import = _claim(import_id, actor=actor, now=now)
    if customer_import is None:
        return
    run = _Run(customer_import, actor, now, monotonic())
    try:
        run.read_all()
    except LeaseLost:
        return
    except (DatabaseError, SoftTimeLimitExceeded, KeysUnavailable):
        raise  # the file is whole and the lease will end: another run goes on
    except (FileRefused, CannotDecrypt) as error:
        code = error.code if isinstance(error, FileRefused) else "damaged"
        run.fail(code, getattr(error, "params", {}))
    except Exception:
        run.fail("internal", {})
        raise


def _claim(import_id: UUID, *, actor: Actor, now: datetime) -> CustomerImport | None:
    with transaction.atomic():
        found: CustomerImport | None = (
            CustomerImport.objects.select_for_update(skip_locked=True).filter(pk=import_id).first()
        )
        if found is None:
            return None
        if found.status == CustomerImport.Status.UPLOADED:
            transition(found, CustomerImport.Status.RUNNING, actor=actor, at=now, lease_until=now + LEASE)
            return found
        if found.status == CustomerImport.Status.RUNNING and (found.lease_until is None or found.lease_until < now):
            found.lease_until = now + LEASE
            found.save(update_fields=["lease_until"])
            record("customerimport.resumed", target=found, actor=actor, at=now, next_line=found.next_line)
            return found
    return None


@dataclass(slots=True)
class _Run:
    """One worker's turn at an import."""

    customer_import: CustomerImport
    actor: Actor
    began_at: datetime
    began: float

    def read_all(self) -> None:
        """Every batch, then the end."""
        if not (first := self._piece(0)):
            with transaction.atomic():
                self._hold()  # the pieces are gone when another worker has settled the import
        layout = replace(layout_of(first[:SNIFF_BYTES]), encoding=self.customer_import.encoding)
        reader = RowReader(layout, timezone.localdate(self.began_at))
        for batch in batched(self._unread(layout, reader), BATCH):
            self._take(batch, reader)
        self._complete()

    def fail(self, code: str, params: Mapping[str, object]) -> None:
        """End without having read everything; what was taken stays."""
        settle_import(
            self.customer_import,
            CustomerImport.Status.FAILED,
            actor=self.actor,
            now=self._now(),
            failure_code=code,
            failure_params=dict(params),
        )

    def _now(self) -> datetime:
        return self.began_at + timedelta(seconds=monotonic() - self.began)

    def _piece(self, position: int) -> bytes:
        with transaction.atomic():
            chunk = ImportChunk.objects.filter(customer_import=self.customer_import, position=position).first()
        return chunk.body if chunk else b""

    def _pieces(self) -> Iterator[bytes]:
        position = 0
        while piece := self._piece(position):
            yield piece
            position += 1

    def _unread(self, layout: Layout, reader: RowReader) -> Iterator[Record]:
        for read in records_of(self._pieces(), layout):
            if read.line > self.customer_import.next_line:
                yield read
            else:
                reader.skip(read)

    def _take(self, batch: Sequence[Record], reader: RowReader) -> None:
        """Everything that follows from one batch, and the progress, in one transaction."""
        rows: list[CustomerRow] = []
        rejections: list[Rejection] = []
        for result in map(reader.read, batch):
            if isinstance(result, CustomerRow):
                rows.append(result)
            else:
                rejections.append(result)
        cells = {record.line: record.fields for record in batch}
        with transaction.atomic():
            self._hold()
            created, updated, unchanged, refused = self._sort(rows)
            rejections += [Rejection(error.line, cells[error.line], (error,)) for error in refused]
            note_branches(codes={row.branch_code for row in rows}, actor=self.actor, now=self._now())
            enter_customers(created, now=self._now())
            change_customers(
                updated,
                source=AttributeChange.Source.IMPORT,
                reference=self.customer_import.pk,
                actor=self.actor,
                now=self._now(),
            )
            keep_rejections(self.customer_import, rejections)
            counts = {
                "created": len(created),
                "updated": len(updated),
                "unchanged": unchanged,
                "rejected": len(rejections),
            }
            self._advance(batch[-1].line, counts)

    def _hold(self) -> None:
        """Lock the import, check that it is still ours, and let one import of the bank write at a time."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_IMPORT_LOCK, required_tenant_id()])
        held = CustomerImport.objects.select_for_update().values_list("status", "next_line")
        if held.get(pk=self.customer_import.pk) != (CustomerImport.Status.RUNNING, self.customer_import.next_line):
            raise LeaseLost

    def _sort(self, rows: Sequence[CustomerRow]) -> tuple[list[CustomerRow], dict[UUID, Change], int, list[RowError]]:
        """New rows, changes of customers we have, how many say what they said last time, and what can't be."""
        known = {
            number: (pk, kind, bytes(source_hash or b""), reviewed)
            for pk, number, kind, source_hash, reviewed in Customer.objects.filter(
                number__in=[row.number for row in rows]
            ).values_list("pk", "number", "kind", "source_hash", "last_reviewed_on")
        }
        crypt = cipher()
        created: list[CustomerRow] = []
        updated: dict[UUID, Change] = {}
        refused: list[RowError] = []
        unchanged = 0
        for row in rows:
            if row.number not in known:
                created.append(row)
                continue
            pk, kind, source_hash, reviewed = known[row.number]
            if kind != row.kind:
                refused.append(RowError(row.line, "kind", "kind_changed"))
            elif source_hash == (said := crypt.index(SOURCE, row.source)):
                unchanged += 1
            else:
                updated[pk] = Change(row.facts, _columns_of(row, said, reviewed), row.line_id)
        return created, updated, unchanged, refused

    def _advance(self, line: int, counts: Mapping[str, int]) -> None:
        mine = self.customer_import
        mine.next_line = line
        mine.lease_until = self._now() + LEASE
        for name, count in counts.items():
            setattr(mine, f"rows_{name}", getattr(mine, f"rows_{name}") + count)
        mine.save(update_fields=["next_line", "lease_until", *(f"rows_{name}" for name in counts)])
        record("customerimport.advanced", target=mine, actor=self.actor, at=self._now(), line=line, **counts)

    def _complete(self) -> None:
        mine = self.customer_import
        with transaction.atomic():
            self._hold()
            completed = CustomerImport.Status.COMPLETED
            settle_import(mine, completed, actor=self.actor, now=self._now(), rows_total=mine.rows_done)
            record(
                "customerimport.counted",
                target=mine,
                actor=self.actor,
                at=self._now(),
                created=mine.rows_created,
                updated=mine.rows_updated,
                unchanged=mine.rows_unchanged,
                rejected=mine.rows_rejected,
            )


def _columns_of(row: CustomerRow, source_hash: bytes, reviewed: date | None) -> dict[str, Any]:
    """What a row says beside the facts. A review of ours may be younger than the one the bank's file knows."""
    dates = [day for day in (row.last_reviewed_on, reviewed) if day]
    return {
        "branch_code": row.branch_code,
        "opened_on": row.opened_on,
        "last_reviewed_on": max(dates, default=None),
        "source_hash": source_hash,
    }
