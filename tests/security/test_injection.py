"""T10–T12, T18: no parameter reaches a statement, no key of one bank is felt at the other, no store mixes them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import redis
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from customers.models import Customer
from tenants.scoping import tenant_context, tenant_scope
from tests.customers.books import book, person
from tests.customers.taking import take
from tests.security.addresses import Route
from tests.security.world import World
from tests.test_routes import guarded

pytestmark = pytest.mark.slow

SQL = (
    "' OR '1'='1", "' OR 1=1 --", "') OR ('1'='1", "\" OR \"\"=\"", "1; DROP TABLE customers_customer", "1 OR 1=1",
    "'; SELECT pg_sleep(5) --", "' UNION SELECT NULL,NULL,NULL --", "' AND 1=CAST(version() AS int) --", "%' OR '%'='",
    "x' AND (SELECT count(*) FROM tenants_tenant) > 0 --", "$$; SELECT 1; $$", "\\'; SELECT 1 --", "id) --", "-id,name",
    "name__contains", "tenant__name", "password", "' || (SELECT current_user) || '", "%s", "%(id)s", "{0}", "\x00",
    "a\x00b", "𐀀" * 200, "ʼ OR 1=1", "＇ OR １=１", "9" * 400, "1e309", "-1", "true", "[]", "(1,2)", "😀" * 90,
)  # fmt: skip
TELLTALE = (b"psycopg", b"syntax error", b"Traceback", b"DataError", b"ProgrammingError", b"pg_catalog")


SEARCHED = "/customers/search/"
FREE = (("/customers/", "search"), ("/customers/", "after"), ("/audit/", "number"))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the parameters that views look at."""
    names: set[str] = set()
    for method in ("get", "getlist", "__getitem__"):
        original = getattr(QueryDict, method)

        def spy(self: QueryDict, key: str, *rest: Any, original: Any = original) -> Any:
            names.add(key)
            return original(self, key, *rest)

        monkeypatch.setattr(QueryDict, method, spy)
    return names


def parameters(world: World, client: Client, read: set[str]) -> Iterator[tuple[Route, str, str]]:
    """Every page with every parameter it looks at, found by opening it."""
    for route in guarded():
        if route.address.endswith((".pdf", ".csv", ".zip")) or "GET" not in (route.methods or ()):
            continue
        url = route.url(world.ours.values(route))
        read.clear()
        if client.get(url).status_code == 200:
            yield from ((route, url, name) for name in sorted(read) if name.isidentifier())


def shown(world: World, response: Any) -> tuple[int, frozenset[str]]:
    """What a query found: the status and which rows of ours the page names."""
    text = response.content.decode()
    return response.status_code, frozenset(str(pk) for pk in world.ours.rows.values() if str(pk) in text)


def test_no_parameter_of_any_page_reaches_a_statement(world: World, read: set[str]) -> None:
    """T12."""
    foreign = [str(pk).encode() for pk in world.theirs.rows.values()]
    wrong: list[tuple[object, ...]] = []
    found = list(parameters(world, world.client("APPROVER"), read))
    assert {"search", "status", "tier", "after", "before", "number"} <= {name for _, _, name in found}, "control"
    for route, url, name in found:
        client = world.client("APPROVER")
        usual = {shown(world, client.get(url, {name: value})) for value in ("", "zzz", "1")}
        for attack in SQL[::3] if name in {"search", "after", "number"} else SQL[:2]:
            began = time.monotonic()
            response = client.get(url, {name: attack})
            if shown(world, response) not in usual and response.status_code not in {404, 422}:
                wrong.append((route.name, name, attack, response.status_code))
            if any(word in response.content for word in (*TELLTALE, *foreign)):
                wrong.append((route.name, name, attack, "says too much"))
            if time.monotonic() - began > 4:
                wrong.append((route.name, name, attack, "slept"))
    assert wrong == []


def test_the_attacks_would_work_on_a_statement_put_together(world: World) -> None:
    """Positive control."""
    with tenant_scope(world.ours.tenant.pk), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM customers_customer WHERE number = '{SQL[0]}'")
        assert cursor.fetchone() != (0,)
        cursor.execute("SELECT count(*) FROM customers_customer WHERE number = %s", [SQL[0]])
        assert cursor.fetchone() == (0,)


def test_any_text_at_all_is_searched_for_or_explained(world: World) -> None:
    """T12: with hypothesis, in the parameters that take free text and in those that are signed."""
    client = world.client("APPROVER")

    @hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.text(max_size=60),
        st.sampled_from([(SEARCHED, "search"), *FREE]),
    )
    def look(text: str, place: tuple[str, str]) -> None:
        ask = client.post if place[0] == SEARCHED else client.get
        response = ask(place[0], {place[1]: text}, follow=True)
        assert response.status_code in {200, 404, 422}
        assert not any(word in response.content for word in TELLTALE)

    look()


