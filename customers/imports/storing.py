"""Taking in a bank's file, sealed, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import BinaryIO

from django.conf import settings
from django.db import transaction

from audit.services import Actor, record
from audit.transitions import transition
from customers.decoding import SNIFF_BYTES, FileRefused, StreamCheck, layout_of
from customers.formats.fixed import FixedTable
from customers.formats.intake import Intake
from customers.imports.layouts import recall_layout
from customers.models import CustomerImport, ImportChunk
from customers.wording import refusal


class ImportRefused(Exception):
    """A file that is not taken at all; its text is a sentence for the person who chose it."""

    def __init__(self, cause: FileRefused) -> None:
        super().__init__(cause.code)
        self.code = cause.code
        self.params = cause.params

    def __str__(self) -> str:
        return refusal(self.code, self.params)


def start_import(
    *,
    file: BinaryIO,
    filename: str,
    by_steps: bool = False,
    table: FixedTable | None = None,
    limit: int | None = None,
    actor: Actor,
    now: datetime,
) -> CustomerImport:
    """Take in a bank's file, sealed, piece by piece; it is read by `run_import`.

    ``by_steps``: a person will confirm the columns, unless they did so for the last file with this header or the
    ``table`` says what they are, look at what a trial says and give the order to take the rows in. Without it they
    are taken in at once.

    A workbook or, with the ``table`` of its layout, a fixed-length file is kept as its rows; size and hash are those
    of the file itself. ``limit``: how many bytes it may have, if not IMPORT_MAX_BYTES.

    Raises:
        ImportRefused: not a customer file, or too large; nothing is kept.
    """
    try:
        limit = limit or settings.IMPORT_MAX_BYTES
        intake = Intake(file, limit=limit, table=table)
        pieces = intake.pieces()
        first = next(pieces)  # a workbook has been looked through and loaded before a transaction is opened
        with transaction.atomic():
            arriving = chain([first], pieces)
            is_known = table is not None
            return _store_file(
                intake, arriving, filename, limit=limit, by_steps=by_steps, is_known=is_known, actor=actor, now=now
            )
    except FileRefused as refused:
        raise ImportRefused(refused) from refused


def _store_file(
    intake: Intake,
    pieces: Iterator[bytes],
    filename: str,
    *,
    limit: int,
    by_steps: bool,
    is_known: bool,
    actor: Actor,
    now: datetime,
) -> CustomerImport:
    first = next(pieces)
    guess = recall_layout(first[:SNIFF_BYTES])
    is_told = guess.is_remembered or by_steps
    layout = guess.layout if is_told else layout_of(first[:SNIFF_BYTES])
    check = StreamCheck(layout, limit=limit)
    customer_import: CustomerImport = CustomerImport.objects.create(
        filename=filename,
        titles=list(layout.titles),
        header_index=guess.header_index,
        delimiter=layout.delimiter if is_told else "",
        columns=list(layout.columns) if is_told else None,
        sha256="",
        size=0,
        uploaded_by=int(actor.id) if actor.kind == "user" else 0,
        uploaded_at=now,
    )
    position = 0
    while first:
        check.watch(first)
        ImportChunk.objects.create(customer_import=customer_import, position=position, body=first)
        position += 1
        first = next(pieces, b"")
    check.finish()
    customer_import.sha256 = intake.sha256
    customer_import.size = intake.size
    customer_import.encoding = layout.encoding if guess.is_remembered else check.encoding
    customer_import.rows_total = max(check.lines - 1, 1)
    customer_import.save(update_fields=["sha256", "size", "encoding", "rows_total"])
    record(
        "customerimport.uploaded",
        target=customer_import,
        actor=actor,
        at=now,
        sha256=customer_import.sha256,
        size=customer_import.size,
        encoding=customer_import.encoding,
    )
    if by_steps:
        is_certain = is_known or guess.is_remembered
        to = CustomerImport.Status.CHECKING if is_certain else CustomerImport.Status.DRAFT
        transition(customer_import, to, actor=actor, at=now)
    return customer_import
