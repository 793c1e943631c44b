"""Where own attributes are used: segments, the builder, risk policies, and the comparison of answers."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, datetime
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from audit.services import Actor
from customers.facts.services import (
    retire_attribute,
)
from customers.segments.conditions import SegmentInvalid
from customers.segments.models import Segment
from customers.segments.selecting import customers_of
from customers.selectors import facts_of
from customers.services import apply_facts
from reviews.comparing import compare
from risk.models import RiskRating
from risk.scoring import PolicyInvalid
from risk.services import default_document, publish_policy, rate_waiting_customers
from tenants.models import Tenant, User
from tests.conftest import SignIn
from tests.customers.attributes import (
    ACTOR,
    RANK,
    customer,
    define,
    take,
    with_column,
)
from tests.customers.books import book, person

TODAY = date(2026, 11, 22)


def found(document: dict[str, Any]) -> list[str]:
    with transaction.atomic():
        return sorted(customer.number for customer in customers_of(document, today=TODAY))


def asking(**condition: Any) -> dict[str, Any]:
    return {"schema": 1, "conditions": [condition]}


def test_segments_ask_what_stands_plain(in_tenant: Tenant, administrator: User, now: datetime) -> None:
    define(administrator, now)
    define(administrator, now, code="likes", type="codes", titles=("好み",))
    define(administrator, now, code="staff_family", type="answer", titles=("行員家族",))
    define(administrator, now, code="contract_on", type="day", titles=("契約日",))
    people = [person(customer_number=f"{number}") for number in (1, 2, 3)]
    content = with_column(book(*people), "会員ランク", "gold", "silver", "")
    content = with_column(content, "好み", "gold；basic", "silver", "")
    content = with_column(content, "行員家族", "有", "無", "")
    content = with_column(content, "契約日", "2026-11-01", "2025-11-01", "")
    assert take(content, now).rows_created == 3
    assert found(asking(field=RANK, any_of=["gold"])) == ["1"]
    assert found(asking(field=RANK, any_of=["gold", ""])) == ["1", "3"]
    assert found(asking(field="own_likes", any_of=["basic", "silver"])) == ["1", "2"]
    assert found(asking(field="own_staff_family", any_of=["no"])) == ["2"]
    assert found(asking(field="own_staff_family", any_of=["yes", ""])) == ["1", "3"]
    assert found(asking(field="own_contract_on", way="past")) == ["1", "2"]
    assert found(asking(field="own_contract_on", way="ago", days=100)) == ["2"]
    assert found(asking(field="own_contract_on", way="until", day="2025-12-31")) == ["2"]
    assert found(asking(field="own_contract_on", way="past", or_missing=True)) == ["1", "2", "3"]
    assert found(asking(field="own_contract_on", way="missing")) == ["3"]
    for wrong in (
        asking(field=RANK, any_of=["platinum"]),
        asking(field="own_unknown", any_of=["gold"]),
        asking(field="own_contract_on", any_of=["2026-01-01"]),
    ):
        with pytest.raises(SegmentInvalid):
            found(wrong)


def test_segments_never_ask_what_is_sealed(in_tenant: Tenant, administrator: User, now: datetime) -> None:
    define(administrator, now, sensitivity="SEALED")
    with pytest.raises(SegmentInvalid):
        found(asking(field=RANK, any_of=["gold"]))


def test_the_builder_offers_it_and_keeps_it_when_it_is_retired(
    in_tenant: Tenant, administrator: User, officer: User, now: datetime, staff_client: SignIn
) -> None:
    made = define(administrator, now)
    take(with_column(book(person()), "会員ランク", "gold"), now)
    client = staff_client(officer)
    page = client.get(reverse("segment-new")).content.decode()
    assert "ゴールド" in page or "Gold" in page
    answer = client.post(reverse("segment-new"), {"name": "上位のお客さま", RANK: ["gold"]})
    assert answer.status_code == 302, answer.context["form"].errors
    with transaction.atomic():
        segment = Segment.objects.get()
        assert segment.document["conditions"] == [{"field": RANK, "any_of": ["gold"]}]
    listed = client.get(answer.headers["Location"])
    assert [row.number for row, _ in listed.context["rows"]] == ["0000000001"]
    with transaction.atomic():
        retire_attribute(attribute=made, actor=Actor.user(administrator.pk), now=now)
    assert client.get(reverse("segments")).status_code == 200
    assert client.get(reverse("segment", args=[segment.pk])).status_code == 200
    assert RANK not in client.get(reverse("segment-new")).context["form"].fields


def policy(rule: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = deepcopy(default_document())
    label = {"ja": "上位会員", "en": "High rank"}
    document["factors"].append({"code": "rank", "label": label, "kinds": ["INDIVIDUAL"], "points": 100, "when": [rule]})
    return document


def test_risk_rules_read_it(in_tenant: Tenant, administrator: User, now: datetime) -> None:
    define(administrator, now, bears_on_risk=True)
    define(administrator, now, code="likes", type="codes", titles=("好み",), bears_on_risk=True)
    people = [person(customer_number=f"{number}") for number in (1, 2, 3)]
    content = with_column(book(*people), "会員ランク", "gold", "silver", "")
    take(with_column(content, "好み", "gold；basic", "silver", "silver"), now)
    for rule in ({"==": [{"var": RANK}, "gold"]}, {"in": ["basic", {"var": "own_likes"}]}):
        publish_policy(document=policy(rule), actor=ACTOR, now=now)
        rate_waiting_customers(now=now)
        with transaction.atomic():
            assert customer("1").risk_tier == "HIGH"
            assert customer("2").risk_tier != "HIGH"
    publish_policy(document=policy({"==": [{"var": RANK}, "gold"]}), actor=ACTOR, now=now)
    rate_waiting_customers(now=now)
    with transaction.atomic():
        rating = RiskRating.objects.filter(customer=customer("3")).latest("rated_at")
        assert "rank" in rating.unknown, "what is not known is not low"


@pytest.mark.parametrize("said", [{}, {"bears_on_risk": True, "code": "other"}])
def test_a_policy_may_read_only_what_is_marked_for_it(
    in_tenant: Tenant, administrator: User, now: datetime, said: dict[str, Any]
) -> None:
    define(administrator, now, **said)
    with pytest.raises(PolicyInvalid):
        publish_policy(document=policy({"==": [{"var": RANK}, "gold"]}), actor=ACTOR, now=now)


def test_an_answer_to_a_question_of_its_name_is_compared_and_taken_over(
    in_tenant: Tenant, administrator: User, now: datetime
) -> None:
    define(administrator, now)
    take(with_column(book(person()), "会員ランク", "silver"), now)
    with transaction.atomic():
        facts = facts_of(customer())
        assert [one.field for one in compare(facts, {RANK: "gold"}, [RANK])] == [RANK]
        assert compare(facts, {RANK: "silver"}, [RANK]) == []
        apply_facts(customer=customer(), changes={RANK: "gold"}, source="CUSTOMER", actor=ACTOR, now=now)
        assert customer().attributes == {RANK: "gold"}
