"""Filters by an institution's own numbers and days, and kept ones whose values have left the lists."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from customers.models import Customer
from customers.segments.models import Segment
from customers.segments.selecting import customers_of
from tenants.models import Tenant, User
from tests.campaigns.acting import enter
from tests.conftest import SignIn
from tests.customers.attributes import define

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
TODAY = date(2026, 11, 20)
COUNT, DAY = "own_staff_count", "own_contract_on"


@pytest.fixture
def book(in_tenant: Tenant, administrator: User) -> None:
    """Five customers: 3, 10, 25 and 250 people, and one of whom it is not known."""
    define(administrator, NOW, code="staff_count", type="number", titles=("従業員数",))
    define(administrator, NOW, code="contract_on", type="day", titles=("契約日",))
    counts, days = (3, 10, 25, 250), ("2024-12-31", "2025-01-01", "2025-06-30", "2025-07-01")
    with transaction.atomic():
        for number, (count, day) in enumerate(zip(counts, days, strict=True), 1):
            made = enter(number)
            Customer.objects.filter(pk=made.pk).update(attributes={COUNT: count, DAY: day}, number=str(number))
        Customer.objects.filter(pk=enter(5).pk).update(number="5")


@transaction.atomic
def found(**condition: Any) -> str:
    rows = customers_of({"schema": 1, "conditions": [condition]}, today=TODAY)
    return "".join(sorted(rows.values_list("number", flat=True)))


def test_numbers_are_asked_by_their_size_and_not_as_text(book: None) -> None:
    assert found(field=COUNT, least=10) == "234"
    assert found(field=COUNT, most=25) == "123"
    assert found(field=COUNT, least=4, most=249) == "23"
    assert found(field=COUNT, least=251) == ""
    assert found(field=COUNT, most=3, or_missing=True) == "15"
    assert found(field=COUNT, or_missing=True) == "5"


def test_days_are_asked_from_a_day_on_and_between_two(book: None) -> None:
    assert found(field=DAY, way="since", day="2025-06-30") == "34"
    assert found(field=DAY, way="between", day="2025-01-01", until="2025-06-30") == "23"
    assert found(field=DAY, way="between", day="2025-01-01", until="2025-06-30", or_missing=True) == "235"
    assert found(field="next_review_on", way="since", day="2999-01-01") == ""


def test_the_builder_keeps_numbers_and_spans_and_says_them(book: None, officer: User, staff_client: SignIn) -> None:
    client = staff_client(officer)
    said = {"name": "中規模先", COUNT: "10", f"{COUNT}_most": "50", DAY: "between", f"{DAY}_day": "2025-01-01"}
    refused = client.post(reverse("segment-new"), {**said, f"{DAY}_until": "2024-01-01", f"{COUNT}_most": "9"})
    assert refused.status_code == 422
    assert {f"{DAY}_until", f"{COUNT}_most"} <= set(refused.context["form"].errors)
    assert client.post(reverse("segment-new"), {**said, f"{DAY}_until": "2025-12-31"}).status_code == 302
    with transaction.atomic():
        kept = Segment.objects.get()
    assert kept.document["conditions"] == [
        {"field": DAY, "way": "between", "day": "2025-01-01", "until": "2025-12-31"},
        {"field": COUNT, "least": 10, "most": 50},
    ]
    page = client.get(reverse("segment", args=[kept.pk])).content.decode()
    assert 'name="own_staff_count_most" value="50"' in page
    assert "10" in client.get(reverse("segments")).content.decode()
    assert client.get(reverse("customers"), {"segment": str(kept.pk)}).status_code == 200


@pytest.fixture
def lost(in_tenant: Tenant, officer: User) -> Segment:
    """A filter that was kept when the list still had lamplighters."""
    enter(1, occupation="employee")
    conditions = [{"field": "occupation", "any_of": ["employee", "lamplighter"]}]
    with transaction.atomic():
        made: Segment = Segment.objects.create(
            name="職業別",
            document={"schema": 1, "conditions": conditions},
            owner=officer.pk,
            is_shared=True,
            created_at=NOW,
            changed_at=NOW,
        )
    return made


def test_a_filter_whose_value_left_the_list_breaks_no_page_finds_nobody_and_is_mended(
    lost: Segment, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    listed = client.get(reverse("segments"))
    assert listed.status_code == 200
    assert "lamplighter" in listed.content.decode()
    book = client.get(reverse("customers"), {"segment": str(lost.pk)})
    assert (book.status_code, book.context["rows"]) == (200, []), "the rest alone would find more than was meant"
    assert reverse("segment", args=[lost.pk]) in book.content.decode()
    page = client.get(reverse("segment", args=[lost.pk]))
    assert "lamplighter" in page.content.decode()
    assert page.context["count"].customers == 0
    mended = client.post(
        reverse("segment", args=[lost.pk]), {"name": "職業別", "occupation": ["employee"]}, follow=True
    )
    assert len(mended.context["rows"]) == 1
    assert "lamplighter" not in client.get(reverse("segments")).content.decode()


def test_who_may_not_mend_it_is_told_who_can(lost: Segment, staff_client: SignIn, auditor: User) -> None:
    page = staff_client(auditor).get(reverse("segment", args=[lost.pk]))
    assert (page.status_code, page.context["may_change"]) == (200, False)
    assert page.context["lost"]
