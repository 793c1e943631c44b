"""The form knows what a postal code stands for: it begins the address when asked, and says when both disagree."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from tests.portal.journey import answers_of, page_of, post, prove
from tests.questionnaires.filing import Sent


@pytest.fixture
def customer(person: Sent) -> Client:
    """A browser whose user has proved who they are."""
    client = Client(headers={"Accept-Language": "ja"})
    assert prove(client, person).status_code == 302
    return client


def fields(response: Any) -> tuple[str, str]:
    """What stands in the two controls."""
    page = response.content.decode()
    code = re.search(r'id="postal_code"[^>]* value="([^"]*)"', page)
    address = re.search(r'<textarea[^>]*id="address"[^>]*>([^<]*)</textarea>', page)
    assert code is not None
    assert address is not None
    return html.unescape(code[1]), html.unescape(address[1])


def test_the_button_begins_the_address_and_saves_nothing(customer: Client, person: Sent) -> None:
    before = answers_of(person)
    page = post(customer, "contact", "fill", postal_code="１００ー０００５", address="")
    assert (page.status_code, page_of(page)) == (200, "question")
    assert fields(page) == ("１００ー０００５", "東京都千代田区丸の内")
    assert "<textarea" in page.content.decode()
    assert re.search(r"<textarea[^>]* autofocus", page.content.decode()), "the number of the house comes next"
    assert answers_of(person) == before


def test_an_address_that_is_there_is_not_written_over(customer: Client) -> None:
    page = post(customer, "contact", "fill", postal_code="100-0005", address="大阪府大阪市北区梅田1-1")
    assert fields(page) == ("100-0005", "大阪府大阪市北区梅田1-1")
    assert "東京都千代田区丸の内" in page.content.decode(), "but what the code stands for is said"


def test_of_a_code_of_several_towns_only_what_is_sure_is_filled_in(customer: Client) -> None:
    page = post(customer, "contact", "fill", postal_code="0288401", address="")
    _code, address = fields(page)
    assert address.startswith("岩手県")
    assert page.content.decode().count(address) > 2, "the towns to choose from are named"


@pytest.mark.parametrize("code", ["9999999", "12", "", "<script>", "1" * 5_000])
def test_what_is_no_postal_code_is_said_kindly(customer: Client, code: str) -> None:
    page = post(customer, "contact", "fill", postal_code=code, address="ここ")
    assert page.status_code == 422
    assert fields(page)[1] == "ここ"
    assert "<script>" not in page.content.decode()


@pytest.mark.parametrize(
    ("address", "is_doubted"),
    [("大阪府大阪市北区梅田1-1", True), ("東京都千代田区丸の内1-1", False), ("外国の住所", False)],
)
def test_a_contradiction_is_pointed_out_before_sending_and_hinders_nobody(
    customer: Client, person: Sent, address: str, is_doubted: bool
) -> None:
    assert post(customer, "contact", postal_code="100-0005", address=address).status_code == 302
    for page in ("work", "purpose", "residence"):
        post(customer, page, "unchanged")
    post(customer, "cash", handles_cash="no")
    post(customer, "abroad", sends_abroad="no")
    post(customer, "office", is_foreign_pep="no")
    check = customer.get("/r/answer/check/")
    assert page_of(check) == "check"
    assert ("東京都千代田区丸の内" in check.content.decode().replace(address, "")) is is_doubted
    assert answers_of(person)["address"] == address
    assert page_of(customer.post("/r/answer/check/", {"action": "submit"}, follow=True)) == "done"
