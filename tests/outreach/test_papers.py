"""Answers on paper: nothing of them counts before a second person, and nothing of them is ever lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from audit.models import AuditEvent
from audit.services import Actor
from campaigns.models import PeriodicReview
from campaigns.services import close_campaign, contact_silent, escalate
from channels.models import DeliveryAttempt
from channels.numbers import new_number
from customers.flags.services import raise_flag
from customers.models import Customer
from customers.selectors import facts_of
from outreach.models import OutreachTask
from outreach.papers.holding import PaperRefused
from outreach.papers.models import PaperAnswer, PaperPolicy
from outreach.papers.policies import decide_policy, propose_policy
from outreach.papers.receiving import add_scan, discard_paper, note_looked
from outreach.papers.selectors import find_paper, held_by_paper, next_to_key, policy_in_force, waiting_in_lists
from outreach.papers.services import begin_check, begin_keying, finish_keying, key_page, resume_keying, return_paper
from questionnaires.models import Response
from questionnaires.services import save_page
from reviews.models import Case
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_context, tenant_scope
from tests.campaigns.acting import (
    answer,
    begin,
    enter,
    in_parallel,
    notified,
    open_for_business,
    review_of,
    settle_attempt,
)
from tests.conftest import NOW, MakeUser
from tests.outreach.papering import (
    LATER,
    came_in,
    key_all,
    key_blind,
    keyed_facts,
    look_at_scans,
    number_on,
    questions_of,
    scan,
    settle,
)
from uploads.models import Upload

Status = PaperAnswer.Status


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Refusals are read here."""
    with override("en"):
        yield


@pytest.fixture
def people(settings: Any, tenant: Tenant, make_user: MakeUser) -> tuple[User, User, User]:
    """Who enters and keys, who checks, and who approves campaigns."""
    settings.UPLOAD_SCAN = "off"
    return (
        make_user(tenant, Role.OFFICER, "saeki"),
        make_user(tenant, Role.OFFICER, "hirano"),
        make_user(tenant, Role.APPROVER, "otsuka"),
    )


@pytest.fixture
def desk(bank: Tenant) -> Iterator[Tenant]:
    """A bank in business, and one transaction for the whole test."""
    with transaction.atomic():
        yield bank


@pytest.fixture
def asked(desk: Tenant, people: tuple[User, User, User]) -> Customer:
    """A customer whose notice is queued."""
    customer = enter(1)
    notified(people[0], people[2])
    return customer


def response_to(customer: Customer) -> Response:
    found: Response = Response.objects.get(customer=customer)
    return found


def test_a_sheet_becomes_the_answer_once_a_second_person_has_keyed_it_alike(
    asked: Customer, people: tuple[User, User, User]
) -> None:
    keyer, checker, _approver = people
    paper = key_all(came_in(asked, keyer), keyer, address="東京都港区芝1丁目1-1", postal_code="1050014")
    assert (paper.status, response_to(asked).status) == (Status.KEYED, Response.Status.OPEN)
    look_at_scans()
    paper = key_blind(paper, checker, address="東京都港区芝1丁目1-1", postal_code="1050014")
    assert settle(paper, checker) == []
    paper, response = find_paper(paper.pk), response_to(asked)
    assert paper.status == Status.ACCEPTED
    assert paper.checked_by == checker.pk
    assert (response.status, response.origin) == (Response.Status.SUBMITTED, Response.Origin.PAPER)
    assert response.entered_by == keyer.pk, "who typed may not judge what was typed"
    assert response.answers["address"] == "東京都港区芝1丁目1-1"
    assert "address" in response.answers["*changed"]
    assert review_of(asked).answered_at == LATER, "the return counts in the funnel"
    assert Case.objects.filter(customer=asked).exists()


