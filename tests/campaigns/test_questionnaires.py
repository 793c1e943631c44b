"""Which questionnaire a campaign asks: chosen among those in force, covered by the approval, kept by who has begun."""

from __future__ import annotations

import copy
from datetime import date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.services import Actor
from campaigns.models import Campaign, PeriodicReview
from campaigns.services import CampaignRefused, PlanChanged, approve_campaign, notify_planned, plan_campaign
from campaigns.services import submit_campaign as submit
from customers.models import Customer
from questionnaires import standard
from questionnaires.models import Questionnaire, QuestionnaireVersion, Response
from questionnaires.services import publish
from questionnaires.shaping import parse
from tenants.models import Tenant, User
from tests.campaigns.acting import DEADLINE, DUE_BY, begin, enter, planned, running
from tests.conftest import NOW, SYSTEM, SignIn


@transaction.atomic
def short_form(name: str = "short", audience: str = "INDIVIDUAL") -> Questionnaire:
    """A second questionnaire in force, of one page."""
    questionnaire: Questionnaire = Questionnaire.objects.create(
        key=name, audience=audience, name="かんたんな確認", name_en="Short confirmation"
    )
    _publish(questionnaire, pages=1)
    return questionnaire


def _publish(questionnaire: Questionnaire, *, pages: int) -> None:
    document = copy.deepcopy(standard.document("individual"))
    document["pages"] = document["pages"][:pages]
    version = QuestionnaireVersion(questionnaire=questionnaire, number=pages, published_at=NOW, document=document)
    version.sha256 = parse(document).digest
    version.save()


def asking(officer: User, **chosen: str) -> Campaign:
    return plan_campaign(
        name="更新", due_by=DUE_BY, deadline_on=DEADLINE, actor=Actor.user(officer.pk), now=NOW, questionnaires=chosen
    )


def started(campaign: Campaign, officer: User, approver: User) -> None:
    submit(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    approve_campaign(campaign=campaign, seen_hash=campaign.plan_hash, actor=Actor.user(approver.pk), now=NOW)
    notify_planned(campaign_id=campaign.pk, limit=500, now=NOW)


@transaction.atomic
def asked_of(customer: Customer) -> tuple[str, int]:
    """Key and version of what the customer is asked."""
    version = Response.objects.select_related("version__questionnaire").get(customer=customer).version
    return version.questionnaire.key, version.number


def test_everybody_answers_the_standard_one_where_none_is_chosen(bank: Tenant, officer: User, approver: User) -> None:
    short_form()
    person, company = enter(1), enter(2, kind=Customer.Kind.COMPANY)
    started(planned(officer), officer, approver)
    assert asked_of(person) == ("individual", 1)
    assert asked_of(company) == ("company", 1)


def test_each_kind_of_customer_answers_what_was_chosen_for_it(bank: Tenant, officer: User, approver: User) -> None:
    short_form()
    person, company = enter(1), enter(2, kind=Customer.Kind.COMPANY)
    started(asking(officer, INDIVIDUAL="short"), officer, approver)
    assert asked_of(person) == ("short", 1)
    assert asked_of(company) == ("company", 1), "what was not chosen stays the standard one"


@pytest.mark.parametrize("chosen", [{"INDIVIDUAL": "nothing"}, {"COMPANY": "short"}, {"INDIVIDUAL": "company"}])
def test_what_is_not_in_force_or_for_others_cannot_be_chosen(
    bank: Tenant, officer: User, chosen: dict[str, str]
) -> None:
    short_form()
    enter(1)
    with pytest.raises(CampaignRefused):
        asking(officer, **chosen)
    with transaction.atomic():
        assert not PeriodicReview.objects.exists()


def test_an_approval_covers_the_questionnaire_chosen_and_no_other(bank: Tenant, officer: User, approver: User) -> None:
    """S15: a new version of what is asked stops the approval; one of what is not asked does not."""
    short = short_form()
    enter(1)
    campaign = asking(officer, INDIVIDUAL="short")
    submit(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    with transaction.atomic():
        changed = {**standard.document("individual"), "title": {"ja": "別の題", "en": "Another title"}}
        assert publish({"individual": changed}, actor=SYSTEM, now=NOW)
    started_by = Actor.user(approver.pk)
    with transaction.atomic():
        _publish(short, pages=2)
    with pytest.raises(PlanChanged):
        approve_campaign(campaign=campaign, seen_hash=campaign.plan_hash, actor=started_by, now=NOW)
    with transaction.atomic():
        QuestionnaireVersion.objects.filter(questionnaire=short, number=2).delete()
    approve_campaign(campaign=campaign, seen_hash=campaign.plan_hash, actor=started_by, now=NOW)


def test_who_has_begun_goes_on_with_the_version_they_began(bank: Tenant, officer: User, approver: User) -> None:
    short = short_form()
    person = enter(1)
    started(asking(officer, INDIVIDUAL="short"), officer, approver)
    begin(person)
    with transaction.atomic():
        _publish(short, pages=2)
    assert asked_of(person) == ("short", 1)


def test_a_plan_of_before_there_was_a_choice_asks_the_standard_ones(
    bank: Tenant, officer: User, approver: User
) -> None:
    """What was approved earlier neither stops nor changes."""
    person = enter(1)
    campaign = running(officer, approver)
    with transaction.atomic():
        del campaign.plan["questionnaires"]
        campaign.save(update_fields=["plan"])
        from campaigns.selectors import current_hash

        campaign.plan_hash = campaign.approved_hash = current_hash(campaign)
        campaign.save(update_fields=["plan_hash", "approved_hash"])
        short_form()
        assert current_hash(campaign) == campaign.approved_hash
    notify_planned(campaign_id=campaign.pk, limit=500, now=NOW)
    assert asked_of(person) == ("individual", 1)


def test_the_planner_chooses_on_the_page_and_the_approver_reads_what_was_chosen(
    bank: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    short_form()
    enter(1)
    for user in (officer, approver):
        user.language = "en"
        user.save(update_fields=["language"])
    planner, checker = staff_client(officer), staff_client(approver)
    page = planner.get(reverse("campaign-new")).content.decode()
    assert page.index("Personal customers</option>") < page.index("Short confirmation</option>"), "the standard first"
    form = {"name": "12月", "due_by": "2026-12-31", "deadline_on": "2099-01-31"}
    refused = planner.post(reverse("campaign-new"), {**form, "companies_answer": "short"})
    assert refused.status_code == 422
    assert "Choose a questionnaire that is in force." in refused.content.decode()
    made = planner.post(reverse("campaign-new"), {**form, "individuals_answer": "short"})
    seen = checker.get(made.headers["Location"]).content.decode()
    assert "Short confirmation, version 1" in seen
    assert "Companies, version 1" in seen
    with transaction.atomic():
        assert Campaign.objects.get().plan["questionnaires"] == {"INDIVIDUAL": "short", "COMPANY": "company"}


def test_the_page_of_a_plan_asks_as_many_queries_for_many_questionnaires_as_for_few(
    bank: Tenant, officer: User, staff_client: SignIn
) -> None:
    enter(1, next_review_on=date(2026, 6, 30))
    client = staff_client(officer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("campaign-new")).status_code == 200
        return len(captured)

    queries()
    few = queries()
    for number in range(20):
        short_form(f"short{number}")
    assert queries() == few
