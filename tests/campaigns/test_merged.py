"""A plan that is made just while two customers become one asks nobody who is part of another."""

from __future__ import annotations

from threading import Event

import pytest
from django.db import transaction

from campaigns.models import Campaign, PeriodicReview
from campaigns.services import drafting
from customers.merging.services import MergeRefused
from customers.models import Customer
from tenants.models import Tenant, User
from tests.campaigns.acting import enter, in_parallel, planned
from tests.campaigns.test_waiting import until_somebody_waits
from tests.customers.merging.acting import approve, propose


def targets() -> list[str]:
    with transaction.atomic():
        rows = PeriodicReview.objects.order_by("customer__number")
        return [number.lstrip("0") for number in rows.values_list("customer__number", flat=True)]


def plan_while_merging(bank: Tenant, officer: User, approver: User) -> list[object]:
    enter(1), enter(2), enter(3)
    made, is_merged = propose("0000000001", "0000000002", officer), Event()

    def merging() -> None:
        with transaction.atomic():
            approve(made, approver)
            is_merged.set()
            until_somebody_waits()

    def planning() -> Campaign:
        assert is_merged.wait(10)
        return planned(officer)

    return in_parallel(bank, merging, planning)


def test_a_customer_merged_while_the_plan_is_made_is_no_target(bank: Tenant, officer: User, approver: User) -> None:
    merged, campaign = plan_while_merging(bank, officer, approver)
    assert merged is None
    assert isinstance(campaign, Campaign)
    assert targets() == ["1", "3"]
    assert (campaign.counts["population"], campaign.counts["due"]) == (2, 2)


def test_control_without_the_second_look_the_merged_one_is_asked(
    bank: Tenant, officer: User, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafting, "somebody_was_merged", lambda campaign: False)
    plan_while_merging(bank, officer, approver)
    assert targets() == ["1", "2", "3"]


def test_whoever_is_in_a_plan_already_is_not_merged(bank: Tenant, officer: User, approver: User) -> None:
    enter(1), enter(2)
    made = propose("0000000001", "0000000002", officer)
    planned(officer)
    with pytest.raises(MergeRefused):
        approve(made, approver)
    with transaction.atomic():
        assert not Customer.objects.filter(status="MERGED").exists()