def test_what_differs_has_to_be_decided_and_the_second_keying_may_be_right(
    asked: Customer, people: tuple[User, User, User]
) -> None:
    keyer, checker, _approver = people
    paper = key_all(came_in(asked, keyer), keyer, occupation="student")
    look_at_scans()
    paper = key_blind(paper, checker, occupation="employee")
    assert settle(paper, checker) == ["occupation"]
    assert response_to(asked).status == Response.Status.OPEN, "undecided, nothing counts"
    assert settle(paper, checker, occupation="second") == []
    assert response_to(asked).answers["occupation"] == "employee"
    assert find_paper(paper.pk).findings["occupation"] == "second"


def test_what_neither_has_right_goes_back_and_is_keyed_again(asked: Customer, people: tuple[User, User, User]) -> None:
    keyer, checker, _approver = people
    paper = key_all(came_in(asked, keyer), keyer, occupation="student")
    look_at_scans()
    paper = key_blind(paper, checker, occupation="employee")
    settle(paper, checker, occupation="again")
    paper = find_paper(paper.pk)
    assert (paper.status, paper.returned, paper.second) == (Status.RECEIVED, ["occupation"], {})
    _response, questionnaire = questions_of(paper)
    page = questionnaire.page(next_to_key(paper, questionnaire))
    assert page is not None
    assert "occupation" in page.fields
    with pytest.raises(PaperRefused):
        finish_keying(paper=paper, actor=Actor.user(keyer.pk), now=LATER)
    paper = key_all(paper, keyer, occupation="employee")
    paper = key_blind(paper, checker, occupation="employee")
    assert settle(paper, checker) == []
    assert response_to(asked).answers["occupation"] == "employee"


def test_nobody_checks_what_they_keyed_under_whatever_account(
    asked: Customer, people: tuple[User, User, User], tenant: Tenant, make_user: MakeUser
) -> None:
    keyer = people[0]
    paper = key_all(came_in(asked, keyer), keyer)
    with pytest.raises(PaperRefused, match="yourself"):
        begin_check(paper=paper, actor=Actor.user(keyer.pk), now=LATER)
    paper.refresh_from_db()
    with pytest.raises(IntegrityError), transaction.atomic():  # the database itself refuses
        PaperAnswer.objects.filter(pk=paper.pk).update(
            checked_by=keyer.pk, checked_person=paper.keyed_person, checked_at=LATER
        )


def test_whoever_keyed_one_page_before_a_colleague_took_over_does_not_check(
    asked: Customer, people: tuple[User, User, User]
) -> None:
    first, second, _approver = people
    paper = came_in(asked, first)
    begin_keying(paper=paper, takes_over=False, actor=Actor.user(first.pk), now=LATER)
    _response, questionnaire = questions_of(paper)
    page = questionnaire.pages[0]
    said = facts_of(asked)
    answers = {field: said.get(field) for field in page.fields}
    key_page(
        paper=paper, page=page, answers=answers, marks={}, is_confirmed=True, actor=Actor.user(first.pk), now=LATER
    )
    with pytest.raises(PaperRefused, match="colleague"):
        begin_keying(paper=paper, takes_over=False, actor=Actor.user(second.pk), now=LATER)
    begin_keying(paper=paper, takes_over=True, actor=Actor.user(second.pk), now=LATER)
    paper = key_all(find_paper(paper.pk), second)
    with pytest.raises(PaperRefused, match="yourself"):
        begin_check(paper=paper, actor=Actor.user(first.pk), now=LATER)


def test_two_who_begin_at_once_do_not_both_key(
    asked: Customer, people: tuple[User, User, User], tenant: Tenant
) -> None:
    paper = came_in(asked, people[0])
    results = [
        _try(lambda user=user: begin_keying(paper=paper, takes_over=False, actor=Actor.user(user.pk), now=LATER))
        for user in people[:2]
    ]
    assert [type(one) for one in results] == [type(None), PaperRefused]
    _response, questionnaire = questions_of(paper)
    with pytest.raises(PaperRefused, match="colleague"):
        key_page(
            paper=paper,
            page=questionnaire.pages[0],
            answers={},
            marks={},
            is_confirmed=False,
            actor=Actor.user(people[1].pk),
            now=LATER,
        )


