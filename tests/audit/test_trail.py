"""The trail: one act per change, in the change's own transaction, append-only for the role that writes it."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection, connections, transaction
from django.db.utils import Error
from hypothesis import given
from hypothesis import strategies as st

from audit.models import AuditEvent
from audit.services import Actor, NotInTransaction, _canonical, record, record_ids, record_many
from customers.models import CustomerImport
from tenants.identifiers import uuid7
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.conftest import NOW, SYSTEM


def one_event(tenant: Tenant) -> int:
    """An act that has been committed; returns its id."""
    with tenant_scope(tenant.pk):
        record("tenant.examined", target=tenant, actor=SYSTEM, at=NOW)
        return AuditEvent.objects.latest("id").pk


def test_an_act_says_what_happened_to_what_by_whom_and_when(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        record("tenant.examined", target=tenant, actor=Actor.user(42), at=NOW, count=3, code="A")

        event = AuditEvent.objects.latest("id")

    assert (event.event, event.target_type, event.target_id) == ("tenant.examined", "tenants.tenant", str(tenant.pk))
    assert (event.actor_kind, event.actor_id, event.at) == ("user", "42", NOW)
    assert event.data == {"count": 3, "code": "A"}
    assert event.tenant_id == tenant.pk


def test_the_database_says_when_and_in_which_transaction_an_act_was_written(tenant: Tenant) -> None:
    """The caller names the time of the act; it cannot name the time of writing."""
    with tenant_scope(tenant.pk):
        record("tenant.examined", target=tenant, actor=SYSTEM, at=NOW)
        record("tenant.examined", target=tenant, actor=SYSTEM, at=NOW)
        first, second = AuditEvent.objects.order_by("-id")[:2]
    third = AuditEvent(pk=one_event(tenant))
    with tenant_scope(tenant.pk):
        third.refresh_from_db()

    assert first.recorded_at != NOW
    assert first.txid == second.txid != third.txid


@given(data=st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8) | st.booleans(), max_size=5))
def test_a_payload_is_canonical(data: dict[str, Any]) -> None:
    """Hashes are computed over these characters, so equal data must give equal text."""
    backwards = dict(reversed(list(data.items())))

    assert _canonical(data) == _canonical(backwards)
    assert json.loads(_canonical(data)) == data


def test_actors_name_themselves(db_clean: None) -> None:
    customer = uuid7()

    assert [str(actor) for actor in (Actor.user(7), Actor.provider("twilio"), Actor.system("risk"))] == [
        "user:7",
        "provider:twilio",
        "system:risk",
    ]
    assert str(Actor.customer(customer)) == f"customer:{customer}"


def test_recording_outside_a_transaction_is_refused(in_tenant: Tenant) -> None:
    with pytest.raises(NotInTransaction):
        record("tenant.examined", target=in_tenant, actor=SYSTEM, at=NOW)
    with pytest.raises(NotInTransaction):
        record_many("tenant.examined", targets=[], actor=SYSTEM, at=NOW)
    with pytest.raises(NotInTransaction):
        record_ids("tenant.examined", model=Tenant, tenant_id=in_tenant.pk, ids=[uuid7()], actor=SYSTEM, at=NOW)


def test_an_act_goes_when_its_change_is_rolled_back(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        before = AuditEvent.objects.count()
    with tenant_scope(tenant.pk):
        record("tenant.examined", target=tenant, actor=SYSTEM, at=NOW)
        transaction.set_rollback(True)

    with tenant_scope(tenant.pk):
        assert AuditEvent.objects.count() == before


def test_many_acts_cost_one_statement(tenant: Tenant, django_assert_num_queries: Any) -> None:
    with tenant_scope(tenant.pk):
        rows = CustomerImport.objects.bulk_create(
            CustomerImport(filename=f"{n}.csv", sha256="0" * 64, size=1, uploaded_by=1, uploaded_at=NOW)
            for n in range(500)
        )
        with django_assert_num_queries(1):
            record_many("import.examined", targets=rows, actor=SYSTEM, at=NOW, code="A")

        events = AuditEvent.objects.filter(event="import.examined")
        assert set(events.values_list("target_id", flat=True)) == {str(row.pk) for row in rows}


def test_the_model_refuses_to_change_or_delete_an_act(tenant: Tenant) -> None:
    pk = one_event(tenant)
    with tenant_scope(tenant.pk):
        event = AuditEvent.objects.get(pk=pk)
        event.event = "tenant.forged"
        with pytest.raises(TypeError):
            event.save()
        with pytest.raises(TypeError):
            event.delete()


CHANGES = {
    "update": "UPDATE audit_auditevent SET event = 'tenant.forged'",
    "delete": "DELETE FROM audit_auditevent",
    "truncate": "TRUNCATE audit_auditevent",
    "upsert": "INSERT INTO audit_auditevent (id, tenant_id, at, actor_kind, actor_id, event, target_type, target_id,"
    " payload) SELECT id, tenant_id, at, actor_kind, actor_id, 'tenant.forged', target_type, target_id, payload"
    " FROM audit_auditevent ON CONFLICT (id) DO UPDATE SET event = excluded.event",
    "merge": "MERGE INTO audit_auditevent t USING audit_auditevent s ON t.id = s.id WHEN MATCHED THEN DELETE",
    "without the walls": "ALTER TABLE audit_auditevent DISABLE ROW LEVEL SECURITY",
    "another owner": "ALTER TABLE audit_auditevent OWNER TO keizoku_app",
    "dropped": "DROP TABLE audit_auditevent",
}


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES.keys())
def test_the_application_role_cannot_change_the_trail(
    tenant: Tenant, superuser: psycopg.Connection, statement: str
) -> None:
    """A2. Positive control: the same statement works for a superuser, so it is the rights that refuse it."""
    one_event(tenant)

    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), tenant_scope(tenant.pk):
        _execute(statement)

    with superuser.transaction(force_rollback=True):
        superuser.execute(statement)
    (kept,) = (
        superuser.execute("SELECT count(*) FROM audit_auditevent WHERE event = 'tenant.examined'").fetchone() or ()
    )
    assert kept == 1


ACT = {
    "tenant_id": "%(tenant)s",
    "at": "now()",
    "actor_kind": "'user'",
    "actor_id": "'7'",
    "event": "'tenant.forged'",
    "target_type": "'tenants.tenant'",
    "target_id": "'1'",
    "payload": "'{}'",
}
FORGERIES = {
    "id": "4000000000",
    "txid": "'3'::xid8",
    "recorded_at": "'2020-01-01'",
    "kind": "'ROW'",
    "request_id": "'somebody else''s'",
}


def _insert(columns: dict[str, str]) -> str:
    return f"INSERT INTO audit_auditevent ({', '.join(columns)}) VALUES ({', '.join(columns.values())})"


@pytest.mark.parametrize("column", FORGERIES)
def test_an_act_cannot_be_given_what_the_database_gives(
    tenant: Tenant, superuser: psycopg.Connection, column: str
) -> None:
    """A2. Positive controls: without that column the application role may, with it a superuser may."""
    forged = _insert({**ACT, column: FORGERIES[column]}) % {"tenant": tenant.pk}

    with tenant_scope(tenant.pk):
        _execute(_insert(ACT) % {"tenant": tenant.pk})
    with pytest.raises(ProgrammingError, match="permission denied"), tenant_scope(tenant.pk):
        _execute(forged)

    with superuser.transaction(force_rollback=True):
        superuser.execute(forged)


OWNERS = [CHANGES[name] for name in CHANGES if name != "dropped"]  # who owns the schema may drop what is in it


@pytest.mark.parametrize("statement", [*OWNERS, "SELECT * FROM audit_auditevent", _insert(ACT)])
def test_the_role_that_migrates_cannot_touch_the_trail(tenant: Tenant, statement: str) -> None:
    """A2. It may become the trail's owner, which it has to say."""
    one_event(tenant)

    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), connections["owner"].cursor() as c:
        c.execute(statement % {"tenant": tenant.pk})


