"""Tasks by the ladder and by hand, what follows from each outcome, and who may do what with them."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from audit.models import AuditEvent
from audit.services import Actor
from campaigns.models import Campaign, PeriodicReview
from campaigns.services import close_campaign, escalate_stuck, pause_campaign, resume_campaign
from customers.models import ContactPoint, Customer
from outreach.identity import check_identity, is_proved
from outreach.models import OutreachTask, OutreachTry
from outreach.proving import Said
from outreach.selectors import task_page
from outreach.services import (
    OutreachRefused,
    assign_task,
    cancel_task,
    make_task,
    record_try,
    set_capacity,
    take_task,
)
from questionnaires.links import LOCK
from retention.classes import erase_everywhere
from tenants.models import Tenant, User
from tenants.reach import Reach, within_reach
from tests.campaigns.acting import answer, enter, in_parallel, notified, review_of, settle_attempt
from tests.conftest import NOW

RIGHT = Said(birth_on=date(1960, 4, 1), last_digits="4567")
WRONG = Said(birth_on=date(1960, 4, 1), last_digits="0000")


@transaction.atomic
def task_of(customer: Customer, kind: str = "TELEPHONE") -> OutreachTask:
    """The customer's latest task of a kind."""
    rows = OutreachTask.objects.filter(customer=customer, kind=kind).select_related("customer")
    task: OutreachTask = rows.latest("created_at")
    return task


@transaction.atomic
def statuses(customer: Customer) -> dict[str, str]:
    return dict(OutreachTask.objects.filter(customer=customer).order_by("id").values_list("kind", "status"))


def tell(task: OutreachTask, outcome: str, by: User, *, token: UUID | None = None, **more: object) -> OutreachTry:
    """What came of it, as the form says it."""
    values = {"note": "", "call_back_at": None, "now": NOW, **more}
    return record_try(task=task, token=token or uuid4(), outcome=outcome, actor=Actor.user(by.pk), **values)  # type: ignore[arg-type]  # values, whichever


@pytest.fixture
def called(bank: Tenant, officer: User, approver: User) -> Customer:
    """A customer of high risk whose letter failed too, and whose turn it is to be called."""
    customer = enter(1, tier="HIGH", contacts=["PHONE", "POST"], branch_code="012")
    notified(officer, approver)
    for channel in ("SMS", "POST"):
        settle_attempt(customer, channel, is_failure=True)
    return customer


def test_the_ladder_ends_with_a_call_and_a_visit(called: Customer, officer: User) -> None:
    review = review_of(called)
    assert (review.status, review.channel) == ("NOTIFIED", "TELEPHONE")
    task = task_of(called)
    assert (task.status, task.reference, task.branch_code) == ("OPEN", review.pk, "012")
    assert task.due_on == date(2026, 11, 25)
    tell(task, "WRONG_NUMBER", officer)
    assert review_of(called).channel == "VISIT"
    tell(task_of(called, "VISIT"), "NOT_AT_ADDRESS", officer)
    assert statuses(called) == {"TELEPHONE": "GAVE_UP", "VISIT": "GAVE_UP"}
    assert review_of(called).status == "UNREACHABLE"


def test_who_has_a_telephone_that_was_never_tried_is_called_before_visited(
    bank: Tenant, officer: User, approver: User
) -> None:
    customer = enter(1, tier="HIGH", contacts=["POST"])
    with transaction.atomic():
        ContactPoint.objects.create(customer=customer, channel="PHONE", value="+81312345678", value_index=bytes(16))
    notified(officer, approver)
    settle_attempt(customer, "POST", is_failure=True)
    assert review_of(customer).channel == "TELEPHONE", "a landline takes no SMS and rings all the same"
    tell(task_of(customer), "WRONG_NUMBER", officer)
    assert statuses(customer) == {"TELEPHONE": "GAVE_UP", "VISIT": "OPEN"}
    with transaction.atomic():
        assert ContactPoint.objects.get(customer=customer, channel="PHONE").health == "BOUNCED"
    tell(task_of(customer, "VISIT"), "DECEASED", officer)
    assert review_of(customer).status == "UNREACHABLE"


def test_low_risk_is_never_worth_a_call(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1, tier="LOW", contacts=["POST"])
    notified(officer, approver)
    settle_attempt(customer, "POST", is_failure=True)
    assert review_of(customer).status == "UNREACHABLE"
    assert statuses(customer) == {}


def test_a_call_given_up_while_the_campaign_paused_is_followed_up_later(
    bank: Tenant, officer: User, approver: User
) -> None:
    customer = enter(1, tier="HIGH", contacts=["POST"])
    with transaction.atomic():
        ContactPoint.objects.create(customer=customer, channel="PHONE", value="+81312345678", value_index=bytes(16))
    campaign = notified(officer, approver)
    settle_attempt(customer, "POST", is_failure=True)
    actor = Actor.user(officer.pk)
    pause_campaign(campaign=campaign, actor=actor, now=NOW)
    tell(task_of(customer), "WRONG_NUMBER", officer)
    assert statuses(customer) == {"TELEPHONE": "GAVE_UP"}
    resume_campaign(campaign=campaign, actor=actor, now=NOW)
    assert escalate_stuck(campaign_id=campaign.pk, now=NOW) == 1
    assert statuses(customer) == {"TELEPHONE": "GAVE_UP", "VISIT": "OPEN"}