def _try(act: Any) -> Exception | None:
    try:
        act()
    except PaperRefused as refused:
        return refused
    return None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": "1234"}, "number"),
        ({"number": "123456789012"}, "number"),
        ({"received_on": LATER.date() + timedelta(days=1)}, "received_on"),
        ({"received_on": NOW.date() - timedelta(days=30), "signed_on": None}, "received_on"),
        ({"signed_on": LATER.date() + timedelta(days=1)}, "signed_on"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    asked: Customer, people: tuple[User, User, User], change: dict[str, Any], field: str
) -> None:
    with pytest.raises(PaperRefused) as refused:
        came_in(asked, people[0], **change)
    assert refused.value.field == field
    assert not PaperAnswer.objects.exists()


def test_the_number_of_another_institution_is_nobodys(
    tenant: Tenant, other_tenant: Tenant, people: tuple[User, User, User], make_user: MakeUser
) -> None:
    with tenant_scope(tenant.pk):
        open_for_business()
        customer = enter(1)
        notified(people[0], people[2])
        number = number_on(customer)
        with pytest.raises(PaperRefused):
            came_in(customer, people[0], number=new_number())
    stranger = make_user(other_tenant, Role.OFFICER, "fremd")
    with tenant_scope(other_tenant.pk):
        with pytest.raises(PaperRefused) as refused:
            came_in(customer, stranger, number=number, with_scan=False)
        assert refused.value.field == "number"
        assert not PaperAnswer.objects.exists()


def test_a_second_sheet_of_one_number_is_led_to_the_first(asked: Customer, people: tuple[User, User, User]) -> None:
    paper = came_in(asked, people[0])
    with pytest.raises(PaperRefused) as refused:
        came_in(asked, people[1])
    assert refused.value.paper == paper.pk


def test_the_sheet_of_whoever_has_answered_already_is_kept_and_looked_at(
    asked: Customer, people: tuple[User, User, User]
) -> None:
    answer(asked)
    paper = came_in(asked, people[0])
    assert (paper.status, paper.aside_because) == (Status.SET_ASIDE, PaperAnswer.Aside.ANSWERED)
    assert waiting_in_lists()["aside"].count == 1
    note_looked(paper=paper, finding="回答と同じ", actor=Actor.user(people[1].pk), now=LATER)
    assert waiting_in_lists()["aside"].count == 0
    assert Upload.objects.filter(reference=paper.pk).exists(), "the evidence stays"


def test_a_sheet_of_a_closed_campaign_is_kept_but_does_not_count(
    asked: Customer, people: tuple[User, User, User]
) -> None:
    close_campaign(campaign=review_of(asked).campaign, actor=Actor.user(people[0].pk), now=NOW)
    paper = came_in(asked, people[0])
    assert (paper.status, paper.aside_because) == (Status.SET_ASIDE, PaperAnswer.Aside.WITHDRAWN)


def test_a_customer_who_is_flagged_deceased_while_the_sheet_is_keyed_gives_no_answer(
    asked: Customer, people: tuple[User, User, User]
) -> None:
    keyer = people[0]
    paper = key_all(came_in(asked, keyer), keyer, finishes=False)
    raise_flag(
        customer=asked, kind="DECEASED", reason="届出", from_on=NOW.date(), until_on=None,
        actor=Actor.user(keyer.pk), now=LATER,
    )  # fmt: skip
    paper = finish_keying(paper=paper, actor=Actor.user(keyer.pk), now=LATER)
    assert (paper.status, paper.aside_because) == (Status.SET_ASIDE, PaperAnswer.Aside.WITHDRAWN)


