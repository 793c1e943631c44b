"""The steps that the demonstration's story lives with calls and visits, over HTTP against our own server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from campaigns.models import Campaign
from cdd.demo.banks import BANKS
from cdd.demo.branches import Branch
from cdd.demo.browsing import Browser
from cdd.demo.calling import Caller
from cdd.demo.evidence import Evidence
from customers.decoding import COLUMNS, HEADER
from customers.synthetic import Book
from outreach.models import OutreachTask, OutreachTry, VisitRecord
from tenants.models import Role, Tenant
from tenants.scoping import tenant_scope
from tests.campaigns.acting import CONTACTS, PROFILE, enter, notified, open_for_business
from tests.conftest import MakeUser
from tests.portal.browsing import address
from uploads.models import Upload

__all__ = ["address"]


def book(*numbers: str) -> Book:
    """What the bank's own file says of these customers."""
    reached = {"phone": CONTACTS["PHONE"], **CONTACTS["POST"]}
    rows = [{**PROFILE, **reached, "customer_number": number} for number in numbers]
    lines = [",".join(HEADER), *(",".join(row.get(key, "") for key in COLUMNS) for row in rows)]
    return Book("\r\n".join(lines).encode("cp932", errors="replace"), len(rows), 0)


@pytest.fixture
def branch(tenant: Tenant, make_user: MakeUser, address: str) -> Iterator[Branch]:
    """An officer who has signed in, and two customers who were asked."""
    officer, approver = make_user(tenant, Role.OFFICER, "officer"), make_user(tenant, Role.APPROVER, "approver")
    with tenant_scope(tenant.pk):
        open_for_business()
        customers = [enter(number) for number in (1, 2)]
        campaign: Campaign = notified(officer, approver)
    browser = Browser(address)
    form = browser.get("/sign-in/").form("/sign-in/")
    browser.send(form, {"username": officer.email, "password": "correct horse battery"})
    numbers = book(*(customer.number for customer in customers))
    evidence = Evidence(tenant.pk)
    path = f"/campaigns/{campaign.pk}/"
    yield Branch(BANKS[0], tenant.pk, evidence, {"officer": browser}, numbers, campaign_path=path)
    browser.close()


def test_the_story_calls_one_customer_and_visits_another(branch: Branch, tenant: Tenant) -> None:
    caller = Caller(branch)
    caller.visit()
    with tenant_scope(tenant.pk):
        assert VisitRecord.objects.get().finished_at
        assert Upload.objects.update(status=Upload.Status.CLEAN) == 1, "sent twice, there once"
    caller.look()
    caller.call()
    with tenant_scope(tenant.pk), transaction.atomic():
        assert set(OutreachTask.objects.values_list("kind", "status")) == {("VISIT", "DONE"), ("TELEPHONE", "DONE")}
        assert sorted(OutreachTry.objects.values_list("outcome", flat=True)) == ["ANSWERED", "PROMISED"]
        assert OutreachTask.objects.values("customer").distinct().count() == 2
