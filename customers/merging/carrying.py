"""Related parties of a customer who becomes part of another: given to the one who goes on, and taken away again."""

from __future__ import annotations

from datetime import datetime

from audit.services import Actor, record
from customers.models import Customer, RelatedParty
from customers.related.selectors import related_to
from tenants.identifiers import uuid7


def carry_parties(*, survivor: Customer, merged: Customer, actor: Actor, now: datetime) -> list[str]:
    """Enter for the survivor who stands behind the merged customer, if nobody is on record behind the survivor.

    Where both have parties a person has to go through them: the same people stand in both under two keys.
    Returns the ids of the rows; the merged customer's own stay as they are.
    """
    if related_to(survivor):
        return []
    known = related_to(merged)
    keys = {one.key: uuid7() for one in known}
    made = []
    for one in known:
        holds = [{"of": str(keys.get(of, of)), "share": share} for of, share in one.holds]
        details = {**one.details, "holds": holds} if holds else one.details
        row = RelatedParty.objects.create(
            customer=survivor,
            party=keys[one.key],
            kind=one.row.kind,
            roles=one.row.roles,
            details=details,
            began_at=now,
            began_by=str(actor),
        )
        record("customer.related_entered", target=survivor, actor=actor, at=now, party=str(row.party))
        made.append(str(row.pk))
    return made


def are_untouched(survivor: Customer, ids: list[str]) -> bool:
    """Whether the carried parties stand as they were carried, and nobody entered since holds one of them."""
    if not ids:
        return True
    current = related_to(survivor)
    carried = {one.key for one in current if str(one.row.pk) in ids}
    others = [one for one in current if str(one.row.pk) not in ids]
    return len(carried) == len(ids) and not any(held in carried for one in others for held, _ in one.holds)


def end_carried(*, survivor: Customer, ids: list[str], actor: Actor, now: datetime) -> None:
    """The survivor has no more to do with them."""
    for row in RelatedParty.objects.filter(pk__in=ids, customer=survivor, ended_at__isnull=True).order_by("pk"):
        row.ended_at, row.ended_by = now, str(actor)
        row.save(update_fields=["ended_at", "ended_by"])
        record("customer.related_ended", target=survivor, actor=actor, at=now, party=str(row.party))