def test_an_answer_online_while_the_sheet_is_keyed_wins_and_the_sheet_is_kept(
    asked: Customer, people: tuple[User, User, User]
) -> None:
    keyer = people[0]
    paper = key_all(came_in(asked, keyer), keyer, finishes=False, occupation="student")
    answer(asked, at=LATER)
    paper = find_paper(paper.pk)
    assert (paper.status, paper.aside_because) == (Status.SET_ASIDE, PaperAnswer.Aside.ANSWERED)
    assert paper.answers["occupation"] == "student", "what was keyed is there to be compared"
    with pytest.raises(PaperRefused):
        finish_keying(paper=paper, actor=Actor.user(keyer.pk), now=LATER)


def test_what_the_customer_had_begun_online_is_kept_beside_the_sheet_that_came_first(
    asked: Customer, people: tuple[User, User, User]
) -> None:
    keyer, checker, _approver = people
    paper = key_all(came_in(asked, keyer), keyer)
    response = begin(asked)
    _response, questionnaire = questions_of(paper)
    page = questionnaire.pages[0]
    said = facts_of(asked)
    begun = {field: said.get(field) for field in page.fields}
    save_page(response=response, page_id=page.id, answers=begun, now=LATER)
    look_at_scans()
    assert settle(key_blind(paper, checker), checker) == []
    kept = find_paper(paper.pk).beside
    assert kept is not None
    assert begun.items() <= kept["answers"].items()


def test_either_the_check_or_the_customer_wins_and_never_both(tenant: Tenant, people: tuple[User, User, User]) -> None:
    keyer, checker, approver = people
    with tenant_scope(tenant.pk):
        open_for_business()
        customer = enter(1)
        notified(keyer, approver)
        paper = key_all(came_in(customer, keyer), keyer)
    look_at_scans_of(tenant)
    with tenant_scope(tenant.pk):
        paper = key_blind(paper, checker)
    in_parallel(tenant, lambda: settle(find_in_own(paper), checker), lambda: answer(customer, at=LATER))
    with tenant_scope(tenant.pk):
        response, paper = response_to(customer), find_paper(paper.pk)
        assert response.status == Response.Status.SUBMITTED
        by_paper = response.origin == Response.Origin.PAPER
        assert paper.status == (Status.ACCEPTED if by_paper else Status.SET_ASIDE)
        assert AuditEvent.objects.filter(event="response.submitted").count() == 1


def look_at_scans_of(tenant: Tenant) -> None:
    with tenant_context(tenant.pk):
        look_at_scans()


def find_in_own(paper: PaperAnswer) -> PaperAnswer:
    with transaction.atomic():
        return find_paper(paper.pk)


def test_a_question_that_cannot_be_read_is_asked_back_and_never_guessed(
    asked: Customer, people: tuple[User, User, User]
) -> None:
    keyer, checker, _approver = people
    paper = key_all(came_in(asked, keyer), keyer, marks={"occupation": "UNREADABLE"})
    assert paper.status == Status.ASKING
    task = OutreachTask.objects.get(origin=OutreachTask.Origin.PAPER)
    assert task.kind == "TELEPHONE"
    assert task.why is not None
    assert "お仕事" in task.why
    assert response_to(asked).status == Response.Status.OPEN
    actor = Actor.user(keyer.pk)
    with pytest.raises(PaperRefused) as refused:
        resume_keying(paper=paper, note=" ", signed_on=None, actor=actor, now=LATER)
    assert refused.value.field == "note"
    resume_keying(paper=paper, note="12/4 ご本人、電話", signed_on=None, actor=actor, now=LATER)
    paper = key_all(find_paper(paper.pk), keyer, occupation="employee")
    assert (paper.status, paper.marks) == (Status.KEYED, {})
    look_at_scans()
    assert settle(key_blind(paper, checker, occupation="employee"), checker) == []
    assert response_to(asked).answers["occupation"] == "employee"


