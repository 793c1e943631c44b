"""Answers on paper: nothing of them counts before a second person, and nothing of them is ever lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from audit.services import Actor
from channels.models import DeliveryAttempt
from channels.numbers import new_number
from customers.models import Customer
from customers.selectors import facts_of
from outreach.models import OutreachTask
from outreach.papers.holding import PaperRefused
from outreach.papers.models import PaperAnswer, PaperPolicy
from outreach.papers.policies import decide_policy, propose_policy
from outreach.papers.receiving import add_scan, discard_paper
from outreach.papers.selectors import find_paper, next_to_key, policy_in_force, waiting_in_lists
from outreach.papers.services import begin_check, begin_keying, finish_keying, key_page, resume_keying, return_paper
from questionnaires.models import Response
from reviews.models import Case
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.acting import (
    enter,
    notified,
    open_for_business,
    review_of,
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
    response_to,
    scan,
    settle,
)
from uploads.models import Upload

Status = PaperAnswer.Status


pytestmark = pytest.mark.usefixtures("in_english")


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
