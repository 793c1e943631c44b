"""A query that was compiled once finds what the ordinary one finds, in one tenant, and never without a scope."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import connection, connections, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.acting import acting
from audit.services import Actor
from customers.models import ContactPoint, Customer
from questionnaires import links
from questionnaires.models import AccessLink
from tenants.models import Tenant
from tenants.prepared import Prepared
from tenants.reach import Reach, within_reach
from tenants.scoping import NoTenantScope, tenant_context, tenant_scope
from tenants.sessions import SessionStore
from tests.questionnaires.filing import Sent, send_link


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def sent(tenant: Tenant, now: datetime) -> Sent:
    return send_link(tenant, now=now)


def values_of(row: models.Model) -> dict[str, Any]:
    return {field.attname: row.__dict__.get(field.attname) for field in row._meta.concrete_fields}


def customers_by(build: Callable[..., Any]) -> Prepared[Customer]:
    return Prepared(build, pk=UUID(int=1))


def test_it_gives_the_same_rows_and_the_same_joined_rows(sent: Sent) -> None:
    prepared = Prepared(
        lambda token: AccessLink.objects.select_related("response__version", "response__customer").filter(
            token_hash=token
        ),
        token=b"a token",
    )
    token = links.hash_token(sent.token)
    with tenant_scope(sent.tenant.pk):
        rows = AccessLink.objects.select_related("response__version", "response__customer")
        plainly = rows.get(token_hash=token)
        for _ in range(2):  # compiled, and compiled before
            found = prepared.first(token=token)
            assert found is not None
            for kept, plain in (
                (found, plainly),
                (found.response, plainly.response),
                (found.response.version, plainly.response.version),
                (found.response.customer, plainly.response.customer),
            ):
                assert type(kept) is type(plain)
                assert values_of(kept) == values_of(plain)
            assert found.response.customer.profile["name"] == "山田 花子"


def test_it_asks_with_new_values_each_time_and_in_one_query(sent: Sent) -> None:
    second = send_link(sent.tenant, now=timezone.now(), number="2")
    prepared = customers_by(lambda pk: Customer.objects.filter(pk=pk))
    with tenant_scope(sent.tenant.pk):
        prepared.first(pk=sent.customer.pk)
        with CaptureQueriesContext(connection) as queries:
            found = [prepared.first(pk=one) for one in (sent.customer.pk, second.customer.pk, uuid4())]
    assert found == [sent.customer, second.customer, None]
    assert len(queries) == 3


def test_it_sees_no_other_tenants_rows_whichever_it_was_compiled_for(sent: Sent, other_tenant: Tenant) -> None:
    """T1: the wall is in the text, with the tenant of the scope it runs in."""
    prepared = customers_by(lambda pk: Customer.objects.filter(pk=pk))
    theirs = send_link(other_tenant, now=timezone.now())
    with tenant_scope(sent.tenant.pk):
        assert prepared.first(pk=sent.customer.pk) == sent.customer
        assert prepared.first(pk=theirs.customer.pk) is None
    with tenant_scope(other_tenant.pk), CaptureQueriesContext(connection) as queries:
        assert prepared.first(pk=theirs.customer.pk) == theirs.customer
        assert prepared.first(pk=sent.customer.pk) is None
    assert f'"tenant_id" = {other_tenant.pk}' in queries[0]["sql"], "not left to row-level security alone"


def test_it_refuses_without_a_scope_or_a_transaction(sent: Sent) -> None:
    prepared = customers_by(lambda pk: Customer.objects.filter(pk=pk))
    with tenant_scope(sent.tenant.pk):
        assert prepared.first(pk=sent.customer.pk)
    with pytest.raises(NoTenantScope):
        prepared.first(pk=sent.customer.pk)
    with tenant_context(sent.tenant.pk), pytest.raises(NoTenantScope):
        prepared.first(pk=sent.customer.pk)


def test_a_members_reach_holds(sent: Sent) -> None:
    prepared = customers_by(lambda pk: Customer.objects.filter(pk=pk))
    with tenant_scope(sent.tenant.pk):
        Customer.objects.filter(pk=sent.customer.pk).update(branch_code="001")
        assert prepared.first(pk=sent.customer.pk)
        with within_reach(Reach(user_id=7, branch_code="002")):
            assert prepared.first(pk=sent.customer.pk) is None
        with within_reach(Reach(user_id=7, branch_code="001")):
            assert prepared.first(pk=sent.customer.pk) == sent.customer


def test_several_rows_come_in_the_querys_order(sent: Sent) -> None:
    prepared = Prepared(
        lambda customer: ContactPoint.objects.filter(customer=customer).order_by("channel"), customer=UUID(int=1)
    )
    with tenant_scope(sent.tenant.pk):
        assert [point.channel for point in prepared.rows(customer=sent.customer.pk)] == ["PHONE", "POST"]


def test_each_thread_asks_over_its_own_connection(sent: Sent) -> None:
    prepared = customers_by(lambda pk: Customer.objects.filter(pk=pk))
    found: list[Customer | None] = []

    def ask() -> None:
        try:
            with tenant_scope(sent.tenant.pk):
                found.append(prepared.first(pk=sent.customer.pk))
        finally:
            connections.close_all()

    with tenant_scope(sent.tenant.pk):
        assert prepared.first(pk=sent.customer.pk)
    threads = [Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [sent.customer] * 3


def test_a_value_the_query_does_not_ask_for_is_a_mistake(sent: Sent) -> None:
    prepared = Prepared(lambda pk, name: Customer.objects.filter(pk=pk), pk=UUID(int=1), name="nobody")
    with tenant_scope(sent.tenant.pk), pytest.raises(TypeError, match="name"):
        prepared.first(pk=sent.customer.pk, name="x")


def test_a_session_is_read_as_django_reads_it_until_it_has_run_out(db_clean: None) -> None:
    kept = SessionStore()
    kept["visit"] = "value"
    kept.create()
    assert kept.session_key
    assert SessionStore(kept.session_key)["visit"] == "value"
    Session.objects.filter(pk=kept.session_key).update(expire_date=datetime.now(UTC) - timedelta(seconds=1))
    over = SessionStore(kept.session_key)
    assert over.get("visit") is None
    assert over.session_key is None, "a new one gets a new key"


def test_a_session_is_written_in_one_statement(db_clean: None) -> None:
    with acting(Actor.system("web")), CaptureQueriesContext(connection) as queries:
        kept = SessionStore()
        kept.create()
        kept["visit"] = "value"
        kept.save()
    assert [query["sql"].split()[0] for query in queries] == ["INSERT", "UPDATE"]
    assert SessionStore(kept.session_key)["visit"] == "value"


def test_a_session_that_was_ended_is_not_written_again(db_clean: None) -> None:
    kept = SessionStore()
    kept.create()
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        kept.save()
    assert not Session.objects.exists()


def test_a_key_that_is_taken_is_not_given_twice(db_clean: None, monkeypatch: pytest.MonkeyPatch) -> None:
    first = SessionStore()
    first["whose"] = "the first one's"
    first.create()
    keys = iter([first.session_key, "another" + "0" * 25])
    monkeypatch.setattr("tenants.sessions.get_random_string", lambda *_: next(keys))
    second = SessionStore()
    second.create()
    assert second.session_key != first.session_key
    assert SessionStore(first.session_key)["whose"] == "the first one's"
