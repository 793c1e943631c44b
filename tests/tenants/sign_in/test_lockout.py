"""Guessing: five attempts and no sixth, also at once, also at addresses that nobody has."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import psycopg
import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tenants.models import Membership, Role, Tenant, User
from tenants.scoping import tenant_scope
from tenants.sign_in import lockout
from tenants.sign_in.lockout import Locked, account_key, count_attempt
from tests.conftest import NOW, MakeUser
from tests.tenants.sign_in.conftest import PASSWORD, enter, events_of

KEY = account_key("somebody@asanagi.example")


def attempts_let_through(threads: int) -> int:
    """How many of so many simultaneous attempts would have been compared with the password."""
    barrier = Barrier(threads)

    def attempt(_: int) -> bool:
        try:
            barrier.wait(10)
            count_attempt(KEY, limit=5, now=NOW)
        except Locked:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(attempt, range(threads)))


def test_exactly_five_of_many_simultaneous_attempts_are_judged(db_clean: None) -> None:
    assert attempts_let_through(16) == 5


def test_without_the_row_lock_more_would_be(db_clean: None, superuser: psycopg.Connection) -> None:
    """Positive control: reading, thinking and writing without a lock lets every one of them through."""
    superuser.execute("INSERT INTO tenants_attemptcounter (key, failures, locks, last_at) VALUES ('k', 0, 0, now())")
    seen = []
    for _ in range(16):
        row = superuser.execute("SELECT failures FROM tenants_attemptcounter WHERE key = 'k'").fetchone()
        assert row is not None
        seen.append(row[0] < 5)
    assert sum(seen) == 16


def test_the_wait_grows_with_every_lock_and_ends(db_clean: None) -> None:
    now, waits = NOW, []
    for _ in range(6):
        for _ in range(5):
            count_attempt(KEY, limit=5, now=now)
        with pytest.raises(Locked) as locked:
            count_attempt(KEY, limit=5, now=now)
        waits.append(locked.value.until - now)
        now = locked.value.until
    assert waits == [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 240)]


def test_a_day_later_everything_is_forgotten(db_clean: None) -> None:
    for _ in range(5):
        count_attempt(KEY, limit=5, now=NOW)
    later = NOW + timedelta(hours=25)
    assert count_attempt(KEY, limit=5, now=later).failures == 1


def test_the_right_password_is_refused_while_locked_and_opens_when_unlocked(tenant: Tenant, officer: User) -> None:
    client = Client()
    for _ in range(5):
        assert enter(client, officer.email, "wrong one here")[0] == 422
    page = client.post(reverse("sign-in"), {"username": officer.email, "password": PASSWORD})
    assert page.status_code == 422
    assert "membership.locked" in events_of(tenant)
    lockout.forget(account_key(officer.email))
    assert enter(client, officer.email)[0] == 302


def test_a_lock_reads_the_same_whether_anybody_has_the_address(officer: User) -> None:
    pages = []
    for email in (officer.email, "nobody@asanagi.example"):
        client = Client()
        for _ in range(5):
            enter(client, email, "wrong one here")
        page = client.post(reverse("sign-in"), {"username": email, "password": PASSWORD})
        pages.append((page.status_code, str(page.context["form"].non_field_errors())))
    assert pages[0] == pages[1]
    assert pages[0][0] == 422


def test_signing_in_between_does_not_buy_the_network_more_attempts(officer: User) -> None:
    """An attacker with an account of their own cannot reset the counter of their network."""
    network = lockout.network_key("127.0.0.1")
    client = Client()
    for name in ("a", "b", "c"):
        enter(client, f"{name}@asanagi.example", "wrong one here")
    enter(Client(), officer.email)
    counted = count_attempt(network, limit=lockout.NETWORK_LIMIT, now=timezone.now())
    assert counted.failures == 4


def test_the_table_names_neither_address_nor_account(officer: User, superuser: psycopg.Connection) -> None:
    enter(Client(), officer.email, "wrong one here")
    rows = superuser.execute("SELECT * FROM tenants_attemptcounter").fetchall()
    assert len(rows) == 2
    assert "officer" not in str(rows)
    assert "127.0.0" not in str(rows)


def test_the_person_is_told_of_failures_since_the_last_time(officer: User) -> None:
    enter(Client(), officer.email)
    enter(Client(), officer.email, "wrong one here")
    client = Client()
    client.cookies["language"] = "en"
    User.objects.filter(pk=officer.pk).update(language="en")
    enter(client, officer.email)
    page = client.get(reverse("home")).content.decode()
    assert "Your last sign-in was" in page
    assert "one attempt has failed" in page


def test_an_administrator_unlocks_from_the_members_page(tenant: Tenant, officer: User, make_user: MakeUser) -> None:
    locked, client = Client(), Client()
    for _ in range(5):
        enter(locked, officer.email, "wrong one here")
    assert enter(locked, officer.email)[0] == 422
    with tenant_scope(tenant.pk):
        membership = Membership.objects.get(user=officer)
    unlock = reverse("member-unlock", args=[membership.pk])
    client.force_login(officer)
    assert client.post(unlock).status_code == 403, "not by oneself"
    client.force_login(make_user(tenant, Role.ADMINISTRATOR, "admin"))
    assert unlock in client.get(reverse("member", args=[membership.pk])).content.decode()
    assert client.post(unlock).status_code == 302
    assert enter(locked, officer.email)[0] == 302
    assert "membership.unlocked" in events_of(tenant)
