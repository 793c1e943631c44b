"""The steps a person takes with an import: say what the columns are, have it tried, take it in or throw it away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from audit.transitions import transition
from customers.decoding import FileRefused
from customers.facts.catalogue import INDISPENSABLE
from customers.imports.layouts import guess_layout, remember_layout
from customers.imports.reading import KeptFile
from customers.imports.settling import settle_import
from customers.imports.warned import WarnedRow
from customers.models import CustomerImport, ImportChange, RejectedRow

# A file that nobody decided about holds a whole customer book: it does not lie about for longer.
DECIDE_WITHIN = timedelta(days=7)
_STATUS = CustomerImport.Status
_UNTOUCHED = {
    "next_line": 0,
    "rows_created": 0,
    "rows_updated": 0,
    "rows_unchanged": 0,
    "rows_rejected": 0,
    "rows_joined": 0,
    "attributes_changed": {},
    "warnings": {},
}


class StepRefused(Exception):
    """The import is not where this step could be taken; its text is a sentence for the person who asked."""

    def __init__(self, why: str | Promise = "") -> None:
        self.why = why or _("The file has moved on in the meantime. Look at its page again.")
        super().__init__(self.why)

    def __str__(self) -> str:
        return str(self.why)


def read_anew(*, customer_import: CustomerImport, encoding: str, delimiter: str, actor: Actor, now: datetime) -> None:
    """Read the header in another encoding or with another delimiter; the columns are guessed anew.

    Raises StepRefused.
    """
    with transaction.atomic():
        mine = _held(customer_import, _STATUS.DRAFT)
        try:
            layout = guess_layout(KeptFile(mine).head, encoding=encoding, delimiter=delimiter)
        except FileRefused as refused:
            raise StepRefused(_("The file has no columns when it is read that way.")) from refused
        _keep_layout(mine, encoding=encoding, delimiter=delimiter, columns=layout.columns, titles=layout.titles)
        record("customerimport.read_anew", target=mine, actor=actor, at=now, encoding=encoding)


def confirm_layout(
    *,
    customer_import: CustomerImport,
    columns: Sequence[str | None],
    looks_first: bool = False,
    actor: Actor,
    now: datetime,
) -> None:
    """Say what the columns are, and have the file tried in the background.

    ``looks_first``: only keep what was said, to see the first rows as they are understood then.
    Raises StepRefused: a column is named twice or not at all, or the file has moved on.
    """
    with transaction.atomic():
        mine = _held(customer_import, _STATUS.DRAFT)
        named = [key for key in columns if key]
        if len(columns) != len(mine.columns or ()) or len(set(named)) != len(named):
            raise StepRefused(_("Each column of ours can stand for one column of the file only."))
        if not set(INDISPENSABLE) <= set(named):
            raise StepRefused(_("Columns without which no row can be taken are not named."))
        mine.columns = list(columns)
        mine.save(update_fields=["columns"])
        if looks_first:
            record("customerimport.read_anew", target=mine, actor=actor, at=now, encoding=mine.encoding)
            return
        transition(mine, _STATUS.CHECKING, actor=actor, at=now, lease_until=None)


def reopen_layout(*, customer_import: CustomerImport, actor: Actor, now: datetime) -> None:
    """Go back from the trial's result to the columns. Raises StepRefused."""
    with transaction.atomic():
        mine = _held(customer_import, _STATUS.CHECKED)
        _forget_trial(mine)
        transition(mine, _STATUS.DRAFT, actor=actor, at=now, **_UNTOUCHED)


def commit_import(*, customer_import: CustomerImport, actor: Actor, now: datetime) -> None:
    """Have the tried file taken in, in the background; its columns are remembered for its header.

    Raises StepRefused.
    """
    with transaction.atomic():
        mine = _held(customer_import, _STATUS.CHECKED)
        remember_layout(mine, actor=actor, now=now)
        _forget_trial(mine)
        transition(mine, _STATUS.COMMITTED, actor=actor, at=now, **_UNTOUCHED)


def discard_import(*, customer_import: CustomerImport, actor: Actor, now: datetime) -> None:
    """Throw a file away before anything of it was taken in; its pieces are destroyed. Raises StepRefused."""
    with transaction.atomic():
        mine = _held(customer_import, _STATUS.DRAFT, _STATUS.CHECKING, _STATUS.CHECKED)
        _forget_trial(mine)
        settle_import(mine, _STATUS.DISCARDED, actor=actor, now=now)


def undo_import(*, customer_import: CustomerImport, actor: Actor, now: datetime) -> None:
    """Have everything that an import wrote taken back, in the background, where nobody has built on it since.

    Raises StepRefused.
    """
    with transaction.atomic():
        mine = _held(customer_import, _STATUS.COMPLETED, _STATUS.FAILED)
        if not mine.rows_written:
            raise StepRefused(_("Nothing of this file was taken in, so there is nothing to take back."))
        transition(mine, _STATUS.UNDOING, actor=actor, at=now, lease_until=None)


def discard_forgotten(*, actor: Actor, now: datetime) -> int:
    """Throw away what nobody decided about for DECIDE_WITHIN. Returns how many."""
    undecided = (_STATUS.DRAFT, _STATUS.CHECKED)
    with transaction.atomic():
        rows = CustomerImport.objects.filter(status__in=undecided, uploaded_at__lt=now - DECIDE_WITHIN)
        forgotten = list(rows.order_by("pk"))
    for customer_import in forgotten:
        discard_import(customer_import=customer_import, actor=actor, now=now)
    return len(forgotten)


def _held(customer_import: CustomerImport, *statuses: str) -> CustomerImport:
    mine: CustomerImport = CustomerImport.objects.select_for_update().get(pk=customer_import.pk)
    if mine.status not in statuses:
        raise StepRefused
    return mine


def _keep_layout(
    mine: CustomerImport, *, encoding: str, delimiter: str, columns: Sequence[str | None], titles: Sequence[str]
) -> None:
    mine.encoding, mine.delimiter, mine.columns, mine.titles = encoding, delimiter, list(columns), list(titles)
    mine.save(update_fields=["encoding", "delimiter", "columns", "titles"])


def _forget_trial(mine: CustomerImport) -> None:
    RejectedRow.objects.filter(customer_import=mine).delete()
    WarnedRow.objects.filter(customer_import=mine).delete()
    ImportChange.objects.filter(customer_import=mine).delete()
