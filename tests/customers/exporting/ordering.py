"""What the people of these tests do: order exports, have them made, read them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import Actor
from customers.exporting.models import CustomerExport, ExportPiece
from customers.exporting.selectors import Wanted
from customers.exporting.services import make_waiting, order_export
from tenants.models import User
from tests.conftest import NOW, SYSTEM

COLUMNS = ("customer_number", "name", "branch_code")


def ordered(
    who: User, *, columns: Sequence[str] = COLUMNS, encoding: str = "utf-8-sig", now: datetime = NOW, **wanted: Any
) -> CustomerExport:
    """An export that waits to be made."""
    return order_export(
        wanted=Wanted(**wanted),
        columns=columns,
        encoding=encoding,
        purpose="REVIEW",
        matter="R8-15",
        actor=Actor.user(who.pk),
        now=now,
    )


def made(who: User, *, now: datetime = NOW, **more: Any) -> CustomerExport:
    """An export that was made."""
    export = ordered(who, now=now, **more)
    make_waiting(actor=SYSTEM, now=now)
    return fresh(export)


@transaction.atomic
def fresh(export: CustomerExport) -> CustomerExport:
    """As it stands now."""
    found: CustomerExport = CustomerExport.objects.get(pk=export.pk)
    return found


@transaction.atomic
def content(export: CustomerExport) -> bytes:
    """What is in the file."""
    return b"".join(piece.body for piece in ExportPiece.objects.filter(export=export).order_by("position"))


def lines(export: CustomerExport) -> list[list[str]]:
    """Its rows, the heading too."""
    return list(csv.reader(io.StringIO(content(export).decode(export.encoding), newline="")))
