"""The pages of pairs that look alike: the queue, one pair, a judgement, and the panel on the customer's page."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from customers.matching.finding import find_candidates
from customers.matching.models import MatchCandidate
from customers.matching.presenting import Likeness
from customers.models import Customer
from tenants.models import Tenant, User
from tests.conftest import NOW, SYSTEM, SignIn
from tests.customers.books import person
from tests.customers.test_matching import GOOD, enter, other

Status = MatchCandidate.Status
PHONE = "080-9999-1111"


@pytest.fixture
def pair(in_tenant: Tenant) -> MatchCandidate:
    """The good person twice, the second time with another telephone; and a neighbour."""
    neighbour = other("3", address=GOOD["address"], postal_code=GOOD["postal_code"])
    enter(GOOD, person(customer_number="2", name="高崎花子", phone=PHONE), neighbour)
    find_candidates(actor=SYSTEM, now=NOW)
    with transaction.atomic():
        found: MatchCandidate = MatchCandidate.objects.select_related("first", "second").get()
    return found


def customer_of(number: str) -> Customer:
    with transaction.atomic():
        found: Customer = Customer.objects.get(number=number)
    return found


def status_of(pair: MatchCandidate) -> str:
    with transaction.atomic():
        return str(MatchCandidate.objects.values_list("status", flat=True).get(pk=pair.pk))


def judge(client: Client, pair: MatchCandidate, judgement: str) -> int:
    return client.post(reverse("customer-match-judge", args=[pair.pk]), {"judgement": judgement}).status_code


def test_the_queue_lists_the_pair_and_leads_to_both(
    pair: MatchCandidate, officer: User, auditor: User, staff_client: SignIn
) -> None:
    page = staff_client(officer).get(reverse("customer-matches"))
    assert page.status_code == 200
    assert reverse("customer-match", args=[pair.pk]) in page.content.decode()
    assert "髙﨑　花子" in page.content.decode()
    assert "髙﨑　花子" not in staff_client(auditor).get(reverse("customer-matches")).content.decode()
    for status in (*Status.values, "x"):
        assert staff_client(officer).get(reverse("customer-matches"), {"status": status}).status_code == 200


def test_the_facts_stand_side_by_side_masked_yet_compared_whole(
    pair: MatchCandidate, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    url = reverse("customer-match", args=[pair.pk])
    page = client.get(url)
    likeness = {row.first.key: row.likeness for row in page.context["pairs"]}
    assert likeness["name"] == Likeness.FOLDED
    assert likeness["phone"] == Likeness.DIFFERENT
    assert likeness["birth_on"] == likeness["address"] == Likeness.SAME
    assert PHONE not in page.content.decode()
    client.post(reverse("customer-reveal", args=[customer_of("2").pk]), {"reason": "INSPECTION"})
    shown = client.get(url).content.decode()
    assert (PHONE in shown, GOOD["phone"] in shown) == (True, False), "one side was opened, not the other"


def test_a_judgement_takes_the_pair_from_the_queue_and_can_be_taken_back(
    pair: MatchCandidate, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    assert judge(client, pair, "") == 422
    assert judge(client, pair, "GONE") == 422
    assert judge(client, pair, "HOUSEHOLD") == 302
    assert status_of(pair) == Status.HOUSEHOLD
    assert judge(client, pair, "DIFFERENT") == 422, "somebody has judged it meanwhile"
    page = client.get(reverse("customer-match", args=[pair.pk])).content.decode()
    assert officer.name in page
    take_back = reverse("customer-match-take-back", args=[pair.pk])
    assert [client.post(take_back).status_code for _ in range(2)] == [302, 422]
    assert status_of(pair) == Status.OPEN


def test_whoever_only_reads_cannot_judge(pair: MatchCandidate, auditor: User, staff_client: SignIn) -> None:
    client = staff_client(auditor)
    assert client.get(reverse("customer-match", args=[pair.pk])).status_code == 200
    assert judge(client, pair, "DIFFERENT") == 403
    assert status_of(pair) == Status.OPEN


def test_the_customers_page_names_the_pair_and_the_neighbours(
    pair: MatchCandidate, officer: User, staff_client: SignIn
) -> None:
    page = staff_client(officer).get(reverse("customer", args=[customer_of("1").pk]))
    alike = page.context["alike"]
    assert [other.number for _match, other, _name in alike.matches] == ["2"]
    assert [other.number for other, _name, _shared in alike.places] == ["3"]
    text = page.content.decode()
    assert reverse("customer-match", args=[pair.pk]) in text
    assert reverse("customer", args=[customer_of("3").pk]) in text