def test_no_attack_is_found_by_searching_for_it(world: World) -> None:
    """T12: what is searched for arrives in the body, so it is attacked there."""
    client = world.client("APPROVER")
    nobody = shown(world, client.post(SEARCHED, {"search": "zzz"}, follow=True))
    for attack in SQL:
        response = client.post(SEARCHED, {"search": attack}, follow=True)
        refused = "\x00" in attack or len(attack) > 80
        assert refused or shown(world, response) == nobody, attack
        assert not any(word in response.content for word in TELLTALE), attack


def test_a_number_that_the_other_bank_has_is_free_here(world: World) -> None:
    """T10, T11: every way of creating makes our own row, and nothing tells whether somebody else has one."""
    with tenant_scope(world.theirs.tenant.pk):
        theirs = Customer.objects.create(number="B-1", kind="INDIVIDUAL", profile={"name": "彼等"})
        before = Customer.objects.filter(pk=theirs.pk).values().get()
    with tenant_scope(world.ours.tenant.pk):
        mine, is_new = Customer.objects.get_or_create(number="B-1", defaults={"kind": "COMPANY"})
        assert (is_new, mine.tenant_id) == (True, world.ours.tenant.pk)
        same, is_new = Customer.objects.update_or_create(number="B-1", defaults={"branch_code": "777"})
        assert (is_new, same.pk) == (False, mine.pk)
        mine.delete()
        made = Customer.objects.bulk_create([Customer(number="B-1", kind="COMPANY")], ignore_conflicts=True)
        assert Customer.objects.get(number="B-1").pk == made[0].pk, "ON CONFLICT DO NOTHING did something"
        with connection.cursor() as cursor:
            cursor.execute("UPDATE customers_customer SET branch_code = '778' WHERE number = 'B-1' RETURNING tenant_id")
            assert cursor.fetchall() == [(world.ours.tenant.pk,)]
    with tenant_scope(world.theirs.tenant.pk):
        assert Customer.objects.filter(pk=theirs.pk).values().get() == before


def test_an_import_says_the_same_whether_the_other_bank_knows_the_number(world: World) -> None:
    """T10: through the file, the counts and the page."""
    with tenant_scope(world.theirs.tenant.pk):
        Customer.objects.create(number="0000000001", kind="INDIVIDUAL", profile={"name": "彼等"})
    client = world.client("OFFICER")
    said = []
    for number in ("0000000001", "0000000002"):
        done = taken(world, client, book(person(customer_number=number)))
        said.append((done.status, done.rows_created, done.rows_rejected, done.failure_code))
    assert said[0] == said[1] == ("COMPLETED", 1, 0, "")
    with tenant_scope(world.ours.tenant.pk):
        assert Customer.objects.filter(number__in=["0000000001", "0000000002"]).count() == 2


def taken(world: World, client: Client, content: bytes) -> Any:
    with tenant_context(world.ours.tenant.pk):
        item = take(client, content)
    with tenant_scope(world.ours.tenant.pk):
        item.refresh_from_db()
    return item


def test_what_is_kept_outside_the_database_names_nobody(world: World, superuser: psycopg.Connection) -> None:
    """T18: Valkey holds only the broker's own keys and sending's counts and marks, the cache nothing of a bank's."""
    client = world.client("OFFICER")
    taken(world, client, book(person()))
    for url in ("/", "/customers/", "/campaigns/", "/reviews/", "/imports/"):
        client.get(url)
    store = redis.Redis.from_url(settings.REDIS_URL)
    queues = {"default", "delivery", "letters", "bulk"}
    assert unexpected(store, queues) == []
    kept = [str(key) for key in getattr(caches["default"], "_cache", {})]
    assert not any(world.ours.tenant.slug in key or str(world.ours.sent.customer.pk) in key for key in kept)
    store.set("customer:1", "花子", ex=5)
    try:
        assert unexpected(store, queues) == ["customer:1"], "control"
    finally:
        store.delete("customer:1")


# Rates and tallies of an account, and the last claim of a tenant: ids and times.
SENDING = re.compile(r"keizoku:(rate:[0-9a-f-]{36}|tally:[0-9a-f-]{36}:\d+|claimed:\d+:[0-9T:.+-]+)")


def unexpected(store: Any, queues: set[str]) -> list[str]:
    names = [key.decode() for key in store.scan_iter()]
    broker = ("_kombu.", "unacked", "celery")
    return [
        name for name in names if name not in queues and not name.startswith(broker) and not SENDING.fullmatch(name)
    ]
