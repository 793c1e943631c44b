"""Recording what happened, inside the transaction of the change it describes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectNotUpdated
from django.db import models, transaction
from django.db.models.query import QuerySet
from django.db.models.sql import UpdateQuery

from audit.actors import Actor as Actor  # recording and naming whoever acts go together

# Without id, txid, recorded_at, kind and request_id: the application role may not name them, so that it cannot
# forge them.
_INSERT = """
    INSERT INTO audit_auditevent (at, actor_kind, actor_id, event, payload, tenant_id, target_type, target_id)
    SELECT %s, %s, %s, %s, %s, u.* FROM unnest(%s::bigint[], %s::text[], %s::text[]) u"""

_UPDATE_ONE = "UPDATE {table} SET {settings} WHERE {key} = %s AND tenant_id = %s"

# Both or neither, in one round trip: the act is of the row that the UPDATE moved, if it did.
_UPDATE_AND_INSERT = """
    WITH moved AS ({update} RETURNING 1)
    INSERT INTO audit_auditevent (at, actor_kind, actor_id, event, payload, tenant_id, target_type, target_id)
    SELECT %s, %s, %s, %s, %s, %s, %s, %s FROM moved"""

# The same for many rows; FROM moved twice gives the acts and the ids that they are of.
_UPDATE_MANY_AND_INSERT = """
    WITH moved AS ({update} RETURNING {key} AS id, tenant_id), acts AS (
        INSERT INTO audit_auditevent (at, actor_kind, actor_id, event, payload, target_type, tenant_id, target_id)
        SELECT %s, %s, %s, %s, %s, %s, tenant_id, id::text FROM moved ORDER BY id)
    SELECT id FROM moved ORDER BY id"""


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
    update, parameters = _update(rows, values, event)
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
    with transaction.get_connection().cursor() as cursor:
        cursor.execute(_UPDATE_AND_INSERT.format(update=update), [*parameters, *act])
        return bool(cursor.rowcount)


def save_and_record(
    target: models.Model, fields: Sequence[str], event: str, *, actor: Actor, at: datetime, **data: Any
) -> None:
    """Write these fields of a row that is there and append the act, in one statement whose text is made only once.

    For what every customer does; without signals.

    Raises:
        NotInTransaction: no transaction is open.
        ObjectNotUpdated: there is no such row in its tenant.
    """
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        raise NotInTransaction(event)
    model = type(target)
    update, columns = _saving(model, tuple(fields))
    values = [column.get_db_prep_save(column.pre_save(target, False), connection) for column in columns]
    tenant_id = _tenant_of(target)
    act = [at, actor.kind, actor.id, event, _canonical(data), tenant_id, model._meta.label_lower, str(target.pk)]
    with connection.cursor() as cursor:
        cursor.execute(update, [*values, target.pk, tenant_id, *act])
        if not cursor.rowcount:
            raise ObjectNotUpdated(event)


@cache
def _saving(model: type[models.Model], fields: tuple[str, ...]) -> tuple[str, Sequence[Any]]:
    columns: list[Any] = [model._meta.get_field(name) for name in fields]
    if any(hasattr(column, "get_placeholder_sql") for column in columns):
        raise TypeError(f"{model._meta.label}: arrays and ranges are cast, which this does not do.")
    quoted = transaction.get_connection().ops.quote_name
    table, key = quoted(model._meta.db_table), quoted(model._meta.pk.column)
    settings = ", ".join(f"{quoted(column.column)} = %s" for column in columns)
    update = _UPDATE_ONE.format(table=table, settings=settings, key=key)
    return _UPDATE_AND_INSERT.format(update=update), columns


def update_many_and_record(
    rows: QuerySet[Any], values: Mapping[str, Any], event: str, *, actor: Actor, at: datetime, **data: Any
) -> list[Any]:
    """Update ``rows`` and append the act for each of them; the keys of those that were there, in their order.

    Raises:
        NotInTransaction: no transaction is open.
    """
    update, parameters = _update(rows, values, event)
    act = [at, actor.kind, actor.id, event, _canonical(data), rows.model._meta.label_lower]
    connection = transaction.get_connection()
    key = connection.ops.quote_name(rows.model._meta.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE_MANY_AND_INSERT.format(update=update, key=key), [*parameters, *act])
        return [pk for (pk,) in cursor.fetchall()]


def _update(rows: QuerySet[Any], values: Mapping[str, Any], event: str) -> tuple[str, Sequence[Any]]:
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        raise NotInTransaction(event)
    query: Any = rows.query.chain(UpdateQuery)
    query.add_update_values(values)
    sql, parameters = query.get_compiler(connection=connection).as_sql()
    return sql, parameters


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
