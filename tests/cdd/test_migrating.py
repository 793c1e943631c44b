"""`migrate`: its tables are those of the models, and a step that runs code sees every model as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.apps import apps
from django.db import connections, migrations, models, transaction
from django.db.migrations.state import ModelState, ProjectState

from cdd.management.commands.migrate import only_what_changed

# The first lies in the keys' database. Django's migrations give the second a wider key than its model says.
ELSEWHERE = ("tenants_personkey", "auth_group_permissions")
_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
           pg_get_expr(d.adbin, d.adrelid)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind = 'r' AND c.relnamespace = %s::regnamespace"""
# A unique constraint is found by its index.
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype IN ('c', 'f') AND connamespace = %s::regnamespace"""
_INDEXES = """
    SELECT indrelid::regclass::text, indisunique, indisprimary,
           regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', '')
    FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace = %s::regnamespace"""


@contextmanager
def drawn_from_the_models(superuser: psycopg.Connection) -> Iterator[None]:
    """The tables as today's models would make them on an empty database, in a schema that nobody keeps."""
    superuser.execute("CREATE SCHEMA drawn AUTHORIZATION keizoku_owner")
    try:
        connection = connections["owner"]
        with transaction.atomic(using="owner"), connection.cursor() as cursor:
            cursor.execute("SET LOCAL search_path = drawn")
            with connection.schema_editor(atomic=False) as editor:
                for model in apps.get_models():
                    editor.create_model(model)
        yield
    finally:
        superuser.execute("DROP SCHEMA drawn CASCADE")


def found(superuser: psycopg.Connection, schema: str, statement: str) -> set[tuple[Any, ...]]:
    with superuser.transaction():
        superuser.execute(f"SET LOCAL search_path = {schema}")
        rows = superuser.execute(statement, [schema]).fetchall()
        return {row for row in rows if row[0] not in ELSEWHERE}


def test_the_tables_are_those_of_the_models(db_clean: None, superuser: psycopg.Connection) -> None:
    """Beyond them stand only the joins of tenants, which the models cannot say, and Django's own list."""
    with drawn_from_the_models(superuser):
        drawn, public = (
            [found(superuser, schema, statement) for statement in (_COLUMNS, _CONSTRAINTS, _INDEXES)]
            for schema in ("drawn", "public")
        )
        superuser.execute("ALTER TABLE drawn.tenants_tenant ALTER COLUMN slug DROP NOT NULL")
        assert found(superuser, "drawn", _COLUMNS) - public[0], "control: one column that differs is seen"
    assert [len(rows) > 200 for rows in drawn] == [True] * 3
    assert [sorted(rows - there, key=str) for rows, there in zip(drawn, public, strict=True)] == [[], [], []]
    assert {row[0] for row in public[0] - drawn[0]} == {"django_migrations"}


def test_a_step_that_runs_code_sees_every_model_as_it_stands() -> None:
    """Control: before it asks, the class of the one still points to what the other was."""
    state = ProjectState()
    state.add_model(ModelState("audit", "Bank", [("id", models.BigAutoField(primary_key=True))]))
    branch = [("id", models.BigAutoField(primary_key=True)), ("bank", models.ForeignKey("audit.Bank", models.CASCADE))]
    state.add_model(ModelState("audit", "Branch", branch))
    assert state.apps
    with only_what_changed():
        operation = migrations.AddField("bank", "name", models.TextField(default=""))
        operation.state_forwards("audit", state)
        assert "name" not in {field.name for field in _bank_of(state)._meta.get_fields()}
        state.clear_delayed_apps_cache()
        assert "name" in {field.name for field in _bank_of(state)._meta.get_fields()}
        assert _bank_of(state) is state.apps.get_model("audit", "Bank")


def test_what_joins_a_model_to_others_is_left_to_django() -> None:
    """A key that others point to changes in their classes too, at once."""
    state = ProjectState()
    state.add_model(ModelState("audit", "Bank", [("id", models.BigAutoField(primary_key=True))]))
    branch = [("id", models.BigAutoField(primary_key=True)), ("bank", models.ForeignKey("audit.Bank", models.CASCADE))]
    state.add_model(ModelState("audit", "Branch", branch))
    assert state.apps
    with only_what_changed():
        operation = migrations.AlterField("bank", "id", models.UUIDField(primary_key=True))
        operation.state_forwards("audit", state)
        assert isinstance(_bank_of(state)._meta.pk, models.UUIDField)


def _bank_of(state: ProjectState) -> type[models.Model]:
    """The bank that the branches' class points to."""
    field = state.apps.get_model("audit", "Branch")._meta.get_field("bank")
    assert isinstance(field, models.ForeignKey)
    return field.remote_field.model
