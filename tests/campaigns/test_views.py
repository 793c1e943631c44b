"""Planning, approving, watching, stopping and ending a campaign on its pages."""

from __future__ import annotations

import re

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Campaign
from campaigns.selectors import campaign_progress
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.acting import (
    answer,
    begin,
    enter,
    notified,
    open_for_business,
    planned,
    running,
    settle_attempt,
    submitted,
)
from tests.conftest import SignIn

PLAN = {"name": "12月 定期確認", "due_by": "2026-12-31", "deadline_on": "2099-01-31"}


def english(user: User) -> User:
    user.language = "en"
    user.save(update_fields=["language"])
    return user


@transaction.atomic
def status_of(campaign: Campaign) -> str:
    return str(Campaign.objects.values_list("status", flat=True).get(pk=campaign.pk))


def page_of(client: Client, campaign: Campaign) -> str:
    response = client.get(reverse("campaign", args=[campaign.pk]))
    assert response.status_code == 200
    return response.content.decode()


def test_a_campaign_goes_from_plan_to_start_by_two_people(
    bank: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    enter(1)
    planner, checker = staff_client(english(officer)), staff_client(english(approver))
    response = planner.post(reverse("campaign-new"), PLAN)
    assert response.status_code == 302
    address = response.headers["Location"]
    with transaction.atomic():
        campaign = Campaign.objects.get()
    assert planner.post(reverse("campaign-submit", args=[campaign.pk])).status_code == 302
    page = checker.get(address).content.decode()
    (seen,) = re.findall(r'name="seen_hash" value="([0-9a-f]{64})"', page)
    assert checker.post(reverse("campaign-approve", args=[campaign.pk]), {"seen_hash": seen}).status_code == 302
    assert status_of(campaign) == Campaign.Status.RUNNING
    assert 'hx-trigger="every 2s"' in page_of(checker, campaign)


def test_an_approval_needs_a_proof_of_identity_not_older_than_fifteen_minutes(
    bank: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    """W11: asked for before the form is shown, and again when it is sent all the same; nothing is lost on the way."""
    enter(1)
    with transaction.atomic():
        campaign = submitted(officer)
    client = staff_client(english(approver))
    approve, place = reverse("campaign-approve", args=[campaign.pk]), reverse("campaign", args=[campaign.pk])
    assert approve in page_of(client, campaign), "control: just signed in"
    session = client.session
    session["signed_in_at"] -= 901
    session.save()
    page = page_of(client, campaign)
    assert approve not in page
    assert reverse("account_reauthenticate") in page
    answer = client.post(approve, {"seen_hash": "x"})
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert status_of(campaign) == Campaign.Status.AWAITING_APPROVAL
    back = client.post(answer.headers["Location"], {"password": "correct horse battery", "next": place})
    assert back.headers["Location"] == place
    assert approve in page_of(client, campaign)


def test_a_plan_that_cannot_be_made_is_explained(bank: Tenant, officer: User, staff_client: SignIn) -> None:
    client = staff_client(english(officer))
    for wrong, words in (
        ({"name": ""}, "Give the campaign a name."),
        ({"due_by": "soon"}, "Enter a date, such as 2027-01-31."),
        ({"deadline_on": "2020-01-01"}, "must lie in the future"),
        ({}, "Nobody is due by this date."),
    ):
        page = client.post(reverse("campaign-new"), {**PLAN, **wrong})
        assert page.status_code == 422
        assert words in page.content.decode()
        assert "<title>Error: " in page.content.decode()


def test_the_approver_sees_what_is_about_to_happen(
    bank: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    enter(1, tier="HIGH")
    enter(2, contacts=["POST"])
    enter(3, contacts=[])
    enter(4, due_diligence="SIMPLIFIED")
    campaign = submitted(officer)
    page = page_of(staff_client(english(approver)), campaign)
    for words in (
        "4 in the book = 3 to be asked + 0 not this time + 1 exempt",
        "Simplified due diligence",
        "Approve: ask 3 customers",
        campaign.plan_hash[:12],
        "暗証番号やパスワード",  # the sample is the real text
        "LINE → SMS → E-mail → Post",
    ):
        assert words in page, words


def test_the_sample_letter_is_a_pdf(bank: Tenant, officer: User, staff_client: SignIn) -> None:
    enter(1)
    response = staff_client(officer).get(reverse("campaign-letter", args=[planned(officer).pk]))
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")


def test_what_changed_since_it_was_seen_is_not_approved(
    bank: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    """S15."""
    enter(1)
    campaign = submitted(officer)
    response = staff_client(english(approver)).post(
        reverse("campaign-approve", args=[campaign.pk]), {"seen_hash": "0" * 64}
    )
    assert response.status_code == 422
    assert "has changed since you opened it" in response.content.decode()
    assert status_of(campaign) == Campaign.Status.AWAITING_APPROVAL


def test_a_planner_is_not_offered_the_approval(
    bank: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    enter(1)
    campaign = submitted(officer)
    address = reverse("campaign-approve", args=[campaign.pk])
    assert address in page_of(staff_client(approver), campaign)
    assert address not in page_of(staff_client(officer), campaign)
    assert staff_client(officer).post(address, {"seen_hash": campaign.plan_hash}).status_code == 403


def test_a_campaign_is_returned_with_a_reason(
    bank: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    enter(1)
    campaign = submitted(officer)
    client = staff_client(english(approver))
    address = reverse("campaign-reject", args=[campaign.pk])
    assert client.post(address, {"reason": " "}).status_code == 422
    assert client.post(address, {"reason": "架電の山をずらせないか"}).status_code == 302
    assert status_of(campaign) == Campaign.Status.DRAFT
    assert "架電の山をずらせないか" in page_of(staff_client(officer), campaign)


def test_a_second_click_is_told_how_things_stand(
    bank: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    """A9."""
    enter(1)
    campaign = submitted(officer)
    client = staff_client(english(approver))
    for expected in (302, 422):
        seen = {"seen_hash": campaign.plan_hash}
        assert client.post(reverse("campaign-approve", args=[campaign.pk]), seen).status_code == expected


@pytest.mark.parametrize("who", ["officer", "approver"])
def test_whoever_plans_or_approves_may_stop_and_resume(
    who: str, bank: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    enter(1)
    campaign = running(officer, approver)
    client = staff_client(officer if who == "officer" else approver)
    assert client.post(reverse("campaign-pause", args=[campaign.pk])).status_code == 302
    assert status_of(campaign) == Campaign.Status.PAUSED
    assert "hx-trigger" not in page_of(client, campaign)
    assert client.post(reverse("campaign-resume", args=[campaign.pk])).status_code == 302
    assert status_of(campaign) == Campaign.Status.RUNNING


def test_an_auditor_changes_nothing(
    bank: Tenant, officer: User, approver: User, auditor: User, staff_client: SignIn
) -> None:
    enter(1)
    campaign = running(officer, approver)
    client = staff_client(auditor)
    assert "campaign" in page_of(client, campaign)
    for name in ("submit", "approve", "reject", "pause", "resume", "close"):
        assert client.post(reverse(f"campaign-{name}", args=[campaign.pk])).status_code == 403
    assert client.get(reverse("campaign-new")).status_code == 403
    assert status_of(campaign) == Campaign.Status.RUNNING


def test_a_draft_can_be_thrown_away(bank: Tenant, officer: User, staff_client: SignIn) -> None:
    enter(1)
    campaign = planned(officer)
    assert staff_client(officer).post(reverse("campaign-close", args=[campaign.pk])).status_code == 302
    assert status_of(campaign) == Campaign.Status.CLOSED
    assert page_of(staff_client(officer), campaign)


def test_every_number_of_the_progress_opens_a_list_of_that_many(
    bank: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    first, second, third = enter(1), enter(2), enter(3)
    enter(4, contacts=[])
    campaign = notified(officer, approver)
    settle_attempt(first, "LINE", is_failure=False)
    settle_attempt(second, "LINE", is_failure=True)
    begin(second)
    answer(third, occupation="executive")
    client = staff_client(officer)
    page = page_of(client, campaign)
    links = re.findall(
        rf'href="({re.escape(reverse("campaign-customers", args=[campaign.pk]))}[^"]*)">(?:<b>)?([\d,]+)', page
    )
    assert len(links) > 14
    for address, number in links:
        listed = client.get(address.replace("&amp;", "&"))
        assert len(listed.context["rows"]) == int(number.replace(",", "")), address
    with transaction.atomic():
        progress = campaign_progress(campaign)
    assert progress.adds_up
    funnel = client.get(reverse("campaign", args=[campaign.pk])).context["funnel"]
    assert sum(step.count for step in funnel.standings) == progress.targeted == 4


def test_progress_is_a_fragment_when_htmx_asks(
    bank: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    enter(1)
    campaign = running(officer, approver)
    response = staff_client(officer).get(reverse("campaign", args=[campaign.pk]), headers={"HX-Request": "true"})
    fragment = response.content.decode()
    assert fragment.strip().startswith('<div id="progress"')
    assert "<html" not in fragment


def test_an_unknown_stage_is_not_found(bank: Tenant, officer: User, approver: User, staff_client: SignIn) -> None:
    enter(1)
    campaign = running(officer, approver)
    address = reverse("campaign-customers", args=[campaign.pk])
    assert staff_client(officer).get(address, {"stage": "sent"}).status_code == 200
    assert staff_client(officer).get(address, {"stage": "bogus"}).status_code == 404


def test_another_banks_campaign_is_not_found(
    tenant: Tenant, officer: User, approver: User, other_officer: User, staff_client: SignIn
) -> None:
    """T2: each address answers its own bank."""
    with tenant_scope(tenant.pk):
        open_for_business()
        enter(1)
        campaign = submitted(officer)
    for name in ("campaign", "campaign-customers", "campaign-letter"):
        address = reverse(name, args=[campaign.pk])
        assert staff_client(officer).get(address).status_code == 200
        assert staff_client(other_officer).get(address).status_code == 404
    for name in ("submit", "close", "pause"):
        address = reverse(f"campaign-{name}", args=[campaign.pk])
        assert staff_client(other_officer).post(address).status_code == 404
    with tenant_scope(tenant.pk):
        assert status_of(campaign) == Campaign.Status.AWAITING_APPROVAL
    listed = staff_client(other_officer).get(reverse("campaigns")).content.decode()
    assert str(campaign.pk) not in listed


def test_a_campaigns_pages_cost_the_same_queries_however_many_customers(
    bank: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)

    def queries(count: int, first: int) -> tuple[int, int]:
        for number in range(count):
            enter(first + number)
        campaign = notified(officer, approver)
        counted = []
        for name in ("campaign", "campaign-customers"):
            with CaptureQueriesContext(connection) as captured:
                client.get(reverse(name, args=[campaign.pk]))
            counted.append(len(captured))
        return counted[0], counted[1]

    assert queries(5, 1) == queries(50, 100)
