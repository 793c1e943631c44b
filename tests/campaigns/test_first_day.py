"""A campaign whose answers are taken from a day on: its links, its notices, and those who stay silent until then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from audit.services import Actor
from campaigns.models import Campaign
from campaigns.planning import TELEPHONE, Terms, plan_hash
from campaigns.services import CampaignRefused, approve_campaign, notify_planned, plan_campaign, submit_campaign
from campaigns.services.silence import contact_silent
from channels.gates import change_rules
from channels.models import DeliveryAttempt
from channels.posting import sheet_of
from channels.rendering import letter_html, render_letters
from outreach.models import OutreachTask
from questionnaires.links import LinkState, state_of
from questionnaires.models import AccessLink
from tenants.models import Tenant, User
from tests.campaigns.acting import DEADLINE, DUE_BY, SYSTEM, enter, notified, settle_attempt
from tests.conftest import NOW

FIRST = date(2026, 12, 7)  # a Monday
FIRST_MOMENT = datetime(2026, 12, 6, 15, 0, tzinfo=UTC)  # midnight in Tokyo


def planned_from(officer: User, first: date | None, *, deadline: date = DEADLINE) -> Campaign:
    actor = Actor.user(officer.pk)
    return plan_campaign(name="早めの予告", due_by=DUE_BY, deadline_on=deadline, opens_on=first, actor=actor, now=NOW)


def notified_from(officer: User, approver: User, first: date, *, at: datetime = NOW) -> Campaign:
    campaign = planned_from(officer, first)
    submit_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    approve_campaign(campaign=campaign, seen_hash=campaign.plan_hash, actor=Actor.user(approver.pk), now=NOW)
    notify_planned(campaign_id=campaign.pk, limit=500, now=at)
    return campaign


@transaction.atomic
def snapshots() -> dict[str, dict[str, str]]:
    return {one.channel: one.snapshot for one in DeliveryAttempt.objects.all()}


def test_a_link_is_not_open_before_the_day_begins_in_japan(bank: Tenant, officer: User, approver: User) -> None:
    enter(1)
    notified_from(officer, approver, FIRST)
    with transaction.atomic():
        link = AccessLink.objects.select_related("response").get()
    assert link.opens_at == FIRST_MOMENT
    assert state_of(link, NOW) == LinkState.NOT_YET
    assert state_of(link, FIRST_MOMENT - timedelta(seconds=1)) == LinkState.NOT_YET
    assert state_of(link, FIRST_MOMENT) == LinkState.OPEN


def test_without_a_first_day_links_open_at_once(bank: Tenant, officer: User, approver: User) -> None:
    enter(1)
    notified(officer, approver)
    with transaction.atomic():
        assert AccessLink.objects.get().opens_at is None


def test_notices_that_come_earlier_say_from_when(bank: Tenant, officer: User, approver: User) -> None:
    for number, channel in enumerate(("LINE", "PHONE", "EMAIL", "POST"), start=1):
        enter(number, contacts=(channel,))
    notified_from(officer, approver, FIRST)
    said = snapshots()
    long, short = "2026年12月7日（月）から", "回答の受付は12/7から"
    assert said["LINE"]["text"].split("回答期限：")[1].split("\n")[1].startswith(f"回答の受付：{long}")
    assert short in said["SMS"]["text"].split("\n")
    assert long in said["EMAIL"]["text"]
    assert long in said["EMAIL"]["html"]
    assert "12/7" not in said["EMAIL"]["subject"]
    with transaction.atomic():
        sheet = sheet_of(DeliveryAttempt.objects.get(channel="POST"))
    assert f"ご回答は{long}受け付けます。" in letter_html(sheet)
    assert render_letters([sheet])[0].startswith(b"%PDF"), "it still fits its page"


def test_notices_in_english_say_it_too(bank: Tenant, officer: User, approver: User) -> None:
    enter(1, contacts=("PHONE",), language="en")
    enter(2, contacts=("EMAIL",), language="en")
    notified_from(officer, approver, FIRST)
    said = snapshots()
    assert "Answers taken from 7 Dec" in said["SMS"]["text"]
    assert "Answers are taken from Mon 7 December 2026" in said["EMAIL"]["text"]


def test_notices_that_come_later_do_not(bank: Tenant, officer: User, approver: User) -> None:
    enter(1, contacts=("PHONE",))
    notified_from(officer, approver, FIRST, at=FIRST_MOMENT)
    assert "受付は" not in snapshots()["SMS"]["text"]
    with transaction.atomic():
        assert AccessLink.objects.get().opens_at is None


def test_nobody_is_silent_before_they_could_answer(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1, tier="MEDIUM", contacts=("PHONE",))
    campaign = notified_from(officer, approver, FIRST)
    settle_attempt(customer, "SMS", is_failure=False)
    days = Terms().silence[TELEPHONE]

    def called(at: datetime) -> int:
        return contact_silent(campaign_id=campaign.pk, kind=TELEPHONE, now=at)

    assert called(NOW + timedelta(days=days, hours=1)) == 0
    assert called(FIRST_MOMENT + timedelta(days=days) - timedelta(seconds=1)) == 0
    assert called(FIRST_MOMENT + timedelta(days=days)) == 1
    with transaction.atomic():
        assert OutreachTask.objects.count() == 1


@pytest.mark.parametrize(
    "first",
    [NOW.date(), NOW.date() - timedelta(days=3), DEADLINE, DEADLINE - timedelta(days=6), DEADLINE + timedelta(1)],
)
def test_a_first_day_that_does_not_fit_is_refused(first: date, bank: Tenant, officer: User) -> None:
    enter(1)
    with pytest.raises(CampaignRefused):
        planned_from(officer, first)
    assert planned_from(officer, DEADLINE - timedelta(days=7)).opens_on == DEADLINE - timedelta(days=7)


def test_the_first_day_is_one_on_which_messages_leave(bank: Tenant, officer: User) -> None:
    enter(1)
    sunday = date(2026, 12, 6)
    with transaction.atomic():
        change_rules(changes={"sms_rests": True}, actor=SYSTEM, now=NOW)
    with pytest.raises(CampaignRefused):
        planned_from(officer, sunday)
    with transaction.atomic():
        change_rules(changes={"sms_rests": False}, actor=SYSTEM, now=NOW)
    assert planned_from(officer, sunday).opens_on == sunday


def test_the_approval_covers_the_first_day() -> None:
    given = {"customer_ids": [], "terms": {}, "texts": {}, "due_by": DUE_BY, "deadline_on": DEADLINE}
    hashes = {plan_hash(**given, opens_on=day) for day in (None, FIRST, FIRST + timedelta(days=1))}  # type: ignore[arg-type]  # words by name, as a form gives them
    assert len(hashes) == 3
    assert plan_hash(**given) in hashes, "what was approved before there was such a day stays approved"  # type: ignore[arg-type]  # words by name, as a form gives them


def test_the_database_refuses_a_first_day_behind_the_deadline(bank: Tenant, officer: User) -> None:
    enter(1)
    campaign = planned_from(officer, None)
    with transaction.atomic(), pytest.raises(IntegrityError):
        Campaign.objects.filter(pk=campaign.pk).update(opens_on=DEADLINE)
