"""Everybody who was to be asked stands somewhere: the regular check finds who does not, and people are told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from campaigns.arithmetic import check_sums
from campaigns.models import Campaign, PeriodicReview
from channels.services import cancel_queued
from customers.models import Customer
from tenants.models import Tenant, User
from tests.campaigns.acting import SYSTEM, answer, enter, notified, review_of, settle_attempt
from tests.channels.test_alarms import errors
from tests.conftest import NOW


@pytest.fixture
def customers(bank: Tenant) -> list[Customer]:
    """By LINE, by post, by nothing, and one who is not due."""
    return [enter(1), enter(2, contacts=("POST",)), enter(3, contacts=()), enter(4, next_review_on=None)]


def astray() -> dict[str, tuple[int, int, int]]:
    """What the check says of each campaign, by its name."""
    return {str(one.campaign_id): (one.targets, one.standing, one.stranded) for one in check_sums()}


@transaction.atomic
def kept(campaign: Campaign) -> int:
    return int(Campaign.objects.get(pk=campaign.pk).astray)


def test_a_campaign_adds_up_whatever_becomes_of_its_notices(
    customers: list[Customer], officer: User, approver: User, caplog: pytest.LogCaptureFixture
) -> None:
    campaign = notified(officer, approver)
    by_line, by_post, nowhere, never_reviewed = customers
    assert astray() == {str(campaign.pk): (4, 4, 0)}
    settle_attempt(by_line, "LINE", is_failure=True)
    settle_attempt(by_post, "POST", is_failure=True)
    answer(never_reviewed)
    assert review_of(nowhere).status == review_of(by_post).status == "UNREACHABLE"
    assert astray() == {str(campaign.pk): (4, 4, 0)}
    assert (kept(campaign), errors(caplog, "campaign.does_not_add_up")) == (0, [])


def test_somebody_who_waits_for_a_notice_that_was_withdrawn_is_found(
    customers: list[Customer], officer: User, approver: User, caplog: pytest.LogCaptureFixture
) -> None:
    campaign = notified(officer, approver)
    review = review_of(customers[0])
    cancel_queued(references=[review.pk], actor=SYSTEM, now=NOW)
    assert astray() == {str(campaign.pk): (4, 4, 1)}
    [line] = errors(caplog, "campaign.does_not_add_up")
    assert (line["campaign_id"], line["count"]) == (str(campaign.pk), 1)
    assert kept(campaign) == 1


def test_a_review_that_has_vanished_is_missed_and_people_are_told_until_it_is_back(
    customers: list[Customer], officer: User, approver: User, staff_client: Callable[[User], Client]
) -> None:
    campaign = notified(officer, approver)
    with transaction.atomic():
        gone = PeriodicReview.objects.get(customer=customers[2])
        PeriodicReview.objects.filter(pk=gone.pk).delete()
    assert astray() == {str(campaign.pk): (4, 3, 0)}
    client = staff_client(officer)
    page = client.get(reverse("campaign", args=[campaign.pk])).content.decode()
    assert "notice--danger" in page
    assert _work(client) == 1
    with transaction.atomic():
        gone.save(force_insert=True)
    check_sums()
    assert kept(campaign) == 0
    assert "notice--danger" not in client.get(reverse("campaign", args=[campaign.pk])).content.decode()
    assert _work(client) == 0


def _work(client: Client) -> int:
    figures = client.get(reverse("home")).context["figures"]
    return sum(work.count for work in figures.work if work.url == reverse("campaigns"))
