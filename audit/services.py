"""Recording what happened, inside the transaction of the change it describes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models.query import QuerySet
from django.db.models.sql import UpdateQuery

from audit.actors import Actor as Actor  # recording and naming whoever acts go together

# Without id, txid, recorded_at, kind and request_id: the application role may not name them, so that it cannot
# forge them.
_INSERT = """
    INSERT INTO audit_auditevent (at, actor_kind, actor_id, event, payload, tenant_id, target_type, target_id)
    SELECT %s, %s, %s, %s, %s, u.* FROM unnest(%s::bigint[], %s::text[], %s::text[]) u"""

# Both or neither, in one round trip: the act is of the row that the UPDATE moved, if it did.
_UPDATE_AND_INSERT = """
    WITH moved AS ({update} RETURNING 1)
    INSERT INTO audit_auditevent (at, actor_kind, actor_id, event, payload, tenant_id, target_type, target_id)
    SELECT %s, %s, %s, %s, %s, %s, %s, %s FROM moved"""


class NotInTransaction(RuntimeError):
    """An act was recorded outside the transaction of its change, so one could survive the other."""


def record(event: str, *, target: models.Model, actor: Actor, at: datetime, **data: Any) -> None:
    """Append one act. ``data`` must be JSON and free of personal values.

    Raises:
        NotInTransaction: no transaction is open.
    """
    record_many(event, targets=[target], actor=actor, at=at, **data)


def record_many(event: str, *, targets: Iterable[models.Model], actor: Actor, at: datetime, **data: Any) -> None:
    """Append the same act for many targets in one statement."""
    rows = [(_tenant_of(target), target._meta.label_lower, str(target.pk)) for target in targets]
    _append(event, rows, actor=actor, at=at, data=data)


def record_ids(
    event: str,
    *,
    model: type[models.Model],
    tenant_id: int,
    ids: Sequence[UUID],
    actor: Actor,
    at: datetime,
    **data: Any,
) -> None:
    """As ``record_many``, for rows known only by their ids."""
    label = model._meta.label_lower
    _append(event, [(tenant_id, label, str(pk)) for pk in ids], actor=actor, at=at, data=data)


def update_and_record(
    rows: QuerySet[Any],
    values: Mapping[str, Any],
    event: str,
    *,
    target: models.Model,
    actor: Actor,
    at: datetime,
    **data: Any,
) -> bool:
    """Update ``rows``, which are ``target`` or nothing, and append the act if it was there; whether it was.

    Raises:
        NotInTransaction: no transaction is open.
    """
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        raise NotInTransaction(event)
    query: Any = rows.query.chain(UpdateQuery)
    query.add_update_values(values)
    update, parameters = query.get_compiler(connection=connection).as_sql()
    act = [
        at,
        actor.kind,
        actor.id,
        event,
        _canonical(data),
        _tenant_of(target),
        target._meta.label_lower,
        str(target.pk),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE_AND_INSERT.format(update=update), [*parameters, *act])
        return bool(cursor.rowcount)


def _tenant_of(target: models.Model) -> int:
    tenant_id: int = target.tenant_id  # type: ignore[attr-defined]  # every audited model has one
    return tenant_id


def _append(
    event: str,
    rows: Sequence[tuple[int, str, str]],
    *,
    actor: Actor,
    at: datetime,
    data: dict[str, Any],
) -> None:
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction(event)
    if not rows:
        return
    tenant_ids, labels, pks = zip(*rows, strict=True)
    fixed = [at, actor.kind, actor.id, event, _canonical(data)]
    with transaction.get_connection().cursor() as cursor:
        cursor.execute(_INSERT, [*fixed, list(tenant_ids), list(labels), list(pks)])


def _canonical(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
