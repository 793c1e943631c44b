"""The database backend tells every transaction whose it is and who acts, in one round trip, and never too long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from typing import Any

import psycopg
import pytest
import structlog
from django.core.signals import request_started
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse
from psycopg import IsolationLevel
from psycopg.pq import Trace

from audit.acting import acting, current_acting, current_actor
from audit.models import AuditEvent
from audit.services import Actor
from questionnaires.models import Response
from tenants.middleware import ActingMiddleware
from tenants.models import Tenant, User
from tenants.scoping import tenant_context, tenant_scope

NOBODY = ("", "", "")
ANNA = Actor.user(7)
BERT = Actor("customer", "b")


@contextmanager
def round_trips() -> Iterator[list[str]]:
    """What is sent to the database meanwhile, one item each time an answer is waited for, as libpq traces it."""
    sent: list[str] = []
    connection.ensure_connection()
    wire = connection.connection.pgconn
    with TemporaryFile() as file:
        wire.trace(file.fileno())
        wire.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        try:
            yield sent
        finally:
            wire.untrace()
        file.seek(0)
        sent += [line.split('"')[1] for line in file.read().decode().splitlines() if "\tQuery\t" in line]


def told() -> tuple[str, str, str]:
    """What the database holds of the actor just now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('app.actor_kind', true), current_setting('app.actor_id', true),"
            " current_setting('app.request_id', true)"
        )
        kind, pk, request = cursor.fetchone()
    return kind or "", pk or "", request or ""


def test_a_beginning_transaction_is_told_tenant_and_actor_with_its_begin(tenant: Tenant) -> None:
    with acting(ANNA, request_id="r"), tenant_context(tenant.pk), round_trips() as sent, transaction.atomic():
        assert told() == ("user", "7", "r")
        assert Response.objects.count() == 0, "the tenant is told as well"
    assert [text.split()[0] for text in sent] == ["BEGIN;", "SELECT", "SELECT", "COMMIT"]
    with transaction.atomic():
        assert told() == NOBODY, "it ended with the transaction"


def test_what_is_told_with_the_begin_is_no_part_of_the_statement(tenant: Tenant) -> None:
    """T1: an identifier that would end the quotation, or is read otherwise where backslashes escape."""
    for hostile in ("'; SET LOCAL app.tenant_id = '2", "\\'; SELECT 1 --", "名前'\""):
        with acting(Actor("customer", hostile)), tenant_scope(tenant.pk):
            assert told() == ("customer", hostile, "")


def test_an_actor_named_before_the_first_statement_is_told_with_the_begin(tenant: Tenant) -> None:
    with acting(ANNA), tenant_context(tenant.pk), round_trips() as sent, transaction.atomic(), acting(BERT):
        assert told()[:2] == ("customer", "b")
    assert [text.split()[0] for text in sent[:2]] == ["BEGIN;", "SELECT"]
    with acting(ANNA), tenant_scope(tenant.pk):
        with acting(BERT):
            pass
        assert told()[:2] == ("user", "7")


def test_a_scope_in_a_transaction_that_was_begun_without_one_is_told(tenant: Tenant) -> None:
    with transaction.atomic(), tenant_scope(tenant.pk):
        assert Response.objects.count() == 0
    with transaction.atomic():
        assert told() == NOBODY
        with tenant_scope(tenant.pk):
            assert Response.objects.count() == 0


def test_a_transaction_keeps_the_isolation_that_was_asked_for(tenant: Tenant) -> None:
    connection.ensure_connection()
    raw = connection.connection
    raw.isolation_level = IsolationLevel.REPEATABLE_READ
    try:
        with acting(ANNA), tenant_scope(tenant.pk), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('transaction_isolation'), current_setting('app.actor_id')")
            assert cursor.fetchone() == ("repeatable read", "7")
    finally:
        raw.isolation_level = None


def test_a_line_is_known_to_be_closed_without_asking(db_clean: None, superuser: psycopg.Connection) -> None:
    """The server restarted between two requests: the next one gets a new line and not an error."""
    with round_trips() as sent:
        assert connection.is_usable()
    assert sent == []
    superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
    assert not connection.is_usable()
    request_started.send(sender=None)
    assert told() == NOBODY, "on a new line"
    connection.close()
    assert not connection.is_usable()


def test_word_from_the_server_does_not_close_the_line(db_clean: None, superuser: psycopg.Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("LISTEN word")
    superuser.execute("NOTIFY word")
    time.sleep(0.2)
    assert connection.is_usable()
    connection.close()


def test_no_transaction_begins_as_the_one_before(tenant: Tenant) -> None:
    """T2: whoever takes the connection from outside Django's transactions is nobody's."""
    with acting(ANNA), tenant_scope(tenant.pk):
        assert told()[0] == "user"
    with connection.connection.transaction():
        assert told() == NOBODY


def test_an_actor_named_inside_a_transaction_acts_until_the_block_ends(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk), acting(ANNA, request_id="r"):
        with acting(BERT):
            assert told() == ("customer", "b", "r"), "the request goes on"
            assert current_actor() == BERT
        assert told() == ("user", "7", "r")
        assert AuditEvent.objects.exists(), "the tenant is still told"


def test_a_savepoint_rolled_back_does_not_forget_the_actor(tenant: Tenant) -> None:
    """ROLLBACK TO takes back the setting made after the savepoint."""
    with tenant_scope(tenant.pk), acting(ANNA):
        with suppress(ZeroDivisionError), transaction.atomic():
            raise ZeroDivisionError
        assert told()[:2] == ("user", "7")
        with suppress(ZeroDivisionError), transaction.atomic(), acting(BERT):
            raise ZeroDivisionError
        assert told()[:2] == ("user", "7")
    assert current_acting() is None


def test_a_broken_transaction_keeps_its_own_error(tenant: Tenant) -> None:
    with (
        pytest.raises(DatabaseError, match="division by zero"),
        tenant_scope(tenant.pk),
        acting(ANNA),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT 1 / 0")


def test_a_write_outside_a_transaction_names_its_actor_too(officer: User, superuser: psycopg.Connection) -> None:
    """Positive control: without an actor the database names itself."""
    account = User.objects.filter(pk=officer.pk)
    with acting(ANNA):
        account.update(language="en")
    account.update(language="ja")

    rows = superuser.execute("SELECT actor_kind FROM audit_auditevent ORDER BY id DESC LIMIT 2").fetchall()
    assert rows == [("database",), ("user",)]
    assert connection.get_autocommit()


def test_every_request_has_an_identifier_in_its_log_lines_and_in_the_trail(db_clean: None) -> None:
    seen: list[Any] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append((structlog.contextvars.get_contextvars(), current_acting()))
        return HttpResponse()

    for _ in range(2):
        ActingMiddleware(view)(HttpRequest())

    (log, one), (_, two) = seen
    assert log["request_id"] == one.request_id != two.request_id
    assert one.actor == Actor.system("web")
    assert current_acting() is None
    assert "request_id" not in structlog.contextvars.get_contextvars()


def test_what_staff_change_in_a_page_is_theirs(tenant: Tenant, officer: User, superuser: psycopg.Connection) -> None:
    client = Client()
    client.force_login(officer)
    client.post(reverse("language"), {"language": "en"})

    row = superuser.execute(
        "SELECT actor_kind, actor_id, length(request_id) FROM audit_auditevent"
        " WHERE event = 'tenants_user.updated' AND payload LIKE '%language%' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert row == ("user", str(officer.pk), 32)
