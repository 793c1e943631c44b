"""What a campaign has cost: notices that left times their price, by notice and by completed answer."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from campaigns.costs import costs_of
from campaigns.models import PeriodicReview
from campaigns.selectors import campaign_costs, campaign_progress
from channels.models import ProviderAccount
from channels.selectors import unit_prices
from tenants.models import Tenant, User
from tests.campaigns.acting import enter, notified, review_of, settle_attempt

COUNTS = {
    "LINE": {"DELIVERED": 2, "FAILED": 5, "QUEUED": 1},
    "SMS": {"ACCEPTED": 1, "UNKNOWN": 1, "CANCELLED": 3},
    "EMAIL": {"FAILED": 4},
}


def test_only_what_left_is_charged_for() -> None:
    costs = costs_of(COUNTS, {"LINE": Decimal(3), "SMS": Decimal("9.5"), "EMAIL": Decimal(1)}, completed=2)
    assert [(row.channel, row.notices, row.yen) for row in costs.rows] == [
        ("LINE", 2, Decimal(6)),
        ("SMS", 2, Decimal(19)),
    ]
    assert costs.yen == Decimal(25)
    assert costs.per_notice == Decimal("6.25")
    assert costs.per_answer == Decimal("12.5")


def test_before_the_first_there_is_nothing_to_divide_by() -> None:
    costs = costs_of({}, {}, completed=0)
    assert costs.yen == Decimal(0)
    assert costs.per_notice is None
    assert costs.per_answer is None


@pytest.mark.parametrize(
    ("option", "price"), [("8.8", Decimal("8.8")), (12, Decimal(12)), ("-1", None), ("x", None), (None, None)]
)
def test_an_accounts_price_is_read_with_care(in_tenant: Tenant, option: object, price: Decimal | None) -> None:
    with transaction.atomic():
        ProviderAccount.objects.create(
            channel="SMS", provider="twilio", public_id="x", credentials={}, options={"yen": option}
        )
        assert unit_prices().get("SMS") == price


def test_a_campaigns_page_says_what_a_notice_and_a_completed_answer_cost(
    bank: Tenant, officer: User, approver: User, staff_client: Callable[[User], Client]
) -> None:
    """Three LINE notices of 4 yen and one mail of 1.5 yen left; two customers are done: 3.4 a notice, 6.8 an answer."""
    people = [enter(number, contacts=("LINE", "EMAIL")) for number in (1, 2, 3, 4)]
    with transaction.atomic():
        for channel, yen in (("LINE", "4"), ("EMAIL", "1.5")):
            account = ProviderAccount.objects.get(channel=channel)
            account.options["yen"] = yen
            account.save(update_fields=["options"])
    campaign = notified(officer, approver)
    for customer in people[:3]:
        settle_attempt(customer, "LINE", is_failure=False)
    settle_attempt(people[3], "LINE", is_failure=True)  # never left, and the mail has its turn
    settle_attempt(people[3], "EMAIL", is_failure=False)
    with transaction.atomic():
        done = [review_of(customer).pk for customer in people[:2]]
        PeriodicReview.objects.filter(pk__in=done).update(status=PeriodicReview.Status.COMPLETED)
        costs = campaign_costs(campaign, campaign_progress(campaign), [])
    assert (costs.yen, costs.notices, costs.completed) == (Decimal("13.5"), 4, 2)
    assert (costs.per_notice, costs.per_answer) == (Decimal("3.375"), Decimal("6.75"))
    officer.language = "en"
    officer.save(update_fields=["language"])
    page = staff_client(officer).get(reverse("campaign", args=[campaign.pk])).content.decode()
    figures = page[page.index("What it has cost") : page.index("Costs by channel")]
    for said in ("For each notice", "3.4", "For each completed answer", "6.8", "2 completed"):
        assert said in figures, said
