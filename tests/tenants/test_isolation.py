"""One tenant never reaches another's rows: every model, every way of asking, with positive controls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, models, transaction

from retention.models import DestructionRecord
from tenants.identifiers import uuid7
from tenants.models import Tenant, TenantModel, User
from tenants.scoping import (
    NoTenantScope,
    TenantScopeError,
    current_tenant_id,
    tenant_context,
    tenant_scope,
)
from tests.conftest import MakeUser
from tests.tenants.builders import Rows, one_row_of_each, tenant_models


@pytest.fixture
def foreign(other_tenant: Tenant, other_officer: User) -> Rows:
    """A row of every model, all the other bank's."""
    return one_row_of_each(other_tenant, other_officer)


@pytest.fixture
def own(tenant: Tenant, officer: User) -> Rows:
    """A row of every model, all ours."""
    return one_row_of_each(tenant, officer)


def table_of(model: type[models.Model]) -> str:
    return model._meta.db_table


def count_in(superuser: psycopg.Connection, model: type[models.Model], pk: object) -> int:
    row = superuser.execute(f"SELECT count(*) FROM {table_of(model)} WHERE id = %s", [pk]).fetchone()
    assert row is not None
    return int(row[0])


# The register of companies is public and the same for all tenants; nobody deletes from it (tests/companies).
# An account may belong to several tenants, so what it signs in with belongs to none; nobody has signed in yet when an
# attempt fails. The application role cannot touch allauth's applications, tokens and confirmations at all.
OF_NO_TENANT = {
    "tenants.Tenant",
    "tenants.User",
    "tenants.AttemptCounter",
    "account.EmailAddress",
    "account.EmailConfirmation",
    "mfa.Authenticator",
    "socialaccount.SocialAccount",
    "socialaccount.SocialApp",
    "socialaccount.SocialToken",
    "usersessions.UserSession",
    "companies.CorporateRecord",
    "companies.RegistryChange",
    "companies.RegistryLoad",
}


# The application may not change or remove them at all (tests/retention/test_purging.py).
APPEND_ONLY: frozenset[type[TenantModel]] = frozenset({DestructionRecord})


def test_every_concrete_model_is_scoped_or_on_the_short_list_of_global_ones() -> None:
    """T15: a model that forgets to be a tenant's is named here."""
    from django.apps import apps

    ours = {config.label for config in apps.get_app_configs() if not config.name.startswith("django")}
    unscoped = {
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_label in ours and not issubclass(model, TenantModel)
    }
    # Guardian's own tables stay empty, and the application role has no right to them (tests/tenants/test_grants.py).
    unscoped -= {"guardian.UserObjectPermission", "guardian.GroupObjectPermission"}
    trail = {"audit.AuditEvent", "audit.AuditLeaf", "audit.AuditCheckpoint", "audit.AuditTimestamp"}
    in_the_keys_database = {"custody.PersonKey"}  # attacked in test_person_keys.py
    assert unscoped == OF_NO_TENANT | trail | in_the_keys_database


def test_no_way_of_asking_gives_a_foreign_row(
    tenant: Tenant, foreign: Rows, own: Rows, superuser: psycopg.Connection
) -> None:
    """T1: by primary key through the manager, the unscoped base manager, raw SQL and aggregates."""
    for model, pk in foreign.items():
        assert count_in(superuser, model, pk) == 1, f"control: {model} exists"
        everything: Any = model._base_manager
        with tenant_scope(tenant.pk):
            assert everything.filter(pk=own[model]).exists(), f"control: our own {model} is seen"
            for way in ways_to(model, pk):
                assert not way(), f"{model} leaked"
            with pytest.raises(model.DoesNotExist):
                model.objects.get(pk=pk)
        assert count_in(superuser, model, pk) == 1, f"{model} was deleted by another tenant"


