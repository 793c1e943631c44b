"""Many rows in one statement: each column travels as one array and is unnested by the database.

`COPY` into a table under row-level security is refused by PostgreSQL; this is nearly as fast, keeps both walls,
needs no temporary table and works through a pooler in transaction mode.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection, models
from django.db.transaction import TransactionManagementError

from customers.arrays import Array, ArrayDumper
from customers.arrays import array_of as _array
from tenants.models import TenantModel
from tenants.scoping import required_tenant_id

type Columns = Mapping[str, Sequence[Any]]
# What can be made in one process and run in another
type Statement = tuple[str, list[Any]]


def insert_many(model: type[TenantModel], columns: Columns, /, **constants: Any) -> None:
    """Insert rows of the tenant in scope: `columns` has a list per attribute, `constants` one value for all rows.

    Encrypted attributes are given as sealed bytes, identifiers as UUIDs or their 16 bytes. Attributes named in
    neither take the database's default, so name every attribute that has none.
    """
    run_statements(insertion(model, columns, **constants))


def insertion(model: type[TenantModel], columns: Columns, /, **constants: Any) -> list[Statement]:
    """The statement of `insert_many`, to be run later; none without rows."""
    if not any(map(len, columns.values())):
        return []
    constants = {"tenant_id": required_tenant_id(), **constants}
    names = ", ".join(_column(model, name) for name in (*constants, *columns))
    fixed = ", ".join(f"%s::{_type(model, name)}" for name in constants)
    sql = f"INSERT INTO {_table(model)} ({names}) SELECT {fixed}, u.* FROM unnest({_arrays(model, columns)}) u"  # noqa: S608  # names come from the model
    return [(sql, [*constants.values(), *_values(model, columns)])]


def run_statements(statements: Sequence[Statement]) -> None:
    """Run what `insertion` made, for the same tenant, in the open transaction."""
    for sql, values in statements:
        _execute(sql, values)


def update_many(model: type[TenantModel], ids: Sequence[Any], columns: Columns, /, **constants: Any) -> None:
    """Set `columns` (a list per attribute, in the order of `ids`) and `constants` on rows of the tenant in scope."""
    if not ids:
        return
    keyed = {"id": ids, **columns}
    settings = [f"{_column(model, name)} = %s::{_type(model, name)}" for name in constants]
    settings += [f"{_column(model, name)} = u.{_column(model, name)}" for name in columns]
    names = ", ".join(_column(model, name) for name in keyed)
    sql = (
        f"UPDATE {_table(model)} t SET {', '.join(settings)} FROM unnest({_arrays(model, keyed)}) AS u ({names})"  # noqa: S608  # names come from the model
        " WHERE t.tenant_id = %s AND t.id = u.id"
    )
    _execute(sql, [*constants.values(), *_values(model, keyed), required_tenant_id()])


def _execute(sql: str, values: Sequence[Any]) -> None:
    """Values travel beside the statement: Django's own cursor would escape megabytes into its text."""
    if not connection.in_atomic_block:
        raise TransactionManagementError("Rows are written in bulk inside a transaction only.")
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.adapters.register_dumper(Array, ArrayDumper)
        cursor.execute(sql, values)


def _table(model: type[TenantModel]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _field(model: type[TenantModel], name: str) -> models.Field[Any, Any]:
    field = model._meta.get_field(name.removesuffix("_id") if name.endswith("_id") else name)
    assert isinstance(field, models.Field)
    return field


def _column(model: type[TenantModel], name: str) -> str:
    column = _field(model, name).column
    assert column is not None
    return connection.ops.quote_name(column)


def _type(model: type[TenantModel], name: str) -> str:
    kind = _field(model, name).db_type(connection)
    assert kind is not None
    return kind


def _arrays(model: type[TenantModel], columns: Columns) -> str:
    return ", ".join(f"%s::{_type(model, name)}[]" for name in columns)


def _values(model: type[TenantModel], columns: Columns) -> list[Array]:
    return [_array(values, _type(model, name).partition("(")[0]) for name, values in columns.items()]
