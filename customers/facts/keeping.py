"""How long values of an own attribute are kept, and the search for those whose time is over: at night, in batches.

A value was last set when it changed last, or with the customer's entry. What a file says again unchanged sets nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.services import Actor, record
from customers.facts.forgetting import forget_values
from customers.facts.models import ExpiredValue, OwnAttribute, ValueKeeping
from customers.facts.own import PLAIN, key_of
from customers.facts.services import StepRefused
from customers.models import AttributeChange, Customer
from customers.pointers import survivors_of, whole_of
from customers.presenting import label
from retention.classes import Due, RecordClass, Words, register_class
from retention.expiring import Period, Unit, day_in_japan, end_of_day, free_from, latest_trigger
from tenants.keys import PersonShredded, person_ciphers
from tenants.permissions import Permission
from tenants.steps import Steps

BATCH = 2_000
_DAY = timedelta(days=1)
_KEPT = (OwnAttribute.Status.ACTIVE, OwnAttribute.Status.RETIRED)


def keeping_of(attribute: OwnAttribute) -> ValueKeeping | None:
    """How long its values are kept; None: as long as the customer."""
    found: ValueKeeping | None = ValueKeeping.objects.filter(attribute=attribute).first()
    return found


def expired_count(attribute: OwnAttribute) -> int:
    """How many customers' values are over and wait to be destroyed."""
    return ExpiredValue.objects.filter(keeping__attribute=attribute).count()


def set_keeping(
    *, attribute: OwnAttribute, after_set: int | None, after_end: int | None, actor: Actor, now: datetime
) -> None:
    """Keep values so many months after they were set, and after the contract's end; both None: with the customer.

    Values that were found by another rule are looked for anew.

    Raises:
        StepRefused: the role does not allow it, or the attribute was never in use.
    """
    with transaction.atomic():
        standing = Steps(StepRefused).standing(actor, Permission.MANAGE_SETTINGS, now=now)
        mine: OwnAttribute = OwnAttribute.objects.select_for_update().get(pk=attribute.pk)
        if mine.status not in _KEPT:
            raise StepRefused(_("Nothing is kept of this attribute yet."))
        was = keeping_of(mine)
        if (after_set, after_end) == ((was.after_set, was.after_end) if was else (None, None)):
            return
        ValueKeeping.objects.filter(attribute=mine).delete()
        if after_set is not None or after_end is not None:
            ValueKeeping.objects.create(
                attribute=mine, after_set=after_set, after_end=after_end, set_by=standing.user_id, set_at=now
            )
        record(
            "ownattribute.keeping_set",
            target=mine,
            actor=actor,
            at=now,
            code=mine.code,
            after_set=after_set,
            after_end=after_end,
        )


def look_for_expired(*, now: datetime) -> int:
    """Note every value whose time is over; returns how many. A search that died goes on where it was."""
    today, found = day_in_japan(now), 0
    with transaction.atomic():
        keepings = list(ValueKeeping.objects.order_by("pk").values_list("pk", flat=True))
    for keeping in keepings:
        while (batch := _look_batch(keeping, today)) is not None:
            found += batch
    return found


@transaction.atomic
def _look_batch(pk: UUID, today: date) -> int | None:
    """Look at the next customers who may have become due; None when nobody is left today."""
    rows = ValueKeeping.objects.select_for_update(of=("self",)).select_related("attribute")
    keeping = rows.filter(pk=pk).first()
    if keeping is None or (keeping.looked_on is not None and keeping.looked_on >= today):
        return None
    if keeping.looking_on is None:
        keeping.looking_on = today
        _drop_renewed(keeping)
    day = keeping.looking_on
    ids = list(_candidates(keeping, day)[:BATCH])
    over = _kept_until(keeping, whole_of(ids), day)
    known = _with_something(keeping, over)
    noted = [ExpiredValue(keeping=keeping, customer_id=who, ended_on=over[who]) for who in known]
    ExpiredValue.objects.bulk_create(noted, batch_size=1_000, ignore_conflicts=True)
    if len(ids) < BATCH:
        keeping.looked_on, keeping.looking_on, keeping.looked_past = day, None, None
    else:
        keeping.looked_past = ids[-1]
    keeping.save(update_fields=["looked_on", "looking_on", "looked_past"])
    return len(noted)


def _candidates(keeping: ValueKeeping, day: date) -> Any:
    """Whose time may have ended since the search before, or at any time if there was none, in the order of ids."""
    since, may_be_over = keeping.looked_on, Q()
    if keeping.after_set is not None:
        period = Period(keeping.after_set, Unit.MONTHS)
        until = end_of_day(latest_trigger(day, period))
        begun = end_of_day(latest_trigger(since, period)) if since else None
        changes = AttributeChange.objects.filter(attribute=_key(keeping), at__lt=until)
        entered = Q(created_at__lt=until)
        if begun:
            changes, entered = changes.filter(at__gte=begun), entered & Q(created_at__gte=begun)
        may_be_over |= entered | Q(pk__in=changes.values("customer"))
    if keeping.after_end is not None:
        period = Period(keeping.after_end, Unit.MONTHS)
        ended = Q(status=Customer.Status.CLOSED, closed_on__lte=latest_trigger(day, period))
        if since:
            # the end may have been noted, or the value set, long after it
            noted = Q(updated_at__gte=end_of_day(since - _DAY))
            ended &= Q(closed_on__gt=latest_trigger(since, period)) | noted
        may_be_over |= ended
    rows = Customer.objects.filter(may_be_over)
    if keeping.looked_past:
        rows = rows.filter(pk__gt=keeping.looked_past)
    return rows.order_by("pk").values_list("pk", flat=True)


