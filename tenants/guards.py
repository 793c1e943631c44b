"""Reads PostgreSQL's catalogue and names every hole in the walls between tenants.

Runs in the tests, at deployment and every night (`manage.py check_tenancy`).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connections

from audit.guarding import find_faults
from tenants.custody.routing import KEYS

_TABLES = """
WITH app AS (SELECT oid FROM pg_roles WHERE rolname = 'keizoku_app'),
t AS (
    SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relispartition
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND EXISTS (SELECT FROM pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
),
tenant_column AS (
    SELECT a.attrelid, a.attnum, a.attnotnull
    FROM pg_attribute a JOIN t ON t.oid = a.attrelid WHERE a.attname = 'tenant_id'
)
"""

_CHECKS: dict[str, str] = {
    "row-level security is not enabled and forced": """
        SELECT relname FROM t WHERE NOT relispartition AND NOT (relrowsecurity AND relforcerowsecurity)""",
    "no policy": """
        SELECT relname FROM t WHERE NOT relispartition
        AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid)""",
    "a policy does not depend on the tenant in scope": """
        SELECT relname || ' (' || p.polname || ')' FROM t JOIN pg_policy p ON p.polrelid = t.oid
        WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE ARRAY[r.oid] = p.polroles
                          AND r.rolname IN ('keizoku_lookup', 'keizoku_audit', 'keizoku_sealer'))
        AND (coalesce(pg_get_expr(p.polqual, p.polrelid), 'app.tenant_id') NOT LIKE '%app.tenant_id%'
             OR coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'app.tenant_id') NOT LIKE '%app.tenant_id%')""",
    "tenant_id may be null": """
        SELECT relname FROM t JOIN tenant_column k ON k.attrelid = t.oid WHERE NOT k.attnotnull""",
    "the application role may use a partition directly": """
        SELECT relname FROM t, app WHERE relispartition
        AND has_table_privilege(app.oid, t.oid, 'SELECT, INSERT, UPDATE, DELETE')""",
    "the application role may truncate": """
        SELECT relname FROM t, app WHERE has_table_privilege(app.oid, t.oid, 'TRUNCATE')""",
    "a unique index does not include the tenant": """
        SELECT relname || ' (' || i.indexrelid::regclass || ')' FROM t
        JOIN pg_index i ON i.indrelid = t.oid AND i.indisunique AND NOT i.indisprimary
        JOIN tenant_column k ON k.attrelid = t.oid
        WHERE NOT k.attnum = ANY (i.indkey::int2[])""",
    "a foreign key to a tenant's table does not include the tenant": """
        SELECT t.relname || ' (' || f.conname || ')' FROM t
        JOIN pg_constraint f ON f.conrelid = t.oid AND f.contype = 'f'
        JOIN t target ON target.oid = f.confrelid
        JOIN tenant_column k ON k.attrelid = t.oid
        WHERE NOT k.attnum = ANY (f.conkey)""",
    "a destruction record may be changed or removed": """
        SELECT relname FROM t, app WHERE relname = 'retention_destructionrecord'
        AND (has_table_privilege(app.oid, t.oid, 'DELETE') OR has_any_column_privilege(app.oid, t.oid, 'UPDATE'))""",
    "a role other than the sealer may write what seals the audit trail": """
        SELECT t.relname || ' (' || r.rolname || ')' FROM t, pg_roles r
        WHERE relname IN ('audit_leaf', 'audit_checkpoint', 'audit_timestamp')
        AND r.rolname IN ('keizoku_app', 'keizoku_owner', 'keizoku_lookup')
        AND has_any_column_privilege(r.oid, t.oid, 'INSERT, UPDATE')
        OR relname IN ('audit_leaf', 'audit_checkpoint', 'audit_timestamp') AND r.rolname = 'keizoku_sealer'
        AND has_table_privilege(r.oid, t.oid, 'UPDATE, DELETE, TRUNCATE')""",
    "the sealer may read more than the audit trail": """
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
        AND c.relname NOT IN ('audit_auditevent', 'audit_leaf', 'audit_checkpoint', 'audit_timestamp')
        AND has_any_column_privilege('keizoku_sealer', c.oid, 'SELECT, INSERT, UPDATE')""",
    "a view runs with its owner's rights": """
        SELECT c.relname FROM pg_class c, app
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
        AND has_table_privilege(app.oid, c.oid, 'SELECT')
        AND NOT coalesce(c.reloptions && ARRAY['security_invoker=on', 'security_invoker=true'], false)""",
    "a materialized view is readable by the application role": """
        SELECT c.relname FROM pg_class c, app
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'm'
        AND has_table_privilege(app.oid, c.oid, 'SELECT')""",
    "a SECURITY DEFINER function is not one of the known look-ups": """
        SELECT p.proname FROM pg_proc p, app
        WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
        AND has_function_privilege(app.oid, p.oid, 'EXECUTE')
        AND NOT (p.proname IN ('keizoku_memberships_of', 'keizoku_tenant_of_link',
                               'keizoku_tenant_of_channel', 'keizoku_tenant_of_ekyc_account',
                               'keizoku_tenant_of_invitation', 'keizoku_served_hosts')
                 AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = 'keizoku_lookup')
                 AND 'search_path=""' = ANY (p.proconfig))""",
    "a role has more power than it should": """
        SELECT rolname FROM pg_roles
        WHERE starts_with(rolname, 'keizoku_')
        AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
             OR rolcanlogin AND rolname IN ('keizoku_lookup', 'keizoku_audit'))""",
    "the application role owns a table": """
        SELECT c.relname FROM pg_class c, app
        WHERE c.relowner = app.oid AND c.relnamespace = 'public'::regnamespace""",
    "the application role is a member of another role": """
        SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
        JOIN pg_roles member ON member.oid = m.member AND member.rolname IN ('keizoku_app', 'keizoku_sealer')""",
}


@dataclass(frozen=True)
class Hole:
    """One guard that is missing."""

    problem: str
    where: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


def find_holes(using: str = "default") -> list[Hole]:
    """Every hole the catalogue and the models show; none is what it should be."""
    holes = []
    with connections[using].cursor() as cursor:
        for problem, sql in _CHECKS.items():
            cursor.execute(_TABLES + sql)
            holes += [Hole(problem, str(row[0])) for row in cursor.fetchall()]
        if using == KEYS:  # its only table refers to nothing and has no trail beside it
            return holes
        holes += [Hole(*fault) for fault in find_faults(cursor)]
    return holes + _missing_keys(using)


def _missing_keys(using: str) -> list[Hole]:
    """References between tenant models that have no composite key behind them."""
    from django.apps import apps

    from tenants.models import TenantModel

    with connections[using].cursor() as cursor:
        cursor.execute("SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f'")
        held = set(cursor.fetchall())
    missing = []
    for model in apps.get_models():
        if not issubclass(model, TenantModel):
            continue
        table = model._meta.db_table
        for field in model._meta.concrete_fields:
            related = field.related_model
            if not isinstance(related, type) or not issubclass(related, TenantModel):
                continue
            if (table, f"{table}_{field.column}_tenant") not in held:
                missing.append(Hole("a reference has no composite key", f"{table}.{field.column}"))
    return missing
