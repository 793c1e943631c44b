"""Keeping fixed-length layouts: save, change, remove, each on the record."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from audit.services import Actor, record
from customers.fixed_layouts.models import FixedLayout
from customers.formats.fixed import FixedTable, document_of


class NameTaken(Exception):
    """Another layout has this name."""


def keep_layout(
    *, layout: FixedLayout | None = None, name: str, table: FixedTable, actor: Actor, now: datetime
) -> FixedLayout:
    """Keep a layout under a name, in place of ``layout`` if one is given. Files taken in earlier stay as they are.

    Raises NameTaken.
    """
    kept = layout or FixedLayout()
    kept.name, kept.document, kept.set_at = name, document_of(table), now
    kept.set_by = int(actor.id) if actor.kind == "user" else 0
    try:
        with transaction.atomic():
            kept.save()
            record(
                "fixedlayout.saved", target=kept, actor=actor, at=now, columns=len(table.fields), length=table.length
            )
    except IntegrityError as error:
        raise NameTaken from error
    return kept


def remove_layout(*, layout: FixedLayout, actor: Actor, now: datetime) -> None:
    """It is gone; files taken in by it stay as they are."""
    with transaction.atomic():
        record("fixedlayout.removed", target=layout, actor=actor, at=now)
        layout.delete()
