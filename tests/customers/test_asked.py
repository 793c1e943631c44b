"""What is searched for never stands in an address as it is; going back and on works all the same."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from customers.asked import LIFETIME, open_search, seal_search
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import NOW, SignIn
from tests.customers.books import book, person
from tests.customers.taking import take


@transaction.atomic
def sealed(words: str, user_id: int = 7) -> str:
    return seal_search(words, user_id=user_id, now=NOW)


@transaction.atomic
def opened(token: str, user_id: int = 7, *, after: timedelta = timedelta(0)) -> str | None:
    return open_search(token, user_id=user_id, now=NOW + after)


def test_sealed_words_open_for_the_same_person_within_hours(in_tenant: Tenant) -> None:
    for words in ("髙﨑　花子", "090-1234-5678", "a", "𠮷" * 80):
        assert opened(sealed(words)) == words
    assert sealed("") == ""
    assert opened("") == ""
    token = sealed("髙﨑")
    assert opened(token, after=LIFETIME - timedelta(seconds=1)) == "髙﨑"
    assert opened(token, after=LIFETIME) is None
    assert opened(token, user_id=8) is None


def test_what_was_never_sealed_does_not_open(in_tenant: Tenant) -> None:
    token = sealed("髙﨑")
    for wrong in (
        "髙﨑",
        "a",
        "=",
        "%",
        "\x00",
        token[:-2],
        token[:40] + ("A" if token[40] != "A" else "B") + token[41:],
    ):
        assert opened(wrong) is None, wrong


def test_another_banks_token_does_not_open(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        token = seal_search("髙﨑", user_id=7, now=NOW)
        assert open_search(token, user_id=7, now=NOW) == "髙﨑", "control"
    with tenant_scope(other_tenant.pk):
        assert open_search(token, user_id=7, now=NOW) is None


def test_a_token_tells_neither_the_words_nor_their_length(in_tenant: Tenant) -> None:
    short, long = sealed("高"), sealed("髙﨑花子の母")
    assert len(short) == len(long)
    assert sealed("高") != short
    assert "高".encode() not in urlsafe_b64decode(short + "=" * (-len(short) % 4))


@pytest.mark.parametrize("words", ["髙﨑", "090-1234-5678", "hanako@mail.example.jp"])
def test_no_address_of_a_search_says_whom_it_is_about(
    words: str, in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    """P6: also with filters and a second page, whose links carry the search on."""
    client = staff_client(officer)
    take(client, book(*(person(customer_number=f"{number:010d}") for number in range(1, 61))))
    answer = client.post(reverse("customer-search"), {"search": words, "kind": "INDIVIDUAL"})
    address = answer.headers["Location"]
    seen = []
    while address:
        assert "search=" in address
        assert "kind=INDIVIDUAL" in address
        page = client.get(address)  # any number of times: going back is the same request
        seen += [customer.number for customer, _ in page.context["rows"]]
        assert page.context["search"] == words
        cursor = page.context["page"].next_cursor
        address = f"{answer.headers['Location']}&after={cursor}" if cursor else ""
        links = " ".join(re.findall(r'(?:href|action)="([^"]*)"', page.content.decode()))
        assert "search=" in links
        for part in (words, "%E9%AB%99", "12345678", "hanako"):
            assert part not in answer.headers["Location"]
            assert part not in links
    assert sorted(seen) == [f"{number:010d}" for number in range(1, 61)]


def test_words_in_an_address_are_not_searched_for(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    """Whoever writes a name into an address is not rewarded: the book is shown, and asks to search again."""
    client = staff_client(officer)
    take(client, book(person(), person(customer_number="2", name="山田　太郎", kana="ヤマダ　タロウ")))
    page = client.get(reverse("customers"), {"search": "山田"})
    assert len(page.context["rows"]) == 2
    assert page.context["is_search_over"]
    assert client.get(reverse("customer-search")).status_code == 405


def test_what_cannot_be_searched_for_is_said(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client = staff_client(officer)
    for words in ("a\x00b", "あ" * 81):
        answer = client.post(reverse("customer-search"), {"search": words})
        assert answer.headers["Location"] == reverse("customers")
    assert client.post(reverse("customer-search"), {"search": "  "}).headers["Location"] == reverse("customers")
