"""The pages about who stands behind a customer, as staff of each kind see and use them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from customers.models import Customer, OwnerPaper, RelatedParty
from customers.related.selectors import related_to
from customers.related.services import end_party, take_paper
from tenants.models import Tenant, User
from tests.conftest import SYSTEM, SignIn, english
from tests.customers.related.behind import behind, company, individual

PARTY = {"name": "山田　太郎", "kind": "PERSON", "roles": ["HOLDER"], "share": "60", "address": "東京都千代田区1-1"}


def page(client: Client, customer: Customer) -> str:
    answer = client.get(reverse("customer-related", args=[customer.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def send(client: Client, route: str, /, *arguments: object, **data: Any) -> Any:
    return client.post(reverse(route, args=arguments), data)


def show_data(client: Client, customer: Customer) -> None:
    assert send(client, "customer-reveal", customer.pk, reason="REVIEW").status_code == 302


@transaction.atomic
def parties(customer: Customer) -> list[RelatedParty]:
    return list(RelatedParty.objects.filter(customer=customer, ended_at__isnull=True).order_by("pk"))


def test_entering_a_holder_makes_an_owner(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client, customer = staff_client(english(officer)), company()
    assert send(client, "customer-related-new", customer.pk, **PARTY).status_code == 302
    show_data(client, customer)
    shown = page(client, customer)
    assert "More than half of the votes" in shown
    assert "犯収法施行規則第11条第2項第1号" in shown
    assert "山田　太郎 holds 60%." in shown
    assert 'class="ownership"' in shown


def test_the_customers_page_leads_there(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client, customer = staff_client(officer), company()
    overview = client.get(reverse("customer", args=[customer.pk])).content.decode()
    assert reverse("customer-related", args=[customer.pk]) in overview


def test_a_chain_is_entered_and_told(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    """51 % of a company that holds 26 %: the whole 26 % count."""
    client, customer = staff_client(english(officer)), company()
    send(client, "customer-related-new", customer.pk, name="㈱中間", kind="COMPANY", share="26")
    form = client.get(reverse("customer-related-new", args=[customer.pk])).content.decode()
    assert "Share held of ㈱中間" in form
    person = {"name": "山田　太郎", "kind": "PERSON", "share_0": "51"}
    assert send(client, "customer-related-new", customer.pk, **person).status_code == 302
    show_data(client, customer)
    shown = page(client, customer)
    assert "㈱中間, which 山田　太郎 controls, holds 26%." in shown
    assert "山田　太郎 controls ㈱中間 with more than half of its votes: 山田　太郎 51%." in shown
    assert "Who holds 49% of ㈱中間 is not known." in shown


def test_names_are_covered_until_a_reason_is_given(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client, customer = staff_client(officer), company()
    behind(customer, "山田　太郎", "REPRESENTATIVE", share="60")
    behind(customer, "㈱親会社", kind="COMPANY", share="40")
    covered = page(client, customer)
    assert "太郎" not in covered
    assert "㈱親会社" in covered, "a company's name is public"
    show_data(client, customer)
    assert "山田　太郎" in page(client, customer), "control"


def test_roles_that_see_masked_data_see_masked_names(in_tenant: Tenant, auditor: User, staff_client: SignIn) -> None:
    client, customer = staff_client(auditor), company()
    row = behind(customer, "山田　太郎", "REPRESENTATIVE", share="60")
    assert "太郎" not in page(client, customer)
    for name, arguments in (
        ("customer-related-new", [customer.pk]),
        ("customer-related-change", [customer.pk, row.pk]),
        ("customer-legal-form", [customer.pk]),
        ("customer-owner-paper", [customer.pk]),
    ):
        assert client.get(reverse(name, args=arguments)).status_code == 403


def test_a_change_needs_the_data_shown_and_keeps_what_was(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client, customer = staff_client(officer), company()
    row = behind(customer, "山田　太郎", "REPRESENTATIVE", share="60")
    address = reverse("customer-related-change", args=[customer.pk, row.pk])
    assert client.get(address).headers["Location"] == reverse("customer", args=[customer.pk])
    show_data(client, customer)
    assert "山田　太郎" in client.get(address).content.decode()
    changed = PARTY | {"share": "20"}
    assert client.post(address, changed).status_code == 302
    [now] = parties(customer)
    assert now.party == row.party
    with transaction.atomic():
        assert [one.holds for one in related_to(customer)] == [[("", "20")]]
    late = client.post(address, PARTY)
    assert late.headers["Location"] == reverse("customer-related", args=[customer.pk])
    assert parties(customer) == [now]


def test_ending_a_party(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client, customer = staff_client(officer), company()
    holding = behind(customer, "㈱親会社", kind="COMPANY", share="60")
    owner = behind(customer, "山田", "HOLDER", held={str(holding.party): "51"})
    for row in (holding, owner, holding, owner):
        assert send(client, "customer-related-end", customer.pk, row.pk).status_code == 302
    assert parties(customer) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"share": "0"}, "share"),
        ({"share": "101"}, "share"),
        ({"share": "半分"}, "share"),
        ({"roles": [], "share": ""}, "roles"),
        ({"roles": ["IN_CHARGE"]}, "authority"),
        ({"roles": ["REPRESENTATIVE"], "kind": "COMPANY"}, "roles"),
        ({"roles": ["INFLUENCE"], "kind": "ENTITY"}, "roles"),
        ({"roles": ["GUARDIAN"]}, "roles"),
        ({"kind": "GHOST"}, "kind"),
        ({"birth_on": "2999-01-01"}, "birth_on"),
        ({"birth_on": "昨日"}, "birth_on"),
    ],
)
def test_what_cannot_be_is_named_at_its_field(
    in_tenant: Tenant, officer: User, staff_client: SignIn, wrong: dict[str, Any], field: str
) -> None:
    client, customer = staff_client(officer), company()
    answer = send(client, "customer-related-new", customer.pk, **(PARTY | wrong))
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert parties(customer) == []


def test_a_graph_that_cannot_be_true_is_explained(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client, customer = staff_client(english(officer)), company()
    behind(customer, "甲", "HOLDER", share="60")
    behind(customer, "乙", "HOLDER", share="60")
    shown = page(client, customer)
    assert "The shares held of ㈱あさなぎ商事 come to 120% together, more than the whole." in shown
    assert 'class="ownership"' not in shown


def test_the_legal_form_changes_the_rule(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client, customer = staff_client(english(officer)), company()
    behind(customer, "甲", "HOLDER", share="60")
    assert send(client, "customer-legal-form", customer.pk, legal_form="entity").status_code == 302
    assert "犯収法施行規則第11条第2項第3号イ" in page(client, customer)
    assert send(client, "customer-legal-form", customer.pk, legal_form="public").status_code == 302
    assert "犯収法第4条第5項" in page(client, customer)
    assert send(client, "customer-legal-form", customer.pk, legal_form="ghost").status_code == 422


def test_a_list_from_the_registry_is_compared_with_the_calculation(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client, customer = staff_client(english(officer)), company()
    first = behind(customer, "甲", "HOLDER", share="60")
    second = behind(customer, "乙", "HOLDER", share="40")
    today = timezone.localdate()
    given = {
        "kind": "REGISTRY_LIST",
        "as_of_on": (today - timedelta(days=9)).isoformat(),
        "filed_on": (today - timedelta(days=2)).isoformat(),
        "office": "東京法務局",
        "number": "123",
    }
    named = {"parties": [str(first.party), str(second.party)]}
    assert send(client, "customer-owner-paper", customer.pk, **given, **named).status_code == 302
    shown = page(client, customer)
    assert "Differs" in shown
    assert "9 days ago" in shown
    assert send(client, "customer-owner-paper", customer.pk, **given, parties=[str(first.party)]).status_code == 302
    assert "Agrees" in page(client, customer)
    old = given | {"as_of_on": (today - timedelta(days=60)).isoformat()}
    refused = send(client, "customer-owner-paper", customer.pk, **old, **named)
    assert (refused.status_code, set(refused.context["form"].errors)) == (422, {"as_of_on"})
    stranger = send(client, "customer-owner-paper", customer.pk, **given, parties=[str(UUID(int=7))])
    assert (stranger.status_code, set(stranger.context["form"].errors)) == (422, {"parties"})
    with transaction.atomic():
        assert OwnerPaper.objects.count() == 2


def test_what_was_declared_is_compared_too(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client, customer = staff_client(english(officer)), company()
    behind(customer, "甲", "HOLDER", share="60")
    behind(customer, "乙", "DECLARED_OWNER", share="40")
    shown = page(client, customer)
    assert "is declared as an owner, and the calculation does not find them." in shown
    assert "who is not declared as an owner." in shown


def test_a_person_has_guardians_and_no_owners(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client, customer = staff_client(english(officer)), individual()
    assert send(client, "customer-related-new", customer.pk, name="山田", roles=["GUARDIAN"]).status_code == 302
    shown = page(client, customer)
    assert "Guardian" in shown
    assert "Beneficial owners" not in shown
    assert [row.kind for row in parties(customer)] == ["PERSON"]


def test_names_that_are_markup_stay_text(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client, customer = staff_client(officer), company()
    hostile = "<script>alert(1)</script>"
    behind(customer, hostile, kind="COMPANY", share="60")
    shown = page(client, customer)
    assert hostile not in shown
    assert shown.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2
    assert not re.search(r"<svg[^>]*>.*?style=.*?</svg>", shown, re.DOTALL)


def test_the_number_of_queries_does_not_grow(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client, few, many = staff_client(officer), company(), company("C-2")
    behind(few, "甲", "HOLDER", share="60")
    for number in range(12):
        row = behind(many, f"株主{number}", "HOLDER", share="5")
        if number % 3 == 0:
            end_party(customer=many, row_id=row.pk, actor=SYSTEM, now=timezone.now())
    for _ in range(2):
        take_paper(
            customer=many,
            kind="DECLARATION",
            as_of_on=timezone.localdate(),
            filed_on=timezone.localdate(),
            details={"parties": []},
            actor=SYSTEM,
            now=timezone.now(),
        )
    counts = []
    for customer in (few, few, many):
        with CaptureQueriesContext(connection) as queries:
            page(client, customer)
        counts.append(len(queries))
    assert counts[2] <= counts[1] + 1
