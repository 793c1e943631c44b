"""How customers stand in the register of companies, put where risk rules read it: closed, merged, or not as on file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from companies.changing import is_closed
from companies.comparing import compare, registered_facts
from companies.keeping import COLUMNS
from companies.models import CorporateRecord
from companies.protocols import Entry
from customers.models import Customer
from customers.selectors import ERASED, Facts, facts_of_each
from customers.services import RegisterResult, note_register

OPEN, CLOSED, MERGED = "OPEN", "CLOSED", "MERGED"
# A reading or a postal code that differs says nothing about the company.
_WEIGHING = ("name", "address")


def settle_standing(numbers: Mapping[UUID, str], *, now: datetime) -> int:
    """Compare customers, by their corporate numbers, with the register as we hold it; returns how many stand otherwise.

    Those are rated anew. A constant number of statements; nothing is written of the others.
    """
    wanted = {number for number in numbers.values() if number}
    rows = CorporateRecord.objects.filter(pk__in=wanted).values_list(*COLUMNS)
    entries = {entry.number: entry for entry in (Entry._make((*values, True)) for values in rows)}
    customers = list(Customer.objects.filter(pk__in=list(numbers)))
    facts = facts_of_each(customers)
    found = [_standing(customer, entries.get(numbers[customer.pk]), facts[customer.pk]) for customer in customers]
    moved = [
        result
        for customer, result in zip(customers, found, strict=True)
        if (customer.register_status, customer.register_differs) != (result.status, result.differs)
    ]
    note_register(results=moved, now=now)
    return len(moved)


def forget_standing(*, now: datetime) -> int:
    """Whoever has no corporate number any more stands nowhere; returns how many that were."""
    rows = Customer.objects.filter(corporate_number="").exclude(register_status="").values_list("pk", flat=True)
    results = [RegisterResult(pk, "", None) for pk in rows]
    note_register(results=results, now=now)
    return len(results)


def _standing(customer: Customer, entry: Entry | None, facts: Facts) -> RegisterResult:
    if entry is None:
        return RegisterResult(customer.pk, "", None)
    status = OPEN
    if is_closed(entry):
        status = MERGED if entry.successor or entry.close_cause == "11" else CLOSED
    lines = [] if facts.get(ERASED) else compare(facts, registered_facts(entry))
    weighing = [line for line in lines if line.key in _WEIGHING]
    return RegisterResult(customer.pk, status, any(not line.is_same for line in weighing) if weighing else None)
