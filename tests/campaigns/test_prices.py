"""What an approver is told a campaign will cost: the prices that the bank entered, and the parts of its texts."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from campaigns.samples import samples_of
from channels.models import ProviderAccount
from channels.segments import count_segments
from tenants.models import Tenant, User
from tests.campaigns.acting import DEADLINE, enter, planned


def test_a_plan_costs_short_messages_by_their_parts(bank: Tenant, officer: User) -> None:
    """LINE is out of reach here, so the mobile number comes first."""
    enter(1, contacts=("PHONE", "POST"))
    with transaction.atomic():
        account = ProviderAccount.objects.get(channel="SMS")
        account.options["segment_yen"] = "8.8"
        account.save()
    campaign = planned(officer)
    with transaction.atomic():
        [sample] = [one for one in samples_of(campaign, bank, ["SMS"]) if one.language == "ja"]
    assert sample.parts == count_segments(sample.text) >= 2
    assert campaign.plan["yen"]["SMS"] == str(Decimal("8.8") * sample.parts)
    assert campaign.counts["cost_yen"] == campaign.plan["yen"]["SMS"]
    assert campaign.deadline_on == DEADLINE


def test_a_price_for_a_whole_message_stands_before_that_of_its_parts(bank: Tenant, officer: User) -> None:
    enter(1, contacts=("PHONE",))
    with transaction.atomic():
        account = ProviderAccount.objects.get(channel="SMS")
        account.options |= {"segment_yen": "8.8", "yen": "15"}
        account.save()
    assert planned(officer).counts["cost_yen"] == "15"