def _kept_until(keeping: ValueKeeping, ids: Collection[UUID], day: date) -> dict[UUID, date]:
    """The last day on which each customer's value is kept, of those for whom it was before ``day``."""
    key, over = _key(keeping), {}
    survivors = survivors_of(ids)
    columns = ("pk", "created_at", "status", "closed_on")
    rows = Customer.objects.filter(pk__in={*survivors, *survivors.values()}).values_list(*columns)
    entered = {
        pk: (created_at, closed_on if status == "CLOSED" else None) for pk, created_at, status, closed_on in rows
    }
    changes = AttributeChange.objects.filter(attribute=key, customer__in=list(survivors))
    was_set = changes.exclude(source=AttributeChange.Source.RULE).values_list("customer").annotate(Max("at"))
    changed: Mapping[UUID, datetime] = dict(was_set.order_by())
    for pk, survivor in survivors.items():
        if pk not in entered:
            continue
        ends = []
        if keeping.after_set is not None:
            last = day_in_japan(changed.get(pk, entered[pk][0]))
            ends.append(free_from(last, Period(keeping.after_set, Unit.MONTHS)))
        if keeping.after_end is not None and (closed_on := entered[survivor][1]):
            ends.append(free_from(closed_on, Period(keeping.after_end, Unit.MONTHS)))
        if ends and min(ends) <= day:
            over[pk] = min(ends) - _DAY
    return over


def _with_something(keeping: ValueKeeping, ids: Iterable[UUID]) -> list[UUID]:
    """Those of whom there is a value, or a former one in the history. Sealed values are opened to see."""
    wanted, key = list(ids), _key(keeping)
    changes = AttributeChange.objects.filter(attribute=key, customer__in=wanted)
    found = set(changes.exclude(source=AttributeChange.Source.RULE).values_list("customer", flat=True))
    rows = Customer.objects.filter(pk__in=[pk for pk in wanted if pk not in found])
    if keeping.attribute.sensitivity == PLAIN:
        found |= set(rows.filter(attributes__has_key=key).values_list("pk", flat=True))
    else:
        customers = list(rows.only("profile", "tenant"))
        with suppress(PersonShredded):  # their keys at once; who has none is opened alone, and has nothing
            person_ciphers([customer.pk.bytes for customer in customers])
        found |= {customer.pk for customer in customers if key in _profile(customer)}
    return [pk for pk in wanted if pk in found]


def _profile(customer: Customer) -> Mapping[str, Any]:
    with suppress(PersonShredded):
        profile: Mapping[str, Any] = customer.profile
        return profile
    return {}


def _drop_renewed(keeping: ValueKeeping) -> None:
    """What was found and has been set again since, or whose contract goes on, is not over any more."""
    rows = dict(ExpiredValue.objects.filter(keeping=keeping).values_list("customer", "pk"))
    over = _kept_until(keeping, rows, keeping.looking_on or date.max)
    ExpiredValue.objects.filter(pk__in=[pk for who, pk in rows.items() if who not in over]).delete()


def _key(keeping: ValueKeeping) -> str:
    return key_of(keeping.attribute.code)


def due_values(*, until: date, limit: int, only: Sequence[UUID] | None = None) -> list[Due]:
    """Values whose time was over by ``until``, as `look_for_expired` found them and as they still are.

    With ``only`` their customers are locked, so that none is set anew before it is destroyed.
    """
    rows = ExpiredValue.objects.filter(ended_on__lte=until).select_related("keeping__attribute")
    if only is not None:
        rows = rows.filter(pk__in=only)
    found = list(rows.order_by("ended_on", "pk")[:limit])
    if only is not None:
        list(Customer.objects.select_for_update().filter(pk__in={row.customer_id for row in found}).order_by("pk"))
    survivors = survivors_of(row.customer_id for row in found)
    over: dict[tuple[UUID, UUID], date] = {}
    for keeping in {row.keeping_id: row.keeping for row in found}.values():
        mine = [row.customer_id for row in found if row.keeping_id == keeping.pk]
        over |= {(keeping.pk, who): day for who, day in _kept_until(keeping, mine, until + _DAY).items()}
    return [
        Due(row.pk, over[row.keeping_id, row.customer_id], survivors[row.customer_id])
        for row in found
        if (row.keeping_id, row.customer_id) in over
    ]


def destroy_values(ids: Sequence[UUID], *, actor: Actor, now: datetime) -> None:
    """The values, in the file and everywhere it remembers them."""
    rows = ExpiredValue.objects.filter(pk__in=ids).select_related("keeping__attribute")
    keys: dict[UUID, list[str]] = {}
    for row in rows:
        keys.setdefault(row.customer_id, []).append(_key(row.keeping))
    ExpiredValue.objects.filter(pk__in=ids).delete()
    forget_values(keys, actor=actor, now=now)


def names_of_values(ids: Sequence[UUID]) -> dict[UUID, Words]:
    """Of which attribute each is; what was destroyed has no name any more."""
    rows = ExpiredValue.objects.filter(pk__in=ids).select_related("keeping__attribute")
    return {row.pk: label(_key(row.keeping)) for row in rows}


def register() -> None:
    """Called when the apps are ready."""
    register_class(
        RecordClass(
            code="own_values",
            title=gettext_lazy("Values of own attributes"),
            basis=gettext_lazy("The institution's own rule, on the attribute's page"),
            trigger=gettext_lazy("The last day on which the attribute's page keeps the value"),
            default=Period(1, Unit.DAYS),
            shortest=1,
            longest=365,
            due=due_values,
            destroy=destroy_values,
            look=look_for_expired,
            say=names_of_values,
        )
    )
