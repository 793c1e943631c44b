"""Four eyes are two people (A9): one with two accounts is refused by the code, and by the tables if the code fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from audit.services import Actor
from campaigns.models import Campaign
from campaigns.services import CampaignNotReady, CampaignRefused, approve_campaign, reject_campaign, submit_campaign
from campaigns.services import NotEntitled as CampaignNotEntitled
from campaigns.services import OwnWork as OwnCampaign
from reviews.policies import NotEntitled, OwnWork
from reviews.services import approve_decision, return_decision
from tenants.models import Role, Tenant, User
from tests.campaigns.acting import enter, in_parallel, submitted
from tests.conftest import NOW, MakeUser
from tests.reviews.acting import case_of, decided, moved_customer

SAEKI = "10023"


@pytest.fixture
def saeki(bank: Tenant, make_user: MakeUser) -> User:
    """Plans and decides."""
    return make_user(bank, Role.OFFICER, "saeki", staff_number=SAEKI)


@pytest.fixture
def saeki_again(saeki: User, bank: Tenant, make_user: MakeUser) -> User:
    """The same person, with an approver's account."""
    return make_user(bank, Role.APPROVER, "saeki-2", staff_number=SAEKI)


def approval(campaign: Campaign, user: User) -> Callable[[], None]:
    def act() -> None:
        with transaction.atomic():
            mine = Campaign.objects.get(pk=campaign.pk)
        approve_campaign(campaign=mine, seen_hash=campaign.plan_hash, actor=Actor.user(user.pk), now=NOW)

    return act


def test_one_person_with_two_accounts_approves_no_plan_of_their_own(
    bank: Tenant, saeki: User, saeki_again: User, approver: User
) -> None:
    enter(1)
    campaign = submitted(saeki)
    with pytest.raises(OwnCampaign):
        approval(campaign, saeki_again)()
    with pytest.raises(OwnCampaign):
        reject_campaign(campaign=campaign, reason="x", actor=Actor.user(saeki_again.pk), now=NOW)
    approval(campaign, approver)()
    with transaction.atomic():
        kept = Campaign.objects.get(pk=campaign.pk)
    assert (kept.planned_person, kept.submitted_person, kept.approved_person) == (
        SAEKI,
        SAEKI,
        f"account-{approver.pk}",
    )


def test_one_person_with_two_accounts_checks_no_decision_of_their_own(
    bank: Tenant, saeki: User, saeki_again: User, approver: User
) -> None:
    decision = decided(moved_customer(saeki, approver), saeki)
    with pytest.raises(OwnWork):
        approve_decision(decision=decision, actor=Actor.user(saeki_again.pk), now=NOW)
    with pytest.raises(OwnWork):
        return_decision(decision=decision, reason="x", actor=Actor.user(saeki_again.pk), now=NOW)
    approve_decision(decision=decision, actor=Actor.user(approver.pk), now=NOW)


def test_the_pages_say_that_it_is_the_same_person(
    bank: Tenant, saeki: User, saeki_again: User, approver: User, staff_client: Callable[[User], Client]
) -> None:
    customer = moved_customer(saeki, approver)
    decision = decided(customer, saeki)
    client, control = staff_client(saeki_again), staff_client(approver)
    page, approve = reverse("case", args=[decision.case_id]), reverse("case-approve", args=[decision.case_id])
    assert approve not in client.get(page).content.decode()
    assert approve in control.get(page).content.decode(), "control"
    assert client.post(approve, {"decision": decision.pk}).status_code == 422
    assert case_of(customer).status == "AWAITING_APPROVAL"


def test_a_race_of_approvers_gives_one_approval_and_never_ones_own(
    bank: Tenant, saeki: User, saeki_again: User, approver: User, make_user: MakeUser
) -> None:
    enter(1)
    campaign = submitted(saeki)
    second = make_user(bank, Role.APPROVER, "second")
    users = (saeki_again, approver, second, saeki_again)
    results = in_parallel(bank, *[approval(campaign, user) for user in users])
    assert results.count(None) == 1, results
    assert all(isinstance(result, CampaignRefused) for result in results if result is not None), results
    with transaction.atomic():
        kept = Campaign.objects.get(pk=campaign.pk)
        assert AuditEvent.objects.filter(event="campaign.running").count() == 1
    assert kept.approved_by in {approver.pk, second.pk}


