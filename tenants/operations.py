"""Migration operations that put a table behind both walls: row-level security and composite keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.migrations.operations.base import Operation, OperationCategory

APP_ROLE = "keizoku_app"
LOOKUP_ROLE = "keizoku_lookup"
IN_SCOPE = "tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::bigint)"


class ProtectTable(Operation):
    """Guard a tenant model's table. Belongs in the migration that creates the model, after all its fields.

    Emits: unique (tenant, id) as the target of composite keys; a composite key for every reference to
    another tenant model; row-level security, forced, with one policy; and the application role's rights.
    """

    reversible = True
    category = OperationCategory.SQL

    def __init__(self, model_name: str, *, append_only: bool = False) -> None:
        self.model_name = model_name
        self.append_only = append_only

    def deconstruct(self) -> Any:
        """For the migration writer."""
        return type(self).__name__, [self.model_name], {"append_only": True} if self.append_only else {}

    def describe(self) -> str:
        """What `migrate` prints."""
        return f"Protect the table of {self.model_name} by tenant"

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models' state does not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Put the guards up."""
        model = to_state.apps.get_model(app_label, self.model_name)
        for statement in protect_statements(model, append_only=self.append_only):
            schema_editor.execute(statement)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Take them down; the table itself goes with its CreateModel."""
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        schema_editor.execute(f"DROP POLICY IF EXISTS tenant ON {table}")
        schema_editor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")


class GrantGlobalTable(Operation):
    """Give the application role its rights on a table that belongs to no tenant."""

    reversible = True
    category = OperationCategory.SQL

    def __init__(self, model_name: str, rights: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
        self.model_name = model_name
        self.rights = rights

    def deconstruct(self) -> Any:
        """For the migration writer."""
        return type(self).__name__, [self.model_name, self.rights], {}

    def describe(self) -> str:
        """What `migrate` prints."""
        return f"Grant {self.rights} on the table of {self.model_name}"

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models' state does not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Grant."""
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        schema_editor.execute(f"GRANT {self.rights} ON {table} TO {APP_ROLE}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Revoke."""
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        schema_editor.execute(f"REVOKE ALL ON {table} FROM {APP_ROLE}")


def protect_statements(model: Any, *, append_only: bool) -> Iterator[str]:
    """The SQL that guards a tenant model's table."""
    table = model._meta.db_table
    if any(field.primary_key and field.get_internal_type() == "UUIDField" for field in model._meta.fields):
        yield f"ALTER TABLE {table} ADD CONSTRAINT {table}_tenant_key UNIQUE (tenant_id, id)"
    for field in model._meta.fields:
        if _refers_to_tenant_row(field):
            target = field.related_model._meta.db_table
            yield (
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_{field.column}_tenant"
                f" FOREIGN KEY (tenant_id, {field.column}) REFERENCES {target} (tenant_id, id)"
                " DEFERRABLE INITIALLY DEFERRED"
            )
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    yield f"CREATE POLICY tenant ON {table} USING ({IN_SCOPE}) WITH CHECK ({IN_SCOPE})"
    rights = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    yield f"GRANT {rights} ON {table} TO {APP_ROLE}"


def _refers_to_tenant_row(field: Any) -> bool:
    related = field.related_model
    return bool(field.many_to_one and related is not None and any(f.name == "tenant" for f in related._meta.fields))


class CreateLookup(Operation):
    """A question that may be asked before the tenant is known, as a SECURITY DEFINER function.

    It belongs to a role that nobody signs in as, which may read only the columns named, through a policy
    of its own; the application role may call it and cannot read the table without a scope.
    """

    reversible = True
    category = OperationCategory.SQL

    def __init__(self, function: str, returns: str, body: str, *, reads: dict[str, str]) -> None:
        self.function = function
        self.returns = returns
        self.body = body
        self.reads = reads

    def deconstruct(self) -> Any:
        """For the migration writer."""
        return type(self).__name__, [self.function, self.returns, self.body], {"reads": self.reads}

    def describe(self) -> str:
        """What `migrate` prints."""
        return f"Create the look-up {self.function}"

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models' state does not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Create the function, its policy and its rights."""
        for table, columns in self.reads.items():
            schema_editor.execute(f"GRANT SELECT ({columns}) ON {table} TO {LOOKUP_ROLE}")
            schema_editor.execute(f"CREATE POLICY lookup ON {table} FOR SELECT TO {LOOKUP_ROLE} USING (true)")
        schema_editor.execute(
            f"CREATE FUNCTION {self.function} RETURNS {self.returns} LANGUAGE sql STABLE SECURITY DEFINER"
            f" SET search_path = '' AS $lookup${self.body}$lookup$"
        )
        schema_editor.execute(f"REVOKE ALL ON FUNCTION {self.function} FROM PUBLIC")
        schema_editor.execute(f"GRANT EXECUTE ON FUNCTION {self.function} TO {APP_ROLE}")
        schema_editor.execute(f"ALTER FUNCTION {self.function} OWNER TO {LOOKUP_ROLE}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop them."""
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {self.function}")
        for table in self.reads:
            schema_editor.execute(f"DROP POLICY IF EXISTS lookup ON {table}")
