"""`check_tenancy` names every hole, planted one by one in the real catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.core.management import CommandError, call_command

from audit.guarding import NOT_CURRENT, NOT_WATCHED
from tenants.guards import find_holes


def test_the_database_as_migrated_has_no_hole(db_clean: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_tenancy")
    assert "every table is guarded" in capsys.readouterr().out


# what makes the hole, and what closes it again
HOLES = {
    "row-level security is not enabled and forced": (
        "ALTER TABLE customers_customer NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE customers_customer FORCE ROW LEVEL SECURITY",
    ),
    "no policy": (
        (
            "CREATE TABLE planted (id int PRIMARY KEY, tenant_id bigint NOT NULL);"
            " ALTER TABLE planted ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        ),
        "DROP TABLE planted",
    ),
    "a policy does not depend on the tenant in scope": (
        "CREATE POLICY planted ON customers_customer USING (true)",
        "DROP POLICY planted ON customers_customer",
    ),
    "tenant_id may be null": (
        "ALTER TABLE customers_customer ALTER tenant_id DROP NOT NULL",
        "ALTER TABLE customers_customer ALTER tenant_id SET NOT NULL",
    ),
    "the application role may use a partition directly": (
        (
            "CREATE TABLE planted (id int, tenant_id bigint NOT NULL) PARTITION BY RANGE (id);"
            " CREATE TABLE planted_1 PARTITION OF planted FOR VALUES FROM (1) TO (9);"
            " GRANT SELECT ON planted_1 TO keizoku_app"
        ),
        "DROP TABLE planted",
    ),
    "the application role may truncate": (
        "GRANT TRUNCATE ON customers_customer TO keizoku_app",
        "REVOKE TRUNCATE ON customers_customer FROM keizoku_app",
    ),
    "a unique index does not include the tenant": (
        "CREATE UNIQUE INDEX planted ON customers_customer (number)",
        "DROP INDEX planted",
    ),
    "a foreign key to a tenant's table does not include the tenant": (
        (
            "ALTER TABLE customers_contactpoint ADD CONSTRAINT planted"
            " FOREIGN KEY (customer_id) REFERENCES customers_customer (id)"
        ),
        "ALTER TABLE customers_contactpoint DROP CONSTRAINT planted",
    ),
    "a destruction record may be changed or removed": (
        "GRANT UPDATE (outcomes) ON retention_destructionrecord TO keizoku_app",
        "REVOKE UPDATE (outcomes) ON retention_destructionrecord FROM keizoku_app",
    ),
    "a role other than the sealer may write what seals the audit trail": (
        "GRANT INSERT ON audit_checkpoint TO keizoku_app",
        "REVOKE INSERT ON audit_checkpoint FROM keizoku_app",
    ),
    "the sealer may read more than the audit trail": (
        "GRANT SELECT ON tenants_user TO keizoku_sealer",
        "REVOKE SELECT ON tenants_user FROM keizoku_sealer",
    ),
    "a view runs with its owner's rights": (
        "CREATE VIEW planted AS SELECT * FROM customers_customer; GRANT SELECT ON planted TO keizoku_app",
        "DROP VIEW planted",
    ),
    "a materialized view is readable by the application role": (
        "CREATE MATERIALIZED VIEW planted AS SELECT 1 AS one; GRANT SELECT ON planted TO keizoku_app",
        "DROP MATERIALIZED VIEW planted",
    ),
    "a SECURITY DEFINER function is not one of the known look-ups": (
        (
            "CREATE FUNCTION planted() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';"
            " GRANT EXECUTE ON FUNCTION planted() TO keizoku_app"
        ),
        "DROP FUNCTION planted()",
    ),
    "a role has more power than it should": (
        "ALTER ROLE keizoku_app BYPASSRLS",
        "ALTER ROLE keizoku_app NOBYPASSRLS",
    ),
    "the application role owns a table": (
        "CREATE TABLE planted (id int); ALTER TABLE planted OWNER TO keizoku_app",
        "DROP TABLE planted",
    ),
    "the application role is a member of another role": (
        "GRANT keizoku_owner TO keizoku_app",
        "REVOKE keizoku_owner FROM keizoku_app",
    ),
    "a reference has no composite key": (
        "ALTER TABLE customers_contactpoint DROP CONSTRAINT customers_contactpoint_customer_id_tenant",
        (
            "ALTER TABLE customers_contactpoint ADD CONSTRAINT customers_contactpoint_customer_id_tenant"
            " FOREIGN KEY (tenant_id, customer_id) REFERENCES customers_customer (tenant_id, id)"
            " DEFERRABLE INITIALLY DEFERRED"
        ),
    ),
}


@contextmanager
def planted(superuser: psycopg.Connection, make: str, undo: str) -> Iterator[None]:
    superuser.execute(make)
    try:
        yield
    finally:
        superuser.execute(undo)


@pytest.mark.parametrize("problem", HOLES)
def test_a_planted_hole_is_named(db_clean: None, superuser: psycopg.Connection, problem: str) -> None:
    """T14: each hole by itself, and exit code 1."""
    with planted(superuser, *HOLES[problem]):
        assert problem in {hole.problem for hole in find_holes()}
        with pytest.raises(CommandError):
            call_command("check_tenancy")
    assert find_holes() == [], "control: nothing is left"


def test_a_migration_that_forgets_to_protect_its_table_is_named(db_clean: None, superuser: psycopg.Connection) -> None:
    """T15: CreateModel without ProtectTable leaves a bare table with a tenant_id."""
    with planted(
        superuser,
        (
            "CREATE TABLE forgotten (id uuid PRIMARY KEY, tenant_id bigint NOT NULL);"
            " GRANT SELECT ON forgotten TO keizoku_app"
        ),
        "DROP TABLE forgotten",
    ):
        problems = {hole.problem for hole in find_holes() if hole.where == "forgotten"}
    assert problems == {"row-level security is not enabled and forced", "no policy", NOT_WATCHED, NOT_CURRENT}
