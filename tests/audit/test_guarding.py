"""A4 and T14: each way past the trail, planted in the real catalogue, is named; and `migrate` closes what it can."""

from __future__ import annotations

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, connections, transaction

from audit.guarding import NOT_CURRENT, NOT_WATCHED
from audit.installing import install_triggers
from audit.models import AuditEvent
from audit.services import record
from customers.models import CustomerImport
from tenants.guards import find_holes
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tenants.tasks import check_tenancy
from tests.audit.capturing import captured
from tests.conftest import NOW, SYSTEM

TABLE = "customers_customerimport"
FUNCTION = f"keizoku_row_{TABLE}()"
INSERT_TRIGGER = (
    f"CREATE OR REPLACE TRIGGER trail_insert AFTER INSERT ON {TABLE} REFERENCING NEW TABLE AS new_rows"
    " FOR EACH STATEMENT"
)
ALWAYS = f" ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER trail_insert"

# what makes the hole, and what closes it again; None: `migrate` does
HOLES: dict[str, list[tuple[str, str | None]]] = {
    NOT_WATCHED: [
        (f"ALTER TABLE {TABLE} DISABLE TRIGGER trail_update", None),
        (f"ALTER TABLE {TABLE} ENABLE REPLICA TRIGGER trail_update", None),
        (f"ALTER TABLE {TABLE} ENABLE TRIGGER trail_update", None),
        (f"DROP TRIGGER trail_delete ON {TABLE}", None),
        (
            (f"{INSERT_TRIGGER} WHEN (false) EXECUTE FUNCTION {FUNCTION};{ALWAYS}"),
            None,
        ),
        (
            (
                "CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
                f" {INSERT_TRIGGER} EXECUTE FUNCTION planted();"
                f"{ALWAYS}"
            ),
            f"{INSERT_TRIGGER} EXECUTE FUNCTION {FUNCTION}; DROP FUNCTION planted();{ALWAYS}",
        ),
    ],
    NOT_CURRENT: [
        (f"ALTER TABLE {TABLE} ADD planted int", f"ALTER TABLE {TABLE} DROP planted"),
        (f"ALTER FUNCTION {FUNCTION} OWNER TO keizoku_owner", f"ALTER FUNCTION {FUNCTION} OWNER TO keizoku_audit"),
        (f"ALTER FUNCTION {FUNCTION} SECURITY INVOKER", None),
        (f"ALTER FUNCTION {FUNCTION} RESET search_path", None),
        (f"ALTER FUNCTION {FUNCTION} SET search_path = public", None),
        (
            (
                f"CREATE OR REPLACE FUNCTION {FUNCTION} RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
                " SET search_path = '' AS 'BEGIN RETURN NULL; END'"
            ),
            None,
        ),
    ],
    "the audit trail belongs to a role that signs in": [
        (
            "ALTER TABLE audit_auditevent OWNER TO keizoku_owner",
            "ALTER TABLE audit_auditevent OWNER TO keizoku_audit",
        )
    ],
    "the application role may change the audit trail": [
        (f"GRANT {right} ON audit_auditevent TO keizoku_app", f"REVOKE {right} ON audit_auditevent FROM keizoku_app")
        for right in ("UPDATE", "UPDATE (payload)", "DELETE", "TRUNCATE", "TRIGGER")
    ],
    "the application role may forge an event": [
        (
            f"GRANT INSERT ({column}) ON audit_auditevent TO keizoku_app",
            f"REVOKE INSERT ({column}) ON audit_auditevent FROM keizoku_app",
        )
        for column in ("id", "txid", "recorded_at", "kind", "request_id")
    ],
    "the migrating role has rights on the audit trail": [
        (
            f"GRANT {right} ON audit_auditevent TO keizoku_owner",
            f"REVOKE {right} ON audit_auditevent FROM keizoku_owner",
        )
        for right in ("SELECT", "INSERT", "DELETE", "UPDATE (at)")
    ],
    "a session may switch triggers off": [
        (
            "GRANT SET ON PARAMETER session_replication_role TO keizoku_app",
            "REVOKE SET ON PARAMETER session_replication_role FROM keizoku_app",
        )
    ],
    "a trigger's function may be called by others": [
        (
            f"GRANT EXECUTE ON FUNCTION {FUNCTION} TO keizoku_app",
            f"REVOKE EXECUTE ON FUNCTION {FUNCTION} FROM keizoku_app",
        )
    ],
    "a role has more power than it should": [
        ("ALTER ROLE keizoku_audit LOGIN", "ALTER ROLE keizoku_audit NOLOGIN"),
        ("ALTER ROLE keizoku_owner REPLICATION", "ALTER ROLE keizoku_owner NOREPLICATION"),
    ],
}
PLANTED = [(problem, make, undo) for problem, pairs in HOLES.items() for make, undo in pairs]


