"""What a campaign's page says of calls and visits, what they cost, and where the audit list leads."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from campaigns.costs import costs_of
from campaigns.selectors import campaign_costs, campaign_people, campaign_progress
from campaigns.services import contact_silent
from customers.models import Customer
from outreach.models import OutreachTask
from tenants.models import Tenant, User
from tests.campaigns.acting import enter, notified, settle_attempt
from tests.conftest import NOW, SignIn
from tests.outreach.test_pages import of_kind, photograph
from tests.outreach.test_tasks import task_of, tell
from uploads.models import Upload

LATER = NOW + timedelta(days=15)


def test_a_campaigns_calls_are_counted_by_where_they_stand_and_what_came_of_them(
    bank: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    customers = [enter(number, tier="HIGH") for number in range(1, 5)]
    campaign = notified(officer, approver)
    for customer in customers:
        settle_attempt(customer, "LINE", is_failure=False)
    contact_silent(campaign_id=campaign.pk, kind="TELEPHONE", now=LATER)
    promised, wrong, away, late = customers
    tell(task_of(promised), "NO_ANSWER", officer, now=LATER)
    tell(task_of(promised), "PROMISED", officer, now=LATER)
    tell(task_of(wrong), "WRONG_NUMBER", officer, now=LATER)
    tell(task_of(away), "NO_ANSWER", officer, now=LATER)
    today = timezone.localdate()
    with transaction.atomic():
        OutreachTask.objects.filter(customer=away).update(due_on=today + timedelta(days=1))
        OutreachTask.objects.filter(customer=late).update(due_on=today - timedelta(days=1))
        (calls,) = campaign_people(campaign, today=today)
        costs = campaign_costs(campaign, campaign_progress(campaign), [calls])
    assert (calls.kind, calls.total, calls.tries) == ("TELEPHONE", 4, 4)
    assert (calls.open, calls.overdue, calls.done, calls.given_up, calls.reached) == (2, 1, 1, 1, 1)
    assert calls.outcomes == {"NO_ANSWER": 2, "PROMISED": 1, "WRONG_NUMBER": 1}
    assert [(row.channel, row.notices, row.yen) for row in costs.rows][-1] == ("TELEPHONE", 4, Decimal(1600))
    client = staff_client(officer)
    shown = client.get(reverse("campaign", args=[campaign.pk])).content.decode()
    behind = reverse("campaign-customers", args=[campaign.pk])

    def listed(which: str) -> set[Customer]:
        address = f"{behind}?channel=TELEPHONE&status={which}"
        assert address.replace("&", "&amp;") in shown, which
        body = client.get(address).content.decode()
        return {customer for customer in customers if customer.number in body}

    assert listed("open") == {away, late}
    assert listed("overdue") == {late}
    assert listed("reached") == {promised}
    assert listed("NO_ANSWER") == {promised, away}
    assert client.get(f"{behind}?channel=TELEPHONE&status=x&stage=x").status_code == 404


def test_calls_are_no_notices_in_the_price_of_one() -> None:
    prices = {"LINE": Decimal(3), "TELEPHONE": Decimal(400)}
    costs = costs_of({"LINE": {"DELIVERED": 2}}, prices, 2, {"TELEPHONE": 1, "VISIT": 0})
    assert (costs.yen, costs.notices, costs.per_notice, costs.per_answer) == (Decimal(406), 2, Decimal(3), Decimal(203))


def test_the_audit_list_leads_from_a_photograph_to_its_visit(
    bank: Tenant, officer: User, auditor: User, staff_client: SignIn
) -> None:
    """A photograph of a visit belongs to no case: the link to one was a dead end."""
    task, client = of_kind("VISIT", officer), staff_client(officer)
    client.post(reverse("outreach-visit", args=[task.pk, "place"]), {"address_confirmed": "yes"})
    client.post(reverse("outreach-visit", args=[task.pk, "photo"]), {"file": photograph()})
    with transaction.atomic():
        upload = Upload.objects.get()
    reader = staff_client(auditor)
    listed = reader.get(reverse("audit"), {"subject": "upload"}).content.decode()
    assert reverse("case", args=[upload.reference]) not in listed
    link = reverse("outreach-task", args=[task.pk])
    assert link in listed
    assert reader.get(link).status_code == 200
