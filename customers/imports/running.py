"""Reading a kept file to its end: to try what it would do, or to take its rows in; a batch a transaction."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from datetime import datetime
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from audit.services import Actor, record
from audit.transitions import transition
from customers.decoding import FileRefused, Layout
from customers.entering import prepare_customers
from customers.facts.selectors import own_facts_in_use
from customers.importing import RowWarning
from customers.imports.ahead import HelperLost, made_ahead, may_fork
from customers.imports.journal import keep_changes
from customers.imports.reading import KeptFile, MappedReader
from customers.imports.settling import keep_rejections, settle_import
from customers.imports.sorting import Batch, Sorted, read_batch, sort_batch
from customers.imports.stepping import discard_forgotten
from customers.imports.turns import LeaseLost, Turn, claim, waiting_imports
from customers.imports.undoing import undo_all
from customers.imports.warned import keep_warnings
from customers.joining import whole_customers
from customers.models import AttributeChange, CustomerImport
from customers.pointers import CustomerMerged
from customers.recording import plan_changes, write_changes
from tenants.branches import note_branches
from tenants.keys import CannotDecrypt, KeysUnavailable

# Large enough that customers entered together share many name parts, small enough for a bar that moves.
BATCH = 5_000
# How many changed customers a trial lists; it counts them all.
LISTED = 10_000
_STATUS = CustomerImport.Status


def run_waiting_imports(*, actor: Actor, now: datetime) -> int:
    """Give every import that needs one a turn, and go on with what a worker left. Returns how many were run."""
    discard_forgotten(actor=actor, now=now)
    with transaction.atomic():
        ids = waiting_imports(now)
    for import_id in ids:
        run_import(import_id=import_id, actor=actor, now=now)
    return len(ids)


def run_import(*, import_id: UUID, actor: Actor, now: datetime) -> None:
    """Try, take in or take back an import to its end; begun anew, it goes on after the last batch.

    Needs the tenant's context and no open transaction. Does nothing when another worker holds the import.
    """
    customer_import = claim(import_id, actor=actor, now=now)
    if customer_import is None:
        return
    turn = Turn(customer_import, actor, now)
    try:
        if customer_import.status == _STATUS.UNDOING:
            undo_all(turn)
        else:
            _read_all(turn)
    except LeaseLost:
        return
    except (DatabaseError, HelperLost, KeysUnavailable, SoftTimeLimitExceeded):
        raise  # the file is whole and the lease will end: another run goes on
    except (FileRefused, CannotDecrypt) as error:
        if customer_import.status == _STATUS.UNDOING:
            raise
        code = error.code if isinstance(error, FileRefused) else "damaged"
        turn.fail(code, getattr(error, "params", {}))
    except Exception:
        if customer_import.status != _STATUS.UNDOING:
            turn.fail("internal", {})
        raise


def _read_all(turn: Turn) -> None:
    """Every batch, then the end."""
    is_trial = turn.customer_import.status == _STATUS.CHECKING
    file = KeptFile(turn.customer_import)
    if not file.is_there:
        with transaction.atomic():
            turn.hold()  # the pieces are gone when another worker has settled the import
    layout = file.layout()
    _tell_unknown(turn, layout, writes=not is_trial)
    outdated_at = -1
    while not _read_on(turn, file, layout):
        if outdated_at == turn.customer_import.next_line:
            raise RuntimeError("A customer's number is taken and cannot be found.")
        outdated_at = turn.customer_import.next_line
    with transaction.atomic():
        turn.hold(writes=not is_trial)
        (_end_trial if is_trial else _complete)(turn)


def _read_on(turn: Turn, file: KeptFile, layout: Layout) -> bool:
    """Every batch that is left; False when one was made ready for customers of whom somebody else entered one since."""
    mine = turn.customer_import
    is_trial = mine.status == _STATUS.CHECKING
    goes_ahead = not is_trial and (mine.rows_total or 0) - mine.rows_done > BATCH and may_fork()

    def batches() -> Generator[Batch]:
        reader = MappedReader(layout, timezone.localdate(turn.began_at), own_facts_in_use())
        for records in whole_customers(file.unread(layout, reader), BATCH, reader.number_of):
            batch = read_batch(records, reader)
            yield batch.enter_ahead(reference=mine.pk, now=turn.now()) if goes_ahead else batch

    with closing(made_ahead(batches) if goes_ahead else batches()) as ready:
        for batch in ready:
            try:
                while not _settled(turn, batch, is_trial=is_trial):
                    pass
            except IntegrityError:
                if not batch.entry.count:
                    raise
                return False
    return True


def _tell_unknown(turn: Turn, layout: Layout, *, writes: bool) -> None:
    """Columns that nobody said anything about and that are not read."""
    mine = turn.customer_import
    if layout.unknown and mine.columns is None and not mine.next_line:
        with transaction.atomic():
            turn.hold(writes=writes)
            keep_warnings(mine, [RowWarning(1, "", "unknown_columns", {"columns": layout.unknown})])


def _settled(turn: Turn, batch: Batch, *, is_trial: bool) -> bool:
    """False if somebody was merged while the batch was compared: compared again, the row about them is refused."""
    try:
        with transaction.atomic():
            turn.hold(writes=not is_trial)
            (_try if is_trial else _take)(turn, batch)
    except CustomerMerged:
        return False
    return True


def _try(turn: Turn, batch: Batch) -> None:
    """Remember what would follow from one batch; nothing of a customer is written."""
    mine, found = turn.customer_import, sort_batch(batch)
    planned = plan_changes(found.updated, is_locked=False)
    updated, attributes = keep_changes(mine, planned, found.lines, limit=max(LISTED - mine.rows_updated, 0))
    keep_rejections(mine, found.rejections)
    keep_warnings(mine, batch.warnings)
    turn.advance(batch.last_line, _counts(batch, found, updated), attributes)


def _take(turn: Turn, batch: Batch) -> None:
    """Everything that follows from one batch, and the progress, in one transaction."""
    mine, actor, now = turn.customer_import, turn.actor, turn.now()
    found = sort_batch(batch)
    note_branches(codes=batch.branches, actor=actor, now=now)
    batch.entry.write()
    prepare_customers(found.created, reference=mine.pk, now=now).write()
    planned = plan_changes(found.updated)
    updated, attributes = keep_changes(mine, planned, found.lines)
    write_changes(planned, source=AttributeChange.Source.IMPORT, reference=mine.pk, actor=actor, now=now)
    keep_rejections(mine, found.rejections)
    keep_warnings(mine, batch.warnings)
    turn.advance(batch.last_line, _counts(batch, found, updated), attributes)


def _counts(batch: Batch, found: Sorted, updated: int) -> dict[str, int]:
    """Customers by what becomes of them, and rows. Rows that only write the same in another way change nothing."""
    return {
        "created": batch.entry.count + len(found.created),
        "updated": updated,
        "unchanged": found.unchanged + len(found.updated) - updated,
        "rejected": len(found.rejections),
        "joined": found.joined,
    }


def _end_trial(turn: Turn) -> None:
    mine = turn.customer_import
    transition(mine, _STATUS.CHECKED, actor=turn.actor, at=turn.now(), lease_until=None, rows_total=mine.rows_done)


def _complete(turn: Turn) -> None:
    mine = turn.customer_import
    settle_import(mine, _STATUS.COMPLETED, actor=turn.actor, now=turn.now(), rows_total=mine.rows_done)
    record(
        "customerimport.counted",
        target=mine,
        actor=turn.actor,
        at=turn.now(),
        created=mine.rows_created,
        updated=mine.rows_updated,
        unchanged=mine.rows_unchanged,
        rejected=mine.rows_rejected,
        joined=mine.rows_joined,
    )