def test_an_answer_makes_the_call_superfluous(called: Customer) -> None:
    answer(called)
    assert statuses(called) == {"TELEPHONE": "CANCELLED"}


def test_a_closed_campaign_leaves_no_task_behind(called: Customer, officer: User) -> None:
    with transaction.atomic():
        campaign = Campaign.objects.get()
    close_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    assert statuses(called) == {"TELEPHONE": "CANCELLED"}


def test_nobody_answering_is_tried_again_and_then_given_up(bank: Tenant, officer: User) -> None:
    customer = enter(1)
    task = make_task(customer=customer, kind="TELEPHONE", actor=Actor.user(officer.pk), now=NOW)
    for number in range(5):
        assert task_of(customer).is_open, number
        tell(task, "NO_ANSWER" if number % 2 else "ENGAGED", officer)
    assert statuses(customer) == {"TELEPHONE": "GAVE_UP"}
    with pytest.raises(OutreachRefused):
        tell(task, "NO_ANSWER", officer)


def test_a_time_agreed_is_kept_and_must_be_still_to_come(bank: Tenant, officer: User) -> None:
    task = make_task(customer=enter(1), kind="TELEPHONE", actor=Actor.user(officer.pk), now=NOW)
    with pytest.raises(OutreachRefused):
        tell(task, "CALL_BACK", officer)
    with pytest.raises(OutreachRefused):
        tell(task, "CALL_BACK", officer, call_back_at=NOW - timedelta(minutes=1))
    at = NOW + timedelta(days=3, hours=14)  # two in the morning of the day after, in Tokyo
    tell(task, "CALL_BACK", officer, call_back_at=at)
    with transaction.atomic():
        task.refresh_from_db()
    assert (task.call_back_at, task.due_on, task.status) == (at, date(2026, 11, 28), "ASSIGNED")


def test_a_form_sent_twice_over_a_bad_line_is_one_try(bank: Tenant, officer: User) -> None:
    customer, token = enter(1), uuid4()
    task = make_task(customer=customer, kind="TELEPHONE", actor=Actor.user(officer.pk), now=NOW)
    results = in_parallel(bank, *[lambda: tell(task, "NO_ANSWER", officer, token=token)] * 3)
    assert len({made.pk for made in results}) == 1
    assert tell(task, "REFUSED", officer, token=token).outcome == "NO_ANSWER"
    with transaction.atomic():
        assert OutreachTry.objects.count() == 1
        assert AuditEvent.objects.filter(event="outreachtask.tried").count() == 1
    tell(task, "NO_ANSWER", officer)
    with transaction.atomic():
        assert OutreachTry.objects.count() == 2, "control"


def test_only_one_of_two_who_take_a_task_at_once_has_it(bank: Tenant, officer: User, branch_staff: User) -> None:
    task = make_task(customer=enter(1), kind="TELEPHONE", actor=Actor.user(officer.pk), now=NOW)
    people = (officer, branch_staff)
    in_parallel(bank, *[lambda user=user: take_task(task=task, actor=Actor.user(user.pk), now=NOW) for user in people])
    with transaction.atomic():
        task.refresh_from_db()
    assert task.assignee in {officer.pk, branch_staff.pk}
    loser = officer if task.assignee == branch_staff.pk else branch_staff
    with pytest.raises(OutreachRefused):
        tell(task, "NO_ANSWER", loser)


def test_a_task_goes_only_to_somebody_who_makes_calls(bank: Tenant, officer: User, auditor: User) -> None:
    actor = Actor.user(officer.pk)
    task = make_task(customer=enter(1), kind="TELEPHONE", actor=actor, now=NOW)
    with pytest.raises(OutreachRefused):
        assign_task(task=task, assignee=auditor.pk, actor=actor, now=NOW)
    assign_task(task=task, assignee=officer.pk, actor=actor, now=NOW)
    assign_task(task=task, assignee=None, actor=actor, now=NOW)
    with transaction.atomic():
        task.refresh_from_db()
    assert (task.status, task.assignee) == ("OPEN", None)
    cancel_task(task=task, actor=actor, now=NOW)
    with pytest.raises(OutreachRefused):
        take_task(task=task, actor=actor, now=NOW)


def test_one_task_of_a_kind_is_open_for_a_customer(bank: Tenant, officer: User) -> None:
    customer, actor = enter(1), Actor.user(officer.pk)
    make_task(customer=customer, kind="TELEPHONE", actor=actor, now=NOW)
    with pytest.raises(OutreachRefused):
        make_task(customer=customer, kind="TELEPHONE", actor=actor, now=NOW)
    make_task(customer=customer, kind="VISIT", actor=actor, now=NOW)


