"""Inside the bank: branch staff see their branch, contractors what they were given, operators nobody."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.services import Actor
from campaigns.models import Campaign, CampaignGrant, PeriodicReview
from customers.models import Customer
from reviews.models import Case, CaseQueue, QueueGrant
from tenants.granting import give_grant
from tenants.models import Branch, BranchGrant, Membership, Tenant, User
from tenants.reach import Reach, within_reach
from tests.campaigns.acting import PROFILE, answer, enter, notified, open_for_business
from tests.conftest import NOW, SignIn

SOON = timezone.now() + timedelta(days=30)


@pytest.fixture
def book(in_tenant: Tenant, officer: User, approver: User) -> dict[str, Customer]:
    """One customer of branch 012 and one of 034, both in a running campaign with a case each."""
    open_for_business()
    ours, theirs = enter(1, branch_code="012"), enter(2, branch_code="034")
    notified(officer, approver)
    for customer in (ours, theirs):
        answer(customer, occupation="executive")
    return {"012": ours, "034": theirs}


@transaction.atomic
def case_of(customer: Customer) -> UUID:
    case: Case = Case.objects.get(customer=customer)
    return case.pk


@transaction.atomic
def campaign_id() -> UUID:
    campaign: Campaign = Campaign.objects.get()
    return campaign.pk


@transaction.atomic
def give(kind: type[CampaignGrant | QueueGrant | BranchGrant], user: User, thing: UUID, administrator: User) -> None:
    member = Membership.objects.get(user=user)
    actor = Actor.user(administrator.pk)
    give_grant(kind=kind, member=member, target_id=thing, until=SOON, actor=actor, now=timezone.now())


@transaction.atomic
def queue(**fields: str) -> UUID:
    made: CaseQueue = CaseQueue.objects.create(name="高リスク", **fields)
    return made.pk


def words(client: Client, *addresses: str) -> str:
    return "".join(client.get(address).content.decode() for address in addresses)


def found(client: Client, number: str) -> str:
    return client.post(reverse("customer-search"), {"search": number}, follow=True).content.decode()


def test_branch_staff_see_their_branch_and_nobody_elses(
    book: dict[str, Customer], branch_staff: User, officer: User, staff_client: SignIn
) -> None:
    """W8-like walk over lists, search, counts and the home page; the officer is the control."""
    ours, theirs = book["012"], book["034"]
    client, control = staff_client(branch_staff), staff_client(officer)
    lists = (reverse("customers"), reverse("reviews"), reverse("home"))
    assert str(theirs.pk) in words(control, *lists), "control"
    assert str(theirs.pk) in found(control, theirs.number), "control"
    seen = words(client, *lists) + found(client, theirs.number)
    assert str(ours.pk) in seen
    assert str(case_of(ours)) in seen
    assert str(theirs.pk) not in seen
    assert theirs.number not in words(client, *lists)
    assert str(case_of(theirs)) not in seen
    for page, mine, foreign in (
        ("customer", ours.pk, theirs.pk),
        ("customer-timeline", ours.pk, theirs.pk),
        ("case", case_of(ours), case_of(theirs)),
    ):
        assert client.get(reverse(page, args=[mine])).status_code == 200, page
        assert client.get(reverse(page, args=[foreign])).status_code == 404, page
        assert control.get(reverse(page, args=[foreign])).status_code == 200, "control"
    assert client.get(reverse("imports")).status_code == 403
    assert client.get(reverse("audit")).status_code == 403


def test_a_shared_campaign_shows_a_branch_its_own_customers_only(
    book: dict[str, Customer], branch_staff: User, administrator: User, staff_client: SignIn
) -> None:
    client, page = staff_client(branch_staff), reverse("campaign", args=[campaign_id()])
    assert client.get(page).status_code == 404, "control: not given yet"
    give(CampaignGrant, branch_staff, campaign_id(), administrator)
    assert client.get(page).status_code == 200
    listed = words(client, reverse("campaign-customers", args=[campaign_id()]))
    assert book["012"].number in listed
    assert book["034"].number not in listed


def test_another_branch_may_be_given(
    book: dict[str, Customer], branch_staff: User, administrator: User, staff_client: SignIn
) -> None:
    client, page = staff_client(branch_staff), reverse("customer", args=[book["034"].pk])
    with transaction.atomic():
        other = Branch.objects.create(code="034")
    assert client.get(page).status_code == 404
    give(BranchGrant, branch_staff, other.pk, administrator)
    assert client.get(page).status_code == 200


def test_a_contractor_sees_the_queue_that_was_given_masked_and_nothing_else(
    book: dict[str, Customer], contractor: User, administrator: User, staff_client: SignIn
) -> None:
    client = staff_client(contractor)
    mine, other = reverse("case", args=[case_of(book["012"])]), reverse("case", args=[case_of(book["034"])])
    assert client.get(mine).status_code == 404, "control: not given yet"
    give(QueueGrant, contractor, queue(branch_code="012"), administrator)
    page = client.get(mine)
    assert page.status_code == 200
    assert PROFILE["name"] not in page.content.decode()
    assert "東京都中央区" not in page.content.decode()
    assert client.get(other).status_code == 404
    assert str(case_of(book["034"])) not in words(client, reverse("reviews"), reverse("home"))
    for address in ("customers", "imports", "audit"):
        assert client.get(reverse(address)).status_code == 403, address
    assert client.get(reverse("customer", args=[book["012"].pk])).status_code == 403
    assert reverse("customer", args=[book["012"].pk]) not in page.content.decode()


def test_a_contractor_sees_the_campaign_that_was_given_masked(
    book: dict[str, Customer], contractor: User, administrator: User, staff_client: SignIn
) -> None:
    client = staff_client(contractor)
    give(CampaignGrant, contractor, campaign_id(), administrator)
    listed = words(client, reverse("campaign-customers", args=[campaign_id()]))
    assert book["034"].number in listed
    assert PROFILE["name"] not in listed


def test_a_grant_that_has_run_out_opens_nothing(
    book: dict[str, Customer], contractor: User, administrator: User, staff_client: SignIn
) -> None:
    client, page = staff_client(contractor), reverse("campaign", args=[campaign_id()])
    give(CampaignGrant, contractor, campaign_id(), administrator)
    assert client.get(page).status_code == 200, "control"
    with transaction.atomic():
        CampaignGrant.objects.update(valid_until=timezone.now())
    assert client.get(page).status_code == 404


def test_operators_see_nobody(book: dict[str, Customer], operator: User) -> None:
    with within_reach(Reach(user_id=operator.pk, is_operator=True)), transaction.atomic():
        assert [model.objects.count() for model in (Customer, Case, PeriodicReview)] == [0, 0, 0]
    with transaction.atomic():
        assert Customer.objects.count() == 2, "control"


def test_narrow_reach_costs_the_same_queries_for_one_row_as_for_fifty(
    in_tenant: Tenant, branch_staff: User, contractor: User, administrator: User, staff_client: SignIn
) -> None:
    """O8."""
    open_for_business()

    def queries(user: User, address: str) -> int:
        client = staff_client(user)
        client.get(reverse(address))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(address)).status_code == 200
        return len(captured)

    def fill(numbers: range) -> None:
        for number in numbers:
            enter(number, branch_code="012")
            with transaction.atomic():
                terms = {"due_by": NOW, "deadline_on": NOW, "plan": {}, "planned_by": 1, "planned_at": NOW}
                campaign = Campaign.objects.create(name=f"{number}", status="CLOSED", **terms)
            give(CampaignGrant, contractor, campaign.pk, administrator)

    pages = ((branch_staff, "customers"), (branch_staff, "home"), (contractor, "campaigns"))
    fill(range(1, 2))
    few = [queries(*page) for page in pages]
    fill(range(2, 51))
    assert [queries(*page) for page in pages] == few


def test_an_administrator_makes_a_queue_and_gives_it_to_a_contractor(
    book: dict[str, Customer], contractor: User, administrator: User, staff_client: SignIn
) -> None:
    """The whole way through the pages."""
    chief, client = staff_client(administrator), staff_client(contractor)
    everything = chief.post(reverse("queues"), {"name": "全件", "tier": "", "branch_code": ""})
    assert everything.status_code == 422
    assert chief.post(reverse("queues"), {"name": "34店", "tier": "", "branch_code": "34"}).status_code == 302
    assert chief.post(reverse("queues"), {"name": "34店", "tier": "HIGH", "branch_code": ""}).status_code == 422
    with transaction.atomic():
        member, made = Membership.objects.get(user=contractor), CaseQueue.objects.get()
    case = reverse("case", args=[case_of(book["034"])])
    assert client.get(case).status_code == 404
    day = (timezone.localdate() + timedelta(days=3)).isoformat()
    form = {"grant-thing": f"queuegrant:{made.pk}", "grant-last_day": day}
    assert chief.post(reverse("grant-give", args=[member.pk]), form).status_code == 302
    assert client.get(case).status_code == 200
    with transaction.atomic():
        grant = QueueGrant.objects.get()
    assert chief.post(reverse("grant-take", args=[member.pk]), {"grant": grant.pk}).status_code == 302
    assert client.get(case).status_code == 404
