"""Shredding: the key goes, and with it everything it sealed, in the tables and in every copy made before."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from time import sleep
from uuid import UUID

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from audit.models import AuditEvent
from audit.services import Actor
from customers.models import AttributeChange, ContactPoint, Customer
from customers.presenting import name_shown, present
from customers.selectors import ERASED, facts_of
from tenants.keys import CannotDecrypt, KeysUnavailable, PersonShredded, forget_keys, persons
from tenants.models import Tenant, User
from tenants.scoping import tenant_context, tenant_scope
from tenants.shredding import shred_person, shredded_but_alive
from tests.conftest import NOW

SYSTEM = Actor.system("tests")
LATER = NOW + timedelta(days=1)


@pytest.fixture
def customer(tenant: Tenant) -> Customer:
    """Somebody with a name, an address and a history."""
    with tenant_scope(tenant.pk):
        made = Customer(number="1", kind=Customer.Kind.INDIVIDUAL, profile={"name": "髙橋 一郎"}, nationality="JP")
        made.save()
        ContactPoint.objects.create(customer=made, channel="EMAIL", value="ichiro@a.example", value_index=b"x")
        AttributeChange.objects.create(
            customer=made, attribute="name", before="高橋", after="髙橋", source="STAFF", actor="system:tests", at=NOW
        )
    return made


def events(tenant: Tenant) -> list[tuple[str, str]]:
    with tenant_scope(tenant.pk):
        found = AuditEvent.objects.filter(tenant_id=tenant.pk, event="personkey.shredded").order_by("id")
        return list(found.values_list("target_type", "target_id"))


def shred(tenant: Tenant, person_id: UUID) -> bool:
    with tenant_context(tenant.pk):
        return shred_person(person_id, actor=SYSTEM, now=LATER)


def test_a_shredded_person_cannot_be_read_again_and_everybody_else_can(tenant: Tenant, customer: Customer) -> None:
    """A10."""
    with tenant_scope(tenant.pk):
        other = Customer(number="2", kind=Customer.Kind.INDIVIDUAL, profile={"name": "鈴木"})
        other.save()
        assert Customer.objects.get(number="1").profile == {"name": "髙橋 一郎"}

    assert shred(tenant, customer.pk) is True

    with tenant_scope(tenant.pk):
        for row, name in (
            (Customer.objects.get(number="1"), "profile"),
            (ContactPoint.objects.get(), "value"),
            (AttributeChange.objects.get(), "before"),
        ):
            with pytest.raises(PersonShredded):
                getattr(row, name)
        assert Customer.objects.get(number="2").profile == {"name": "鈴木"}
    assert events(tenant) == [("custody.personkey", str(customer.pk))]


def test_shredding_again_changes_and_records_nothing(tenant: Tenant, customer: Customer) -> None:
    assert [shred(tenant, customer.pk), shred(tenant, customer.pk)] == [True, False]
    assert len(events(tenant)) == 1


def test_after_a_transaction_that_failed_the_act_is_recorded_when_it_is_run_again(
    tenant: Tenant, customer: Customer
) -> None:
    """The two databases cannot commit together."""
    with tenant_scope(tenant.pk):
        shred_person(customer.pk, actor=SYSTEM, now=NOW)
        transaction.set_rollback(True)
    assert events(tenant) == []
    with tenant_scope(tenant.pk), pytest.raises(PersonShredded):
        _ = Customer.objects.get().profile

    assert shred(tenant, customer.pk) is False
    assert len(events(tenant)) == 1


def test_nothing_new_can_be_sealed_for_a_shredded_person(tenant: Tenant, customer: Customer) -> None:
    """A key made anew would undo the shredding of what comes after it."""
    shred(tenant, customer.pk)

    with pytest.raises(PersonShredded), tenant_scope(tenant.pk):
        ContactPoint.objects.create(customer=customer, channel="PHONE", value="+81312345678", value_index=b"x")
    forget_keys()
    customer.profile = {"name": "新"}
    with pytest.raises(PersonShredded), tenant_scope(tenant.pk):
        customer.save()


def test_somebody_without_a_key_can_be_shredded_beforehand(tenant: Tenant) -> None:
    person = UUID(int=7)
    assert shred(tenant, person) is True

    with pytest.raises(PersonShredded), tenant_scope(tenant.pk):
        Customer(id=person, number="1", kind=Customer.Kind.INDIVIDUAL, profile={"name": "x"}).save()


def test_one_tenant_cannot_shred_anothers_customer(tenant: Tenant, other_tenant: Tenant, customer: Customer) -> None:
    shred(other_tenant, customer.pk)

    forget_keys()
    with tenant_scope(tenant.pk):
        assert Customer.objects.get().profile == {"name": "髙橋 一郎"}


def test_a_copy_of_the_tables_made_before_stays_shut(
    tenant: Tenant, customer: Customer, superuser: psycopg.Connection
) -> None:
    """A10, P1: the main database's back-up is restored over what is there, and the tenant's keys are all held."""
    for table in ("customers_customer", "customers_contactpoint"):
        superuser.execute(f"CREATE TABLE backup_{table} AS SELECT * FROM {table}")

    def restore() -> None:
        superuser.execute("TRUNCATE customers_customer CASCADE")
        for table in ("customers_customer", "customers_contactpoint"):
            superuser.execute(f"INSERT INTO {table} SELECT * FROM backup_{table}")

    try:
        restore()
        forget_keys()
        with tenant_scope(tenant.pk):
            assert facts_of(Customer.objects.get())["email"] == "ichiro@a.example", "before, the copy opens"

        shred(tenant, customer.pk)
        restore()
        forget_keys()
        with tenant_scope(tenant.pk):
            with pytest.raises(PersonShredded):
                _ = Customer.objects.get().profile
            with pytest.raises(PersonShredded):
                _ = ContactPoint.objects.get().value
    finally:
        superuser.execute("DROP TABLE backup_customers_customer, backup_customers_contactpoint")


def test_no_trace_of_the_key_is_left_in_its_row(
    tenant: Tenant, customer: Customer, keys_superuser: psycopg.Connection
) -> None:
    before = keys_superuser.execute("SELECT wrapped FROM tenants_personkey").fetchone()
    shred(tenant, customer.pk)
    after = keys_superuser.execute("SELECT wrapped, destroyed_at FROM tenants_personkey").fetchone()

    assert before is not None
    assert len(before[0]) == 12 + 32 + 16
    assert after == (None, LATER)


def test_other_processes_forget_the_key_within_seconds(
    tenant: Tenant, customer: Customer, process_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shredded in a process of its own; ours holds the opened key until its time is up, a minute at most."""
    monkeypatch.setattr(persons, "HOLD", 3.0)
    forget_keys()
    with tenant_scope(tenant.pk):
        assert Customer.objects.get().profile
    code = (
        "import django; django.setup()\n"
        "from audit.services import Actor; from django.utils import timezone; from uuid import UUID\n"
        "from tenants.scoping import tenant_context; from tenants.shredding import shred_person\n"
        f"with tenant_context({tenant.pk}):\n"
        f"    shred_person(UUID('{customer.pk}'), actor=Actor.system('other'), now=timezone.now())\n"
    )
    subprocess.run([sys.executable, "-c", code], env=process_environment, check=True)

    def is_open() -> bool:
        with tenant_scope(tenant.pk):
            try:
                return bool(Customer.objects.get().profile)
            except PersonShredded:
                return False

    for _ in range(40):
        if not is_open():
            break
        sleep(0.1)
    assert not is_open()


