"""What the tests of pick-ups have in common: a source, files in its folder, and time that passes."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from audit.services import Actor
from customers.models import CustomerImport
from customers.services import commit_import, confirm_layout, run_import
from integrations.pickups.deciding import decide_tried
from integrations.pickups.models import PickedFile, PickupSource
from integrations.pickups.rules import SETTLING
from integrations.pickups.running import look_at_due
from integrations.pickups.services import save_source
from tenants.models import User
from tests.conftest import NOW, SYSTEM
from tests.customers.books import book, person

# Looks take a moment of their own.
A_LITTLE = SETTLING + timedelta(seconds=10)
LATER = NOW + A_LITTLE


def values(**more: Any) -> dict[str, Any]:
    """Of a source that looks into the folder "cif" every quarter of an hour."""
    return {
        "name": "CIF", "kind": "FOLDER", "folder": "cif", "host": "", "port": 22, "username": "", "host_key": "",
        "pattern": "CIF_*", "marker": "", "layout": None, "afterwards": "LEAVE", "every_minutes": 15, "times": [],
        "expected_by": None, "expected_days": "DAILY", "expected_weekdays": [], "expected_nth": None,
        "takes_in": False, "max_changed": 10, "max_rejected": 1, **more,
    }  # fmt: skip


def set_up(administrator: User, now: datetime = NOW, **more: Any) -> PickupSource:
    """A source of the tenant in scope."""
    return save_source(values=values(**more), actor=Actor.user(administrator.pk), now=now)


def look(now: datetime) -> None:
    """The clock has come to ``now``, whatever the schedule says."""
    with transaction.atomic():
        PickupSource.objects.update(next_look_at=now)
    look_at_due(actor=SYSTEM, now=now)


def looked_twice(now: datetime = NOW) -> list[tuple[str, str]]:
    """What the journal says after two looks, by the clock alone: name and status, oldest first."""
    look(now)
    look_at_due(actor=SYSTEM, now=now + A_LITTLE)
    return journal()


@transaction.atomic
def journal() -> list[tuple[str, str]]:
    """Name and status, oldest first."""
    return [(file.name, file.status) for file in PickedFile.objects.order_by("id")]


@transaction.atomic
def fresh(source: PickupSource) -> PickupSource:
    """As it stands now."""
    found: PickupSource = PickupSource.objects.get(pk=source.pk)
    return found


@transaction.atomic
def imports() -> list[str]:
    """The statuses of all imports, oldest first."""
    return list(CustomerImport.objects.order_by("id").values_list("status", flat=True))


def people(count: int, **cells: str) -> bytes:
    """A book of so many customers."""
    return book(*(person(customer_number=f"{number:010}", **cells) for number in range(1, count + 1)))


def bring(folder: Path, name: str, content: bytes, *, at: datetime = NOW) -> Path:
    """A file as the host leaves it, last written at a certain time."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_bytes(content)
    os.utime(file, (at.timestamp(), at.timestamp()))
    return file


def teach(officer: User, now: datetime = NOW) -> None:
    """An officer takes a file with these columns in by hand, so that the next ones are read without asking."""
    actor = Actor.user(officer.pk)
    with transaction.atomic():
        found = CustomerImport.objects.get(status="DRAFT")
    confirm_layout(customer_import=found, columns=found.columns, actor=actor, now=now)
    run_import(import_id=found.pk, actor=actor, now=now)
    with transaction.atomic():
        found.refresh_from_db()
    commit_import(customer_import=found, actor=actor, now=now)
    run_import(import_id=found.pk, actor=actor, now=now + timedelta(seconds=1))


def tried(now: datetime) -> None:
    """Every fetched file's trial runs, and what may be decided without a person is."""
    with transaction.atomic():
        waiting = list(CustomerImport.objects.filter(status="CHECKING").values_list("pk", flat=True))
    for import_id in waiting:
        run_import(import_id=import_id, actor=SYSTEM, now=now)
    decide_tried(actor=SYSTEM, now=now)
