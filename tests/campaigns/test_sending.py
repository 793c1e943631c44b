"""The ladder: first rung, next rung, its end; and that nothing is sent after an answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.services import Actor
from campaigns.models import Campaign, PeriodicReview
from campaigns.selectors import STATES, campaign_progress, reviews_in
from campaigns.services import (
    CampaignNotReady,
    close_campaign,
    close_overdue,
    escalate,
    escalate_stuck,
    notify_planned,
    pause_campaign,
    resume_campaign,
)
from campaigns.tasks import run_campaigns
from channels.models import DeliveryAttempt
from channels.protocols import Channel
from channels.sending import claim_due
from customers.models import ContactPoint, Customer
from questionnaires.models import AccessLink, Response
from tenants.models import Tenant, User
from tests.campaigns.acting import (
    answer,
    attempts_of,
    begin,
    enter,
    in_parallel,
    notified,
    review_of,
    running,
    settle_attempt,
)
from tests.conftest import NOW

AFTER_DEADLINE = datetime(2027, 2, 1, 3, 0, tzinfo=UTC)


def fail(customer: Customer, channel: str) -> None:
    settle_attempt(customer, channel, is_failure=True)


def test_everybody_hears_first_by_the_cheapest_channel_that_reaches_them(
    bank: Tenant, officer: User, approver: User
) -> None:
    on_line, on_sms = enter(1), enter(2, contacts=("PHONE", "POST"))
    by_mail, by_post, nowhere = (
        enter(3, contacts=("EMAIL", "POST")),
        enter(4, contacts=("POST",)),
        enter(5, contacts=()),
    )
    notified(officer, approver)
    for customer, channel in ((on_line, "LINE"), (on_sms, "SMS"), (by_mail, "EMAIL"), (by_post, "POST")):
        assert attempts_of(customer) == {channel: "QUEUED"}
        review = review_of(customer)
        assert (review.status, review.channel, review.notified_at) == ("NOTIFIED", channel, NOW)
    assert attempts_of(nowhere) == {}
    assert review_of(nowhere).status == "UNREACHABLE"


def test_the_link_outlives_the_deadline_by_the_grace(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    notified(officer, approver)
    with transaction.atomic():
        link = AccessLink.objects.get(response__customer=customer)
        attempt = DeliveryAttempt.objects.get(notice__customer=customer)
    assert link.expires_at.astimezone(UTC) == datetime(2027, 2, 14, 14, 59, 59, 999999, tzinfo=UTC)
    assert attempt.snapshot["link"].startswith("http://127.0.0.1:8000/r/")


def test_many_workers_notify_everybody_once(bank: Tenant, officer: User, approver: User) -> None:
    """S9: the same task delivered six times."""
    for number in range(30):
        enter(number, contacts=("POST",))
    campaign = running(officer, approver)
    results = in_parallel(bank, *[lambda: notify_planned(campaign_id=campaign.pk, limit=10, now=NOW)] * 6)
    assert sum(results) == 30
    with transaction.atomic():
        assert DeliveryAttempt.objects.count() == Response.objects.count() == 30


def test_notifying_takes_as_many_queries_for_many_as_for_few(bank: Tenant, officer: User, approver: User) -> None:
    def queries(first: int, number: int) -> int:
        for each in range(first, first + number):
            enter(each, contacts=("LINE",))
        campaign = running(officer, approver)
        with CaptureQueriesContext(connection) as captured:
            assert notify_planned(campaign_id=campaign.pk, limit=100, now=NOW) == number
        return len(captured)

    few = queries(1, 2)
    assert queries(100, 40) == few


def test_a_failed_notice_climbs_one_rung_at_a_time_to_the_end(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    notified(officer, approver)
    expected = {}
    for channel in ("LINE", "SMS", "EMAIL", "POST"):
        expected[channel] = "QUEUED"
        assert attempts_of(customer) == expected
        assert review_of(customer).channel == channel
        fail(customer, channel)
        expected[channel] = "FAILED"
    assert attempts_of(customer) == expected
    assert review_of(customer).status == "UNREACHABLE"


def test_a_rung_without_an_address_is_skipped(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1, contacts=("LINE", "POST"))
    notified(officer, approver)
    fail(customer, "LINE")
    assert attempts_of(customer) == {"LINE": "FAILED", "POST": "QUEUED"}


def test_an_address_known_to_be_dead_is_skipped(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1, contacts=("LINE", "PHONE", "POST"))
    notified(officer, approver)
    with transaction.atomic():
        ContactPoint.objects.filter(customer=customer, channel="PHONE").update(health="BOUNCED")
    fail(customer, "LINE")
    assert attempts_of(customer) == {"LINE": "FAILED", "POST": "QUEUED"}


def test_a_letter_that_comes_back_ends_the_ladder(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1, contacts=("POST",))
    notified(officer, approver)
    settle_attempt(customer, "POST", is_failure=False)
    assert review_of(customer).status == "NOTIFIED"
    with transaction.atomic():
        DeliveryAttempt.objects.filter(notice__customer=customer).update(status="RETURNED")
    assert escalate(references=[review_of(customer).pk], now=NOW) == 1
    assert review_of(customer).status == "UNREACHABLE"


def test_a_notice_that_arrived_is_not_followed_by_another(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    notified(officer, approver)
    settle_attempt(customer, "LINE", is_failure=False)
    assert escalate(references=[review_of(customer).pk], now=NOW) == 0
    assert attempts_of(customer) == {"LINE": "ACCEPTED"}


def test_a_late_failure_of_an_earlier_rung_does_not_climb_again(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    notified(officer, approver)
    fail(customer, "LINE")
    assert escalate(references=[review_of(customer).pk], now=NOW) == 0
    assert attempts_of(customer) == {"LINE": "FAILED", "SMS": "QUEUED"}


def test_an_answer_withdraws_what_still_waits(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    notified(officer, approver)
    begin(customer)
    with transaction.atomic():
        DeliveryAttempt.objects.filter(notice__customer=customer).update(status="FAILED")
        PeriodicReview.objects.filter(customer=customer).update(channel="LINE")
        Response.objects.filter(customer=customer).update(started_at=None)
    escalate(references=[review_of(customer).pk], now=NOW)
    assert attempts_of(customer) == {"LINE": "FAILED", "SMS": "QUEUED"}
    answer(customer)
    assert attempts_of(customer) == {"LINE": "FAILED", "SMS": "CANCELLED"}


@pytest.mark.parametrize("act", [begin, answer])
def test_nothing_is_sent_to_somebody_who_has_begun_to_answer(
    bank: Tenant, officer: User, approver: User, act: Callable[[Customer], Response]
) -> None:
    """An SMS that reports failure after the customer has opened it is not followed by a letter."""
    customer = enter(1)
    notified(officer, approver)
    settle_attempt(customer, "LINE", is_failure=False)
    act(customer)
    with transaction.atomic():
        DeliveryAttempt.objects.filter(notice__customer=customer).update(status="FAILED")
    assert escalate(references=[review_of(customer).pk], now=NOW) == 0
    run_campaigns()
    assert attempts_of(customer) == {"LINE": "FAILED"}


def test_what_is_put_back_into_the_queue_after_an_answer_is_withdrawn(
    bank: Tenant, officer: User, approver: User
) -> None:
    """In flight when the answer came, refused for the moment by the provider, and so about to be tried again."""
    customer = enter(1)
    notified(officer, approver)
    with transaction.atomic():
        DeliveryAttempt.objects.filter(notice__customer=customer).update(status="SENDING")
    answer(customer)
    with transaction.atomic():
        DeliveryAttempt.objects.filter(notice__customer=customer).update(status="QUEUED")
    run_campaigns()
    assert attempts_of(customer) == {"LINE": "CANCELLED"}


def test_an_answer_and_a_failure_at_once_leave_nothing_waiting(bank: Tenant, officer: User, approver: User) -> None:
    customers = [enter(number) for number in range(8)]
    notified(officer, approver)
    for customer in customers:
        settle_attempt(customer, "LINE", is_failure=False)
        begin(customer)
    with transaction.atomic():
        DeliveryAttempt.objects.update(status="FAILED")
        Response.objects.update(started_at=None)
        references = list(PeriodicReview.objects.values_list("id", flat=True))

    def everybody_answers() -> None:
        for customer in customers:
            answer(customer)

    results = in_parallel(bank, everybody_answers, *[lambda: escalate(references=references, now=NOW)] * 2)
    assert not [result for result in results if isinstance(result, Exception)]
    for customer in customers:
        assert "QUEUED" not in attempts_of(customer).values()


def test_a_paused_campaign_sends_nothing_and_takes_answers(bank: Tenant, officer: User, approver: User) -> None:
    """S14."""
    customers = [enter(1), enter(2)]
    campaign = running(officer, approver)
    assert notify_planned(campaign_id=campaign.pk, limit=1, now=NOW) == 1
    told, waiting = sorted(customers, key=lambda customer: review_of(customer).status)  # NOTIFIED, then PLANNED
    pause_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    assert notify_planned(campaign_id=campaign.pk, limit=10, now=NOW) == 0
    fail(told, "LINE")
    assert attempts_of(told) == {"LINE": "FAILED"}
    assert review_of(waiting).status == "PLANNED"
    answer(told)
    assert review_of(told).status == "COMPLETED"


def test_what_a_paused_campaign_has_queued_does_not_leave(bank: Tenant, officer: User, approver: User) -> None:
    """S14: no claim after the pause has committed; the next claim after it is resumed."""
    enter(1)
    campaign = running(officer, approver)
    notify_planned(campaign_id=campaign.pk, limit=1, now=NOW)
    pause_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    assert claim_due(channel=Channel.LINE, now=NOW).attempts == []
    resume_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    assert len(claim_due(channel=Channel.LINE, now=NOW).attempts) == 1


def test_what_failed_while_paused_climbs_after_resuming(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    campaign = notified(officer, approver)
    pause_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    fail(customer, "LINE")
    resume_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    assert escalate_stuck(campaign_id=campaign.pk, now=NOW) == 1
    assert attempts_of(customer) == {"LINE": "FAILED", "SMS": "QUEUED"}


def test_silence_until_the_deadline_is_an_outcome_and_a_late_answer_counts(
    bank: Tenant, officer: User, approver: User
) -> None:
    silent, late = enter(1), enter(2)
    notified(officer, approver)
    assert close_overdue(now=datetime(2027, 1, 31, 14, 59, tzinfo=UTC)) == 0
    assert close_overdue(now=AFTER_DEADLINE) == 2
    assert attempts_of(silent) == {"LINE": "CANCELLED"}
    answer(late, at=AFTER_DEADLINE)
    assert (review_of(silent).status, review_of(late).status) == ("NO_ANSWER", "COMPLETED")


def test_an_answer_without_identity_goes_to_a_reviewer_at_the_deadline(
    bank: Tenant, officer: User, approver: User
) -> None:
    customer = enter(1, tier="HIGH")
    notified(officer, approver)
    answer(customer)
    assert review_of(customer).status == "VERIFYING"
    assert close_overdue(now=AFTER_DEADLINE) == 1
    assert review_of(customer).status == "IN_REVIEW"


def test_a_campaign_closes_itself_when_nobody_works_on_it_any_more(bank: Tenant, officer: User, approver: User) -> None:
    enter(1)
    campaign = notified(officer, approver)
    close_overdue(now=AFTER_DEADLINE)
    with transaction.atomic():
        assert Campaign.objects.get(pk=campaign.pk).status == "RUNNING"
    close_overdue(now=AFTER_DEADLINE + timedelta(days=14))
    with transaction.atomic():
        assert Campaign.objects.get(pk=campaign.pk).status == "CLOSED"


def test_closing_withdraws_notices_and_links(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    campaign = notified(officer, approver)
    close_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    assert review_of(customer).status == "CANCELLED"
    assert attempts_of(customer) == {"LINE": "CANCELLED"}
    with transaction.atomic():
        assert Response.objects.get(customer=customer).status == "CANCELLED"
    with pytest.raises(CampaignNotReady):
        close_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)


def test_progress_adds_up_and_every_number_has_its_list(bank: Tenant, officer: User, approver: User) -> None:
    for number in range(4):
        enter(number)
    low, high, gone = enter(10), enter(11, tier="HIGH"), enter(12, contacts=())
    campaign = notified(officer, approver)
    settle_attempt(low, "LINE", is_failure=False)
    answer(low)
    answer(high)
    with transaction.atomic():
        DeliveryAttempt.objects.filter(notice__customer=low).update(status="DELIVERED")
        with CaptureQueriesContext(connection) as captured:
            progress = campaign_progress(campaign)
        assert len(captured) == 4
        assert progress.adds_up
        assert (progress.targeted, progress.notified, progress.verifying) == (7, 4, 1)
        assert (progress.completed, progress.undeliverable) == (1, 1)
        assert (progress.sent, progress.delivered, progress.opened) == (1, 1, 2)
        for state in [*STATES, "sent", "delivered", "opened"]:
            assert reviews_in(campaign, state).count() == getattr(progress, state), state
        assert [review.customer_id for review in reviews_in(campaign, "undeliverable")] == [gone.pk]