def ways_to(model: type[TenantModel], pk: object) -> list[Callable[[], Any]]:
    """Every way to ask for, change or delete one row."""
    everything: Any = model._base_manager
    return [
        lambda: list(model.objects.filter(pk=pk)),
        lambda: model.objects.in_bulk([pk]),
        lambda: list(model.objects.filter(pk=pk).values("pk")),
        lambda: model.objects.filter(pk=pk).count(),
        lambda: model.objects.filter(pk=pk).exists(),
        lambda: list(everything.filter(pk=pk)),
        *([] if model in APPEND_ONLY else [lambda: everything.filter(pk=pk).update(id=pk)]),
        *([] if model in APPEND_ONLY else [lambda: everything.filter(pk=pk).delete()[0]]),
        lambda: list(everything.raw(f"SELECT * FROM {table_of(model)} WHERE id = %s", [pk])),
    ]


def test_references_cannot_be_followed_into_another_tenant(tenant: Tenant, foreign: Rows, own: Rows) -> None:
    """T1: select_related, prefetch_related and refresh_from_db stay inside."""
    from customers.models import ContactPoint, Customer

    with tenant_scope(tenant.pk):
        contacts = list(ContactPoint.objects.select_related("customer"))
        assert [contact.customer_id for contact in contacts] == [own[Customer]]
        customers = list(Customer.objects.prefetch_related("contact_points"))
        assert [customer.pk for customer in customers] == [own[Customer]]
        stranger = Customer(pk=foreign[Customer], tenant=tenant)
        with pytest.raises(Customer.DoesNotExist):
            stranger.refresh_from_db()


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: list(model.objects.all()),
        lambda model: model.objects.exists(),
        lambda model: model.objects.count(),
        lambda model: model.objects.in_bulk([]),
        lambda model: model.objects.filter(pk=None).delete(),
        lambda model: model.objects.aggregate(models.Count("pk")),
        lambda model: model.objects.get_or_create(pk=None),
        lambda model: model.objects.bulk_create([model()]),
        lambda model: model().save(),
    ],
)
def test_without_a_scope_the_manager_refuses(db_clean: None, ask: Callable[[Any], Any]) -> None:
    """T3: in a view, a task, a shell: no scope, no query."""
    for model in tenant_models():
        with pytest.raises(NoTenantScope):
            ask(model)


def test_without_a_scope_raw_sql_sees_nothing(own: Rows, superuser: psycopg.Connection) -> None:
    """T3: past the manager there is still the database."""
    for model, pk in own.items():
        assert count_in(superuser, model, pk) == 1, "control"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table_of(model)}")
            assert cursor.fetchone() == (0,), model


def test_another_tenants_scope_cannot_be_opened_inside_one(tenant: Tenant, other_tenant: Tenant) -> None:
    """T4: neither plainly nor behind a savepoint, and the first scope goes on."""
    with tenant_scope(tenant.pk):
        with pytest.raises(TenantScopeError), tenant_scope(other_tenant.pk):
            pass
        with transaction.atomic(), pytest.raises(TenantScopeError), tenant_context(other_tenant.pk):
            pass
        assert current_tenant_id() == tenant.pk
        assert setting() == str(tenant.pk)
    assert current_tenant_id() is None


def test_one_transaction_cannot_serve_two_tenants_in_turn(tenant: Tenant, other_tenant: Tenant) -> None:
    """T4: not even one scope after the other."""
    with transaction.atomic():
        with tenant_scope(tenant.pk):
            assert setting() == str(tenant.pk)
        with pytest.raises(TenantScopeError), tenant_scope(other_tenant.pk):
            pass


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.tenant_id', true)")
        value: str = cursor.fetchone()[0]
    return value


def test_the_scope_survives_errors_savepoints_and_lost_connections(tenant: Tenant, own: Rows) -> None:
    """T5: after each fault the next read is our own rows or a refusal, never somebody else's."""
    from customers.models import Customer

    with tenant_scope(tenant.pk):
        with pytest.raises(DatabaseError), transaction.atomic():
            broken()
        assert Customer.objects.count() == 1
        outer = transaction.savepoint_create()
        transaction.savepoint_rollback(outer)
        assert Customer.objects.count() == 1
    with tenant_context(tenant.pk):
        connection.close()
        with transaction.atomic():
            assert Customer.objects.count() == 1
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            raise ZeroDivisionError
        with transaction.atomic():
            assert Customer.objects.count() == 1
    assert setting() in ("", None)


