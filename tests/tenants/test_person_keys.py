"""Customers' own keys: in a database apart, fetched and made in bulk, bound to person, row, column and tenant."""

from __future__ import annotations

from typing import Any, cast

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.services import Actor
from customers.models import AttributeChange, ContactPoint, Customer
from customers.recording import Change, change_customers
from customers.selectors import facts_of_many
from tenants.custody.models import PersonKey
from tenants.fields import _EncryptedField
from tenants.guards import find_holes
from tenants.identifiers import uuid7
from tenants.keys import CannotDecrypt, KeysUnavailable, cipher, forget_keys, person_ciphers
from tenants.keys.envelopes import PERSON_HEADER
from tenants.keys.persons import _holder
from tenants.models import Tenant, User
from tenants.scoping import NoTenantScope, tenant_context, tenant_scope
from tests.conftest import NOW
from tests.tenants.builders import one_row_of_each

SYSTEM = Actor.system("tests")


def make(number: str = "1", **profile: Any) -> Customer:
    customer = Customer(number=number, kind=Customer.Kind.INDIVIDUAL, profile={"name": f"客{number}", **profile})
    customer.save()
    return customer


def make_many(count: int) -> list[Customer]:
    rows: list[Customer] = Customer.objects.bulk_create(
        [Customer(number=str(n), kind=Customer.Kind.INDIVIDUAL, profile={"name": f"客{n}"}) for n in range(count)]
    )
    return rows


PERSONAL = {
    "customers.Customer.profile",
    "customers.ContactPoint.value",
    "customers.AttributeChange.before",
    "customers.AttributeChange.after",
    "questionnaires.Response.answers",
    "channels.DeliveryAttempt.snapshot",
    "channels.Letter.pdf",
    "ekyc.Verification.hosted_url",
    "ekyc.Verification.result",
    "uploads.Upload.name",
    "uploads.Upload.body",
    "reviews.Discrepancy.on_file",
    "reviews.Discrepancy.answered",
    "reviews.Decision.rationale",
    "reviews.Decision.check_comment",
}


def sealed_fields() -> dict[str, _EncryptedField]:
    return {
        f"{model._meta.label}.{field.name}": field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, _EncryptedField)
    }


def test_every_field_about_one_customer_is_sealed_under_that_customers_key() -> None:
    """Of a model that leads to a customer, a field that is not is named here."""
    fields = sealed_fields()

    assert {name for name, field in fields.items() if field.person is not None} >= PERSONAL
    forgotten = {
        name
        for name, field in fields.items()
        if field.person is None and any(f.related_model is Customer for f in field.model._meta.concrete_fields)
    }
    assert forgotten == set()


def test_each_way_to_the_person_leads_to_a_customer(
    tenant: Tenant, officer: User, superuser: psycopg.Connection
) -> None:
    """Every model's own row, sealed under the key of the one customer there is."""
    rows = one_row_of_each(tenant, officer)
    customer = rows[Customer]

    for name, field in sealed_fields().items():
        if field.person in (None, "person_id") or field.null:  # or named by the room above
            continue
        table = field.model._meta.db_table
        found = superuser.execute(
            f"SELECT {field.column} FROM {table} WHERE id = %s", [cast("Any", rows)[field.model]]
        ).fetchone()
        assert found is not None
        assert found[0][:17] == b"\x02" + customer.bytes, name


def test_a_page_of_rows_costs_one_query_for_keys_however_long_it_is(tenant: Tenant) -> None:
    """P6: names, contact points and history of many customers."""
    for count in (2, 60):
        with tenant_scope(tenant.pk):
            Customer.objects.all().delete()
            made = make_many(count)
            ContactPoint.objects.bulk_create(
                [
                    ContactPoint(customer=row, channel="EMAIL", value=f"{row.number}@a.example", value_index=b"x")
                    for row in made
                ]
            )
        forget_keys()
        with tenant_scope(tenant.pk), CaptureQueriesContext(connections["keys"]) as queries:
            facts = facts_of_many([row.pk for row in made])
            assert {fact["name"] for fact in facts.values()} == {f"客{n}" for n in range(count)}
            assert len({fact["email"] for fact in facts.values()}) == count
        # BEGIN, the tenant's setting and COMMIT; the read itself goes past Django's cursor.
        assert len(queries) <= 4
        assert len([key for key in _holder._held if key[0] == tenant.pk]) == count


