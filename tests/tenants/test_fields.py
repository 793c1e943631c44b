"""Encrypted fields: plaintext on the instance, sealed in the table, by every way of reading and writing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.functions import Cast

from audit.services import Actor
from audit.transitions import transition
from customers.models import AttributeChange, Customer, CustomerImport, ImportChunk
from ekyc.models import EkycAccount, Verification
from tenants.fields import Sealed
from tenants.keys import CannotDecrypt
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import NOW

SYSTEM = Actor.system("tests")
PROFILE = {"name": "髙橋 一郎", "kana": "ﾀｶﾊｼ ｲﾁﾛｳ", "birth_on": "1950-01-31"}


@pytest.fixture
def scope(tenant: Tenant) -> Iterator[Tenant]:
    """A transaction of the first bank."""
    with tenant_scope(tenant.pk):
        yield tenant


def new_customer(number: str, **profile: Any) -> Customer:
    return Customer(number=number, kind=Customer.Kind.INDIVIDUAL, profile={**PROFILE, **profile})


def make(number: str = "1", **profile: Any) -> Customer:
    customer = new_customer(number, **profile)
    customer.save()
    return customer


def loaded(customer: Customer) -> Customer:
    found: Customer = Customer.objects.get(pk=customer.pk)
    return found


def make_import() -> CustomerImport:
    made: CustomerImport = CustomerImport.objects.create(
        filename="顧客.csv", sha256="0" * 64, size=3, uploaded_by=1, uploaded_at=NOW
    )
    return made


def test_values_come_back_exactly_as_given(scope: Tenant) -> None:
    customer, customer_import = make(), make_import()
    chunk = ImportChunk.objects.create(customer_import=customer_import, position=0, body=b"\x00\xff\x87\x40")

    assert loaded(customer).profile == PROFILE
    assert CustomerImport.objects.get(pk=customer_import.pk).filename == "顧客.csv"
    assert ImportChunk.objects.get(pk=chunk.pk).body == b"\x00\xff\x87\x40"


def test_the_table_holds_no_plaintext(tenant: Tenant, superuser: psycopg.Connection) -> None:
    with tenant_scope(tenant.pk):
        make()

    (stored,) = superuser.execute("SELECT profile FROM customers_customer").fetchone() or ()

    assert "髙橋".encode() not in stored
    assert b"1950" not in stored
    assert stored[:1] == b"\x02"


def test_a_null_stays_null_and_empty_values_do_not(scope: Tenant) -> None:
    customer = make()
    change = AttributeChange.objects.create(
        customer=customer, attribute="name", before=None, after="", source="IMPORT", actor="system:tests", at=NOW
    )

    found = AttributeChange.objects.get(pk=change.pk)

    assert (found.before, found.after) == (None, "")
    assert AttributeChange.objects.filter(before__isnull=True, after__isnull=False).count() == 1


def test_a_sealed_value_shows_nothing(scope: Tenant) -> None:
    """P6: not in a traceback, a log line or a template either."""
    make()

    (sealed,) = Customer.objects.values_list("profile", flat=True)

    assert isinstance(sealed, Sealed)
    assert {repr(sealed), str(sealed), f"{sealed}", f"{[sealed]}"} == {"<sealed>", "[<sealed>]"}


def test_listing_rows_opens_nothing_until_a_value_is_asked_for(scope: Tenant) -> None:
    make()

    (customer,) = Customer.objects.all()
    before = customer.__dict__["profile"]
    assert isinstance(before, Sealed)

    assert customer.profile == PROFILE
    assert customer.__dict__["profile"] == PROFILE


def test_saving_a_row_unopened_leaves_its_ciphertext_alone(scope: Tenant) -> None:
    customer = make()
    (before,) = Customer.objects.values_list("profile", flat=True)

    found = loaded(customer)
    found.branch_code = "001"
    found.save()

    assert bytes(Customer.objects.values_list("profile", flat=True)[0]) == bytes(before)


def test_a_value_changed_in_place_is_saved(scope: Tenant) -> None:
    found = loaded(make())
    found.profile["name"] = "高橋 一郎"
    found.save(update_fields=["profile"])

    assert loaded(found).profile["name"] == "高橋 一郎"


def test_bulk_create_seals_each_value_for_its_own_row(scope: Tenant) -> None:
    Customer.objects.bulk_create([new_customer(str(n), name=f"客{n}") for n in range(5)])

    assert {c.number: c.profile["name"] for c in Customer.objects.all()} == {str(n): f"客{n}" for n in range(5)}


def test_bulk_update_seals_each_value_for_its_own_row(scope: Tenant) -> None:
    rows = [make(str(n)) for n in range(5)]
    for row in rows:
        row.profile = {"name": f"客{row.number}"}
        row.branch_code = "001"
    Customer.objects.bulk_update(rows, ["profile", "branch_code"])

    assert [row.profile for row in rows] == [{"name": f"客{n}"} for n in range(5)]
    assert {c.number: c.profile["name"] for c in Customer.objects.all()} == {str(n): f"客{n}" for n in range(5)}
    assert set(Customer.objects.values_list("branch_code", flat=True)) == {"001"}


def test_bulk_update_writes_nulls(scope: Tenant) -> None:
    change = AttributeChange.objects.create(
        customer=make(), attribute="name", before="x", after="y", source="IMPORT", actor="system:tests", at=NOW
    )
    change.before = None
    AttributeChange.objects.bulk_update([change], ["before", "after"])

    found = AttributeChange.objects.get(pk=change.pk)
    assert (found.before, found.after) == (None, "y")


def test_a_deferred_value_is_fetched_when_asked_for(scope: Tenant, django_assert_num_queries: Any) -> None:
    make()
    (deferred,) = Customer.objects.defer("profile")
    (only,) = Customer.objects.only("number")

    with django_assert_num_queries(2):
        assert deferred.profile == PROFILE
        assert only.profile == PROFILE


@pytest.mark.parametrize(
    "write",
    [
        lambda row: row.save(),
        lambda row: row.save(update_fields=["before"]),
        lambda row: AttributeChange.objects.bulk_update([row], ["before"]),
    ],
    ids=["save", "save of that field", "bulk_update"],
)
def test_writing_a_row_whose_value_is_deferred_does_not_lose_it(
    scope: Tenant, write: Callable[[AttributeChange], object]
) -> None:
    AttributeChange.objects.create(
        customer=make(), attribute="name", before="x", after="y", source="IMPORT", actor="system:tests", at=NOW
    )
    (row,) = AttributeChange.objects.defer("before")
    write(row)

    assert AttributeChange.objects.get(pk=row.pk).before == "x"


def test_refreshing_gives_what_others_wrote(scope: Tenant) -> None:
    ours = make()
    theirs = loaded(ours)
    theirs.profile = {"name": "別名"}
    theirs.save()

    ours.refresh_from_db()
    assert ours.profile == {"name": "別名"}
    ours.refresh_from_db(fields=["profile"])
    assert ours.profile == {"name": "別名"}


def test_a_transition_seals_what_it_changes(scope: Tenant) -> None:
    account = EkycAccount.objects.create(provider="hosted", public_id="x" * 32, credentials={})
    verification = Verification.objects.create(
        customer=make(),
        account=account,
        reference=account.pk,
        method_code="ic_chip_selfie",
        regulation_revision="2025",
        created_at=NOW,
        expires_at=NOW,
    )

    transition(verification, "APPROVED", actor=SYSTEM, at=NOW, result={"name": "髙橋 一郎"}, verified_at=NOW)

    assert verification.result == {"name": "髙橋 一郎"}
    assert Verification.objects.get(pk=verification.pk).result == {"name": "髙橋 一郎"}


@pytest.mark.parametrize(
    "ask",
    [
        lambda: Customer.objects.filter(profile=PROFILE),
        lambda: Customer.objects.exclude(profile=PROFILE),
        lambda: Customer.objects.filter(profile__name="x"),
        lambda: Customer.objects.filter(profile__in=[PROFILE]),
        lambda: Customer.objects.filter(profile__contains={}),
        lambda: Customer.objects.filter(profile=models.F("name_index")),
        lambda: CustomerImport.objects.filter(filename__startswith="x"),
        lambda: Customer.objects.get_or_create(profile=PROFILE),
    ],
)
def test_looking_up_an_encrypted_field_is_refused(scope: Tenant, ask: Callable[[], object]) -> None:
    with pytest.raises(FieldError, match="encrypted"):
        ask()


@pytest.mark.parametrize("value", [PROFILE, "text", b"bytes", 5])
def test_setting_an_encrypted_field_for_many_rows_is_refused(scope: Tenant, value: object) -> None:
    make()

    with pytest.raises(FieldError, match="encrypted"):
        Customer.objects.update(profile=value)


def test_many_rows_may_lose_their_value_at_once(scope: Tenant) -> None:
    AttributeChange.objects.create(
        customer=make(), attribute="name", before="x", after="y", source="IMPORT", actor="system:tests", at=NOW
    )
    AttributeChange.objects.update(before=None)

    assert AttributeChange.objects.get().before is None


def test_an_upsert_of_an_encrypted_field_is_refused(scope: Tenant) -> None:
    """The row that is there keeps its id, so a value sealed for the new row would never open again."""
    make("1")

    with pytest.raises(FieldError, match="encrypted"):
        Customer.objects.bulk_create(
            [new_customer("1")],
            update_conflicts=True,
            unique_fields=["tenant", "number"],
            update_fields=["profile"],
        )


MOVES = {
    "between rows": "UPDATE customers_customer SET profile ="
    " (SELECT profile FROM customers_customer WHERE number = '2') WHERE number = '1'",
    "between columns": "UPDATE customers_customer SET profile = (SELECT filename FROM customers_customerimport)"
    " WHERE number = '1'",
    "cut": "UPDATE customers_customer SET profile = substr(profile, 1, 40) WHERE number = '1'",
    "emptied": "UPDATE customers_customer SET profile = '' WHERE number = '1'",
    "one bit flipped": "UPDATE customers_customer SET profile ="
    " set_bit(profile, 200, 1 - get_bit(profile, 200)) WHERE number = '1'",
    "no person of ours": "UPDATE customers_customer SET profile = set_byte(profile, 2, 9) WHERE number = '1'",
    "another scheme": "UPDATE customers_customer SET profile = set_byte(profile, 0, 1) WHERE number = '1'",
    "no scheme": "UPDATE customers_customer SET profile = set_byte(profile, 0, 3) WHERE number = '1'",
    "another person": "UPDATE customers_customer SET profile = overlay(profile placing"
    " (SELECT substr(profile, 1, 17) FROM customers_customer WHERE number = '2') from 1) WHERE number = '1'",
    "plain text": "UPDATE customers_customer SET profile = '{\"name\":\"x\"}' WHERE number = '1'",
}


@pytest.mark.parametrize("statement", MOVES.values(), ids=MOVES.keys())
def test_whoever_writes_the_table_cannot_make_a_value_of_it(
    tenant: Tenant, superuser: psycopg.Connection, statement: str
) -> None:
    """P2: an error, never garbage, never another's value."""
    with tenant_scope(tenant.pk):
        first = make("1", name="一番")
        second = make("2", name="二番")
        make_import()

    assert superuser.execute(statement).rowcount == 1

    with tenant_scope(tenant.pk):
        with pytest.raises(CannotDecrypt):
            _ = loaded(first).profile
        assert loaded(second).profile["name"] == "二番"