def broken() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1/0")


def test_a_queryset_read_after_its_scope_refuses(tenant: Tenant, own: Rows) -> None:
    """T7: a lazy queryset that outlives its scope is an error, not an empty list."""
    from customers.models import Customer

    with tenant_scope(tenant.pk):
        late = Customer.objects.all()
        streamed = Customer.objects.all()
        assert len(Customer.objects.all()) == 1, "control"
    with pytest.raises(NoTenantScope):
        list(late)
    with pytest.raises(NoTenantScope):
        next(iter(streamed.iterator()))
    assert late.count() == 0


def test_rows_cannot_be_written_for_another_tenant(
    tenant: Tenant, other_tenant: Tenant, own: Rows, superuser: psycopg.Connection
) -> None:
    """T8: by save, bulk_create, update, raw INSERT and COPY."""
    from customers.models import Customer

    def stranger() -> Customer:
        return Customer(tenant=other_tenant, number="S1", kind="COMPANY", profile={})

    with pytest.raises(TenantScopeError), tenant_scope(tenant.pk):
        stranger().save()
    with pytest.raises(TenantScopeError), tenant_scope(tenant.pk):
        Customer.objects.bulk_create([Customer(number="S2", kind="COMPANY", profile={}), stranger()])
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_scope(tenant.pk):
        Customer.objects.filter(pk=own[Customer]).update(tenant_id=other_tenant.pk)
    columns = "id, tenant_id, version, wrapped, created_at"
    values = f"gen_random_uuid(), {other_tenant.pk}, 9, 'x', now()"
    for statement in (
        f"INSERT INTO tenants_tenantkey ({columns}) VALUES ({values})",
        f"INSERT INTO tenants_tenantkey ({columns}) SELECT {values}",
    ):
        with (
            pytest.raises(ProgrammingError, match="row-level security"),
            tenant_scope(tenant.pk),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="row-level security"):
        copy_in(tenant, other_tenant)
    written = superuser.execute(
        "SELECT count(*) FROM customers_customer WHERE tenant_id = %s OR number LIKE 'S%%'", [other_tenant.pk]
    ).fetchone()
    assert written == (0,)


def copy_in(tenant: Tenant, other: Tenant) -> None:
    columns = "id, tenant_id, version, wrapped, created_at"
    with (
        tenant_scope(tenant.pk),
        connection.cursor() as cursor,
        cursor.copy(f"COPY tenants_tenantkey ({columns}) FROM STDIN") as copy,
    ):
        copy.write_row(["0192f000-0000-7000-8000-000000000000", other.pk, 9, b"x", "2026-01-01"])


# A customer who points to another is merged, and one who is merged points.
GOES_ALONG: dict[str, dict[str, str]] = {"merged_into_id": {"status": "MERGED"}}


def test_a_reference_into_another_tenant_is_refused_by_the_database(tenant: Tenant, foreign: Rows, own: Rows) -> None:
    """T9: every reference between tenant models, set to the other bank's row; our own row passes as control."""
    tried = 0
    for model, pk in own.items():
        for field in model._meta.concrete_fields:
            target = field.related_model
            if not isinstance(target, type) or not issubclass(target, TenantModel):
                continue
            rows: Any = model._base_manager
            if model in APPEND_ONLY:
                with pytest.raises(IntegrityError, match="foreign key"):
                    copy_elsewhere(tenant, model, pk, {field.attname: foreign[target]})
                with pytest.raises(IntegrityError, match="unique"):  # control: it is there already, and nothing else
                    copy_elsewhere(tenant, model, pk, {field.attname: own[target]})
                continue
            along = GOES_ALONG.get(field.attname, {})
            with tenant_scope(tenant.pk):
                ours = another(model) if target is model else own[target]
                assert rows.filter(pk=pk).update(**{field.attname: ours}, **along) == 1, "control"
            with pytest.raises(IntegrityError, match="foreign key"):
                point_elsewhere(tenant, rows.filter(pk=pk), {field.attname: foreign[target], **along})
            tried += 1
    assert tried >= 20


