"""Sending notices again: proposed with a reason, approved by another person, queued once, and never to who may not."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from audit.transitions import transition
from campaigns.models import Campaign, ResendItem, ResendProposal
from campaigns.selectors import campaign_progress
from campaigns.services import (
    CampaignRefused,
    OwnWork,
    approve_resend,
    close_campaign,
    escalate,
    escalate_stuck,
    propose_resend,
    reject_resend,
    withdraw_strays,
)
from campaigns.services.resending import NothingToSend
from channels.models import DeliveryAttempt, OptOut
from channels.settling import failed, move, poisoned, unknown
from customers.models import ContactPoint, Customer
from outreach.models import OutreachTask, OutreachTry
from tenants.models import Membership, Tenant, User
from tests.campaigns.acting import answer, attempts_of, begin, enter, in_parallel, notified, review_of
from tests.conftest import NOW, SYSTEM

type StaffClient = Callable[[User], Client]
LATER = NOW + timedelta(hours=1)
WHY = "The mail server was down that night"


@transaction.atomic
def ended(customer: Customer, channel: str, *, kind: str = "ambiguous") -> DeliveryAttempt:
    """The attempt comes to the end of which nobody knows what it means: ambiguous, poison or unknown."""
    attempt: DeliveryAttempt = DeliveryAttempt.objects.get(notice__customer=customer, channel=channel)
    if attempt.status == "QUEUED":
        transition(attempt, "SENDING", actor=SYSTEM, at=NOW, first_tried_at=NOW)
    by_kind = {
        "ambiguous": failed(NOW, "ambiguous", "no_answer"),
        "poison": poisoned(NOW, "lease_expired"),
        "unknown": unknown(NOW, failure_kind="ambiguous", failure_code="no_answer"),
        "permanent": failed(NOW, "permanent", "5.1.1"),
    }
    move({attempt.pk: by_kind[kind]}, was="SENDING", actor=SYSTEM, now=NOW)
    attempt.refresh_from_db()
    return attempt


@transaction.atomic
def tries_of(customer: Customer, channel: str) -> list[tuple[int, str, str]]:
    """Round, status and code of every attempt by the channel."""
    rows = DeliveryAttempt.objects.filter(notice__customer=customer, channel=channel).order_by("round")
    return list(rows.values_list("round", "status", "failure_code"))


@transaction.atomic
def outcomes(proposal: ResendProposal) -> list[str]:
    return list(ResendItem.objects.filter(proposal=proposal).order_by("id").values_list("outcome", flat=True))


def propose(campaign: Campaign, attempt: DeliveryAttempt, officer: User) -> ResendProposal:
    actor = Actor.user(officer.pk)
    return propose_resend(campaign=campaign, attempt_ids=[attempt.pk], reason=WHY, actor=actor, now=LATER)


def approve(proposal: ResendProposal, approver: User) -> dict[str, int]:
    return approve_resend(proposal=proposal, actor=Actor.user(approver.pk), now=LATER)


@pytest.fixture
def by_mail(bank: Tenant) -> Customer:
    """Somebody who can be reached by e-mail alone."""
    return enter(1, contacts=("EMAIL",))


@pytest.mark.parametrize("kind", ["ambiguous", "poison", "unknown"])
def test_a_second_person_has_a_notice_sent_again_in_the_same_words(
    bank: Tenant, officer: User, approver: User, by_mail: Customer, kind: str
) -> None:
    campaign = notified(officer, approver)
    old = ended(by_mail, "EMAIL", kind=kind)
    proposal = propose(campaign, old, officer)
    assert len(tries_of(by_mail, "EMAIL")) == 1, "nothing before the second person"
    assert approve(proposal, approver) == {"queued": 1}
    before, after = tries_of(by_mail, "EMAIL")
    assert (before[:2], after) == ((0, "FAILED"), (1, "QUEUED", ""))
    assert before[2] == {"ambiguous": "no_answer", "poison": "lease_expired", "unknown": "sent_again"}[kind]
    with transaction.atomic():
        first, second = DeliveryAttempt.objects.select_related("notice").order_by("round")
        assert (first.snapshot, first.notice_id) == (second.snapshot, second.notice_id)
        assert first.pk != second.pk
        acts = dict(AuditEvent.objects.filter(event__startswith="deliveryattempt.").values_list("event", "actor_id"))
    assert acts["deliveryattempt.resend_proposed"] == str(officer.pk)
    assert acts["deliveryattempt.sent_again"] == str(approver.pk)
    with transaction.atomic():
        assert campaign_progress(campaign).adds_up


def test_somebody_given_up_is_asked_again_and_the_ladder_goes_on_from_there(
    bank: Tenant, officer: User, approver: User, by_mail: Customer
) -> None:
    campaign = notified(officer, approver)
    old = ended(by_mail, "EMAIL")
    assert review_of(by_mail).status == "UNREACHABLE"
    approve(propose(campaign, old, officer), approver)
    assert (review_of(by_mail).status, review_of(by_mail).channel) == ("NOTIFIED", "EMAIL")
    assert withdraw_strays(now=LATER) == escalate_stuck(campaign_id=campaign.pk, now=LATER) == 0
    assert escalate(references=[review_of(by_mail).pk], now=LATER) == 0, "the old failure counts no more"
    assert tries_of(by_mail, "EMAIL")[1][1] == "QUEUED"
    with transaction.atomic():
        again = DeliveryAttempt.objects.get(round=1)
        transition(again, "SENDING", actor=SYSTEM, at=LATER)
        move({again.pk: failed(LATER, "permanent", "5.1.1")}, was="SENDING", actor=SYSTEM, now=LATER)
    assert review_of(by_mail).status == "UNREACHABLE", "the new failure does"


def test_what_a_provider_said_for_certain_is_not_sent_again(
    bank: Tenant, officer: User, approver: User, by_mail: Customer
) -> None:
    campaign = notified(officer, approver)
    old = ended(by_mail, "EMAIL", kind="permanent")
    with pytest.raises(NothingToSend):
        propose(campaign, old, officer)


def test_what_a_provider_can_be_asked_about_is_not_sent_again(bank: Tenant, officer: User, approver: User) -> None:
    """It may be found in the list, or leave by itself: a second would be one too many."""
    customer = enter(1, contacts=("PHONE",))
    campaign = notified(officer, approver)
    old = ended(customer, "SMS", kind="unknown")
    with pytest.raises(NothingToSend):
        propose(campaign, old, officer)


def test_nobody_approves_what_they_proposed_under_any_account(
    bank: Tenant, officer: User, approver: User, by_mail: Customer, superuser: psycopg.Connection
) -> None:
    campaign = notified(officer, approver)
    proposal = propose(campaign, ended(by_mail, "EMAIL"), officer)
    with pytest.raises(CampaignRefused):
        approve(proposal, officer)
    with transaction.atomic():
        Membership.objects.filter(user=officer).update(staff_number="gone")
        Membership.objects.filter(user=approver).update(staff_number=proposal.proposed_person)
    with pytest.raises(OwnWork):
        approve(proposal, approver)
    assert len(tries_of(by_mail, "EMAIL")) == 1
    with pytest.raises(psycopg.errors.CheckViolation, match="resend_four_eyes"):
        superuser.execute(
            "UPDATE campaigns_resendproposal SET status = 'APPROVED', approved_at = now(),"
            " approved_by = proposed_by, approved_person = proposed_person"
        )


def test_two_approvals_at_the_same_moment_send_once(
    bank: Tenant, officer: User, approver: User, by_mail: Customer, make_user: Any
) -> None:
    campaign = notified(officer, approver)
    proposal = propose(campaign, ended(by_mail, "EMAIL"), officer)
    other = make_user(bank, "APPROVER", "another-approver")

    def approving(user: User) -> Callable[[], Any]:
        def act() -> dict[str, int]:
            with transaction.atomic():
                seen = ResendProposal.objects.get(pk=proposal.pk)
            return approve(seen, user)

        return act

    results = in_parallel(bank, approving(approver), approving(other), approving(approver))
    assert [result for result in results if isinstance(result, dict)] == [{"queued": 1}]
    assert [type(result) for result in results if not isinstance(result, dict)] == [CampaignRefused] * 2
    assert len(tries_of(by_mail, "EMAIL")) == 2


def test_a_notice_stands_in_one_open_proposal_and_the_database_takes_a_round_once(
    bank: Tenant, officer: User, approver: User, by_mail: Customer
) -> None:
    campaign = notified(officer, approver)
    old = ended(by_mail, "EMAIL")

    def proposing() -> ResendProposal:
        return propose(campaign, old, officer)

    results = in_parallel(bank, proposing, proposing)
    made = [result for result in results if isinstance(result, ResendProposal)]
    assert (len(made), {type(result) for result in results}) == (1, {ResendProposal, NothingToSend})
    reject_resend(proposal=made[0], actor=Actor.user(officer.pk), now=LATER)  # taken back
    with pytest.raises(CampaignRefused):
        approve(made[0], approver)
    assert approve(proposing(), approver) == {"queued": 1}
    with pytest.raises(NothingToSend):  # its outcome is the new one's by now
        proposing()
    with transaction.atomic():
        twin = DeliveryAttempt.objects.get(round=1)
        twin.pk, twin.snapshot = UUID(int=7), {}
        with pytest.raises(IntegrityError, match="attempt_once_a_round"), transaction.atomic():
            DeliveryAttempt.objects.bulk_create([twin])


def say_stop(customer: Customer) -> None:
    point = ContactPoint.objects.get(customer=customer)
    OptOut.objects.create(contact_point=point, channel="EMAIL", since=LATER, code="complaint")


def say(outcome: str) -> Callable[[Customer], None]:
    def tell(customer: Customer) -> None:
        reference = DeliveryAttempt.objects.get(notice__customer=customer).notice.reference
        task = OutreachTask.objects.create(
            customer=customer, reference=reference, kind="TELEPHONE", due_on=NOW.date(), created_at=NOW
        )
        OutreachTry.objects.create(task=task, token=uuid4(), outcome=outcome, tried_at=NOW, tried_by=1)

    return tell


def lose_address(customer: Customer) -> None:
    ContactPoint.objects.filter(customer=customer).update(is_current=False)


def leave(customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(status="CLOSED")


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [
        (lambda customer: begin(customer), "answered"),
        (lambda customer: answer(customer), "answered"),
        (say_stop, "opted_out"),
        (say("DECEASED"), "deceased"),
        (say("REFUSED"), "declined"),
        (lose_address, "address_gone"),
        (leave, "closed"),
    ],
)
def test_who_may_not_be_written_to_any_more_is_left_out_at_the_approval(
    bank: Tenant, officer: User, approver: User, by_mail: Customer, meanwhile: Callable[[Customer], Any], code: str
) -> None:
    campaign = notified(officer, approver)
    old = ended(by_mail, "EMAIL")
    proposal = propose(campaign, old, officer)
    if code == "answered":
        meanwhile(by_mail)
    else:
        with transaction.atomic():
            meanwhile(by_mail)
    assert approve(proposal, approver) == {code: 1}
    assert (outcomes(proposal), len(tries_of(by_mail, "EMAIL"))) == ([code], 1)
    with pytest.raises(NothingToSend):  # nor is it proposed a second time
        propose(campaign, old, officer)


def test_nothing_is_sent_again_after_the_deadline_or_the_campaign(
    bank: Tenant, officer: User, approver: User, by_mail: Customer
) -> None:
    campaign = notified(officer, approver)
    old = ended(by_mail, "EMAIL")
    proposal = propose(campaign, old, officer)
    late, actor = NOW + timedelta(days=200), Actor.user(officer.pk)
    with pytest.raises(NothingToSend, match="お尋ねは終わっています"):
        propose_resend(campaign=campaign, attempt_ids=[old.pk], reason=WHY, actor=actor, now=late)
    close_campaign(campaign=campaign, actor=SYSTEM, now=LATER)
    assert approve(proposal, approver) == {"ended": 1}


def test_many_are_proposed_by_what_became_of_them(
    bank: Tenant, officer: User, approver: User, staff_client: StaffClient
) -> None:
    customers = [enter(number, contacts=("EMAIL",)) for number in range(3)]
    campaign = notified(officer, approver)
    for customer, kind in zip(customers, ("ambiguous", "ambiguous", "poison"), strict=True):
        ended(customer, "EMAIL", kind=kind)
    client, address = staff_client(officer), reverse("campaign-resend", args=[campaign.pk])
    groups = client.get(address).context["groups"]
    assert [(group.kind, group.count) for group in groups] == [("ambiguous", 2), ("poison", 1)]
    assert client.post(address, {"group": "EMAIL:ambiguous", "reason": ""}).status_code == 422
    assert client.post(address, {"group": "EMAIL:transient", "reason": WHY}).status_code == 422
    with transaction.atomic():  # nobody looks at a deadline of long ago
        Campaign.objects.update(deadline_on=timezone.localdate() + timedelta(days=30))
    page = client.post(address, {"group": "EMAIL:ambiguous", "reason": WHY}, follow=True)
    proposal = page.context["proposal"]
    assert (page.context["page"].count, page.context["is_own"]) == (2, True)
    assert reverse("campaign-resend-approve", args=[proposal.pk]) not in page.content.decode()
    second = staff_client(approver)
    assert reverse("campaign-resends") in second.get(reverse("home")).content.decode()
    assert second.post(reverse("campaign-resend-approve", args=[proposal.pk])).status_code == 302
    assert second.post(reverse("campaign-resend-approve", args=[proposal.pk])).status_code == 422, "a second click"
    assert [len(tries_of(customer, "EMAIL")) for customer in customers] == [2, 2, 1]


def test_one_is_proposed_from_the_customers_timeline(
    bank: Tenant, officer: User, approver: User, by_mail: Customer, staff_client: StaffClient
) -> None:
    notified(officer, approver)
    old = ended(by_mail, "EMAIL")
    with transaction.atomic():
        Campaign.objects.update(deadline_on=timezone.localdate() + timedelta(days=30))
    timeline, address = reverse("customer-timeline", args=[by_mail.pk]), reverse("campaign-resend-one", args=[old.pk])
    client = staff_client(officer)
    assert address in client.get(timeline).content.decode()
    assert address not in staff_client(approver).get(timeline).content.decode()
    assert client.post(address, {"reason": WHY}).status_code == 302
    refused = client.post(address, {"reason": WHY})  # a double click
    assert refused.status_code == 422
    assert attempts_of(by_mail) == {"EMAIL": "FAILED"}
    with transaction.atomic():
        assert ResendProposal.objects.count() == 1


def test_another_bank_finds_none_of_it(
    other_officer: User, bank: Tenant, officer: User, approver: User, by_mail: Customer, staff_client: StaffClient
) -> None:
    campaign = notified(officer, approver)
    old = ended(by_mail, "EMAIL")
    proposal = propose(campaign, old, officer)
    theirs = staff_client(other_officer)
    for name, pk in (
        ("campaign-resend", campaign.pk),
        ("campaign-resend-one", old.pk),
        ("campaign-resend-proposal", proposal.pk),
    ):
        assert Context().run(theirs.get, reverse(name, args=[pk])).status_code == 404
    answers = Context().run(theirs.post, reverse("campaign-resend-reject", args=[proposal.pk]))
    assert answers.status_code == 404
    actor = Actor.user(officer.pk)
    with pytest.raises(NothingToSend):
        propose_resend(campaign=campaign, attempt_ids=[UUID(int=5)], reason=WHY, actor=actor, now=LATER)