def test_a_value_copied_from_another_tenant_does_not_open(
    tenant: Tenant, other_tenant: Tenant, superuser: psycopg.Connection
) -> None:
    """P2: not even under the same row id, which a restored copy could have."""
    with tenant_scope(tenant.pk):
        customer = make()
    superuser.execute("UPDATE customers_customer SET tenant_id = %s", [other_tenant.pk])

    with tenant_scope(other_tenant.pk), pytest.raises(CannotDecrypt):
        _ = loaded(customer).profile


def test_a_copy_of_a_row_under_a_new_id_needs_its_value_opened_first(scope: Tenant) -> None:
    """A sealed value belongs to its row: copying the bytes gives an error, copying the value works."""
    original = loaded(make("1"))
    blind = Customer(number="2", kind=original.kind)
    blind.__dict__["profile"] = original.__dict__["profile"]
    blind.save()
    honest = Customer(number="3", kind=original.kind, profile=original.profile)
    honest.save()

    with pytest.raises(CannotDecrypt):
        _ = loaded(blind).profile
    assert loaded(honest).profile == PROFILE


def test_ciphertext_is_only_ciphertext_to_the_database(scope: Tenant) -> None:
    """Casting it to text in a query gives hexadecimal bytes, not the value."""
    make()

    (text,) = Customer.objects.annotate(text=Cast("profile", models.TextField())).values_list("text", flat=True)

    assert str(text).startswith("\\x02")
