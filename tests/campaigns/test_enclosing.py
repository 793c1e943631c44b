"""The answer sheet with the letter: for whom the plan says, with their number, and approved with the plan."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from audit.services import Actor
from campaigns.enclosing import age_on, is_enclosed
from campaigns.forms import PlanForm
from campaigns.models import Campaign
from campaigns.samples import sample_letter, weights_of
from campaigns.services import CampaignRefused, approve_campaign, notify_planned, plan_campaign, submit_campaign
from channels import enclosing
from channels.binding import pages_of
from channels.models import DeliveryAttempt, Letter, Notice
from channels.posting import render_waiting
from customers.models import Customer
from outreach.papers.enclosing import alike
from tenants.keys import cipher
from tenants.models import Tenant, User
from tests.campaigns.acting import DEADLINE, DUE_BY, PROFILE, enter, settle_attempt
from tests.conftest import NOW
from tests.portal.pdfs import words_of

OLD = {"whom": "OFFLINE", "from_age": 75}


@pytest.mark.parametrize(
    ("rule", "channels", "age", "wanted"),
    [
        ({}, {"POST"}, 90, False),
        ({"whom": "NOBODY", "from_age": 20}, {"POST"}, 90, False),
        ({"whom": "ALL"}, {"LINE", "POST"}, 30, True),
        ({"whom": "OFFLINE"}, {"POST"}, 30, True),
        ({"whom": "OFFLINE"}, {"EMAIL", "POST"}, 99, False),
        (OLD, {"LINE", "POST"}, 75, True),
        (OLD, {"LINE", "POST"}, 74, False),
        (OLD, {"LINE", "POST"}, None, False),
    ],
)
def test_the_plan_says_whose_letter_has_a_sheet(
    rule: dict[str, Any], channels: set[str], age: int | None, wanted: bool
) -> None:
    assert is_enclosed(rule, channels=channels, age=age) is wanted


def test_an_age_changes_on_the_birthday() -> None:
    assert age_on("1951-11-23", date(2026, 11, 22)) == 74
    assert age_on("1951-11-23", date(2026, 11, 23)) == 75
    assert age_on("1952-02-29", date(2027, 2, 28)) == 74
    assert age_on("1952-02-29", date(2027, 3, 1)) == 75
    assert age_on(None, date(2026, 11, 23)) is None


def write_to(number: int, *contacts: str, **profile: str) -> Customer:
    """A customer with these contacts, whose file differs from the usual one in this."""
    customer = enter(number, contacts=contacts or ("POST",))
    with transaction.atomic():
        customer.profile = {**PROFILE, **profile}
        customer.save(update_fields=["profile"])
    return customer


def begin(officer: User, approver: User, rule: dict[str, Any]) -> Campaign:
    """Planned by one, approved by the other, and its first notices queued."""
    campaign = plan(officer, rule)
    submit_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    approve_campaign(campaign=campaign, seen_hash=campaign.plan_hash, actor=Actor.user(approver.pk), now=NOW)
    notify_planned(campaign_id=campaign.pk, limit=500, now=NOW)
    return campaign


def plan(officer: User, rule: dict[str, Any]) -> Campaign:
    return plan_campaign(
        name="紙も", due_by=DUE_BY, deadline_on=DEADLINE, enclosing=rule, actor=Actor.user(officer.pk), now=NOW
    )


def printed() -> dict[UUID, Letter]:
    """Letters by customer, rendered."""
    render_waiting(now=NOW)
    with transaction.atomic():
        cipher()
        letters = Letter.objects.select_related("attempt__notice")
        return {letter.attempt.notice.customer_id: letter for letter in letters}


def test_letter_and_sheet_are_one_piece_with_the_number_on_every_page(
    bank: Tenant, officer: User, approver: User
) -> None:
    write_to(1)
    write_to(2, name="佐藤　花子")
    begin(officer, approver, {"whom": "ALL", "from_age": None})
    letters = printed()
    with transaction.atomic():
        numbers = dict(Notice.objects.values_list("customer", "number"))
    assert len(letters) == 2
    for customer, letter in letters.items():
        assert letter.pages == pages_of(letter.pdf) > 1
        words, own = words_of(letter.pdf).replace("-", ""), numbers[customer]
        other = next(number for number in numbers.values() if number != own)
        assert words.count(own) >= letter.pages, "on the letter, and on each page of the sheet"
        assert other not in words
        assert "回答用紙" in words


def test_who_is_not_meant_gets_the_letter_alone(bank: Tenant, officer: User, approver: User) -> None:
    write_to(1)
    begin(officer, approver, {"whom": "NOBODY", "from_age": None})
    assert {letter.pages for letter in printed().values()} == {1}


def test_the_old_get_one_though_a_message_would_reach_them(bank: Tenant, officer: User, approver: User) -> None:
    """By the letter that follows a message that failed, too."""
    alone = write_to(1, "POST")
    old = write_to(2, "EMAIL", "POST", birth_on="1940-01-01")
    young = write_to(3, "EMAIL", "POST", birth_on="1990-01-01")
    begin(officer, approver, OLD)
    for customer in (old, young):
        settle_attempt(customer, "EMAIL", is_failure=True)
    letters = {customer: letter.pages > 1 for customer, letter in printed().items()}
    assert letters == {alone.pk: True, old.pk: True, young.pk: False}


def test_a_sheet_that_cannot_be_printed_whole_stops_its_own_letter_alone(
    bank: Tenant, officer: User, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, company = write_to(1), enter(2, contacts=("POST",), kind=Customer.Kind.COMPANY)
    begin(officer, approver, {"whom": "ALL", "from_age": None})

    def broken(enclosure: enclosing.Enclosure) -> str:
        page = alike(enclosure)
        return page.replace("<h1>", "<h1>\U00013000") if enclosure.is_company else page

    monkeypatch.setattr(enclosing, "_makers", [enclosing.Maker(broken, enclosing._makers[0].heads)])
    assert list(printed()) == [person.pk]
    with transaction.atomic():
        lost = DeliveryAttempt.objects.get(notice__customer=company)
    assert (lost.status, lost.failure_code) == ("FAILED", "no_sheet")


def test_an_approval_is_of_the_plan_with_its_sheets(bank: Tenant, officer: User, approver: User) -> None:
    """S15: with another rule it is another plan."""
    write_to(1)
    campaign = plan(officer, {"whom": "ALL"})
    submit_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    with transaction.atomic():
        campaign.plan = {**campaign.plan, "enclosing": {"whom": "NOBODY"}}
        campaign.save(update_fields=["plan"])
    with pytest.raises(CampaignRefused):
        approve_campaign(campaign=campaign, seen_hash=campaign.plan_hash, actor=Actor.user(approver.pk), now=NOW)


def test_the_approver_sees_letter_and_sheet_and_their_weight(bank: Tenant, officer: User) -> None:
    write_to(1)
    campaign = plan(officer, {"whom": "ALL"})
    with transaction.atomic():
        pdf, weights = sample_letter(campaign, bank, NOW.date()), weights_of(campaign)
        campaign.plan = {**campaign.plan, "enclosing": {}}
        assert weights_of(campaign) == []
        assert pages_of(sample_letter(campaign, bank, NOW.date())) == 1
    assert weights[0][1] == pages_of(pdf) > 1
    assert all(grams == 6 + 5 * pages for _kind, pages, grams in weights)


def test_the_form_says_it_in_the_plans_terms() -> None:
    offered = {"INDIVIDUAL": [("individual", "x")], "COMPANY": [("company", "y")]}
    data = {"name": "a", "due_by": "2027-01-31", "deadline_on": "2027-02-28", "encloses_from": "75"}

    def read(**more: str) -> PlanForm:
        form = PlanForm({**data, **more}, offered=offered)
        form.is_valid()
        return form

    assert read(encloses="OFFLINE").plan["enclosing"] == {"whom": "OFFLINE", "from_age": 75}
    assert read(encloses="ALL").plan["enclosing"] == {"whom": "ALL", "from_age": None}
    assert read().plan["enclosing"] == {"whom": "NOBODY", "from_age": None}
    assert set(read(encloses="ALL", encloses_from="7").errors) == {"encloses_from"}


def test_the_same_sheet_is_set_once_for_all_its_letters(bank: Tenant, officer: User, approver: User) -> None:
    for number in range(1, 4):
        write_to(number)
    begin(officer, approver, {"whom": "ALL"})
    enclosing._rendered.cache_clear()
    assert len(printed()) == 3
    assert enclosing._rendered.cache_info().misses == 1
