"""What flags do to planning, sending, calls, letters and links; and that an answer already given is not lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client

from audit.models import AuditEvent
from audit.services import Actor
from campaigns.arithmetic import check_sums
from campaigns.models import PeriodicReview
from campaigns.planning import Terms, plan
from campaigns.selectors import population
from campaigns.services import contact_silent, escalate, notify_planned, withdraw_strays
from campaigns.services.withholding import heed_flag
from channels.models import DeliveryAttempt
from channels.posting import print_due
from customers.flags.models import CustomerFlag
from customers.models import Customer
from customers.related.services import enter_party
from outreach.models import OutreachTask
from outreach.services import OutreachRefused, make_task
from questionnaires.models import Response
from questionnaires.services import ResponseClosed
from reviews.models import Case
from tenants.models import Tenant, User
from tests.campaigns.acting import (
    DUE_BY,
    answer,
    attempts_of,
    begin,
    enter,
    in_parallel,
    notified,
    planned,
    review_of,
    running,
    settle_attempt,
)
from tests.conftest import NOW, SYSTEM
from tests.customers.flags.raising import flag, lift

SILENCING = ("DECEASED", "LITIGATION", "DO_NOT_CONTACT")
GUARDIAN = {"name": "後見　花子", "address": "〒1030027 東京都中央区日本橋1丁目2-3"}


@transaction.atomic
def tasks_of(customer: Customer) -> list[tuple[str, str]]:
    return list(OutreachTask.objects.filter(customer=customer).order_by("id").values_list("kind", "status"))


@transaction.atomic
def response_of(customer: Customer) -> str:
    return str(Response.objects.get(customer=customer).status)


@transaction.atomic
def link_of(customer: Customer) -> str:
    return str(DeliveryAttempt.objects.get(notice__customer=customer).snapshot["link"])


def has_guardian(customer: Customer) -> None:
    enter_party(customer=customer, kind="PERSON", roles=["GUARDIAN"], details=GUARDIAN, actor=SYSTEM, now=NOW)


@pytest.mark.parametrize("kind", SILENCING)
def test_a_silencing_flag_holds_out_of_the_plan_with_the_reason(bank: Tenant, officer: User, kind: str) -> None:
    left_alone, asked = enter(1), enter(2)
    flag(left_alone, kind, officer)
    campaign = planned(officer)
    with transaction.atomic():
        reviews = list(PeriodicReview.objects.filter(campaign=campaign).values_list("customer_id", flat=True))
    assert reviews == [asked.pk]
    assert campaign.counts["reasons"]["EXEMPT"] == {f"flag_{kind.lower()}": 1}
    assert campaign.counts["population"] == 2


def test_other_flags_leave_the_customer_in_the_plan_by_other_rungs(bank: Tenant, officer: User) -> None:
    vulnerable, guarded, alone = enter(1, tier="HIGH"), enter(2), enter(3)
    flag(vulnerable, "VULNERABLE", officer)
    flag(guarded, "GUARDIAN", officer)
    has_guardian(guarded)
    flag(alone, "GUARDIAN", officer)
    with transaction.atomic():
        found = plan(population(), DUE_BY, Terms())
    channels = {judgement.customer_id: judgement.first_channel for judgement in found.due}
    assert channels == {vulnerable.pk: "TELEPHONE", guarded.pk: "POST", alone.pk: "TELEPHONE"}


@pytest.mark.parametrize("kind", SILENCING)
def test_who_is_flagged_after_the_plan_is_not_asked(bank: Tenant, officer: User, approver: User, kind: str) -> None:
    left_alone, asked = enter(1), enter(2)
    campaign = running(officer, approver)
    flag(left_alone, kind, officer)
    notify_planned(campaign_id=campaign.pk, now=NOW)
    assert review_of(left_alone).status == "CANCELLED"
    assert attempts_of(left_alone) == {}
    assert attempts_of(asked) == {"LINE": "QUEUED"}, "control: and the approval still holds"
    with transaction.atomic():
        events = AuditEvent.objects.filter(event="periodicreview.taken_out").values_list("target_id", flat=True)
        assert list(events) == [str(review_of(left_alone).pk)]


def test_a_flag_that_came_past_the_handler_is_heeded_when_sending(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    campaign = running(officer, approver)
    with transaction.atomic():
        made = {"reason": "x", "from_on": NOW.date(), "raised_by": officer.pk, "raised_at": NOW}
        CustomerFlag.objects.create(customer=customer, kind="DECEASED", **made)
    notify_planned(campaign_id=campaign.pk, now=NOW)
    assert (review_of(customer).status, attempts_of(customer)) == ("CANCELLED", {})


@pytest.mark.parametrize("kind", SILENCING)
def test_what_waits_to_be_sent_is_withdrawn(bank: Tenant, officer: User, approver: User, kind: str) -> None:
    customer, other = enter(1), enter(2)
    notified(officer, approver)
    flag(customer, kind, officer)
    assert attempts_of(customer) == {"LINE": "CANCELLED"}
    assert (review_of(customer).status, response_of(customer)) == ("CANCELLED", "CANCELLED")
    assert attempts_of(other) == {"LINE": "QUEUED"}, "control"
    with transaction.atomic():
        assert [one.astray for one in check_sums()] == [0]


def test_whoever_has_the_notice_and_wants_no_other_may_still_answer(
    bank: Tenant, officer: User, approver: User, client: Client
) -> None:
    customer = enter(1)
    campaign = notified(officer, approver)
    settle_attempt(customer, "LINE", is_failure=False)
    flag(customer, "DO_NOT_CONTACT", officer)
    assert (review_of(customer).status, response_of(customer)) == ("NOTIFIED", "OPEN")
    assert contact_silent(campaign_id=campaign.pk, kind="TELEPHONE", now=NOW + timedelta(days=20)) == 0
    assert client.get(link_of(customer)).status_code == 200
    answer(customer)
    assert review_of(customer).status == "IN_REVIEW"


@pytest.mark.parametrize("kind", ["DECEASED", "LITIGATION"])
def test_links_that_are_out_end_and_say_so(
    bank: Tenant, officer: User, approver: User, client: Client, kind: str
) -> None:
    customer = enter(1)
    notified(officer, approver)
    settle_attempt(customer, "LINE", is_failure=False)
    link = link_of(customer)
    assert client.get(link).status_code == 200, "control"
    begin(customer)
    flag(customer, kind, officer)
    ended = client.post(
        f"{link}identity/", {"era": "western", "year": "1960", "month": "4", "day": "1", "last_digits": "4567"}
    )
    assert 'data-end="cancelled"' in ended.content.decode(), "said to whoever has proved themselves, and nothing asked"
    assert review_of(customer).status == "CANCELLED"
    with pytest.raises(ResponseClosed):
        answer(customer)


@pytest.mark.parametrize("kind", SILENCING)
def test_an_answer_that_is_in_goes_to_a_person_and_is_not_lost(
    bank: Tenant, officer: User, approver: User, kind: str
) -> None:
    customer = enter(1)
    notified(officer, approver)
    settle_attempt(customer, "LINE", is_failure=False)
    answer(customer, occupation="student")
    assert review_of(customer).status == "IN_REVIEW"
    flag(customer, kind, officer)
    assert (review_of(customer).status, response_of(customer)) == ("IN_REVIEW", "SUBMITTED")


@pytest.mark.parametrize(("kind", "status"), [(None, "CLEARED"), ("VULNERABLE", "OPEN"), ("GUARDIAN", "OPEN")])
def test_no_rule_clears_the_answer_of_a_flagged_customer(
    bank: Tenant, officer: User, approver: User, kind: str | None, status: str
) -> None:
    customer = enter(1)
    notified(officer, approver)
    settle_attempt(customer, "LINE", is_failure=False)
    if kind:
        flag(customer, kind, officer)
    answer(customer)
    with transaction.atomic():
        assert Case.objects.get(customer=customer).status == status


@pytest.mark.parametrize("kind", SILENCING)
def test_nobody_is_called_or_visited(bank: Tenant, officer: User, approver: User, kind: str) -> None:
    by_ladder, by_hand = enter(1, tier="HIGH", contacts=("PHONE",)), enter(2)
    with transaction.atomic():
        make_task(customer=by_hand, kind="VISIT", actor=Actor.user(officer.pk), now=NOW)
    notified(officer, approver)
    settle_attempt(by_ladder, "SMS", is_failure=True)
    with transaction.atomic():
        escalate(references=[review_of(by_ladder).pk], now=NOW)
    assert tasks_of(by_ladder) == [("TELEPHONE", "OPEN")]
    for customer in (by_ladder, by_hand):
        flag(customer, kind, officer)
    assert tasks_of(by_ladder) == [("TELEPHONE", "CANCELLED")]
    assert tasks_of(by_hand) == [("VISIT", "CANCELLED")]
    with pytest.raises(OutreachRefused):
        make_task(customer=by_hand, kind="TELEPHONE", actor=Actor.user(officer.pk), now=NOW)


def test_a_failure_after_the_flag_climbs_to_nobody(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1, tier="HIGH")
    notified(officer, approver)
    with transaction.atomic():
        attempt = DeliveryAttempt.objects.get(notice__customer=customer)
    settle_attempt(customer, "LINE", is_failure=False)
    flag(customer, "DO_NOT_CONTACT", officer)
    with transaction.atomic():
        DeliveryAttempt.objects.filter(pk=attempt.pk).update(status="FAILED", failure_kind="permanent")
    escalate(references=[review_of(customer).pk], now=NOW)
    assert attempts_of(customer) == {"LINE": "FAILED"}
    assert tasks_of(customer) == []
    assert review_of(customer).status == "UNREACHABLE"


def test_what_comes_back_into_the_queue_is_withdrawn(bank: Tenant, officer: User, approver: User) -> None:
    """In flight when the flag was raised, refused for the moment by the provider, and not sent a second time."""
    customer = enter(1)
    notified(officer, approver)
    settle_attempt(customer, "LINE", is_failure=False)
    flag(customer, "DO_NOT_CONTACT", officer)
    with transaction.atomic():
        DeliveryAttempt.objects.filter(notice__customer=customer).update(status="QUEUED")
    assert review_of(customer).status == "NOTIFIED"
    assert withdraw_strays(now=NOW) == 1


def test_the_guardian_gets_the_letter_and_nobody_else_anything(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    flag(customer, "GUARDIAN", officer)
    has_guardian(customer)
    notified(officer, approver)
    assert attempts_of(customer) == {"POST": "QUEUED"}
    with transaction.atomic():
        attempt = DeliveryAttempt.objects.get(notice__customer=customer)
        said = attempt.snapshot
    assert attempt.contact_point_id is None
    assert said["name"] == "髙橋　一郎様　成年後見人　後見　花子"
    assert (said["postal_code"], said["address"]) == ("1030027", "東京都中央区日本橋1丁目2-3")
    assert print_due(tenant_id=bank.pk, now=NOW) == 1, "it can be printed"


def test_without_a_guardian_to_write_to_somebody_finds_out_who_it_is(
    bank: Tenant, officer: User, approver: User
) -> None:
    customer = enter(1, contacts=("LINE", "EMAIL", "POST"))
    flag(customer, "GUARDIAN", officer)
    notified(officer, approver)
    assert (attempts_of(customer), tasks_of(customer)) == ({}, [("TELEPHONE", "OPEN")])
    assert review_of(customer).channel == "TELEPHONE"


def test_what_waits_for_the_customer_goes_to_the_guardian_instead(bank: Tenant, officer: User, approver: User) -> None:
    on_line, by_post = enter(1), enter(2, contacts=("POST",))
    notified(officer, approver)
    for customer in (on_line, by_post):
        has_guardian(customer)
        flag(customer, "GUARDIAN", officer)
    assert attempts_of(on_line) == {"LINE": "CANCELLED", "POST": "QUEUED"}
    assert review_of(on_line).channel == "POST"
    assert attempts_of(by_post) == {"POST": "CANCELLED"}, "that letter is the customer's"
    assert tasks_of(by_post) == [("TELEPHONE", "OPEN")]
    with transaction.atomic():
        assert [one.astray for one in check_sums()] == [0]


def test_the_vulnerable_are_called_before_anything_is_sent(bank: Tenant, officer: User, approver: User) -> None:
    customer, low = enter(1, tier="HIGH"), enter(2)
    for one in (customer, low):
        flag(one, "VULNERABLE", officer)
    notified(officer, approver)
    assert (attempts_of(customer), tasks_of(customer)) == ({}, [("TELEPHONE", "OPEN")])
    assert attempts_of(low) == {"POST": "QUEUED"}, "the approved ladder of low risk has no calls"


def test_a_flag_on_the_way_up_leaves_no_rung_behind(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    notified(officer, approver)
    flag(customer, "VULNERABLE", officer)
    settle_attempt(customer, "LINE", is_failure=True)
    assert attempts_of(customer) == {"LINE": "FAILED", "POST": "QUEUED"}
    settle_attempt(customer, "POST", is_failure=True)
    assert attempts_of(customer) == {"LINE": "FAILED", "POST": "FAILED", "SMS": "QUEUED"}


def test_after_the_lifting_the_next_plan_takes_the_customer_in(bank: Tenant, officer: User, approver: User) -> None:
    customer, _other = enter(1), enter(2)
    raised = flag(customer, "DO_NOT_CONTACT", officer)
    lift(raised, officer, approver)
    campaign = planned(officer)
    with transaction.atomic():
        assert PeriodicReview.objects.filter(campaign=campaign, customer=customer).exists()


def test_a_flag_raised_while_notices_are_queued_leaves_none_waiting(
    bank: Tenant, officer: User, approver: User
) -> None:
    """Whichever comes first, the other sees it."""
    for round_ in range(3):
        customer = enter(10 + round_, next_review_on=DUE_BY)
        campaign = running(officer, approver)

        def send(pk: object = campaign.pk) -> None:
            notify_planned(campaign_id=pk, now=NOW)  # type: ignore[arg-type]  # a campaign's id

        def raise_it(customer: Customer = customer) -> None:
            flag(customer, "DECEASED", officer)

        results = in_parallel(bank, send, raise_it)
        assert [result for result in results if isinstance(result, Exception)] == []
        notify_planned(campaign_id=campaign.pk, now=NOW)
        assert set(attempts_of(customer).values()) <= {"CANCELLED"}
        assert review_of(customer).status == "CANCELLED"


@pytest.mark.parametrize("kind", ["LITIGATION", "DO_NOT_CONTACT"])
def test_an_answer_that_comes_just_while_the_flag_is_raised_is_taken_or_told_so(
    bank: Tenant, officer: User, approver: User, kind: str
) -> None:
    """Neither waits for the other for ever, and nothing is half done."""
    for number in range(4):
        customer = enter(20 + number, next_review_on=DUE_BY)
        notified(officer, approver)
        settle_attempt(customer, "LINE", is_failure=False)

        def reply(customer: Customer = customer) -> None:
            answer(customer, occupation="student")

        def raise_it(customer: Customer = customer) -> None:
            flag(customer, kind, officer)

        replied, raised = in_parallel(bank, reply, raise_it)
        assert raised is None
        assert replied is None or isinstance(replied, ResponseClosed)
        stands = (review_of(customer).status, response_of(customer))
        assert stands == (("IN_REVIEW", "SUBMITTED") if replied is None else ("CANCELLED", "CANCELLED"))
        assert replied is None or kind == "LITIGATION"


def test_a_task_made_just_while_the_flag_is_raised_is_withdrawn(bank: Tenant, officer: User) -> None:
    customer, other = enter(1), enter(2)
    for one in (customer, other):
        with transaction.atomic():
            make_task(customer=one, kind="TELEPHONE", actor=Actor.user(officer.pk), now=NOW)
    with transaction.atomic():
        made = {"reason": "x", "from_on": NOW.date(), "raised_by": officer.pk, "raised_at": NOW}
        CustomerFlag.objects.create(customer=customer, kind="DECEASED", **made)
    assert withdraw_strays(now=NOW) == 1
    assert (tasks_of(customer), tasks_of(other)) == ([("TELEPHONE", "CANCELLED")], [("TELEPHONE", "OPEN")])


def test_without_the_handler_the_notice_would_still_wait(bank: Tenant, officer: User, approver: User) -> None:
    """Positive control of the handler: the flag alone withdraws nothing."""
    customer = enter(1)
    notified(officer, approver)
    with transaction.atomic():
        made = {"reason": "x", "from_on": NOW.date(), "raised_by": officer.pk, "raised_at": NOW}
        CustomerFlag.objects.create(customer=customer, kind="DECEASED", **made)
    assert attempts_of(customer) == {"LINE": "QUEUED"}
    with transaction.atomic():
        heed_flag(customer_id=customer.pk, kind="DECEASED", now=NOW)
    assert attempts_of(customer) == {"LINE": "CANCELLED"}
