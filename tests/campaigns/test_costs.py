"""What a campaign has cost: notices that left times their price, by notice and by completed answer."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction

from campaigns.costs import costs_of
from channels.models import ProviderAccount
from channels.selectors import unit_prices
from tenants.models import Tenant

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
