"""What the trail says of changed customers: which facts, from where and why, and never what they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from audit.services import Actor, record_ids
from customers.models import Customer
from tenants.scoping import required_tenant_id


def record_changes(
    changed: Mapping[UUID, Sequence[str]],
    whys: Mapping[UUID, tuple[str, str]],
    *,
    source: str,
    actor: Actor,
    now: datetime,
) -> None:
    """One act a customer, naming the facts and not their values; ``whys`` has (reason, matter) by customer."""
    alike: dict[tuple[tuple[str, ...], tuple[str, str]], list[UUID]] = defaultdict(list)
    for pk, keys in changed.items():
        if keys:
            alike[tuple(sorted(keys)), whys[pk]].append(pk)
    for (keys, (reason, matter)), ids in alike.items():
        record_ids(
            "customer.changed",
            model=Customer,
            tenant_id=required_tenant_id(),
            ids=ids,
            actor=actor,
            at=now,
            facts=list(keys),
            source=str(source),
            **({"reason": reason} if reason else {}),
            **({"matter": matter} if matter else {}),
        )
