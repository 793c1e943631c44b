"""While a sheet of paper is dealt with: nothing said elsewhere is lost, and the ladder stands still."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from audit.models import AuditEvent
from audit.services import Actor
from campaigns.models import PeriodicReview
from campaigns.services import close_campaign, contact_silent, escalate
from channels.models import DeliveryAttempt
from customers.flags.services import raise_flag
from customers.models import Customer
from customers.selectors import facts_of
from outreach.models import OutreachTask
from outreach.papers.holding import PaperRefused
from outreach.papers.models import PaperAnswer
from outreach.papers.receiving import discard_paper, note_looked
from outreach.papers.selectors import find_paper, held_by_paper, waiting_in_lists
from outreach.papers.services import finish_keying
from questionnaires.models import Response
from questionnaires.services import save_page
from tenants.models import Tenant, User
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
from tests.conftest import NOW
from tests.outreach.papering import (
    LATER,
    came_in,
    key_all,
    key_blind,
    look_at_scans,
    questions_of,
    response_to,
    settle,
)
from uploads.models import Upload

Status = PaperAnswer.Status

pytestmark = pytest.mark.usefixtures("in_english")


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


def test_a_review_is_still_notified_while_the_sheet_is_keyed(asked: Customer, people: tuple[User, User, User]) -> None:
    came_in(asked, people[0])
    assert review_of(asked).status == PeriodicReview.Status.NOTIFIED
    with pytest.raises(PaperAnswer.DoesNotExist):
        find_paper(uuid4())
