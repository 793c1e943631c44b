"""Making a return file: which changes are due, what becomes of each, and the sealed pieces."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from customers.models import AttributeChange, Customer
from integrations.returns.filling import ReturnFile, Subject
from integrations.returns.models import ReturnBatch, ReturnedChange, ReturnPiece
from integrations.returns.settling import VERIFIED, Outcome, Settled, Turn, settle
from integrations.returns.spelling import Hindrance
from tenants.keys import PersonShredded

GROUP = 500
PIECE = 256 * 1024
DESTROYED = Hindrance("destroyed")


def due_changes(facts: Collection[str]) -> QuerySet[AttributeChange]:
    """Changes of these facts that were verified, and that no return file has dealt with."""
    dealt_with = ReturnedChange.objects.filter(change=OuterRef("pk"))
    rows: QuerySet[AttributeChange] = AttributeChange.objects.filter(source__in=sorted(VERIFIED))
    return rows.filter(~Exists(dealt_with), attribute__in=sorted(facts))


@dataclass(slots=True)
class _Fact:
    """The changes of one fact of one customer, from the first that is due."""

    turns: list[AttributeChange]
    due: list[UUID]

    def settled(self) -> Settled:
        turns = [Turn(row.pk, row.before, row.after, row.source, row.source_reference) for row in self.turns]
        return settle(turns, due=frozenset(self.due))


@dataclass(slots=True)
class Building:
    """One file in the making; `run` inside the transaction that will call it prepared."""

    batch: ReturnBatch
    file: ReturnFile
    outcomes: Counter[str] = field(default_factory=Counter)
    size: int = 0
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    _held: bytearray = field(default_factory=bytearray)
    _position: int = 0

    def run(self) -> None:
        """Write pieces and entries for everything that is due. Raises Unwritable for a total that does not fit."""
        self._write(self.file.head())
        subjects = due_changes(self.file.form.facts).order_by("customer__number")
        for group in batched(subjects.values_list("customer_id", flat=True).distinct().iterator(), GROUP):
            self._add(group)
        self._write(self.file.tail())
        self._flush()

    @property
    def sha256(self) -> str:
        """Of the whole file, in hexadecimal digits."""
        return self._digest.hexdigest()

    def _add(self, ids: Sequence[UUID]) -> None:
        facts = facts_due(ids, self.file.form.facts)
        entries: list[ReturnedChange] = []
        for customer in Customer.objects.filter(pk__in=ids).order_by("number"):
            entries += self._entries(customer, facts.get(customer.pk, {}))
        ReturnedChange.objects.bulk_create(entries)
        self.outcomes.update(entry.outcome for entry in entries)

    def _entries(self, customer: Customer, facts: Mapping[str, _Fact]) -> Iterator[ReturnedChange]:
        try:
            settled = {key: fact.settled() for key, fact in facts.items()}
        except PersonShredded:
            yield from self._named(customer, facts, dict.fromkeys(facts, Outcome.LEFT_OUT), {}, is_destroyed=True)
            return
        outcomes = {key: one.outcome for key, one in settled.items()}
        values = {key: one.value for key, one in settled.items() if one.outcome is Outcome.RETURNED}
        subject = Subject(customer.number, customer.kind, customer.branch_code)
        line, hindered = self.file.record(subject, values) if values else (b"", {})
        self._write(line)
        outcomes |= dict.fromkeys(hindered, Outcome.LEFT_OUT)
        yield from self._named(customer, facts, outcomes, hindered)

    def _named(
        self,
        customer: Customer,
        facts: Mapping[str, _Fact],
        outcomes: Mapping[str, Outcome],
        hindered: Mapping[str, Hindrance],
        *,
        is_destroyed: bool = False,
    ) -> Iterator[ReturnedChange]:
        for key, fact in facts.items():
            hindrance = DESTROYED if is_destroyed else hindered.get(key)
            for pk in fact.due:
                yield ReturnedChange(
                    batch=self.batch,
                    customer=customer,
                    change=pk,
                    attribute=key,
                    outcome=outcomes[key],
                    code=hindrance.code if hindrance else "",
                    params=dict(hindrance.params) if hindrance and hindrance.params else None,
                )

    def _write(self, data: bytes) -> None:
        self._held += data
        if len(self._held) >= PIECE:
            self._flush()

    def _flush(self) -> None:
        if not self._held:
            return
        body = bytes(self._held)
        ReturnPiece.objects.create(batch=self.batch, position=self._position, body=body)
        self._digest.update(body)
        self.size += len(body)
        self._position += 1
        self._held.clear()


def facts_due(ids: Sequence[UUID], facts: Collection[str]) -> dict[UUID, dict[str, _Fact]]:
    """By customer and fact, the changes from the first that is due, in the order in which they were made.

    In the order of their ids: each was given under the lock of its customer.
    """
    rows = AttributeChange.objects.filter(customer__in=list(ids), attribute__in=sorted(facts)).order_by("pk")
    done = set(ReturnedChange.objects.filter(customer__in=list(ids)).values_list("change", flat=True))
    found: dict[UUID, dict[str, _Fact]] = defaultdict(dict)
    for row in rows:
        mine = found[row.customer_id]
        is_due = row.source in VERIFIED and row.pk not in done
        if is_due:
            mine.setdefault(row.attribute, _Fact([], [])).due.append(row.pk)
        if row.attribute in mine:
            mine[row.attribute].turns.append(row)
    return found
