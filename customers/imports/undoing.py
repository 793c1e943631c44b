"""Taking back what an import wrote, customer by customer, unless somebody has built on it since."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Exists, OuterRef

from audit.services import record, record_ids
from audit.transitions import transition
from customers.imports.turns import LEASE, Turn
from customers.matching.models import MatchCandidate
from customers.merging.models import CustomerMerge
from customers.models import AttributeChange, Customer, CustomerImport, ImportChange
from customers.recording import PlannedChange, plan_changes, stored_change, write_changes
from customers.writing import update_many
from retention.classes import erase_everywhere
from retention.selectors import held_subjects
from retention.services import lock_holds
from tenants.scoping import required_tenant_id
from tenants.shredding import shred_persons

BATCH = 1_000
# Rows about a customer that come by themselves and so are no reason to keep them, or are looked at on their own.
_COME_BY_THEMSELVES = {
    "customers.contactpoint",
    "customers.customeraccount",
    "customers.attributechange",
    "customers.endedstay",
    "customers.expiredvalue",
    "customers.importchange",
    "risk.riskrating",
}


def undo_all(turn: Turn) -> None:
    """First what was changed, then who was new; begun anew, it goes on with what is left. Raises LeaseLost."""
    while _batch(turn, _undo_changes):
        pass
    while _batch(turn, _undo_entries):
        pass
    with transaction.atomic():
        turn.hold()
        transition(
            turn.customer_import, CustomerImport.Status.UNDONE, actor=turn.actor, at=turn.now(), lease_until=None
        )


def _batch(turn: Turn, undo: Any) -> bool:
    with transaction.atomic():
        turn.hold()
        lock_holds()
        undone, kept = undo(turn)
        if not undone + kept:
            return False
        mine = turn.customer_import
        mine.rows_undone += undone
        mine.rows_kept += kept
        mine.lease_until = turn.now() + LEASE
        mine.save(update_fields=["rows_undone", "rows_kept", "lease_until"])
        record("customerimport.going_back", target=mine, actor=turn.actor, at=turn.now(), undone=undone, kept=kept)
    return True


def _undo_changes(turn: Turn) -> tuple[int, int]:
    """Put changed customers back; how many, and how many not."""
    mine = turn.customer_import
    pending = ImportChange.objects.filter(customer_import=mine, is_undone=False, refusal="", line__gt=0)
    changes = {change.customer_id: change for change in pending.order_by("line", "pk")[:BATCH]}
    if not changes:
        return 0, 0
    back = {pk: stored_change(one.before, source_hash=one.source_hash) for pk, one in changes.items()}
    planned = plan_changes(back)
    held = held_subjects(changes)
    used = {pk for pk, row in _rows_about(changes) if row > changes[pk].pk}
    reasons = {one.customer.pk: _why_not(one, changes[one.customer.pk], used, held) for one in planned}
    accepted = [one for one in planned if not reasons[one.customer.pk][0]]
    undo = AttributeChange.Source.UNDO
    write_changes(accepted, source=undo, reference=mine.pk, actor=turn.actor, now=turn.now())
    undone = [changes[one.customer.pk].pk for one in accepted]
    ImportChange.objects.filter(pk__in=undone).update(is_undone=True)
    kept = {changes[pk].pk: reason for pk, reason in reasons.items() if reason[0]}
    update_many(
        ImportChange,
        list(kept),
        {"refusal": [code for code, _ in kept.values()], "refused_for": [names for _, names in kept.values()]},
    )
    return len(undone), len(kept)


def _why_not(
    planned: PlannedChange, change: ImportChange, used: Collection[UUID], held: Collection[UUID]
) -> tuple[str, list[str]]:
    """Why a customer stays as the import left them, and the attributes concerned; "" for no reason."""
    if moved := [key for key, value in change.after.items() if planned.current(key) != value]:
        return "changed_since", moved
    if planned.customer.pk in held:
        return "on_hold", []
    return ("in_use", []) if planned.customer.pk in used else ("", [])


def _undo_entries(turn: Turn) -> tuple[int, int]:
    """Take new customers out of the file again; how many, and how many not."""
    mine = turn.customer_import
    told = ImportChange.objects.filter(customer_import=mine, customer=OuterRef("pk"))
    rows = Customer.objects.filter(~Exists(told), entered_by=mine.pk).order_by("pk").select_for_update(of=("self",))
    customers = {customer.pk: customer for customer in rows[:BATCH]}
    if not customers:
        return 0, 0
    reasons = _reasons_to_stay(customers)
    ImportChange.objects.bulk_create(
        [
            ImportChange(customer_import=mine, customer_id=pk, line=0, before={}, after={}, refusal=reason)
            for pk, reason in reasons.items()
        ]
    )
    gone = [pk for pk in customers if pk not in reasons]
    erase_everywhere(gone)
    ids, actor, now = gone, turn.actor, turn.now()
    record_ids("customer.taken_back", model=Customer, tenant_id=required_tenant_id(), ids=ids, actor=actor, at=now)
    # Last, because the keys are in a database of their own: what comes after could fail and leave them gone.
    shred_persons(gone, actor=actor, now=now)
    return len(gone), len(reasons)


def _reasons_to_stay(customers: Mapping[UUID, Customer]) -> dict[UUID, str]:
    used = {pk for pk, _ in _rows_about(customers)}
    ids = list(customers)
    changed = {
        *AttributeChange.objects.filter(customer__in=ids).values_list("customer_id", flat=True),
        *ImportChange.objects.filter(customer__in=ids).values_list("customer_id", flat=True),
        *(pk for pk, customer in customers.items() if customer.status != Customer.Status.ACTIVE),
    }
    held = held_subjects(ids)
    found = {}
    for pk in ids:
        if reason := "changed_since" if pk in changed else "on_hold" if pk in held else "in_use" if pk in used else "":
            found[pk] = reason
    return found


def _rows_about(customers: Collection[UUID]) -> Iterator[tuple[UUID, UUID]]:
    """What other rooms keep of customers - reviews, answers, notices, cases - as (customer, row); a query a table."""
    for model, name in _tables_about_customers():
        rows = model._default_manager.filter(**{f"{name}__in": list(customers)})
        if model is MatchCandidate:  # found by the night's job, until somebody judges it
            rows = rows.filter(decided_by__isnull=False)
        elif model is CustomerMerge:  # of what was rejected or taken back nothing is left
            rows = rows.filter(status__in=(CustomerMerge.Status.PROPOSED, CustomerMerge.Status.APPROVED))
        yield from rows.values_list(f"{name}_id", "pk")


def _tables_about_customers() -> Sequence[tuple[type[models.Model], str]]:
    return [
        (relation.related_model, relation.field.name)
        for relation in Customer._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ForeignObjectRel)
        and relation.related_model._meta.label_lower not in _COME_BY_THEMSELVES
    ]