def test_the_application_role_writes_and_reads_one_tenants_trail_only(
    tenant: Tenant, other_tenant: Tenant, superuser: psycopg.Connection
) -> None:
    """A2 and T8: an act can be forged for no other bank, nor read from one."""
    ours, theirs = one_event(tenant), one_event(other_tenant)

    with pytest.raises(ProgrammingError, match="row-level security"), tenant_scope(tenant.pk):
        record("tenant.forged", target=other_tenant, actor=SYSTEM, at=NOW)

    with tenant_scope(tenant.pk):
        assert set(AuditEvent.objects.filter(pk__in=[ours, theirs]).values_list("pk", flat=True)) == {ours}
    (both,) = (
        superuser.execute("SELECT count(*) FROM audit_auditevent WHERE id = ANY(%s)", [[ours, theirs]]).fetchone() or ()
    )
    assert both == 2


def test_without_a_tenant_the_trail_is_empty_and_closed(tenant: Tenant) -> None:
    one_event(tenant)

    with transaction.atomic():
        assert not AuditEvent.objects.exists()
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        record("tenant.forged", target=tenant, actor=SYSTEM, at=NOW)


def test_the_trail_outlives_what_it_describes(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        row = CustomerImport.objects.create(
            filename="book.csv", sha256="0" * 64, size=1, uploaded_by=1, uploaded_at=NOW
        )
        record("import.examined", target=row, actor=SYSTEM, at=NOW)
        pk = row.pk
        row.delete()

        assert AuditEvent.objects.filter(target_id=str(pk)).exists()


def test_contexts_of_two_tenants_keep_their_acts_apart(tenant: Tenant, other_tenant: Tenant) -> None:
    for one in (tenant, other_tenant):
        with tenant_context(one.pk), transaction.atomic():
            record("tenant.examined", target=one, actor=SYSTEM, at=NOW)

    for one in (tenant, other_tenant):
        with tenant_scope(one.pk):
            events = AuditEvent.objects.filter(event="tenant.examined")
            assert list(events.values_list("target_id", flat=True)) == [str(one.pk)]


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
