"""Status changes: declared on the model, applied by compare-and-swap, always recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction
from django.db.models import Func, UUIDField, Value

from audit.services import Actor, update_and_record, update_many_and_record


class Stateful(models.Model):
    """A model whose legal status changes are spelled out in ``TRANSITIONS``."""

    TRANSITIONS: ClassVar[Mapping[str, set[str]]]
    tenant_id: int
    status: Any

    class Meta:
        abstract = True


class AnyOf(Func):
    """``filter(pk__in=AnyOf(ids))`` is ``filter(pk__in=ids)`` with one parameter, however many there are."""

    template, output_field = "SELECT unnest(%(expressions)s::uuid[])", UUIDField()

    def __init__(self, ids: Iterable[UUID]) -> None:
        super().__init__(Value("{" + ",".join(map(str, ids)) + "}"))


class IllegalTransition(Exception):
    """The model's TRANSITIONS do not allow this move."""


class LostRace(Exception):
    """Somebody else moved the row first."""


def transition(obj: Stateful, to: str, *, actor: Actor, at: datetime, **changes: Any) -> None:
    """Move ``obj`` to status ``to``, setting the model fields ``changes`` in the same UPDATE.

    Raises:
        IllegalTransition: the move is not declared.
        LostRace: the row no longer has the status that ``obj`` was read with.
    """
    was = str(obj.status)
    _check(type(obj), was, to)
    everything: Any = type(obj)._base_manager
    rows = everything.filter(pk=obj.pk, tenant_id=obj.tenant_id, status=was)
    values = {"status": to, **{name: _stored(obj, name, value) for name, value in changes.items()}}
    with transaction.atomic(savepoint=False):
        is_moved = update_and_record(rows, values, event_name(type(obj), to), target=obj, actor=actor, at=at, was=was)
    if not is_moved:
        raise LostRace(f"{obj._meta.label} {obj.pk} is no longer {was}")
    for field, value in {"status": to, **changes}.items():
        setattr(obj, field, value)


def transition_many(
    model: type[Stateful],
    ids: Sequence[UUID],
    *,
    was: str,
    to: str,
    actor: Actor,
    at: datetime,
    **changes: Any,
) -> list[UUID]:
    """Move every row of ``ids`` that still has status ``was``; the rest are left alone.

    Returns:
        The ids that really moved, in order. One statement.

    Raises:
        IllegalTransition: the move is not declared.
    """
    _check(model, was, to)
    if not ids:
        return []
    everything: Any = model._base_manager
    # Locked in the order of their keys, so that two who move the same rows do not wait for each other; and not their
    # keys, so that whoever enters a row that refers to one of them does not wait either.
    held = everything.filter(pk__in=AnyOf(ids), status=was).order_by("pk").select_for_update(no_key=True).values("pk")
    with transaction.atomic(savepoint=False):
        return update_many_and_record(
            everything.filter(pk__in=held),
            {"status": to, **changes},
            event_name(model, to),
            actor=actor,
            at=at,
            was=was,
        )


def event_name(model: type[models.Model], status: str) -> str:
    """What the audit trail calls the arrival in a status: ``deliveryattempt.accepted``."""
    return f"{model._meta.model_name}.{status}".lower()


def _stored(obj: Stateful, name: str, value: Any) -> Any:
    """What goes into the UPDATE: fields that depend on their row (encrypted ones) say so by ``value_for``."""
    try:
        field = obj._meta.get_field(name)
    except FieldDoesNotExist:  # an attribute such as ``decision_id``
        return value
    bind = getattr(field, "value_for", None)
    return bind(obj, value) if bind else value


def _check(model: type[Stateful], was: str, to: str) -> None:
    if to not in model.TRANSITIONS.get(was, ()):
        raise IllegalTransition(f"{model._meta.label}: {was} -> {to}")