def test_a_sheet_without_a_signature_is_no_answer(asked: Customer, people: tuple[User, User, User]) -> None:
    keyer = people[0]
    paper = key_all(came_in(asked, keyer, is_signed=False), keyer)
    assert paper.status == Status.ASKING
    with pytest.raises(PaperRefused) as refused:
        resume_keying(paper=paper, note="再送依頼", signed_on=None, actor=Actor.user(keyer.pk), now=LATER)
    assert refused.value.field == "signed_on"
    resume_keying(paper=paper, note="署名済み届く", signed_on=LATER.date(), actor=Actor.user(keyer.pk), now=LATER)
    assert key_all(find_paper(paper.pk), keyer).status == Status.KEYED


def test_without_a_picture_there_is_nothing_to_check_against(asked: Customer, people: tuple[User, User, User]) -> None:
    keyer, checker, _approver = people
    paper = key_all(came_in(asked, keyer, with_scan=False), keyer, finishes=False)
    with pytest.raises(PaperRefused, match="picture"):
        finish_keying(paper=paper, actor=Actor.user(keyer.pk), now=LATER)
    add_scan(paper=paper, scan=scan(), actor=Actor.user(keyer.pk), now=LATER)
    paper = finish_keying(paper=paper, actor=Actor.user(keyer.pk), now=LATER)
    paper = key_blind(paper, checker)
    with pytest.raises(PaperRefused, match="looked at"):  # nobody has found it clean yet
        settle(paper, checker)
    look_at_scans()
    assert settle(paper, checker) == []


def test_another_customers_sheet_goes_with_its_pictures_and_the_asking_goes_on(
    asked: Customer, people: tuple[User, User, User]
) -> None:
    keyer = people[0]
    waiting = DeliveryAttempt.objects.filter(notice__customer=asked, status="QUEUED")
    was = waiting.get().not_before
    paper = came_in(asked, keyer)
    assert waiting.get().not_before > was + timedelta(days=100), "no notice leaves while the sheet is dealt with"
    discard_paper(
        paper=paper, because="別のお客さまの用紙", is_other_customers=True, actor=Actor.user(keyer.pk), now=LATER
    )
    assert not Upload.objects.filter(reference=paper.pk).exists()
    assert waiting.get().not_before == LATER
    assert find_paper(paper.pk).status == Status.DISCARDED
    assert came_in(asked, keyer).status == Status.RECEIVED, "the right sheet may come"


def test_the_ladder_stands_still_while_a_sheet_is_dealt_with(asked: Customer, people: tuple[User, User, User]) -> None:
    """A notice that fails is not followed by the next, and nobody calls because of silence."""
    keyer, review = people[0], review_of(asked)
    paper = came_in(asked, keyer)
    settle_attempt(asked, review.channel, is_failure=True, at=LATER)
    assert escalate(references=[review.pk], now=LATER) == 0
    assert DeliveryAttempt.objects.filter(notice__customer=asked).count() == 1
    assert held_by_paper([review.pk]) == {review.pk}
    discard_paper(paper=paper, because="白紙", is_other_customers=False, actor=Actor.user(keyer.pk), now=LATER)
    assert escalate(references=[review.pk], now=LATER) == 1


def test_nobody_is_called_for_their_silence_whose_sheet_is_here(desk: Tenant, people: tuple[User, User, User]) -> None:
    quiet, written = enter(1, tier="MEDIUM"), enter(2, tier="MEDIUM")
    campaign = notified(people[0], people[2])
    for customer in (quiet, written):
        settle_attempt(customer, review_of(customer).channel, is_failure=False)
    came_in(written, people[0])
    contact_silent(campaign_id=campaign.pk, kind="TELEPHONE", now=NOW + timedelta(days=20))
    assert list(OutreachTask.objects.values_list("customer", flat=True)) == [quiet.pk]


