"""A1: no way of changing a row goes past the trail, whoever changes it and however."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import F

from audit.acting import acting
from audit.models import AuditEvent
from audit.services import Actor
from audit.transitions import transition_many
from audit.triggers import EXCLUDED, WITHHELD
from customers.models import Customer, CustomerImport
from tenants.models import Membership, Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.audit.capturing import captured
from tests.conftest import NOW, SYSTEM
from tests.tenants.builders import one_row_of_each

IMPORT = "customers_customerimport"


def an_import(**fields: Any) -> CustomerImport:
    return CustomerImport(
        **{"filename": "book.csv", "sha256": "0" * 64, "size": 1, "uploaded_by": 1, "uploaded_at": NOW, **fields}
    )


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def rows(tenant: Tenant) -> list[CustomerImport]:
    """Three imports, committed."""
    with tenant_scope(tenant.pk):
        return CustomerImport.objects.bulk_create(an_import(size=size) for size in (1, 2, 3))


def test_saving_captures_what_the_row_became_and_who_did_it(tenant: Tenant) -> None:
    with captured(tenant.pk) as changes, acting(Actor.user(7), request_id="r-1"), tenant_scope(tenant.pk):
        row = an_import()
        row.save()
        row.size = 2
        row.save(update_fields=["size"])

    inserted, updated = changes
    assert inserted[:2] == (f"{IMPORT}.inserted", str(row.pk))
    assert inserted[2]["after"]["size"] == 1
    assert updated == (f"{IMPORT}.updated", str(row.pk), {"before": {"size": 1}, "after": {"size": 2}})
    with tenant_scope(tenant.pk):
        event = AuditEvent.objects.latest("id")
    assert (event.actor_kind, event.actor_id, event.request_id) == ("user", "7", "r-1")
    assert (event.kind, event.target_type, event.tenant_id) == ("ROW", "customers.customerimport", tenant.pk)


def test_sealed_values_appear_as_hashes_only(tenant: Tenant, superuser: psycopg.Connection) -> None:
    with captured(tenant.pk) as changes, tenant_scope(tenant.pk):
        row = an_import(filename="秘密.csv")
        row.save()

    (stored,) = (
        superuser.execute(
            "SELECT encode(sha256(filename), 'hex') FROM customers_customerimport WHERE id = %s", [row.pk]
        ).fetchone()
        or ()
    )
    assert changes[0][2]["after"]["filename"] == f"sha256:{stored}"


def test_every_way_of_updating_is_captured(tenant: Tenant, rows: list[CustomerImport]) -> None:
    ids = [str(row.pk) for row in rows]
    ways: dict[str, Callable[[], Any]] = {
        "update": lambda: CustomerImport.objects.filter(pk__in=ids).update(size=10),
        "bulk_update": lambda: CustomerImport.objects.bulk_update([_with(row, size=11) for row in rows], ["size"]),
        "raw": lambda: sql(f"UPDATE {IMPORT} SET size = 12"),
        "raw from another table": lambda: sql(
            f"UPDATE {IMPORT} t SET size = 13 FROM (VALUES (1)) v(n) WHERE t.tenant_id > v.n - 2"
        ),
        "merge": lambda: sql(
            f"MERGE INTO {IMPORT} t USING (SELECT id FROM {IMPORT}) s ON t.id = s.id"
            " WHEN MATCHED THEN UPDATE SET size = 14"
        ),
        "upsert": lambda: sql(f"INSERT INTO {IMPORT} SELECT * FROM {IMPORT} ON CONFLICT (id) DO UPDATE SET size = 15"),
        "with": lambda: sql(f"WITH w AS (UPDATE {IMPORT} SET size = 16 RETURNING id) SELECT count(*) FROM w"),
    }
    for expected, (way, change) in enumerate(ways.items(), start=10):
        with captured(tenant.pk) as changes, tenant_scope(tenant.pk):
            change()
        assert {name for name, _, _ in changes} == {f"{IMPORT}.updated"}, way
        assert sorted(pk for _, pk, _ in changes) == sorted(ids), way
        assert {payload["after"]["size"] for _, _, payload in changes} == {expected}, way
        assert all(payload.keys() == {"before", "after"} and len(payload["after"]) == 1 for *_, payload in changes), way


def _with(row: CustomerImport, **values: Any) -> CustomerImport:
    for name, value in values.items():
        setattr(row, name, value)
    return row


def test_inserting_and_deleting_in_bulk_is_captured(tenant: Tenant) -> None:
    with captured(tenant.pk) as inserted, tenant_scope(tenant.pk):
        rows = CustomerImport.objects.bulk_create(an_import(size=n) for n in range(5))
    with captured(tenant.pk) as deleted, tenant_scope(tenant.pk):
        CustomerImport.objects.all().delete()

    ids = {str(row.pk) for row in rows}
    assert {pk for event, pk, _ in inserted if event == f"{IMPORT}.inserted"} == ids
    assert {pk for event, pk, _ in deleted if event == f"{IMPORT}.deleted"} == ids
    assert {payload["before"]["size"] for *_, payload in deleted} == set(range(5))


def test_a_cascade_is_captured_row_by_row(tenant: Tenant, officer: User) -> None:
    """The rows that go with the one deleted are named too."""
    rows = one_row_of_each(tenant, officer)
    with captured(tenant.pk) as changes, tenant_scope(tenant.pk):
        RejectedRow = apps.get_model("customers", "RejectedRow")
        owner = RejectedRow.objects.get(pk=rows[RejectedRow]).customer_import
        owner.delete()

    assert {event for event, *_ in changes} >= {"customers_rejectedrow.deleted", f"{IMPORT}.deleted"}


def test_a_transition_is_both_an_act_and_a_changed_row(tenant: Tenant, rows: list[CustomerImport]) -> None:
    with captured(tenant.pk) as changes, tenant_scope(tenant.pk):
        transition_many(CustomerImport, [row.pk for row in rows], was="UPLOADED", to="RUNNING", actor=SYSTEM, at=NOW)
    assert [payload for *_, payload in changes] == [
        {"before": {"status": "UPLOADED"}, "after": {"status": "RUNNING"}} for _ in rows
    ]
    with tenant_scope(tenant.pk):
        assert AuditEvent.objects.filter(event="customerimport.running", kind="ACT").count() == 3


def test_what_changes_nothing_writes_nothing(tenant: Tenant, rows: list[CustomerImport]) -> None:
    with captured(tenant.pk) as changes, tenant_scope(tenant.pk):
        CustomerImport.objects.update(size=F("size"))
        CustomerImport.objects.filter(size=99).update(size=1)
        rows[0].save()
    assert [name for name, _, payload in changes if set(payload["after"]) - {"filename"}] == []


def test_what_is_rolled_back_was_never_there(tenant: Tenant, rows: list[CustomerImport]) -> None:
    with captured(tenant.pk) as changes, tenant_scope(tenant.pk):
        with pytest.raises(IntegrityError), transaction.atomic():
            _update_and_fail(rows[0])
        CustomerImport.objects.filter(pk=rows[0].pk).update(size=6)
    assert [payload["after"] for *_, payload in changes] == [{"size": 6}]


def _update_and_fail(row: CustomerImport) -> None:
    CustomerImport.objects.update(size=5)
    row.save(force_insert=True)


def test_a_changed_key_hides_nothing(tenant: Tenant, rows: list[CustomerImport]) -> None:
    """An update of the id leaves the old and the new row without a partner; both are told."""
    with captured(tenant.pk) as changes, tenant_scope(tenant.pk):
        sql(f"UPDATE {IMPORT} SET id = gen_random_uuid() WHERE id = %s", rows[0].pk)

    assert [event for event, *_ in changes] == [f"{IMPORT}.updated"] * 2
    assert {pk for _, pk, _ in changes} > {str(rows[0].pk)}


def test_a_backfill_by_the_migrating_role_is_captured_under_its_own_name(
    tenant: Tenant, rows: list[CustomerImport]
) -> None:
    with (
        captured(tenant.pk) as changes,
        tenant_scope(tenant.pk, using="owner"),
        connections["owner"].cursor() as cursor,
    ):
        cursor.execute(f"UPDATE {IMPORT} SET size = size + 100")

    assert len(changes) == len(rows)
    with tenant_scope(tenant.pk):
        event = AuditEvent.objects.latest("id")
    assert (event.actor_kind, event.actor_id) == ("database", "keizoku_owner")


def test_a_change_made_past_the_application_says_so(
    tenant: Tenant, rows: list[CustomerImport], superuser: psycopg.Connection
) -> None:
    """A superuser at a prompt, whom row-level security does not hold, is named by the role that signed in."""
    with captured(tenant.pk) as changes:
        superuser.execute(f"UPDATE {IMPORT} SET size = 77")
    assert len(changes) == len(rows)
    with tenant_scope(tenant.pk):
        event = AuditEvent.objects.latest("id")
    assert (event.actor_kind, event.actor_id) == ("database", superuser.info.user)


def test_every_table_is_captured_or_excluded_with_a_reason(tenant: Tenant, officer: User) -> None:
    """One row of each model, inserted, touched and deleted; a new model is tried without anybody remembering."""
    with captured(tenant.pk) as inserted:
        rows = one_row_of_each(tenant, officer)
    tables = {model._meta.db_table: str(pk) for model, pk in rows.items()}
    seen = {(event, pk) for event, pk, _ in inserted}
    older = {Membership._meta.db_table, "tenants_tenantkey"}
    for table, pk in tables.items():
        assert ((f"{table}.inserted", pk) in seen) == (table not in EXCLUDED.keys() | older), table
    assert all(len(reason) > 20 for reason in EXCLUDED.values())


def test_withheld_columns_exist_and_show_only_that_they_changed(tenant: Tenant, officer: User) -> None:
    """The trail outlives the person: what is in clear about them is not repeated there."""
    columns = {model._meta.db_table: {f.column for f in model._meta.concrete_fields} for model in apps.get_models()}
    for table, names in WITHHELD.items():
        assert names <= columns[table], table
    rows = one_row_of_each(tenant, officer)
    with captured(tenant.pk) as changes, tenant_scope(tenant.pk):
        Customer.objects.filter(pk=rows[Customer]).update(nationality="KP", is_foreign_pep=True, branch_code="009")
    assert changes[0][2]["after"] == {"branch_code": "009", "is_foreign_pep": "withheld", "nationality": "withheld"}


def test_an_account_belongs_to_the_services_own_trail_and_shows_no_text(
    tenant: Tenant, officer: User, superuser: psycopg.Connection
) -> None:
    officer.name = "改名"
    officer.set_password("another long password")
    officer.is_active = False
    with acting(Actor.user(officer.pk)):
        officer.save()

    (row,) = superuser.execute(
        "SELECT tenant_id, event, actor_kind, payload::json->'after' FROM audit_auditevent"
        " WHERE target_type = 'tenants.user' ORDER BY id DESC LIMIT 1"
    ).fetchall()
    assert row == (
        0,
        "tenants_user.updated",
        "user",
        {"is_active": False, "name": "withheld", "password": "withheld"},
    )
    with tenant_scope(tenant.pk):
        assert not AuditEvent.objects.filter(tenant_id=0).exists(), "the service's own trail is not a tenant's to read"


def test_an_institution_is_watched_in_clear(tenant: Tenant, superuser: psycopg.Connection) -> None:
    with acting(SYSTEM):
        tenant.phone = "0120-999-999"
        tenant.save()
    (row,) = superuser.execute(
        "SELECT tenant_id, payload FROM audit_auditevent WHERE event = 'tenants_tenant.updated'"
        " ORDER BY id DESC LIMIT 1"
    ).fetchall()
    assert row == (0, '{"before":{"phone":"0120-000-101"},"after":{"phone":"0120-999-999"}}')


def test_one_tenants_changes_are_not_in_anothers_trail(tenant: Tenant, other_tenant: Tenant) -> None:
    with captured(other_tenant.pk) as theirs, captured(tenant.pk) as ours, tenant_scope(tenant.pk):
        an_import().save()
    assert (len(ours), theirs) == (1, [])


def test_the_role_of_a_member_is_captured(tenant: Tenant, officer: User) -> None:
    with captured(tenant.pk) as changes, tenant_scope(tenant.pk):
        Membership.objects.filter(user=officer).update(role=Role.APPROVER)
    assert changes[0][2] == {"before": {"role": "OFFICER"}, "after": {"role": "APPROVER"}}