def another(model: Any) -> UUID:
    """A second customer, because none points to itself."""
    made: UUID = model.objects.create(number="another", kind="INDIVIDUAL", profile={}).pk
    return made


def point_elsewhere(tenant: Tenant, rows: Any, change: dict[str, object]) -> None:
    with tenant_scope(tenant.pk):
        rows.update(**change)
        force_constraints()


def copy_elsewhere(tenant: Tenant, model: type[TenantModel], pk: object, change: dict[str, object]) -> None:
    with tenant_scope(tenant.pk):
        row = model.objects.get(pk=pk)
        row.pk = uuid7()
        for name, value in change.items():
            setattr(row, name, value)
        model._base_manager.bulk_create([row])
        force_constraints()


def force_constraints() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


FORBIDDEN = [
    "TRUNCATE customers_customer",
    "ALTER TABLE customers_customer DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE customers_customer NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY tenant ON customers_customer",
    "CREATE POLICY everything ON customers_customer USING (true)",
    "SET session_replication_role = replica",
    "SET ROLE keizoku_owner",
    "SET ROLE keizoku_lookup",
    "SET SESSION AUTHORIZATION keizoku_owner",
    "CREATE TABLE mine (id int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "SELECT * FROM pg_authid",
    "COPY customers_customer TO PROGRAM 'cat'",
    "SELECT pg_read_file('postgresql.conf')",
    "UPDATE audit_auditevent SET event = 'x'",
    "DELETE FROM audit_auditevent",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_application_role_is_denied(tenant: Tenant, statement: str) -> None:
    """T13: what would take the walls down."""
    with tenant_scope(tenant.pk), connection.cursor() as cursor, pytest.raises(ProgrammingError):
        cursor.execute(statement)


def test_switching_row_security_off_fails_instead_of_showing_everything(tenant: Tenant, foreign: Rows) -> None:
    """T13: with row_security off PostgreSQL refuses the query."""
    with tenant_scope(tenant.pk), connection.cursor() as cursor:
        cursor.execute("SET LOCAL row_security = off")
        with pytest.raises(ProgrammingError, match="row-level security"):
            cursor.execute("SELECT * FROM customers_customer")


def test_statistics_of_the_planner_show_no_values(tenant: Tenant, foreign: Rows, superuser: psycopg.Connection) -> None:
    """T13: pg_stats holds samples of values."""
    superuser.execute("ANALYZE customers_customer")
    sampled = "SELECT count(*) FROM pg_stats WHERE tablename = 'customers_customer'"
    control = superuser.execute(sampled).fetchone()
    assert control is not None
    assert control[0] > 0
    with tenant_scope(tenant.pk), connection.cursor() as cursor:
        cursor.execute(sampled)
        assert cursor.fetchone() == (0,)


def test_lookups_answer_only_what_is_asked(tenant: Tenant, other_tenant: Tenant, make_user: MakeUser) -> None:
    """Before the tenant is known: a member's own tenants, and nothing to list."""
    from tenants.lookups import memberships_of, tenant_of_channel, tenant_of_link
    from tenants.models import Role

    user = make_user(other_tenant, Role.OFFICER, "only-there")
    assert [membership.tenant_id for membership in memberships_of(user.pk)] == [other_tenant.pk]
    assert memberships_of(user.pk + 1000) == []
    assert tenant_of_link(b"0" * 32) is None
    assert tenant_of_channel("nobody") is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_membership")
        assert cursor.fetchone() == (0,)


def test_reading_outside_a_transaction_is_refused_instead_of_empty(tenant: Tenant, own: Rows) -> None:
    """Row-level security shows nothing outside a transaction; «none» would be believed."""
    from customers.models import Customer

    with tenant_context(tenant.pk):
        with transaction.atomic():
            lazy = Customer.objects.all()
            assert Customer.objects.count() == 1, "control"
        with pytest.raises(NoTenantScope, match="outside a transaction"):
            Customer.objects.count()
        with pytest.raises(NoTenantScope, match="outside a transaction"):
            list(lazy)