def test_a_call_that_was_planned_for_silence_is_withdrawn_and_comes_back_with_an_unusable_sheet(
    desk: Tenant, people: tuple[User, User, User]
) -> None:
    customer = enter(1, tier="MEDIUM")
    campaign = notified(people[0], people[2])
    settle_attempt(customer, review_of(customer).channel, is_failure=False)
    late = NOW + timedelta(days=20)
    contact_silent(campaign_id=campaign.pk, kind="TELEPHONE", now=late)
    paper = came_in(customer, people[0], received_on=late.date(), signed_on=late.date(), now=late)
    assert OutreachTask.objects.get().status == OutreachTask.Status.CANCELLED
    discard_paper(paper=paper, because="白紙", is_other_customers=False, actor=Actor.user(people[0].pk), now=late)
    assert OutreachTask.objects.filter(status=OutreachTask.Status.OPEN).count() == 1


def test_a_sample_is_checked_only_once_two_people_said_so(
    asked: Customer,
    people: tuple[User, User, User],
    tenant: Tenant,
    make_user: MakeUser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    administrator, approver = make_user(tenant, Role.ADMINISTRATOR, "admin"), people[2]
    policy = propose_policy(checked_share=10, needs_signature=True, actor=Actor.user(administrator.pk), now=NOW)
    assert policy_in_force().checked_share == 100
    with pytest.raises(PaperRefused, match="yourself"):
        decide_policy(policy=policy, is_approved=True, actor=Actor.user(administrator.pk), now=NOW)
    decide_policy(policy=policy, is_approved=True, actor=Actor.user(approver.pk), now=NOW)
    assert policy_in_force().checked_share == 10
    monkeypatch.setattr("outreach.papers.services.secrets.randbelow", lambda most: 99)
    paper = key_all(came_in(asked, people[0]), people[0])
    assert (paper.status, paper.is_drawn, paper.checked_by) == (Status.ACCEPTED, False, None)
    assert response_to(asked).status == Response.Status.SUBMITTED
    with pytest.raises(IntegrityError), transaction.atomic():  # never unchecked by itself
        PaperAnswer.objects.filter(pk=paper.pk).update(is_drawn=True)
    assert PaperPolicy.objects.count() == 1


def test_a_sheet_is_returned_whole_with_a_reason(asked: Customer, people: tuple[User, User, User]) -> None:
    keyer, checker, _approver = people
    paper = key_all(came_in(asked, keyer), keyer)
    with pytest.raises(PaperRefused) as refused:
        return_paper(paper=paper, note="", actor=Actor.user(checker.pk), now=LATER)
    assert refused.value.field == "note"
    return_paper(paper=paper, note="2枚目が読めない", actor=Actor.user(checker.pk), now=LATER)
    paper = find_paper(paper.pk)
    assert paper.status == Status.RECEIVED
    assert "occupation" in paper.returned
    assert keyed_facts(paper)["occupation"] == "employee", "what was keyed is not lost"


def test_what_waits_shows_since_when(asked: Customer, people: tuple[User, User, User]) -> None:
    keyer = people[0]
    key_all(came_in(asked, keyer), keyer)
    waiting = waiting_in_lists()
    assert (waiting["key"].count, waiting["check"].count) == (0, 1)
    assert waiting["check"].age(LATER.date() + timedelta(days=9)) == 9


def test_nothing_that_was_written_stands_in_the_trail(asked: Customer, people: tuple[User, User, User]) -> None:
    keyer = people[0]
    key_all(came_in(asked, keyer), keyer, address="東京都港区芝1丁目1-1", postal_code="1050014")
    for event in AuditEvent.objects.filter(event__startswith="paperanswer."):
        assert "芝" not in event.payload, event.event


def test_a_review_is_still_notified_while_the_sheet_is_keyed(asked: Customer, people: tuple[User, User, User]) -> None:
    came_in(asked, people[0])
    assert review_of(asked).status == PeriodicReview.Status.NOTIFIED
    with pytest.raises(PaperAnswer.DoesNotExist):
        find_paper(uuid4())
