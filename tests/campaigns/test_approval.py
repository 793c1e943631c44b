"""Planning and four eyes: what is counted, who may approve, and what an approval covers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.services import Actor
from campaigns.models import Campaign, PeriodicReview
from campaigns.selectors import current_hash
from campaigns.services import (
    CampaignNotReady,
    CampaignRefused,
    OwnWork,
    PlanChanged,
    approve_campaign,
    notify_planned,
    plan_campaign,
    reject_campaign,
    resume_campaign,
    submit_campaign,
)
from questionnaires.models import QuestionnaireVersion
from tenants.models import Tenant, User
from tests.campaigns.acting import DEADLINE, DUE_BY, enter, in_parallel, planned, running, submitted
from tests.conftest import NOW


def test_a_plan_counts_everybody_once_and_reviews_whoever_is_due(bank: Tenant, officer: User) -> None:
    enter(1, tier="HIGH")
    enter(2, next_review_on=None)
    enter(3, next_review_on=DUE_BY + timedelta(days=1))
    enter(4, due_diligence="SIMPLIFIED")
    campaign = planned(officer)
    counts = campaign.counts
    assert (counts["population"], counts["due"], counts["not_due"], counts["exempt"]) == (4, 2, 1, 1)
    assert counts["by_tier"]["HIGH"] == {"DUE": 1}
    assert counts["first_channels"]["LINE"] == 2
    assert counts["cost_yen"] == "6"
    with transaction.atomic():
        tiers = PeriodicReview.objects.filter(campaign=campaign).values_list("tier", flat=True)
        assert sorted(tiers) == ["HIGH", "LOW"]


def test_a_customer_is_not_planned_twice(bank: Tenant, officer: User) -> None:
    """S9: the second click finds nobody left."""
    enter(1)
    planned(officer)
    with pytest.raises(CampaignRefused):
        planned(officer)


def test_two_clicks_at_once_make_one_campaign(bank: Tenant, officer: User) -> None:
    """S9."""
    enter(1)
    results = in_parallel(bank, *[lambda: planned(officer)] * 4)
    assert sum(isinstance(result, Campaign) for result in results) == 1
    assert sum(isinstance(result, CampaignRefused) for result in results) == 3
    with transaction.atomic():
        assert PeriodicReview.objects.count() == 1


def test_planning_waits_for_the_rating(bank: Tenant, officer: User) -> None:
    enter(1)
    enter(2, tier="", is_rating_due=True)
    with pytest.raises(CampaignRefused):
        planned(officer)


def test_a_deadline_lies_in_the_future(bank: Tenant, officer: User) -> None:
    enter(1)
    with pytest.raises(CampaignRefused):
        plan_campaign(name="x", due_by=DUE_BY, deadline_on=date(2026, 11, 24), actor=Actor.user(officer.pk), now=NOW)


def test_planning_takes_as_many_queries_for_many_as_for_few(bank: Tenant, officer: User) -> None:
    def queries(first: int, number: int) -> int:
        for each in range(first, first + number):
            enter(each, contacts=("POST",))
        with CaptureQueriesContext(connection) as captured:
            planned(officer)
        return len(captured)

    few = queries(1, 3)
    assert queries(100, 60) == few


def test_a_second_person_approves(bank: Tenant, officer: User, approver: User) -> None:
    enter(1)
    campaign = running(officer, approver)
    with transaction.atomic():
        found = Campaign.objects.get(pk=campaign.pk)
        assert (found.status, found.approved_by, found.approved_hash) == ("RUNNING", approver.pk, found.plan_hash)
        events = AuditEvent.objects.filter(target_id=str(campaign.pk), kind="ACT").order_by("id")
        assert list(events.values_list("event", flat=True)) == [
            "campaign.planned",
            "campaign.awaiting_approval",
            "campaign.running",
        ]


def test_the_planner_does_not_approve(bank: Tenant, officer: User) -> None:
    """A9."""
    enter(1)
    campaign = submitted(officer)
    with pytest.raises(OwnWork):
        approve_campaign(campaign=campaign, seen_hash=campaign.plan_hash, actor=Actor.user(officer.pk), now=NOW)


def test_the_planner_does_not_approve_what_another_submitted(bank: Tenant, officer: User, approver: User) -> None:
    """A9: handing it to a colleague to submit changes nothing."""
    enter(1)
    campaign = planned(officer)
    submit_campaign(campaign=campaign, actor=Actor.user(approver.pk), now=NOW)
    for person in (officer, approver):
        with pytest.raises(OwnWork):
            approve_campaign(campaign=campaign, seen_hash=campaign.plan_hash, actor=Actor.user(person.pk), now=NOW)


def test_a_job_of_ours_does_not_approve(bank: Tenant, officer: User) -> None:
    enter(1)
    campaign = submitted(officer)
    with pytest.raises(CampaignRefused):
        approve_campaign(campaign=campaign, seen_hash=campaign.plan_hash, actor=Actor.system("campaigns"), now=NOW)


def test_a_campaign_does_not_run_without_an_approval(bank: Tenant, officer: User) -> None:
    enter(1)
    campaign = submitted(officer)
    with pytest.raises(IntegrityError, match="campaign_approved"), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(status="RUNNING")


def test_two_approvers_at_once_approve_once(
    bank: Tenant, officer: User, approver: User, make_user: Callable[..., User]
) -> None:
    """A9."""
    enter(1)
    campaign = submitted(officer)
    second = make_user(bank, "APPROVER", "second")

    def approval(user: User) -> Callable[[], None]:
        def act() -> None:
            with transaction.atomic():
                mine = Campaign.objects.get(pk=campaign.pk)
            approve_campaign(campaign=mine, seen_hash=campaign.plan_hash, actor=Actor.user(user.pk), now=NOW)

        return act

    results = in_parallel(bank, *[approval(user) for user in (approver, second) * 3])
    assert results.count(None) == 1
    assert sum(isinstance(result, CampaignNotReady) for result in results) == 5
    with transaction.atomic():
        assert AuditEvent.objects.filter(event="campaign.running").count() == 1


def later_deadline(campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(deadline_on=DEADLINE + timedelta(days=1))


def longer_ladder(campaign: Campaign) -> None:
    plan = campaign.plan | {"ladder": campaign.plan["ladder"] | {"LOW": ["POST"]}}
    Campaign.objects.filter(pk=campaign.pk).update(plan=plan)


def one_more_customer(campaign: Campaign) -> None:
    PeriodicReview.objects.create(
        campaign=campaign, customer=enter(99, next_review_on=None), tier="LOW", due_on=DUE_BY, created_at=NOW
    )


def another_question(campaign: Campaign) -> None:
    newest = QuestionnaireVersion.objects.select_related("questionnaire").order_by("-number")[0]
    QuestionnaireVersion.objects.create(
        questionnaire=newest.questionnaire,
        number=newest.number + 1,
        document=newest.document,
        sha256="f" * 64,
        published_at=NOW,
    )


EDITS = [later_deadline, longer_ladder, one_more_customer, another_question]


@pytest.mark.parametrize("edit", EDITS)
def test_what_was_edited_after_submission_is_not_approved(
    bank: Tenant, officer: User, approver: User, edit: Callable[[Campaign], None]
) -> None:
    """S15: neither with the hash that was seen nor with the new one."""
    enter(1)
    campaign = submitted(officer)
    with transaction.atomic():
        edit(campaign)
        fresh = Campaign.objects.get(pk=campaign.pk)
        new_hash = current_hash(fresh)
    for seen in (campaign.plan_hash, new_hash):
        with pytest.raises(PlanChanged):
            approve_campaign(campaign=fresh, seen_hash=seen, actor=Actor.user(approver.pk), now=NOW)


@pytest.mark.parametrize("edit", EDITS)
def test_what_was_edited_after_approval_is_not_sent(
    bank: Tenant, officer: User, approver: User, edit: Callable[[Campaign], None]
) -> None:
    """S15: the campaign stops by itself, and nobody can make it go on."""
    enter(1)
    campaign = running(officer, approver)
    with transaction.atomic():
        edit(campaign)
    assert notify_planned(campaign_id=campaign.pk, limit=10, now=NOW) == 0
    with transaction.atomic():
        stopped = Campaign.objects.get(pk=campaign.pk)
        assert stopped.status == Campaign.Status.PAUSED
        assert AuditEvent.objects.filter(event="campaign.pause_explained").count() == 1
    with pytest.raises(PlanChanged):
        resume_campaign(campaign=stopped, actor=Actor.user(officer.pk), now=NOW)


def test_a_returned_campaign_can_be_submitted_again(bank: Tenant, officer: User, approver: User) -> None:
    enter(1)
    campaign = submitted(officer)
    with pytest.raises(CampaignRefused):
        reject_campaign(campaign=campaign, reason=" ", actor=Actor.user(approver.pk), now=NOW)
    reject_campaign(campaign=campaign, reason="期限が短い", actor=Actor.user(approver.pk), now=NOW)
    assert (campaign.status, campaign.return_reason) == ("DRAFT", "期限が短い")
    with pytest.raises(CampaignNotReady):
        approve_campaign(campaign=campaign, seen_hash=campaign.plan_hash, actor=Actor.user(approver.pk), now=NOW)
    submit_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    assert campaign.status == "AWAITING_APPROVAL"
