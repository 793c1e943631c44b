"""Paper answers in the numbers of a campaign, and the register as a file."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from campaigns.entrances import WORDS, answers_by_entrance, reviews_by, sheets_under_way
from campaigns.listing import asked_of, reviews_asked, title_of
from campaigns.models import Campaign
from customers.models import Customer
from outreach.papers.listing import NAME
from outreach.papers.listing import asked_of as papers_asked
from questionnaires.models import AccessLink
from tenants.models import User
from tests.campaigns.acting import answer, enter, notified
from tests.conftest import NOW
from tests.customers.exporting.ordering import lines, made
from tests.outreach.papering import came_in, key_all, key_blind, look_at_scans, number_on, settle

pytestmark = pytest.mark.usefixtures("bank", "in_english")


def at_work(people: tuple[User, User, User]) -> tuple[Campaign, list[Customer]]:
    """One sheet is the answer, one is to be checked, one to be keyed; two answered by themselves, one is silent."""
    keyer, checker, approver = people
    customers = [enter(number) for number in range(1, 7)]
    campaign = notified(keyer, approver)
    with transaction.atomic():
        done = key_all(came_in(customers[0], keyer), keyer, occupation="student")
        look_at_scans()
        done = key_blind(done, checker, occupation="employee")
        settle(done, checker, occupation="second")
        key_all(came_in(customers[1], keyer), keyer)
        came_in(customers[2], keyer)
    for customer, entrance in ((customers[3], "NUMBER"), (customers[4], "LINK")):
        response = answer(customer)
        with transaction.atomic():
            links = AccessLink.objects.filter(response=response)
            links.update(proved_at=NOW, entrance="LINK")
            link = links.latest("created_at")
            link.pk, link.token_hash, link.entrance = None, bytes(32 - len(entrance)) + entrance.encode(), entrance
            link.proved_at = NOW + timedelta(hours=1)
            AccessLink(
                response=response, token_hash=link.token_hash, channel=link.channel, created_at=NOW,
                expires_at=link.expires_at, proved_at=link.proved_at, entrance=entrance,
            ).save()  # fmt: skip
    return campaign, customers


def test_the_campaign_counts_its_answers_by_the_way_they_came(people: tuple[User, User, User]) -> None:
    campaign, customers = at_work(people)
    with transaction.atomic():
        assert {one.code: one.count for one in answers_by_entrance(campaign)} == {"LINK": 1, "NUMBER": 1, "PAPER": 1}
        assert {one.code: one.count for one in sheets_under_way(campaign)} == {"paper-key": 1, "paper-check": 1}
        behind = {code: [review.customer for review in reviews_by(campaign, code)] for code in WORDS}
    assert behind["PAPER"] == [customers[0]]
    assert behind["paper-check"] == [customers[1]]
    assert behind["paper-key"] == [customers[2]]
    assert (behind["NUMBER"], behind["LINK"]) == ([customers[3]], [customers[4]])
    assert not any(behind[code] for code in ("VISIT", "TELEPHONE", "paper-aside"))


def test_the_number_opens_the_list_behind_it(people: tuple[User, User, User]) -> None:
    campaign, customers = at_work(people)
    asked = asked_of({"campaign": str(campaign.pk), "came": "paper-check"})
    assert asked is not None
    assert title_of(asked) == "On paper: to be checked by a second person"
    with transaction.atomic():
        assert [one.customer for one in reviews_asked(asked, today=NOW.date())] == [customers[1]]
    assert asked_of({"campaign": str(campaign.pk), "came": "nowhere"}) == {
        "campaign": str(campaign.pk), "stage": "targeted"
    }  # fmt: skip


def test_the_register_goes_out_as_a_file(people: tuple[User, User, User]) -> None:
    _campaign, customers = at_work(people)
    columns = ["customer_number", "papers_number", "papers_state", "papers_received_on", "papers_differed"]
    export = made(people[0], of=NAME, asked=papers_asked({"papers": "closed"}), columns=columns)
    with transaction.atomic():
        number = number_on(customers[0])
    _head, row = lines(export)
    assert row[0] == customers[0].number
    assert row[1].replace("-", "") == number
    assert row[4] == "1"
    export = made(people[1], of=NAME, asked=papers_asked({"papers": "key"}), columns=columns)
    assert [row[0] for row in lines(export)[1:]] == [customers[2].number]
    assert papers_asked({"papers": "nowhere"}) is None
