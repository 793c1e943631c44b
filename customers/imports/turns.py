"""One worker's turn at an import: claimed by a lease, held in every transaction, lost when another takes over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from audit.services import Actor, record
from audit.transitions import transition
from customers.imports.settling import settle_import
from customers.models import CustomerImport
from tenants.turns import take_turn

LEASE = timedelta(minutes=2)
_IMPORT_LOCK = 0x6B7A_0001
_STATUS = CustomerImport.Status
# What waits for a first turn, and what a turn makes of it.
_BEGINS: dict[str, str] = {_STATUS.UPLOADED: _STATUS.RUNNING, _STATUS.COMMITTED: _STATUS.RUNNING}
_UNDER_WAY = (_STATUS.CHECKING, _STATUS.RUNNING, _STATUS.UNDOING)


class LeaseLost(Exception):
    """Another worker has taken the import over, or a person has stopped it."""


def waiting_imports(now: datetime) -> list[UUID]:
    """Imports that need a turn, in the order of their upload: what waits, and what a worker left when it died."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    rows = CustomerImport.objects.filter(Q(status__in=_BEGINS) | Q(status__in=_UNDER_WAY) & free)
    return list(rows.order_by("id").values_list("pk", flat=True))


def claim(import_id: UUID, *, actor: Actor, now: datetime) -> CustomerImport | None:
    """The import, ours for LEASE; None when there is nothing to do or another worker holds it."""
    with transaction.atomic():
        found: CustomerImport | None = (
            CustomerImport.objects.select_for_update(skip_locked=True).filter(pk=import_id).first()
        )
        if found is None:
            return None
        if found.status in _BEGINS:
            transition(found, _BEGINS[found.status], actor=actor, at=now, lease_until=now + LEASE)
            return found
        if found.status not in _UNDER_WAY or (found.lease_until is not None and found.lease_until >= now):
            return None
        is_resumed = found.lease_until is not None
        found.lease_until = now + LEASE
        found.save(update_fields=["lease_until"])
        if is_resumed:
            record("customerimport.resumed", target=found, actor=actor, at=now, next_line=found.next_line)
        return found


@dataclass(slots=True)
class Turn:
    """What a worker knows of the import it works at."""

    customer_import: CustomerImport
    actor: Actor
    began_at: datetime
    began: float = field(default_factory=monotonic)

    def now(self) -> datetime:
        """The moment, told by the edge and carried on."""
        return self.began_at + timedelta(seconds=monotonic() - self.began)

    def hold(self, *, writes: bool = True) -> None:
        """Lock the import, check that it is still ours, and let one import of the bank write at a time.

        Raises LeaseLost.
        """
        if writes:
            take_turn(_IMPORT_LOCK)
        mine = self.customer_import
        held = CustomerImport.objects.select_for_update().values_list("status", "next_line")
        if held.get(pk=mine.pk) != (mine.status, mine.next_line):
            raise LeaseLost

    def advance(self, line: int, counts: Mapping[str, int], attributes: Mapping[str, int]) -> None:
        """Rows up to ``line`` are dealt with."""
        mine = self.customer_import
        mine.next_line = line
        mine.lease_until = self.now() + LEASE
        for name, count in counts.items():
            setattr(mine, f"rows_{name}", getattr(mine, f"rows_{name}") + count)
        for name, count in attributes.items():
            mine.attributes_changed[name] = mine.attributes_changed.get(name, 0) + count
        fields = ["next_line", "lease_until", "attributes_changed", *(f"rows_{name}" for name in counts)]
        mine.save(update_fields=fields)
        record("customerimport.advanced", target=mine, actor=self.actor, at=self.now(), line=line, **counts)

    def fail(self, code: str, params: Mapping[str, object]) -> None:
        """End without having read everything; what was taken stays."""
        settle_import(
            self.customer_import,
            CustomerImport.Status.FAILED,
            actor=self.actor,
            now=self.now(),
            failure_code=code,
            failure_params=dict(params),
        )
