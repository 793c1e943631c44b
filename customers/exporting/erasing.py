"""What goes with a customer: every export in which they stand."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from customers.exporting.models import CustomerExport, ExportPiece
from tenants.turns import take_turn

_LOCK = 0x6B7A_0004


def take_turns() -> None:
    """Until the transaction ends no export is made while customers are destroyed, and the other way round.

    Whoever destroys would not see the pieces of a file that is not there yet.
    """
    take_turn(_LOCK)


def erase_from_exports(ids: Sequence[UUID]) -> None:
    """The files that hold customers; what the files were stays in their numbers."""
    take_turns()
    held = ExportPiece.objects.filter(customers__has_any_keys=[str(pk) for pk in ids])
    exports = list(held.values_list("export_id", flat=True).distinct())
    if exports:
        remove_files(exports)


def remove_files(exports: Sequence[UUID]) -> None:
    """The pieces of exports, and which letters stood in them."""
    # The file before its pieces, as whoever moves it on does, so that two who remove one do not wait for each other.
    CustomerExport.objects.filter(pk__in=exports).update(unwritable=None)
    ExportPiece.objects.filter(export__in=exports).delete()
