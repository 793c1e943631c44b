"""Rotation: new versions take over while everybody works, and what the old ones wrapped follows in its own time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from io import StringIO
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from audit.models import AuditEvent
from audit.services import Actor
from customers.models import Customer, CustomerImport
from tenants import tasks
from tenants.custody import store
from tenants.custody.models import PersonKey
from tenants.keys import CannotDecrypt, blind_index, cipher, forget_keys, holding
from tenants.keys.holding import REFRESH
from tenants.keys.rotating import rewrap_person_keys, rotate_tenant_key
from tenants.models import Tenant, User
from tenants.scoping import tenant_context, tenant_scope
from tenants.shredding import shred_person
from tenants.sign_in.sealing import open_text, seal_text
from tests.conftest import NOW
from tests.tenants.conftest import UseKek

SYSTEM = Actor.system("tests")


def make_many(tenant: Tenant, count: int) -> list[Customer]:
    with tenant_scope(tenant.pk):
        made: list[Customer] = Customer.objects.bulk_create(
            [Customer(number=str(n), kind=Customer.Kind.INDIVIDUAL, profile={"name": f"客{n}"}) for n in range(count)]
        )
    return made


def names(tenant: Tenant) -> set[str]:
    with tenant_scope(tenant.pk):
        return {customer.profile["name"] for customer in Customer.objects.all()}


def rotate(tenant: Tenant) -> int:
    with tenant_context(tenant.pk):
        return rotate_tenant_key(actor=SYSTEM, now=NOW)


def versions(tenant: Tenant) -> dict[int, int]:
    with tenant_context(tenant.pk):
        return store.count_keys()


class Load:
    """Threads that write and read with commits of their own, until told to stop."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.stop, self.rotated = threading.Event(), threading.Event()
        self.failures: list[Exception] = []
        # Key version of each value, and of each new customer's key, written after the rotation had returned.
        self.after: list[int] = []
        self.reads = 0
        self.threads = [threading.Thread(target=self.work, args=(n,)) for n in range(4)]

    def work(self, worker: int) -> None:
        try:
            turn = 0
            while not self.stop.is_set():
                turn += 1
                self.one_turn(f"{worker}-{turn}")
        except Exception as error:
            self.failures.append(error)
        finally:
            connections.close_all()

    def one_turn(self, number: str) -> None:
        is_after = self.rotated.is_set()
        with tenant_scope(self.tenant.pk):
            customer = Customer(number=number, kind=Customer.Kind.INDIVIDUAL, profile={"name": number})
            customer.save()
            made = CustomerImport.objects.create(filename=number, sha256="", size=0, uploaded_by=1, uploaded_at=NOW)
        with tenant_scope(self.tenant.pk):
            sealed = CustomerImport.objects.values_list("filename", flat=True).get(pk=made.pk)
            for row in Customer.objects.order_by("-id")[:5]:
                assert row.profile["name"] == row.number
            assert CustomerImport.objects.get(pk=made.pk).filename == number
        self.reads += 1
        if is_after:
            with tenant_scope(self.tenant.pk, using="keys"):
                key = PersonKey.objects.get(person_id=customer.pk)
            self.after += [int.from_bytes(sealed[1:3]), key.key_version]


def test_rotation_under_load_loses_no_read_and_every_new_write_uses_the_new_version(tenant: Tenant) -> None:
    """P4."""
    load = Load(tenant)
    for thread in load.threads:
        thread.start()
    wait_for(load, 40)
    assert rotate(tenant) == 2
    load.rotated.set()
    with tenant_context(tenant.pk):
        rewrap_person_keys(batch=10)
    wait_for(load, load.reads + 40)
    load.stop.set()
    for thread in load.threads:
        thread.join(20)

    assert load.failures == []
    assert len(load.after) > 20
    assert set(load.after) == {2}
    with tenant_context(tenant.pk):
        rewrap_person_keys()
    assert set(versions(tenant)) == {2}
    forget_keys()
    assert len(names(tenant)) == load.reads