def test_days_hold_no_more_than_the_branch_says(bank: Tenant, officer: User) -> None:
    actor = Actor.user(officer.pk)
    set_capacity(kind="VISIT", branch_code="", tasks=9, actor=actor, now=NOW)
    set_capacity(kind="VISIT", branch_code="012", tasks=2, actor=actor, now=NOW)
    for number in range(5):
        make_task(customer=enter(number, branch_code="012"), kind="VISIT", actor=actor, now=NOW)
    make_task(customer=enter(9, branch_code="034"), kind="VISIT", actor=actor, now=NOW)
    with transaction.atomic():
        rows = OutreachTask.objects.order_by("id").values_list("branch_code", "due_on")
        found = [(code, day.day) for code, day in rows]
    assert found == [("012", 25), ("012", 25), ("012", 26), ("012", 26), ("012", 27), ("034", 25)]


def test_who_sees_which_tasks(bank: Tenant, officer: User, contractor: User) -> None:
    actor = Actor.user(officer.pk)
    ours = make_task(customer=enter(1, branch_code="012"), kind="VISIT", actor=actor, now=NOW)
    theirs = make_task(customer=enter(2, branch_code="034"), kind="VISIT", actor=actor, now=NOW)
    assign_task(task=theirs, assignee=contractor.pk, actor=actor, now=NOW)

    @transaction.atomic
    def seen() -> set[UUID]:
        page = task_page(which="open", user_id=officer.pk, today=NOW.date())
        return {task.pk for task in page.items}

    assert seen() == {ours.pk, theirs.pk}
    with within_reach(Reach(user_id=999, branch_code="012")):
        assert seen() == {ours.pk}
    with within_reach(Reach(user_id=contractor.pk)):
        assert seen() == {theirs.pk}


def test_the_identity_check_counts_and_locks(bank: Tenant, officer: User) -> None:
    """As the portal does (five wrong answers, thirty minutes), and nothing that was said is kept."""
    actor = Actor.user(officer.pk)
    customer = enter(1)
    task = make_task(customer=customer, kind="TELEPHONE", actor=actor, now=NOW)

    def check(said: Said, minutes: int = 0) -> tuple[bool, int]:
        verdict = check_identity(task_id=task.pk, said=said, actor=actor, now=NOW + timedelta(minutes=minutes))
        with transaction.atomic():
            task.refresh_from_db()
        return verdict.is_match, verdict.remaining

    assert check(RIGHT) == (True, 5)
    assert is_proved(task, officer.pk, NOW + timedelta(minutes=59))
    assert not is_proved(task, officer.pk, NOW + timedelta(minutes=61)), "asked again in the next conversation"
    assert not is_proved(task, officer.pk + 1, NOW)
    assert [check(WRONG)[1] for _ in range(5)] == [4, 3, 2, 1, 0]
    assert check(RIGHT) == (False, 0), "locked: not even looked at"
    visit = make_task(customer=customer, kind="VISIT", actor=actor, now=NOW)
    assert not check_identity(task_id=visit.pk, said=RIGHT, actor=actor, now=NOW).is_match, "by no other task either"
    assert check(RIGHT, 31) == (True, 5)
    assert timedelta(minutes=30) == LOCK
    with transaction.atomic():
        events = AuditEvent.objects.filter(event__startswith="outreachtask.proof_refused")
        assert events.count() == 5
        assert all("0000" not in str(event.data) for event in events)


def test_wrong_answers_given_at_once_are_all_counted(bank: Tenant, officer: User) -> None:
    actor = Actor.user(officer.pk)
    task = make_task(customer=enter(1), kind="TELEPHONE", actor=actor, now=NOW)
    check_identity(task_id=task.pk, said=WRONG, actor=actor, now=NOW)
    in_parallel(bank, *[lambda: check_identity(task_id=task.pk, said=WRONG, actor=actor, now=NOW)] * 6)
    with transaction.atomic():
        task.refresh_from_db()
    assert task.failed_proofs == 5
    assert task.locked_until == NOW + LOCK


def test_everything_goes_with_the_customer(bank: Tenant, officer: User) -> None:
    customer, other = enter(1), enter(2)
    for one in (customer, other):
        task = make_task(customer=one, kind="TELEPHONE", actor=Actor.user(officer.pk), now=NOW)
        tell(task, "NO_ANSWER", officer, note="留守番電話")
    with transaction.atomic():
        erase_everywhere([customer.pk])
        assert list(OutreachTask.objects.values_list("customer_id", flat=True)) == [other.pk]
        assert OutreachTry.objects.count() == 1
        assert PeriodicReview.objects.count() == 0
        assert OutreachTry.objects.get().note == "留守番電話"
