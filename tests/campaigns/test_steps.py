"""The page about answers says where people give up, adds up, and counts nobody who has not proved themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.services import Actor
from campaigns.models import Campaign
from campaigns.steps import VersionSteps, steps_of
from customers.models import Customer
from questionnaires.models import Response
from questionnaires.services import begin_on_behalf, save_page
from questionnaires.stepping import with_step
from tenants.models import Tenant, User
from tests.campaigns.acting import begin, enter, notified
from tests.conftest import NOW

PAGES = ("contact", "work", "purpose", "residence")


def send(response: Response, *pages: str, each: int = 20, begun: int = 0) -> Response:
    """Send pages one after the other, each so many seconds after the one before."""
    for place, page in enumerate(pages, start=1):
        response = save_page(
            response=response,
            page_id=page,
            answers={},
            is_confirmed=True,
            now=NOW + timedelta(seconds=begun + each * place),
        )
    return response


@pytest.fixture
def campaign(bank: Tenant, officer: User, approver: User) -> Campaign:
    for number in range(5):
        enter(number)
    return notified(officer, approver)


def everybody() -> list[Customer]:
    with transaction.atomic():
        return list(Customer.objects.order_by("number"))


def seen(campaign: Campaign, *, hours: int = 0) -> list[VersionSteps]:
    with transaction.atomic():
        return steps_of(campaign, language="en", now=NOW + timedelta(hours=hours))


def test_every_page_says_who_came_who_sent_it_and_who_stopped(campaign: Campaign) -> None:
    first, second, third, fourth, _ = everybody()
    send(begin(first), "contact", "work", each=10)
    send(begin(second), "contact", each=30)
    begin(third)
    send(begin(fourth), *PAGES, each=50)
    (version,) = seen(campaign, hours=25)
    assert (version.begun, version.submitted) == (4, 0)
    reached = [page.reached for page in version.pages]
    assert reached[:5] == [4, 3, 2, 1, 1]
    assert [page.sent.people for page in version.pages][:5] == [3, 2, 1, 1, 0]
    assert [page.waiting.stopped for page in version.pages][:5] == [1, 1, 1, 0, 1]
    assert version.pages[0].sent.seconds == 30, "the median of 10, 30 and 50"
    for page in version.pages:
        assert page.reached == page.sent.people + page.under_way + page.waiting.stopped
        assert sum(width for _, _, width in page.fills) == pytest.approx(1000, abs=2)


def test_whoever_is_still_at_it_has_not_stopped(campaign: Campaign) -> None:
    send(begin(everybody()[0]), "contact")
    (version,) = seen(campaign, hours=23)
    assert (version.pages[1].under_way, version.pages[1].waiting.stopped) == (1, 0)


def test_a_page_sent_again_is_one_person_and_its_first_time(campaign: Campaign) -> None:
    response = send(begin(everybody()[0]), "contact", each=10)
    send(response, "contact", each=400)
    (version,) = seen(campaign)
    assert version.pages[0].sent == (1, 2, 10)
    assert version.pages[0].again == 1


def test_what_staff_typed_is_not_counted(campaign: Campaign, officer: User) -> None:
    response = begin(everybody()[0])
    begin_on_behalf(
        response=response, origin=Response.Origin.TELEPHONE, actor=Actor.user(officer.pk), person="1", now=NOW
    )
    send(response, "contact")
    assert seen(campaign) == []


def test_another_campaigns_answers_are_not_counted(campaign: Campaign) -> None:
    send(begin(everybody()[0]), "contact")
    assert seen(Campaign(pk=everybody()[0].pk)) == []


def test_as_many_queries_for_many_as_for_one(campaign: Campaign) -> None:
    begin(everybody()[0])
    seen(campaign)
    counts = []
    for customer in everybody()[1:3]:
        send(begin(customer), "contact", "work")
        with CaptureQueriesContext(connection) as queries:
            seen(campaign)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


def test_the_page_shows_it_and_leads_back(campaign: Campaign, client: Client, officer: User) -> None:
    officer.language = "en"
    officer.save()
    client.force_login(officer)
    empty = client.get(reverse("campaign-steps", args=[campaign.pk])).content.decode()
    assert "Nobody has begun to answer" in empty
    send(begin(everybody()[0]), "contact", each=75)
    page = client.get(reverse("campaign-steps", args=[campaign.pk])).content.decode()
    assert "1 min 15 s" in page
    assert reverse("campaign", args=[campaign.pk]) in page


@pytest.mark.parametrize(
    ("after", "seconds"), [(0, 0), (59, 59), (30 * 60 - 1, 30 * 60 - 1), (30 * 60, None), (-5, None)]
)
def test_whoever_was_away_did_not_spend_the_time_on_the_page(after: int, seconds: int | None) -> None:
    steps = with_step({}, "work", since=NOW, now=NOW + timedelta(seconds=after))
    assert steps == {"work": (seconds, 1)}
