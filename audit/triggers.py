"""The functions that write changed rows into the trail: static SQL for one table, made from its columns.

They run with the rights of the trail's owner and an empty search_path, once a statement, so that a hundred thousand
rows cost one INSERT more. What changes nothing writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

PREFIX = "keizoku_row_"
OWNER = "keizoku_audit"
# What a function runs with: nothing of the caller's may change what it writes.
CONFIGURATION = {"search_path": "", "TimeZone": "UTC", "DateStyle": "ISO"}

# Tables whose changes are not captured, each with the reason. The trail's own tables need none.
EXCLUDED: Mapping[str, str] = {
    "django_migrations": "Written by `migrate` alone; the application role may read it and nothing else.",
    "django_content_type": "As django_migrations.",
    "auth_permission": "As django_migrations.",
    "django_session": "Touched by every request; signing in, out and being refused are acts.",
    "companies_corporaterecord": "The public register of all companies, five million rows that say nothing of any; "
    "each load's SHA-256, days and counts are in companies_registryload, which is watched.",
    "companies_registrychange": "As companies_corporaterecord; a tenant's copy, companies_companynews, is watched.",
    "customers_customeraccount": "Follows from the accounts sealed in customers_customer, which is watched, and whose "
    "every change is in customers_attributechange; keeps in clear no more than they are found and counted by.",
    "customers_importchunk": "Sealed pieces of an uploaded file, whose SHA-256 and size are in the import's own row.",
    "customers_exportpiece": "Sealed pieces of an export, whose SHA-256 and size are in the export's own row.",
    "integrations_returnpiece": "Sealed pieces of a return file, whose SHA-256 and size are in the batch's own row.",
}

# Columns in clear that say something about a person: the trail outlives the person's data, and a hash of so few
# possible values hides nothing. It keeps that they changed, when and by whom; sealed rows keep what they were.
WITHHELD: Mapping[str, frozenset[str]] = {
    "customers_customer": frozenset(
        {
            "number",
            "attributes",
            "department",
            "corporate_number",
            "nationality",
            "country_of_residence",
            "residence_status",
            "residence_expires_on",
            "residence_applied_on",
            "stay_ends_on",
            "source_of_funds",
            "is_us_person",
            "occupation",
            "industry",
            "purpose",
            "is_foreign_pep",
            "handles_cash",
            "sends_abroad",
        }
    ),
    "risk_riskrating": frozenset({"reasons", "unknown", "inputs"}),
    "campaigns_campaign": frozenset({"return_reason"}),
    "customers_customerexport": frozenset({"reason"}),
    "integrations_returnbatch": frozenset({"reason"}),
}
# Of tables that belong to no tenant (accounts, authenticators), all text is withheld but that of these.
SHOWN = frozenset({"tenants_tenant"})

_WITHHELD = '"withheld"'
_TEXTUAL = frozenset({"text", "varchar", "bpchar", "json", "jsonb", "citext"})
# How a value that is not null becomes JSON text; everything else goes through to_json().
_AS_JSON = {
    **dict.fromkeys(("bool", "int2", "int4", "int8", "json", "jsonb"), "{}::text"),
    **dict.fromkeys(("uuid", "date"), "'\"' || {}::text || '\"'"),
    "bytea": "'\"sha256:' || encode(sha256({}), 'hex') || '\"'",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be watched: its name, how the trail calls its rows, and (column, type) in order of name."""

    name: str
    label: str
    key: str
    columns: tuple[tuple[str, str], ...]

    @property
    def function(self) -> str:
        """The name of its function; PostgreSQL cuts names at 63 bytes."""
        name = PREFIX + self.name
        return name if len(name) <= 63 else name[:54] + "_" + hashlib.sha256(name.encode()).hexdigest()[:8]

    @property
    def call(self) -> str:
        """Its function, as SQL names it."""
        return f"public.{_quoted(self.function)}()"

    @property
    def is_of_tenants(self) -> bool:
        """Whether its rows say whose they are."""
        return any(name == "tenant_id" for name, _ in self.columns)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One of the three of each table; ``code`` is its event in pg_trigger.tgtype (after, for each statement)."""

    name: str
    event: str
    code: int
    references: str


TRIGGERS = (
    Trigger("trail_insert", "INSERT", 4, "NEW TABLE AS new_rows"),
    Trigger("trail_update", "UPDATE", 16, "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    Trigger("trail_delete", "DELETE", 8, "OLD TABLE AS old_rows"),
)


def function_statements(table: Table) -> Iterator[str]:
    """Create or replace the function of ``table``, as its owner; nobody else may call it."""
    settings = " ".join(f"SET {name} = '{value}'" for name, value in CONFIGURATION.items())
    yield (
        f"CREATE OR REPLACE FUNCTION {table.call} RETURNS trigger"
        f" LANGUAGE plpgsql SECURITY DEFINER {settings} AS $trail${function_body(table)}$trail$"
    )
    yield f"REVOKE ALL ON FUNCTION {table.call} FROM PUBLIC"


def trigger_statements(table: Table) -> Iterator[str]:
    """Create the three triggers, firing even for a session that says it is a replica."""
    for trigger in TRIGGERS:
        yield (
            f"CREATE OR REPLACE TRIGGER {trigger.name} AFTER {trigger.event} ON public.{_quoted(table.name)}"
            f" REFERENCING {trigger.references} FOR EACH STATEMENT"
            f" EXECUTE FUNCTION {table.call}"
        )
        yield f"ALTER TABLE public.{_quoted(table.name)} ENABLE ALWAYS TRIGGER {trigger.name}"


# A `migrate` asks after every one of its migrations, for all tables, of which that one changed a few.
@lru_cache(maxsize=512)
def function_body(table: Table) -> str:
    """PL/pgSQL that appends one event for each row of the statement that changed."""
    return f"""
