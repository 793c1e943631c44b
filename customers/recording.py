"""Writing customers in bulk: new ones, and changes with their history. Called by services, in their transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from audit.services import Actor
from customers.accounts.rows import follow_accounts
from customers.accounts.rules import ACCOUNTS, Account, joined
from customers.entering import TEXT, Point, attributes_of, points_insertion, points_of, profile_of, stay_in
from customers.facts.catalogue import BESIDE as BESIDE
from customers.facts.catalogue import BY_KEY, CHANNEL_OF_FACT, FACTS, PLAIN
from customers.facts.selectors import plain_own_keys
from customers.facts.shape import Type
from customers.indexing import (
    kana_index,
    name_index,
    person_index,
)
from customers.models import AttributeChange, ContactPoint, Customer
from customers.pointers import CustomerMerged
from customers.searching import NAMES, index_names
from customers.selectors import assemble_facts, current_points
from customers.telling import record_changes
from customers.writing import run_statements, update_many
from tenants.keys import person_ciphers

INDEXES = ("name_index", "kana_index", "person_index")
LINE_ID = "line_id"
# Columns beside the facts that have a history all the same.
_REMEMBERED = ("branch_code", "language")

_NORMALISED = frozenset(key for key, fact in FACTS.items() if fact.type in (Type.PHONE, Type.POSTAL_CODE))


@dataclass(slots=True)
class Change:
    """What is to become of one customer: facts (None erases), columns beside the facts, and a LINE identifier."""

    facts: Mapping[str, Any]
    columns: Mapping[str, Any] = field(default_factory=dict)
    line_id: str | None = None
    erases_line: bool = False
    # The facts stand as the file keeps them, and may be older than today's rules for them.
    is_stored: bool = False
    # Why staff changed it by hand, and the number of the matter behind it, for history and trail.
    reason: str = ""
    matter: str = ""


def stored_change(values: Mapping[str, Any], **columns: Any) -> Change:
    """The change that makes a customer's attributes ``values``, called as `PlannedChange.altered` calls them.

    They stand as the file keeps them: what it says now of somebody, or what it said before.
    """
    beside = {name: _unsaid(name, values[name]) for name in BESIDE if name in values}
    return Change(
        facts={key: value for key, value in values.items() if key not in (*BESIDE, LINE_ID)},
        columns={**beside, **columns},
        line_id=values.get(LINE_ID),
        erases_line=LINE_ID in values and values[LINE_ID] is None,
        is_stored=True,
    )


@dataclass(slots=True)
class PlannedChange:
    """A change beside the customer as it is; nothing is written yet."""

    customer: Customer
    points: Mapping[str, ContactPoint]
    change: Change
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    different: list[str]

    def current(self, attribute: str) -> Any:
        """What the file has now: a fact, a column beside the facts, or ``line_id``."""
        if attribute == LINE_ID:
            point = self.points.get(ContactPoint.Channel.LINE)
            return point.value if point else None
        if attribute in BESIDE:
            return _said(getattr(self.customer, attribute))
        return self.before.get(attribute)

    def altered(self) -> dict[str, tuple[Any, Any]]:
        """Every attribute that the change alters, as (before, after)."""
        wanted = {key: self.after[key] for key in self.different}
        wanted |= {name: _said(value) for name, value in self.change.columns.items() if name in BESIDE}
        if self.change.line_id or self.change.erases_line:
            wanted[LINE_ID] = self.change.line_id
        return {key: (was, after) for key, after in wanted.items() if (was := self.current(key)) != after}


def change_customers(
    changes: Mapping[UUID, Change],
    *,
    source: str,
    reference: UUID | None = None,
    actor: Actor,
    now: datetime,
) -> dict[UUID, list[str]]:
    """Apply changes to locked customers and keep their history; a constant number of statements.

    Returns the names of the facts that really changed, by customer; a fact that is the same is left alone.

    Raises:
        CustomerMerged: somebody is part of another customer by now.
    """
    planned = plan_changes(changes)
    return write_changes(planned, source=source, reference=reference, actor=actor, now=now)


def plan_changes(changes: Mapping[UUID, Change], *, is_locked: bool = True) -> list[PlannedChange]:
    """Compare changes with the customers as they are, and lock those; a constant number of statements."""
    rows = Customer.objects.select_for_update() if is_locked else Customer.objects.all()
    customers = list(rows.filter(pk__in=list(changes)).order_by("pk"))
    points = current_points([customer.pk for customer in customers])
    planned = []
    for customer in customers:
        change, mine = changes[customer.pk], points.get(customer.pk, {})
        before = assemble_facts(customer, mine)
        facts = {key: value if change.is_stored else _normal(key, value) for key, value in change.facts.items()}
        if not change.is_stored:
            facts |= _with_accounts(customer, before, facts)
        after = _held(before | facts)
        different = [key for key, value in after.items() if before.get(key) != value]
        planned.append(PlannedChange(customer, mine, change, before, after, different))
    return planned


def write_changes(
    planned: Sequence[PlannedChange], *, source: str, reference: UUID | None = None, actor: Actor, now: datetime
) -> dict[UUID, list[str]]:
    """Write what was planned in the same transaction; see `change_customers`.

    Raises:
        CustomerMerged: somebody is part of another customer by now.
    """
    if merged := [one.customer.pk for one in planned if one.customer.status == Customer.Status.MERGED]:
        raise CustomerMerged(merged)
    history: list[AttributeChange] = []
    retired: list[UUID] = []
    added: list[Point] = []
    restored: list[Point] = []
    changed: dict[UUID, list[str]] = {}
    for one in planned:
        customer = one.customer
        beside = {
            name: (was, value)
            for name in _REMEMBERED
            if (value := one.change.columns.get(name)) is not None and (was := getattr(customer, name)) != value
        }
        changed[customer.pk] = [*one.different, *beside]
        after = one.after
        _set_facts(customer, after, one.different)
        for name, value in one.change.columns.items():
            setattr(customer, name, value)
        for channel, value in _new_points(one.points, after, one.different, one.change):
            if channel in one.points:
                retired.append(one.points[channel].pk)
            if value is not None:
                (restored if one.change.is_stored else added).append((customer.pk, channel, value))
        turns = {key: (one.before.get(key), after[key]) for key in one.different} | beside
        history += [
            AttributeChange(
                customer=customer,
                attribute=key,
                before=was or None if key in beside else was,
                after=became or None if key in beside else became,
                source=source,
                source_reference=reference,
                reason=one.change.reason,
                actor=str(actor),
                at=now,
            )
            for key, (was, became) in turns.items()
        ]
    customers = [one.customer for one in planned]
    _write_customers(customers, now=now)
    renamed = [customer for customer in customers if set(NAMES).intersection(changed[customer.pk])]
    index_names(renamed)
    follow_accounts({one.customer.pk: one.after.get(ACCOUNTS) or () for one in planned if ACCOUNTS in one.different})
    ContactPoint.objects.filter(pk__in=retired).update(is_current=False)
    run_statements(points_insertion(added + _revive_points(restored), now=now))
    AttributeChange.objects.bulk_create(history, batch_size=2_000)
    whys = {one.customer.pk: (one.change.reason, one.change.matter) for one in planned}
    record_changes(changed, whys, source=source, actor=actor, now=now)
    return changed


def _write_customers(customers: Sequence[Customer], *, now: datetime) -> None:
    names = (*PLAIN, *BESIDE, "stay_ends_on", "attributes", "source_hash", *INDEXES)
    profile = Customer._meta.get_field("profile")
    columns: dict[str, list[Any]] = {name: [getattr(customer, name) for customer in customers] for name in names}
    person_ciphers([customer.pk.bytes for customer in customers])
    columns["profile"] = [profile.value_for(customer, customer.profile) for customer in customers]
    update_many(Customer, [customer.pk for customer in customers], columns, is_rating_due=True, updated_at=now)


def _set_facts(customer: Customer, after: Mapping[str, Any], different: Sequence[str]) -> None:
    if not different:
        return
    own = plain_own_keys()
    customer.profile = profile_of(after, own)
    customer.attributes = attributes_of(after, own)
    customer.name_index = name_index(after.get("name"))
    customer.kana_index = kana_index(after.get("kana"))
    customer.person_index = person_index(after.get("name"), after.get("birth_on"))
    customer.stay_ends_on = stay_in(after)
    for key in TEXT:  # all of them: what an older release sealed moves to its column
        setattr(customer, key, after.get(key) or "")
    for key in frozenset(PLAIN).difference(TEXT).intersection(different):
        value = after[key]
        setattr(customer, key, date.fromisoformat(value) if value and FACTS[key].type is Type.DAY else value)


def _said(value: Any) -> Any:
    """A column as JSON has it."""
    return value.isoformat() if isinstance(value, date) else value


def _unsaid(name: str, value: str | None) -> str | date | None:
    """A column from what `_said` made of it."""
    if BY_KEY[name].type is Type.DAY:
        return date.fromisoformat(value) if value else None
    return value or ""


def _with_accounts(customer: Customer, before: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, list[Account]]:
    """The accounts with those that are said, and with one that gives the customer a new account number."""
    said = facts.get(ACCOUNTS)
    number = facts.get("account_number")
    if said is None and number and number != before.get("account_number"):
        said = [{"branch": customer.branch_code, "number": number}]
    return {ACCOUNTS: joined(before.get(ACCOUNTS), said)} if said else {}


def _held(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts as the file can hold them: a postal code stands with its address, and goes with it."""
    return facts if facts.get("address") or "postal_code" not in facts else {**facts, "postal_code": None}


