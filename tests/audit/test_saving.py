"""A row and the act that it is of are written together, by a statement that is the same every time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ObjectNotUpdated
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.services import NotInTransaction, save_and_record
from questionnaires.models import AccessLink, Response
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.conftest import NOW, SYSTEM
from tests.questionnaires.filing import Sent, send_link

FIELDS = ["failed_proofs", "locked_until"]


@pytest.fixture
def sent(tenant: Tenant) -> Sent:
    return send_link(tenant, now=NOW)


def test_both_are_written_in_one_statement(sent: Sent) -> None:
    with tenant_scope(sent.tenant.pk):
        link = AccessLink.objects.get()
        link.failed_proofs, link.locked_until, link.locks = 3, NOW, 7
        with CaptureQueriesContext(connection) as queries:
            save_and_record(link, FIELDS, "link.tried", actor=SYSTEM, at=NOW, failures=3)
        kept = AccessLink.objects.get()
        assert (kept.failed_proofs, kept.locked_until, kept.locks) == (3, NOW, 0), "and no other field"
        acts = list(AuditEvent.objects.filter(event="link.tried").values_list("target_id", "payload"))
    assert len(queries) == 1
    assert acts == [(str(link.pk), '{"failures":3}')]


def test_nothing_is_a_value_as_well_whichever_came_first(sent: Sent) -> None:
    with tenant_scope(sent.tenant.pk):
        link = AccessLink.objects.get()
        for until in (None, NOW, None, NOW + timedelta(days=1)):
            link.locked_until = until
            save_and_record(link, FIELDS, "link.tried", actor=SYSTEM, at=NOW)
            assert AccessLink.objects.get().locked_until == until


def test_what_is_sealed_is_sealed_for_its_row(sent: Sent) -> None:
    with tenant_scope(sent.tenant.pk):
        response = Response.objects.get()
        response.answers, response.confirmed_pages = {"住所": "東京都"}, ["contact"]
        save_and_record(response, ["answers", "confirmed_pages"], "response.tried", actor=SYSTEM, at=NOW)
        kept = Response.objects.get()
        assert kept.answers == {"住所": "東京都"}
        assert kept.confirmed_pages == ["contact"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT answers FROM questionnaires_response")
            assert "東京".encode() not in bytes(cursor.fetchone()[0])


def test_a_row_that_is_gone_leaves_no_act(sent: Sent, other_tenant: Tenant) -> None:
    """T3: nor is one written that belongs to somebody else."""
    with tenant_scope(sent.tenant.pk):
        link = AccessLink.objects.get()
    with tenant_scope(other_tenant.pk), pytest.raises(ObjectNotUpdated), transaction.atomic():
        save_and_record(link, FIELDS, "link.tried", actor=SYSTEM, at=NOW)
    with tenant_scope(sent.tenant.pk):
        assert not AuditEvent.objects.filter(event="link.tried").exists()


def test_no_act_without_a_transaction(sent: Sent) -> None:
    with tenant_scope(sent.tenant.pk):
        link = AccessLink.objects.get()
    with tenant_context(sent.tenant.pk), pytest.raises(NotInTransaction):
        save_and_record(link, FIELDS, "link.tried", actor=SYSTEM, at=NOW)
