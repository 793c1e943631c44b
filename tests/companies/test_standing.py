"""How customers stand in the register reaches risk rules, and whoever stands otherwise is rated anew."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from companies.services import match_news, take_over
from customers.models import AttributeChange, Customer
from customers.services import apply_facts
from risk.models import RiskRating
from risk.scoring import PolicyInvalid, score
from risk.services import default_document, publish_policy, rate_waiting_customers
from sandbox.houjin_records import Record
from tests.companies.conftest import Make, number_of, record
from tests.companies.test_loading import moved
from tests.companies.test_news import keep, match
from tests.conftest import NOW, SYSTEM

NAMES = {"name": "㈱見本1", "address": "東京都千代田区丸の内1丁目2-3 海ビル"}


def closed(one: Record, **fields: Any) -> Record:
    given = {"process": "21", "changed_on": "2026-11-20", "closed_on": "2026-11-19", "close_cause": "01", **fields}
    return Record(**{**vars(one), **given})


@transaction.atomic
def standing(pk: UUID) -> tuple[str, bool | None, bool]:
    customer = Customer.objects.get(pk=pk)
    return customer.register_status, customer.register_differs, customer.is_rating_due


@transaction.atomic
def settled() -> None:
    Customer.objects.update(is_rating_due=False)


def policy() -> dict[str, Any]:
    document: dict[str, Any] = deepcopy(default_document())
    document["factors"] += [
        {
            "code": "gone", "points": 100, "kinds": ["COMPANY"], "label": {"ja": "登記記録の閉鎖", "en": "Closed"},
            "when": [{"in": [{"var": "register_status"}, ["CLOSED", "MERGED"]]}],
        },
        {
            "code": "otherwise", "points": 40, "kinds": ["COMPANY"], "label": {"ja": "登記と相違", "en": "Differs"},
            "when": [{"==": [{"var": "register_differs"}, True]}],
        },
    ]  # fmt: skip
    return document


def test_what_agrees_stands_open_and_is_settled_once(customer_of: Make) -> None:
    pk = customer_of(corporate_number=number_of(1), **NAMES)
    match()
    assert standing(pk)[:2] == ("", None), "the register does not know it"
    keep(record(1))
    settled()
    match()
    assert standing(pk) == ("OPEN", False, True)
    settled()
    match()
    assert standing(pk) == ("OPEN", False, False), "nothing moved"


@pytest.mark.parametrize(
    ("fields", "status"),
    [({}, "CLOSED"), ({"process": "71", "close_cause": "11", "successor": number_of(2)}, "MERGED")],
)
def test_whoever_is_closed_in_the_register_is_rated_anew_by_rules_that_ask(
    customer_of: Make, fields: dict[str, str], status: str
) -> None:
    pk = customer_of(corporate_number=number_of(1), **NAMES)
    keep(record(1))
    publish_policy(document=policy(), actor=SYSTEM, now=NOW)
    match()
    rate_waiting_customers(now=NOW)
    assert "gone" not in reasons(pk), "control: it is open"
    keep(closed(record(1), **fields))
    match()
    assert standing(pk) == (status, False, True)
    rate_waiting_customers(now=NOW)
    assert "gone" in reasons(pk)
    with transaction.atomic():
        assert Customer.objects.get(pk=pk).risk_tier == "HIGH"


def test_a_company_that_moved_differs_until_the_file_says_so_too(customer_of: Make) -> None:
    pk = customer_of(corporate_number=number_of(1), **NAMES)
    keep(record(1))
    keep(moved(record(1)))
    match()
    assert standing(pk)[:2] == ("OPEN", True)
    settled()
    take_over(customer_id=pk, number=number_of(1), facts=["address"], actor=SYSTEM, now=NOW)
    assert standing(pk) == ("OPEN", False, True)


def test_without_its_number_a_company_stands_nowhere(customer_of: Make) -> None:
    pk = customer_of(corporate_number=number_of(1), **NAMES)
    keep(record(1))
    match()
    with transaction.atomic():
        customer = Customer.objects.get(pk=pk)
        source = AttributeChange.Source.STAFF
        apply_facts(customer=customer, changes={"corporate_number": None}, source=source, actor=SYSTEM, now=NOW)
    match_news(actor=SYSTEM, now=NOW)
    assert standing(pk)[:2] == ("", None)


def test_what_the_register_does_not_say_is_unknown_and_never_low() -> None:
    facts = {
        "kind": "COMPANY", "country_of_residence": "JP", "industry": "it", "purpose": "business", "handles_cash": False,
        "sends_abroad": False, "owners": [{"is_pep": False}],
    }  # fmt: skip
    assert set(score(facts, policy()).unknown) == {"gone", "otherwise"}
    known = {**facts, "register_status": "OPEN", "register_differs": False}
    assert score(known, policy()).unknown == (), "control"
    assert score({**known, "register_differs": True}, policy()).reasons == ("otherwise",)
    wrong = policy()
    wrong["factors"][-1]["when"] = [{"==": [{"var": "register_name"}, "x"]}]
    with pytest.raises(PolicyInvalid):
        score(known, wrong)


@transaction.atomic
def reasons(pk: UUID) -> list[str]:
    found: list[str] = (
        RiskRating.objects.filter(customer=pk).order_by("-rated_at", "-id").values_list("reasons", flat=True)[0]
    )
    return found