@pytest.mark.parametrize(("problem", "make", "undo"), PLANTED, ids=[make[:70] for _, make, _ in PLANTED])
def test_a_planted_hole_in_the_trail_is_named(
    db_clean: None, superuser: psycopg.Connection, problem: str, make: str, undo: str | None
) -> None:
    superuser.execute(make)
    try:
        assert problem in {hole.problem for hole in find_holes()}
        with pytest.raises(CommandError):
            call_command("check_tenancy")
    finally:
        if undo:
            superuser.execute(undo)
        else:
            install_triggers(connections["owner"])
    assert find_holes() == [], "control: nothing is left"


@pytest.mark.parametrize(
    ("problem", "right"),
    [
        ("the application role may change the audit trail", "UPDATE ON audit_auditevent"),
        ("the application role may forge an event", "INSERT ON audit_auditevent"),
    ],
)
def test_a_sealer_with_too_much_power_is_named(
    db_clean: None, superuser: psycopg.Connection, problem: str, right: str
) -> None:
    assert find_holes() == []
    superuser.execute(f"GRANT {right} TO keizoku_sealer")
    try:
        assert problem in {hole.problem for hole in find_holes()}
    finally:
        superuser.execute(f"REVOKE {right} FROM keizoku_sealer")


def test_a_new_table_and_a_new_column_are_watched_after_migrating(tenant: Tenant) -> None:
    """Nobody has to remember: `migrate` installs and renews."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"ALTER TABLE {TABLE} ADD planted int")
        cursor.execute("CREATE TABLE planted (id int PRIMARY KEY, note json)")
    try:
        assert {hole.where for hole in find_holes()} == {TABLE, "planted"}
        call_command("migrate", verbosity=0)
        assert find_holes() == []
        with captured(tenant.pk) as changes, tenant_scope(tenant.pk):
            row = CustomerImport.objects.create(
                filename="x.csv", sha256="0" * 64, size=1, uploaded_by=1, uploaded_at=NOW
            )
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE {TABLE} SET planted = 5 WHERE id = %s", [row.pk])
        assert changes[-1][2] == {"before": {"planted": None}, "after": {"planted": 5}}
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute(f"ALTER TABLE {TABLE} DROP planted; DROP TABLE planted")
        call_command("migrate", verbosity=0)
    assert find_holes() == []


ATTACKS = {
    "calling the function": f"SELECT {FUNCTION}",
    "lending the function to a table of one's own": (
        "CREATE TEMP TABLE forged (id int); CREATE TRIGGER t AFTER INSERT ON forged REFERENCING NEW TABLE AS new_rows"
        f" FOR EACH STATEMENT EXECUTE FUNCTION public.{FUNCTION}"
    ),
    "disabling a trigger": f"ALTER TABLE {TABLE} DISABLE TRIGGER trail_update",
    "disabling all": f"ALTER TABLE {TABLE} DISABLE TRIGGER ALL",
    "dropping a trigger": f"DROP TRIGGER trail_update ON {TABLE}",
    "replacing the function": f"CREATE OR REPLACE FUNCTION public.{FUNCTION} RETURNS trigger LANGUAGE sql AS ''",
    "becoming a replica": "SET session_replication_role = replica",
    "becoming the trail's owner": "SET ROLE keizoku_audit",
    "becoming the tables' owner": "SET ROLE keizoku_owner",
    "emptying the table": f"TRUNCATE {TABLE}",
    "a rule instead": f"CREATE RULE r AS ON UPDATE TO {TABLE} DO INSTEAD NOTHING",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_the_application_role_cannot_go_past_the_trail(tenant: Tenant, attack: str) -> None:
    """A2 and T13."""
    refused = r"permission denied|must be owner|can only be called as triggers"
    with pytest.raises(ProgrammingError, match=refused), tenant_scope(tenant.pk), connection.cursor() as cursor:
        cursor.execute(attack)


@pytest.mark.parametrize("name", ["lending the function to a table of one's own", "becoming a replica"])
def test_the_migrating_role_cannot_forge_through_a_trigger(tenant: Tenant, name: str) -> None:
    """A2. It can switch a trigger off, which `check_tenancy` names: see the planted holes."""
    with pytest.raises(ProgrammingError, match="permission denied"), connections["owner"].cursor() as cursor:
        cursor.execute(ATTACKS[name])


def test_a_function_writes_for_its_own_table_only(tenant: Tenant, superuser: psycopg.Connection) -> None:
    """Even a superuser who lends it to another table forges nothing by accident."""
    with superuser.transaction(force_rollback=True):
        superuser.execute(ATTACKS["lending the function to a table of one's own"])
        with pytest.raises(psycopg.errors.InsufficientPrivilege), superuser.transaction():
            superuser.execute("INSERT INTO forged VALUES (1)")


def test_a_session_that_says_it_is_a_replica_is_captured_all_the_same(
    tenant: Tenant, superuser: psycopg.Connection
) -> None:
    """Positive control of A2: a superuser may become a replica, and the triggers fire always."""
    with tenant_scope(tenant.pk):
        CustomerImport.objects.create(filename="x.csv", sha256="0" * 64, size=1, uploaded_by=1, uploaded_at=NOW)
    with captured(tenant.pk) as changes, superuser.transaction():
        superuser.execute("SET LOCAL session_replication_role = replica")
        superuser.execute(f"UPDATE {TABLE} SET size = 2")
    assert [payload for *_, payload in changes] == [{"before": {"size": 1}, "after": {"size": 2}}]


def test_the_nightly_check_raises_an_alarm_in_the_log_and_in_every_trail(
    tenant: Tenant, other_tenant: Tenant, superuser: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    assert check_tenancy() == 0
    superuser.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER trail_update")
    try:
        assert check_tenancy() == 1
    finally:
        install_triggers(connections["owner"])

    assert f"{TABLE}: {NOT_WATCHED}" in caplog.text
    for bank in (tenant, other_tenant):
        with tenant_scope(bank.pk):
            (event,) = AuditEvent.objects.filter(event="tenant.hole_found")
        assert event.data == {"problems": [NOT_WATCHED]}


def test_the_services_own_trail_is_closed_to_whoever_names_it(tenant: Tenant, superuser: psycopg.Connection) -> None:
    """Tenant 0 is nobody's scope: not even set by hand does it show or take an event."""
    User.objects.create_user(email="x@example.com", name="X")
    control = superuser.execute("SELECT count(*) FROM audit_auditevent WHERE tenant_id = 0").fetchone()
    assert control is not None
    assert control[0] > 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', '0', true)")
        cursor.execute("SELECT count(*) FROM audit_auditevent")
        assert cursor.fetchone() == (0,)
        with pytest.raises(ProgrammingError, match="row-level security"):
            record("tenant.forged", target=Tenant(pk=0), actor=SYSTEM, at=NOW)