def test_without_the_notes_every_row_would_cost_a_query(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Positive control of the count."""
    with tenant_scope(tenant.pk):
        made = make_many(5)
    forget_keys()
    monkeypatch.setattr("tenants.keys.persons.wanted_persons", dict)

    with tenant_scope(tenant.pk), CaptureQueriesContext(connections["keys"]) as queries:
        facts_of_many([row.pk for row in made])
    assert len(queries) >= 5


def test_keys_are_made_in_bulk(tenant: Tenant) -> None:
    for count in (3, 300):
        with tenant_scope(tenant.pk), CaptureQueriesContext(connections["keys"]) as queries:
            Customer.objects.all().delete()
            make_many(count)
        assert len(queries) <= 8, [query["sql"] for query in queries]


def test_a_change_of_many_customers_makes_and_fetches_keys_in_bulk(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        made = make_many(30)
    forget_keys()
    with tenant_scope(tenant.pk), CaptureQueriesContext(connections["keys"]) as queries:
        changes = {row.pk: Change({"name": f"改{row.number}", "email": f"{row.number}@a.example"}) for row in made}
        change_customers(changes, source=AttributeChange.Source.STAFF, actor=SYSTEM, now=NOW)

    assert len(queries) <= 8
    with tenant_scope(tenant.pk):
        assert {change.after for change in AttributeChange.objects.filter(attribute="name")} == {
            f"改{n}" for n in range(30)
        }


def test_no_request_opens_a_transaction_among_the_keys_that_it_does_not_need(tenant: Tenant) -> None:
    assert settings.DATABASES["keys"].get("ATOMIC_REQUESTS", False) is False
    with CaptureQueriesContext(connections["keys"]) as queries:
        Client().get("/sign-in")
    assert len(queries) == 0


def test_the_keys_database_holds_keys_and_nothing_else(
    tenant: Tenant, keys_superuser: psycopg.Connection, superuser: psycopg.Connection
) -> None:
    with tenant_scope(tenant.pk):
        make()

    tables = keys_superuser.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    assert {row[0] for row in tables} == {"tenants_personkey", "django_migrations"}
    assert superuser.execute("SELECT to_regclass('tenants_personkey')").fetchone() == (None,)
    assert keys_superuser.execute("SELECT count(*) FROM tenants_personkey").fetchone() == (1,)


def test_the_keys_database_has_no_hole_and_one_that_is_made_is_found(
    db_clean: None, keys_superuser: psycopg.Connection
) -> None:
    assert [str(hole) for hole in find_holes(using="keys")] == []
    keys_superuser.execute("ALTER TABLE tenants_personkey NO FORCE ROW LEVEL SECURITY")
    try:
        assert any(hole.where == "tenants_personkey" for hole in find_holes(using="keys"))
    finally:
        keys_superuser.execute("ALTER TABLE tenants_personkey FORCE ROW LEVEL SECURITY")


def test_another_tenants_keys_cannot_be_read_changed_or_destroyed(
    tenant: Tenant, other_tenant: Tenant, keys_superuser: psycopg.Connection
) -> None:
    """T6 in the keys' database: raw SQL as the application's role, with the tenant left out of the question."""
    with tenant_scope(tenant.pk):
        person = make().pk
    attacks = (
        "SELECT person_id FROM tenants_personkey",
        "UPDATE tenants_personkey SET key_version = 9 RETURNING person_id",
        "DELETE FROM tenants_personkey RETURNING person_id",
    )

    for attack in attacks:
        with tenant_scope(other_tenant.pk, using="keys"), connections["keys"].cursor() as cursor:
            cursor.execute(attack)
            assert cursor.fetchall() == []
    with connections["keys"].cursor() as cursor:
        cursor.execute(attacks[0])
        assert cursor.fetchall() == []
    assert keys_superuser.execute(attacks[0]).fetchall() == [(person,)], "a superuser sees it"
    with tenant_scope(tenant.pk, using="keys"):
        assert [key.person_id for key in PersonKey.objects.all()] == [person]


def test_a_key_cannot_be_made_for_another_tenant(tenant: Tenant, other_tenant: Tenant) -> None:
    with (
        pytest.raises(Exception, match="row-level security"),
        tenant_scope(tenant.pk, using="keys"),
        connections["keys"].cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO tenants_personkey (tenant_id, person_id, key_version, wrapped) VALUES (%s, %s, 1, '\\x00')",
            [other_tenant.pk, uuid7()],
        )


def test_without_a_scope_there_is_no_persons_key(tenant: Tenant) -> None:
    with pytest.raises(NoTenantScope):
        person_ciphers([uuid7().bytes])
    with pytest.raises(NoTenantScope):
        PersonKey.objects.all()


def test_keys_are_found_between_transactions_too(in_tenant: Tenant) -> None:
    """A worker opens what it sends with no transaction around the provider's call."""
    with tenant_scope(in_tenant.pk):
        make()
        (customer,) = Customer.objects.all()
    forget_keys()

    assert customer.profile == {"name": "客1"}
    assert not connections["keys"].in_atomic_block


def test_rows_sealed_before_persons_had_keys_stay_readable_and_move_when_saved(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        customer = make()
        field = Customer._meta.get_field("profile")
        old = cipher().seal('{"name":"昔"}'.encode(), b"customers_customer.profile", customer.pk.bytes)
        with connections["default"].cursor() as cursor:
            cursor.execute("UPDATE customers_customer SET profile = %s WHERE id = %s", [old, customer.pk])
        found = Customer.objects.get(pk=customer.pk)
        assert found.profile == {"name": "昔"}
        found.save()
        (stored,) = Customer.objects.values_list("profile", flat=True)
        assert stored[:17] == b"\x02" + customer.pk.bytes
        assert field.open(found, stored) == {"name": "昔"}


def test_a_row_handed_to_another_customer_does_not_open(tenant: Tenant, superuser: psycopg.Connection) -> None:
    """P2, persons: the ciphertext stays in its row, the row changes its owner."""
    with tenant_scope(tenant.pk):
        one, other = make("1"), make("2")
        point = ContactPoint.objects.create(customer=one, channel="EMAIL", value="a@a.example", value_index=b"x")
    superuser.execute("UPDATE customers_contactpoint SET customer_id = %s", [other.pk])

    with tenant_scope(tenant.pk), pytest.raises(CannotDecrypt, match="another person"):
        _ = ContactPoint.objects.get(pk=point.pk).value


REGIONS = {
    "scheme": 0,
    "person": 5,
    "nonce": 20,
    "ciphertext": PERSON_HEADER + 2,
    "tag": -1,
}


@pytest.mark.parametrize("offset", REGIONS.values(), ids=REGIONS.keys())
def test_a_flipped_byte_in_any_region_is_noticed(tenant: Tenant, superuser: psycopg.Connection, offset: int) -> None:
    """P2."""
    with tenant_scope(tenant.pk):
        customer = make()
    (sealed,) = superuser.execute("SELECT profile FROM customers_customer").fetchone() or (b"",)
    altered = bytearray(sealed)
    altered[offset] ^= 1
    superuser.execute("UPDATE customers_customer SET profile = %s", [bytes(altered)])

    with tenant_scope(tenant.pk), pytest.raises(CannotDecrypt):
        _ = Customer.objects.get(pk=customer.pk).profile


def test_every_truncation_is_noticed(tenant: Tenant) -> None:
    """P2."""
    with tenant_scope(tenant.pk):
        field = Customer._meta.get_field("profile")
        customer = make()
        (sealed,) = Customer.objects.values_list("profile", flat=True)
        assert field.open(customer, sealed) == {"name": "客1"}
        for length in range(len(sealed)):
            with pytest.raises(CannotDecrypt):
                field.open(customer, type(sealed)(sealed[:length]))


FORGERIES = {
    "copied from another person": "UPDATE tenants_personkey SET wrapped = (SELECT wrapped FROM tenants_personkey"
    " WHERE person_id = %(other)s) WHERE person_id = %(one)s",
    "of another version": "UPDATE tenants_personkey SET key_version = 7 WHERE person_id = %(one)s",
    "flipped": "UPDATE tenants_personkey SET wrapped = set_byte(wrapped, 20, 255 - get_byte(wrapped, 20))"
    " WHERE person_id = %(one)s",
    "cut": "UPDATE tenants_personkey SET wrapped = substr(wrapped, 1, 30) WHERE person_id = %(one)s",
    "lost": "DELETE FROM tenants_personkey WHERE person_id = %(one)s",
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
def test_whoever_writes_the_key_table_cannot_make_a_value_of_it(
    tenant: Tenant, keys_superuser: psycopg.Connection, forgery: str
) -> None:
    """P2: the forged person is refused, and everybody else stays readable."""
    with tenant_scope(tenant.pk):
        one, other = make("1"), make("2")
    assert keys_superuser.execute(forgery, {"one": one.pk, "other": other.pk}).rowcount == 1
    forget_keys()

    with tenant_scope(tenant.pk):
        rows = {row.number: row for row in Customer.objects.all()}
        assert rows["2"].profile == {"name": "客2"}
        with pytest.raises(CannotDecrypt):
            _ = rows["1"].profile


def test_a_key_copied_to_another_tenant_does_not_open(
    tenant: Tenant, other_tenant: Tenant, keys_superuser: psycopg.Connection
) -> None:
    """P2."""
    with tenant_scope(tenant.pk):
        person = make().pk
    keys_superuser.execute("UPDATE tenants_personkey SET tenant_id = %s", [other_tenant.pk])
    forget_keys()

    with tenant_context(other_tenant.pk), pytest.raises(CannotDecrypt):
        person_ciphers([person.bytes])


def test_while_the_keys_database_is_away_reading_and_writing_are_refused_in_words(
    tenant: Tenant, keys_superuser: psycopg.Connection
) -> None:
    """P2: never garbage, and nothing half written."""
    with tenant_scope(tenant.pk):
        customer = make()
    forget_keys()
    keys_superuser.execute("REVOKE ALL ON tenants_personkey FROM keizoku_app")
    try:
        with tenant_scope(tenant.pk), pytest.raises(KeysUnavailable, match="does not answer"):
            _ = Customer.objects.get(pk=customer.pk).profile
        with pytest.raises(KeysUnavailable), tenant_scope(tenant.pk):
            make("2")
    finally:
        keys_superuser.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON tenants_personkey TO keizoku_app")

    with tenant_scope(tenant.pk):
        assert [row.profile for row in Customer.objects.all()] == [{"name": "客1"}]


def test_a_page_says_in_words_that_the_keys_are_away(
    tenant: Tenant, officer: User, staff_client: Any, keys_superuser: psycopg.Connection
) -> None:
    with tenant_scope(tenant.pk):
        make()
    forget_keys()
    keys_superuser.execute("REVOKE ALL ON tenants_personkey FROM keizoku_app")
    try:
        answer = staff_client(officer).get("/customers/")
    finally:
        keys_superuser.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON tenants_personkey TO keizoku_app")

    assert answer.status_code == 503
    assert "<h1>" in answer.content.decode()
    assert staff_client(officer).get("/customers/").status_code == 200


def test_the_models_about_many_people_stay_under_the_tenants_key() -> None:
    """They are purged by retention instead."""
    shared = {"customers.ImportChunk.body", "customers.RejectedRow.original", "customers.RejectedRow.params"}
    assert {name for name in shared if sealed_fields()[name].person is not None} == set()