def _normal(key: str, value: Any) -> Any:
    """A fact as the file keeps it; blank means unknown. Raises customers.parsing.Invalid."""
    if value in ("", []):
        return None
    if key in _NORMALISED and value is not None:
        return FACTS[key].read(str(value))
    return _said(value)


def _new_points(
    mine: Mapping[str, ContactPoint], after: Mapping[str, Any], different: Sequence[str], change: Change
) -> list[tuple[str, Any]]:
    """Contact points to replace, as (channel, new value or None)."""
    line_id = change.line_id
    wanted = dict(points_of(after, line_id))
    channels = {CHANNEL_OF_FACT[key] for key in different if key in CHANNEL_OF_FACT}
    if line_id and ("LINE" not in mine or mine["LINE"].value != line_id):
        channels.add("LINE")
    if change.erases_line and "LINE" in mine:
        channels.add("LINE")
    return [(channel, wanted.get(channel)) for channel in sorted(channels)]


def _revive_points(points: Sequence[Point]) -> list[Point]:
    """Make the latest retired point at each of these addresses current again; returns those that have none.

    With it come back its health, its owner's wish to be left alone there, and news of what was sent to it.
    """
    wanted = {(person, channel): value for person, channel, value in points}
    retired = ContactPoint.objects.filter(customer_id__in={person for person, _ in wanted}, is_current=False)
    found = {
        key: point.pk
        for point in (retired.order_by("pk") if wanted else ())
        if wanted.get(key := (point.customer_id, point.channel)) == point.value
    }
    ContactPoint.objects.filter(pk__in=found.values()).update(is_current=True)
    return [point for point in points if point[:2] not in found]