def test_what_was_withdrawn_is_not_approved(bank: Tenant, officer: User, approver: User, make_user: MakeUser) -> None:
    enter(1)
    campaign = submitted(officer)
    second = make_user(bank, Role.APPROVER, "second")
    act = approval(campaign, second)
    reject_campaign(campaign=campaign, reason="期限が短い", actor=Actor.user(approver.pk), now=NOW)
    with pytest.raises(CampaignNotReady):
        act()
    submit_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    act()


@pytest.mark.parametrize("change", ["role = 'AUDITOR'", "is_active = false", "valid_until = '2026-11-01'"])
def test_whoever_lost_the_role_meanwhile_approves_nothing(
    bank: Tenant, officer: User, approver: User, make_user: MakeUser, superuser: psycopg.Connection, change: str
) -> None:
    """W12: the page was open, the role is gone; the service itself refuses."""
    customer = moved_customer(officer, approver)
    decision = decided(customer, officer)
    enter(2)
    campaign = submitted(officer)
    second = make_user(bank, Role.APPROVER, "second")
    superuser.execute(f"UPDATE tenants_membership SET {change} WHERE user_id = %s", [second.pk])
    with pytest.raises(CampaignNotEntitled):
        approval(campaign, second)()
    with pytest.raises(NotEntitled):
        approve_decision(decision=decision, actor=Actor.user(second.pk), now=NOW)
    approve_decision(decision=decision, actor=Actor.user(approver.pk), now=NOW)
    approval(campaign, approver)()


def refused_by(superuser: psycopg.Connection, table: str, constraint: str, pk: UUID, columns: dict[str, Any]) -> None:
    """The table refuses the change; without the constraint nothing would."""
    places = ", ".join(f"{column} = %s" for column in columns)
    change = f"UPDATE {table} SET {places} WHERE id = %s", [*columns.values(), pk]
    with pytest.raises(psycopg.errors.CheckViolation, match=constraint):
        superuser.execute(*change)
    with superuser.transaction(force_rollback=True):
        superuser.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        assert superuser.execute(*change).rowcount == 1, "control"


@pytest.mark.parametrize(
    "forged",
    [
        {"approved_person": SAEKI},
        {"approved_person": "10007", "submitted_person": "10007"},
        {"approved_person": ""},
        {"planned_person": ""},
        {"planned_by": 999, "approved_by": 999},
        {"submitted_by": 999, "approved_by": 999},
        {"submitted_by": None},
    ],
)
def test_the_table_refuses_a_plan_approved_by_its_own_people(
    bank: Tenant, saeki: User, approver: User, superuser: psycopg.Connection, forged: dict[str, Any]
) -> None:
    enter(1)
    campaign = submitted(saeki)
    approval(campaign, approver)()
    refused_by(superuser, "campaigns_campaign", "campaign_four_eyes", campaign.pk, forged)


def test_the_table_refuses_an_approval_of_something_else(
    bank: Tenant, saeki: User, approver: User, superuser: psycopg.Connection
) -> None:
    """S15: what was approved is what was planned."""
    enter(1)
    campaign = submitted(saeki)
    approval(campaign, approver)()
    edited = {"plan_hash": "0" * 64}
    refused_by(superuser, "campaigns_campaign", "campaign_approved_as_planned", campaign.pk, edited)


@pytest.mark.parametrize("forged", [{"checked_person": SAEKI}, {"checked_person": ""}, {"decided_person": ""}])
def test_the_table_refuses_a_decision_checked_by_its_own_person(
    bank: Tenant, saeki: User, approver: User, superuser: psycopg.Connection, forged: dict[str, Any]
) -> None:
    decision = decided(moved_customer(saeki, approver), saeki)
    approve_decision(decision=decision, actor=Actor.user(approver.pk), now=NOW)
    refused_by(superuser, "reviews_decision", "decision_four_eyes", decision.pk, forged)
