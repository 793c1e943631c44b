"""How an import ends: the rows it did not take are kept for the error file, and the uploaded file is destroyed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import Actor, record
from audit.transitions import transition
from customers.importing import Rejection
from customers.models import CustomerImport, ImportChunk, RejectedRow

BATCH = 2_000


def settle_import(customer_import: CustomerImport, to: str, *, actor: Actor, now: datetime, **changes: Any) -> None:
    """Move an import to its last status and destroy the pieces of the file, in one transaction."""
    with transaction.atomic():
        transition(customer_import, to, actor=actor, at=now, finished_at=now, lease_until=None, **changes)
        pieces, _ = ImportChunk.objects.filter(customer_import=customer_import).delete()
        record("customerimport.purged", target=customer_import, actor=actor, at=now, pieces=pieces)


def keep_rejections(customer_import: CustomerImport, rejections: Iterable[Rejection]) -> None:
    """Remember rows that are not taken, each with every error it has."""
    RejectedRow.objects.bulk_create(
        [
            RejectedRow(
                customer_import=customer_import,
                line=rejection.line,
                column=error.column,
                code=error.code,
                params=dict(error.params),
                original=rejection.cells,
            )
            for rejection in rejections
            for error in rejection.errors
        ],
        batch_size=BATCH,
    )