def test_a_page_shows_the_word_for_what_was_shredded(
    tenant: Tenant, customer: Customer, officer: User, staff_client: Callable[[User], Client]
) -> None:
    shred(tenant, customer.pk)
    browser = staff_client(officer)

    listed = browser.get("/customers/")
    assert listed.status_code == 200
    assert "Erased" in listed.content.decode() or "消去済み" in listed.content.decode()
    assert browser.get(f"/customers/{customer.pk}/").status_code == 200
    with tenant_scope(tenant.pk):
        facts = facts_of(Customer.objects.get())
    assert facts == {ERASED: True, "nationality": "JP"}
    assert name_shown(customer, facts, masked=True) == name_shown(customer, facts, masked=False)
    lines = {line.key: line.value for line in present(facts, is_company=False, masked=True)}
    assert lines["name"] == lines["email"] == name_shown(customer, facts, masked=False)
    assert lines["nationality"] != lines["name"]


def test_a_key_that_a_restored_backup_brought_back_is_named_and_shredded_again(
    tenant: Tenant, customer: Customer, keys_superuser: psycopg.Connection
) -> None:
    """A10: the keys' database, too, may have to be restored."""
    keys_superuser.execute("CREATE TABLE backup_keys AS SELECT * FROM tenants_personkey")
    try:
        shred(tenant, customer.pk)
        call_command("check_keys", stdout=StringIO())
        keys_superuser.execute("TRUNCATE tenants_personkey")
        keys_superuser.execute("INSERT INTO tenants_personkey SELECT * FROM backup_keys")
        forget_keys()

        with tenant_context(tenant.pk):
            assert shredded_but_alive() == [customer.pk]
        errors = StringIO()
        with pytest.raises(CommandError, match="1 faults"):
            call_command("check_keys", stdout=StringIO(), stderr=errors)
        assert str(customer.pk) in errors.getvalue()
        call_command("check_keys", "--shred-again", stdout=StringIO())
        call_command("check_keys", stdout=StringIO())
        with tenant_scope(tenant.pk), pytest.raises(PersonShredded):
            _ = Customer.objects.get().profile
    finally:
        keys_superuser.execute("DROP TABLE backup_keys")


def test_while_the_keys_database_is_away_nothing_is_recorded_as_shredded(
    tenant: Tenant, customer: Customer, keys_superuser: psycopg.Connection
) -> None:
    keys_superuser.execute("REVOKE ALL ON tenants_personkey FROM keizoku_app")
    try:
        with pytest.raises(KeysUnavailable):
            shred(tenant, customer.pk)
    finally:
        keys_superuser.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON tenants_personkey TO keizoku_app")
    assert events(tenant) == []


def test_a_lost_key_is_not_taken_for_a_shredded_one(
    tenant: Tenant, customer: Customer, keys_superuser: psycopg.Connection
) -> None:
    keys_superuser.execute("DELETE FROM tenants_personkey")
    forget_keys()

    with tenant_scope(tenant.pk), pytest.raises(CannotDecrypt) as refused:
        _ = Customer.objects.get().profile
    assert not isinstance(refused.value, PersonShredded)
