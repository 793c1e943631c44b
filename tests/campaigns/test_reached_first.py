"""A campaign that begins with the channel by which something has arrived before."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.services import Actor
from campaigns.models import Campaign
from campaigns.services import approve_campaign, notify_planned, plan_campaign, submit_campaign
from customers.models import ContactPoint, Customer
from tenants.models import Tenant, User
from tests.campaigns.acting import DEADLINE, DUE_BY, attempts_of, enter, settle_attempt
from tests.conftest import NOW
from tests.reviews.test_views import english


def reached_by(customer: Customer, *channels: str) -> None:
    with transaction.atomic():
        rows = ContactPoint.objects.filter(customer=customer, channel__in=channels)
        rows.update(health="VERIFIED", last_success_at=NOW)


def run(officer: User, approver: User, *, begins_with_reached: bool) -> Campaign:
    campaign = plan_campaign(
        name="12月 定期確認",
        due_by=DUE_BY,
        deadline_on=DEADLINE,
        begins_with_reached=begins_with_reached,
        actor=Actor.user(officer.pk),
        now=NOW,
    )
    submit_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    approve_campaign(campaign=campaign, seen_hash=campaign.plan_hash, actor=Actor.user(approver.pk), now=NOW)
    notify_planned(campaign_id=campaign.pk, limit=500, now=NOW)
    return campaign


@pytest.mark.parametrize(("begins_with_reached", "first"), [(True, "POST"), (False, "LINE")])
def test_who_was_reached_by_post_is_written_to_first(
    bank: Tenant, officer: User, approver: User, begins_with_reached: bool, first: str
) -> None:
    known, unknown = enter(1), enter(2)
    reached_by(known, "POST")
    campaign = run(officer, approver, begins_with_reached=begins_with_reached)
    assert (attempts_of(known), attempts_of(unknown)) == ({first: "QUEUED"}, {"LINE": "QUEUED"})
    assert (campaign.counts["reached"], campaign.counts["untried"]) == (1, 1)
    assert campaign.counts["first_channels"][first] == (1 if begins_with_reached else 2)


def test_after_a_failure_the_rungs_left_out_are_tried_too(bank: Tenant, officer: User, approver: User) -> None:
    """The climb ends where every channel was tried once, whatever has become known on the way."""
    customer = enter(1)
    reached_by(customer, "POST", "EMAIL")
    run(officer, approver, begins_with_reached=True)
    for channel, following in (("EMAIL", "POST"), ("POST", "LINE"), ("LINE", "SMS")):
        settle_attempt(customer, channel, is_failure=True)
        assert attempts_of(customer)[following] == "QUEUED"
    settle_attempt(customer, "SMS", is_failure=True)
    assert set(attempts_of(customer).values()) == {"FAILED"}


def test_the_plan_says_how_many_were_reached_before_and_how_it_begins(
    bank: Tenant, officer: User, staff_client: Callable[[User], Client]
) -> None:
    customer = enter(1)
    reached_by(customer, "POST")
    client = staff_client(english(officer))
    form = {"name": "12月", "due_by": "2026-12-31", "deadline_on": "2027-03-31", "order": "REACHED"}
    made = client.post(reverse("campaign-new"), form)
    assert made.status_code == 302
    page = client.get(made.headers["Location"]).content.decode()
    assert "Something has arrived before" in page
    assert "first by a channel that is known to reach them" in page
    with transaction.atomic():
        assert Campaign.objects.get().plan["begins_with_reached"] is True
