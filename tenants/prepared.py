"""A query that Django compiles once and runs often, for the pages that millions of customers open.

Building and compiling a query of four joined tables takes Django three times as long as PostgreSQL takes to answer
it (docs/adr/0030). What is kept is the text and the way from a row to its models; both come from an ordinary
queryset, tenant's wall included. tests/tenants/test_prepared.py compares the two at every upgrade.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connections, models
from django.db.models.query import get_related_populators

from tenants.managers import TenantQuerySet, check_transaction
from tenants.reach import current_reach
from tenants.scoping import named_tenant, required_tenant_id

# Stands for the tenant while a query is compiled; nobody is called that.
_ANY_TENANT = 2**62 + 11


class Prepared[M: models.Model]:
    """Rows of one model, with those that are selected with it.

    `build` gives the queryset for stand-ins of the values it is asked with later, which are given by name. They must
    be of the values' type, unlike each other and whatever else stands in the query.
    """

    def __init__(self, build: Callable[..., models.QuerySet[M]], **stand_ins: object) -> None:
        self._build, self._stand_ins = build, stand_ins
        self._compiled: WeakKeyDictionary[Any, _Compiled[M]] = WeakKeyDictionary()  # by connection, so by thread

    def first(self, **values: object) -> M | None:
        """The first row; the queryset should ask for no more."""
        return next(iter(self.rows(**values)), None)

    def rows(self, **values: object) -> list[M]:
        """All rows, for these values.

        Raises:
            NoTenantScope: the model is a tenant's, and no scope or transaction is open.
        """
        if current_reach() is not None:  # which changes the query itself
            return list(self._build(**values))
        connection = connections["default"]
        compiled = self._compiled.get(connection)
        if compiled is None:
            compiled = self._compiled[connection] = _Compiled(self._build, self._stand_ins)
        return compiled.rows(values)


class _Compiled[M: models.Model]:
    def __init__(self, build: Callable[..., models.QuerySet[M]], stand_ins: Mapping[str, object]) -> None:
        queryset = copy_context().run(_built, build, stand_ins)
        self.is_tenants = isinstance(queryset, TenantQuerySet)
        self.model = queryset.model
        self.compiler = queryset.query.get_compiler(using=queryset.db)
        sql, parameters = self.compiler.as_sql()
        self.sql, self.names = sql, [_name_of(one, stand_ins) for one in parameters]
        self.fixed = list(parameters)
        if missing := set(stand_ins) - set(self.names):
            raise TypeError(f"The query does not ask for {', '.join(sorted(missing))}.")
        select, info = self.compiler.select, self.compiler.klass_info
        self.database, self.fetch_mode = queryset.db, queryset._fetch_mode
        self.columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        self.fields = [column.target.attname for column, *_ in select[self.columns]]
        self.related = get_related_populators(info, select, self.database, self.fetch_mode)
        self.further = list(self.compiler.annotation_col_map.items())
        self.converters = self.compiler.get_converters([column for column, *_ in select])

    def rows(self, values: Mapping[str, object]) -> list[M]:
        known = dict(values)
        if self.is_tenants:
            known["tenant"] = required_tenant_id()
            check_transaction(self.model, self.database)
        given = tuple(known[name] if name else fixed for name, fixed in zip(self.names, self.fixed, strict=True))
        with self.compiler.connection.cursor() as cursor:
            cursor.execute(self.sql, given)
            found = cursor.fetchall()
        return [self._model_of(row) for row in self.compiler.apply_converters(found, self.converters)]

    def _model_of(self, row: Sequence[Any]) -> M:
        one: M = self.model.from_db(self.database, self.fields, row[self.columns], fetch_mode=self.fetch_mode)
        for populator in self.related:
            populator.populate(row, one)
        for name, column in self.further:
            setattr(one, name, row[column])
        return one


def _built[M: models.Model](build: Callable[..., models.QuerySet[M]], stand_ins: Mapping[str, object]) -> Any:
    with named_tenant(_ANY_TENANT):
        return build(**stand_ins)


def _name_of(parameter: object, stand_ins: Mapping[str, object]) -> str:
    plain = getattr(parameter, "obj", parameter)  # psycopg wraps bytes
    if plain == _ANY_TENANT:
        return "tenant"
    return next((name for name, value in stand_ins.items() if plain == value), "")
