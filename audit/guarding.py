"""Names every way in which the trail could be written, changed or gone past unseen, from PostgreSQL's catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from audit.installing import read_catalogue

NOT_WATCHED = "changes of its rows are not captured by three enabled triggers"
NOT_CURRENT = "its trigger function is not the one that its columns make"

_TRAIL = """
WITH trail AS (
    SELECT c.oid, c.relname, c.relowner FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND starts_with(c.relname, 'audit_')
), role AS (SELECT oid, rolname FROM pg_roles WHERE starts_with(rolname, 'keizoku_'))
"""

_CHECKS: Mapping[str, str] = {
    "the audit trail belongs to a role that signs in": """
        SELECT t.relname FROM trail t JOIN pg_roles r ON r.oid = t.relowner
        WHERE r.rolname <> 'keizoku_audit' OR r.rolcanlogin""",
    "the application role may change the audit trail": """
        SELECT t.relname FROM trail t, role r WHERE r.rolname IN ('keizoku_app', 'keizoku_sealer')
        AND (has_table_privilege(r.oid, t.oid, 'UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
             OR has_any_column_privilege(r.oid, t.oid, 'UPDATE'))""",
    "the application role may forge an event": """
        SELECT t.relname || '.' || a.attname FROM trail t, role r, pg_attribute a
        WHERE r.rolname IN ('keizoku_app', 'keizoku_sealer') AND t.relname = 'audit_auditevent'
        AND a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND has_column_privilege(r.oid, t.oid, a.attnum, 'INSERT')
        AND (r.rolname = 'keizoku_sealer' OR a.attname NOT IN
             ('tenant_id', 'at', 'actor_kind', 'actor_id', 'event', 'target_type', 'target_id', 'payload'))
        UNION ALL
        SELECT t.relname FROM trail t, role r WHERE r.rolname = 'keizoku_app' AND t.relname <> 'audit_auditevent'
        AND has_any_column_privilege(r.oid, t.oid, 'INSERT')""",
    "the migrating role has rights on the audit trail": """
        SELECT t.relname FROM trail t, role r WHERE r.rolname = 'keizoku_owner'
        AND (has_table_privilege(r.oid, t.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
             OR has_any_column_privilege(r.oid, t.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))""",
    "a session may switch triggers off": """
        SELECT rolname FROM role WHERE has_parameter_privilege(oid, 'session_replication_role', 'SET')""",
    "a trigger's function may be called by others": """
        SELECT p.proname FROM pg_proc p, role r
        WHERE p.pronamespace = 'public'::regnamespace AND starts_with(p.proname, 'keizoku_row_')
        AND r.rolname <> 'keizoku_audit' AND has_function_privilege(r.oid, p.oid, 'EXECUTE')""",
}


def find_faults(cursor: Any) -> Iterator[tuple[str, str]]:
    """(problem, where) for everything that is not as it should be."""
    for problem, sql in _CHECKS.items():
        cursor.execute(_TRAIL + sql)
        yield from ((problem, str(row[0])) for row in cursor.fetchall())
    catalogue = read_catalogue(cursor)
    for table in catalogue.tables:
        if not catalogue.is_watched(table):
            yield NOT_WATCHED, table.name
        if not catalogue.is_current(table):
            yield NOT_CURRENT, table.name