def wait_for(load: Load, reads: int) -> None:
    until = monotonic() + 30
    while load.reads < reads and not load.failures and monotonic() < until:
        load.stop.wait(0.02)


def test_another_process_takes_up_the_new_version_within_seconds_and_without_a_restart(
    tenant: Tenant, process_environment: dict[str, str]
) -> None:
    """P4."""
    code = (
        "import django, sys, time; django.setup()\n"
        "from tenants.keys import cipher; from tenants.scoping import tenant_context\n"
        f"with tenant_context({tenant.pk}):\n"
        "    print(cipher().newest, flush=True)\n"
        "    began = time.monotonic()\n"
        "    while cipher().newest == 1 and time.monotonic() - began < 20: time.sleep(0.05)\n"
        "    print(cipher().newest, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], env=process_environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "1\n"
        rotate(tenant)
        began = monotonic()
        assert process.stdout.readline() == "2\n"
    assert process.wait(10) == 0
    assert monotonic() - began < REFRESH + 3


def test_a_value_of_a_version_nobody_told_us_of_makes_us_look(tenant: Tenant) -> None:
    """P4: another process sealed it a moment after its rotation."""
    with tenant_context(tenant.pk):
        old = cipher()
    rotate(tenant)
    with tenant_scope(tenant.pk):
        made = CustomerImport.objects.create(filename="新.csv", sha256="", size=0, uploaded_by=1, uploaded_at=NOW)
    make_many(tenant, 2)
    forget_keys()
    holding._held[tenant.pk] = monotonic(), old

    assert names(tenant) == {"客0", "客1"}
    holding._held[tenant.pk] = monotonic(), old
    with tenant_scope(tenant.pk):
        assert CustomerImport.objects.get(pk=made.pk).filename == "新.csv"


def test_rotation_is_on_the_record_and_leaves_blind_indexes_as_they_were(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        before = blind_index("name", "ヤマダ")
    rotate(tenant)

    with tenant_scope(tenant.pk):
        assert blind_index("name", "ヤマダ") == before
        assert AuditEvent.objects.filter(tenant_id=tenant.pk, event="tenantkey.rotated").count() == 1


def test_wrapping_anew_goes_on_where_it_was_stopped(tenant: Tenant) -> None:
    make_many(tenant, 25)
    rotate(tenant)

    def stopped(kept: store.Kept) -> bytes | None:
        raise KeyboardInterrupt

    with tenant_context(tenant.pk):
        crypt = cipher()
        store.rewrap_keys(
            lambda kept: crypt.wrap_person_key(
                kept.person, crypt.unwrap_person_key(kept.person, kept.key_version, kept.wrapped or b"")
            ),
            key_version=2,
            after=store.BEFORE_ALL,
            limit=10,
        )
        with pytest.raises(KeyboardInterrupt):
            store.rewrap_keys(stopped, key_version=2, after=store.BEFORE_ALL, limit=10)
    assert versions(tenant) == {1: 15, 2: 10}

    with tenant_context(tenant.pk):
        assert rewrap_person_keys(batch=4) == 15
        assert rewrap_person_keys(batch=4) == 0
    assert versions(tenant) == {2: 25}
    forget_keys()
    assert len(names(tenant)) == 25


def test_wrapping_anew_passes_over_damaged_keys_and_brings_nobody_back(
    tenant: Tenant, keys_superuser: psycopg.Connection
) -> None:
    one, two, *_ = make_many(tenant, 5)
    keys_superuser.execute("UPDATE tenants_personkey SET wrapped = substr(wrapped, 2) WHERE person_id = %s", [one.pk])
    with tenant_context(tenant.pk):
        shred_person(two.pk, actor=SYSTEM, now=NOW)
    rotate(tenant)

    with tenant_context(tenant.pk):
        assert rewrap_person_keys(batch=2) == 3
    assert versions(tenant) == {1: 1, 2: 3}
    assert keys_superuser.execute(
        "SELECT wrapped FROM tenants_personkey WHERE person_id = %s", [two.pk]
    ).fetchone() == (None,)


def test_the_nightly_task_finishes_what_was_stopped(tenant: Tenant) -> None:
    make_many(tenant, 3)
    rotate(tenant)
    assert versions(tenant) == {1: 3}

    assert tasks.rewrap_person_keys() == 3
    assert versions(tenant) == {2: 3}


def test_the_command_rotates_wraps_anew_and_counts(tenant: Tenant, other_tenant: Tenant) -> None:
    make_many(tenant, 3)
    make_many(other_tenant, 2)
    out = StringIO()

    call_command("rotate_keys", "--tenant", tenant.slug, stdout=out)
    call_command("check_keys", stdout=out)

    assert "asanagi: everything new is sealed under version 2." in out.getvalue()
    assert "asanagi: 3 persons' keys wrapped anew." in out.getvalue()
    assert "asanagi: key versions 1 (KEK), 2 (KEK); customers' keys: 3 under version 2" in out.getvalue()
    assert "komorebi: key versions 1 (KEK); customers' keys: 2 under version 1" in out.getvalue()
    with pytest.raises(CommandError, match="no tenant"):
        call_command("rotate_keys", "--tenant", "nobody", stdout=out)


@pytest.mark.parametrize("kind", ["file", "token"])
def test_all_tenants_move_to_a_new_key_encryption_key_while_they_work(
    tenant: Tenant, other_tenant: Tenant, use_kek: UseKek, tmp_path: Path, token: str, kind: str
) -> None:
    """P4: old and new are held together, then the old one is not needed any more."""
    make_many(tenant, 2)
    make_many(other_tenant, 1)
    rotate(tenant)
    (tmp_path / "new").write_bytes(os.urandom(32))
    old, new = settings.KEK, f"file:{tmp_path}/new" if kind == "file" else token

    use_kek(new)
    with pytest.raises(CannotDecrypt):
        names(tenant)
    use_kek(new, previous=old)
    assert len(names(tenant)) == 2
    out = StringIO()
    call_command("rotate_keys", "--kek", stdout=out)
    assert "3 tenant keys wrapped anew" in out.getvalue()
    call_command("rotate_keys", "--kek", stdout=out)
    assert "0 tenant keys wrapped anew" in out.getvalue()

    use_kek(new)
    assert (len(names(tenant)), len(names(other_tenant))) == (2, 1)
    call_command("check_keys", stdout=out)
    use_kek(old)
    with pytest.raises(CannotDecrypt):
        names(tenant)


def test_a_tenant_key_that_does_not_open_is_named(tenant: Tenant, superuser: psycopg.Connection) -> None:
    superuser.execute("UPDATE tenants_tenantkey SET wrapped = set_byte(wrapped, 20, 255 - get_byte(wrapped, 20))")
    errors = StringIO()

    with pytest.raises(CommandError, match="1 faults"):
        call_command("check_keys", stdout=StringIO(), stderr=errors)
    assert "asanagi: key version 1 does not open." in errors.getvalue()


def test_second_factors_of_staff_move_to_a_new_key_encryption_key_too(
    officer: User, use_kek: UseKek, tmp_path: Path
) -> None:
    factor = Authenticator.objects.create(
        user=officer, type=Authenticator.Type.TOTP, data={"secret": seal_text("JBSWY3DPEHPK3PXP"), "last": 3}
    )
    (tmp_path / "new").write_bytes(os.urandom(32))
    old, new = settings.KEK, f"file:{tmp_path}/new"

    use_kek(new, previous=old)
    out = StringIO()
    call_command("rotate_keys", "--kek", stdout=out)
    assert "1 second factors of staff wrapped anew" in out.getvalue()

    use_kek(new)
    factor.refresh_from_db()
    assert open_text(factor.data["secret"]) == "JBSWY3DPEHPK3PXP"
    assert factor.data["last"] == 3
    use_kek(old)
    with pytest.raises(CannotDecrypt):
        open_text(factor.data["secret"])