<<acting>>
DECLARE
    kind text := coalesce(nullif(current_setting('app.actor_kind', true), ''), 'database');
    actor text := CASE kind WHEN 'database' THEN session_user ELSE current_setting('app.actor_id', true) END;
    request text := left(coalesce(current_setting('app.request_id', true), ''), 36);
BEGIN
    IF TG_TABLE_SCHEMA <> 'public' OR TG_TABLE_NAME <> {_literal(table.name)} THEN
        RAISE EXCEPTION 'This function belongs to another table.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'INSERT' THEN
        {_insert(table, "inserted", "n")}
            {_object(table, "after", "n")}
        FROM new_rows n;
    ELSIF TG_OP = 'DELETE' THEN
        {_insert(table, "deleted", "o")}
            {_object(table, "before", "o")}
        FROM old_rows o;
    ELSE
        {_insert(table, "updated", "n", "o")}
            '{{"before":{{' || d.was || '}},"after":{{' || d.became || '}}}}'
        FROM old_rows o FULL JOIN new_rows n ON o.{_quoted(table.key)} = n.{_quoted(table.key)},
        LATERAL (SELECT concat_ws(',', {_changed(table, "o")}) AS was,
                        concat_ws(',', {_changed(table, "n")}) AS became OFFSET 0) d
        WHERE d.was <> '';
    END IF;
    RETURN NULL;
END
"""


def _insert(table: Table, what: str, *rows: str) -> str:
    """The beginning of an INSERT of events; an update that changes the key leaves one of its two rows alone."""
    tenant = _first(rows, "tenant_id") if table.is_of_tenants else "0"
    key = _first(rows, table.key)
    return f"""INSERT INTO public.audit_auditevent (tenant_id, at, kind, request_id, actor_kind, actor_id,
            event, target_type, target_id, payload)
        SELECT {tenant}, transaction_timestamp(), 'ROW', acting.request, left(acting.kind, 16), left(acting.actor, 80),
            {_literal(f"{table.name}.{what}")}, {_literal(table.label)}, left({key}::text, 40),"""


def _first(rows: Sequence[str], column: str) -> str:
    values = [f"{row}.{_quoted(column)}" for row in rows]
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


def _object(table: Table, name: str, row: str) -> str:
    """The row as a JSON object, in order of name, without what is null and what the event's own columns say."""
    said = {"tenant_id", table.key}
    members = [
        f"{_key(column)} || {_json(table, column, kind, row)}" for column, kind in table.columns if column not in said
    ]
    return f"""'{{"{name}":{{' || concat_ws(',', {", ".join(members)}) || '}}}}'"""


def _changed(table: Table, row: str) -> str:
    """The columns that differ, as members; concat_ws leaves out the others, which are null here."""
    return ", ".join(
        f"CASE WHEN {_comparable('o', column, kind)} IS DISTINCT FROM {_comparable('n', column, kind)}"
        f" THEN {_key(column)} || coalesce({_json(table, column, kind, row)}, 'null') END"
        for column, kind in table.columns
    )


def _comparable(row: str, column: str, kind: str) -> str:
    return f"{row}.{_quoted(column)}" + ("::text" if kind in ("json", "xml") else "")


def _json(table: Table, column: str, kind: str, row: str) -> str:
    """The value as JSON text, null if it is null."""
    value = f"{row}.{_quoted(column)}"
    if _is_withheld(table, column, kind):
        return f"CASE WHEN {value} IS NOT NULL THEN {_literal(_WITHHELD)} END"
    return _AS_JSON.get(kind, "to_json({})::text").format(value)


def _is_withheld(table: Table, column: str, kind: str) -> bool:
    is_hidden_text = kind in _TEXTUAL and not table.is_of_tenants and table.name not in SHOWN
    return is_hidden_text or column in WITHHELD.get(table.name, ())


def _key(column: str) -> str:
    return _literal(f'"{column}":')


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
