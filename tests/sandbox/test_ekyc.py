"""The eKYC vendor: create, the hosted page, the signed result."""

import hashlib
import hmac
from typing import Any

import httpx
import pytest

from sandbox.forms import read_page

from .conftest import Bank, Sandbox

AUTH = {"Authorization": "Bearer sandbox-ekyc-asanagi"}
CARD = {"name": "山田 節子", "birth_on": "1948-05-03", "address": "東京都世田谷区若林1-2-3"}


def start(sandbox: Sandbox, bank: Bank, reference: str = "ref-1", **changes: Any) -> httpx.Response:
    body = {
        "reference": reference, "method": "ic_chip_selfie", "locale": "ja", "expires_at": "2099-01-01T00:00:00+09:00",
        "return_url": f"{bank.url}/back", "webhook_url": f"{bank.url}/ekyc",
    }  # fmt: skip
    return httpx.post(f"{sandbox.url}/ekyc/v1/verifications", json=body | changes, headers=AUTH)


def event_of(call: Any) -> Any:
    fields = dict(part.split("=", 1) for part in call.headers["x-ekyc-signature"].split(","))
    signed = f"{fields['t']}.".encode() + call.body
    assert fields["v1"] == hmac.new(b"sandbox-ekyc-secret-asanagi", signed, hashlib.sha256).hexdigest()
    assert call.headers["x-ekyc-event-id"] == call.json["id"]
    return call.json


def test_a_customer_submits_and_the_bank_hears_the_verified_attributes(sandbox: Sandbox, bank: Bank) -> None:
    created = start(sandbox, bank)
    assert (created.status_code, created.json()["state"]) == (201, "created")
    page = read_page(httpx.get(created.json()["url"]).text)
    assert page.kind == "vendor"
    form = page.answer_form()
    assert form is not None
    assert [button.value for button in form.buttons] == ["submit", "cancel"]
    answer = httpx.post(f"{sandbox.url}{form.action}", data={**CARD, "action": "submit"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{bank.url}/back")
    submitted, approved = (event_of(call) for call in bank.wait("/ekyc", 2))
    assert (submitted["type"], approved["type"]) == ("verification.submitted", "verification.approved")
    data = approved["data"]
    assert (data["reference"], data["method_code"], data["verified_attributes"]) == ("ref-1", "ic_chip_selfie", CARD)
    assert data["document"]["type"] == "driver_licence"
    shown = httpx.get(f"{sandbox.url}/ekyc/v1/verifications/{data['id']}", headers=AUTH).json()
    assert shown == data


def test_the_same_reference_again_is_the_same_verification(sandbox: Sandbox, bank: Bank) -> None:
    first, second = start(sandbox, bank), start(sandbox, bank)
    assert (second.status_code, second.json()["id"]) == (200, first.json()["id"])
    listed = httpx.get(f"{sandbox.url}/ekyc/v1/verifications", params={"reference": "ref-1"}, headers=AUTH).json()
    assert [found["id"] for found in listed["verifications"]] == [first.json()["id"]]


def test_a_rejection_names_its_reason_and_no_attributes(sandbox: Sandbox, bank: Bank) -> None:
    sandbox.rule({"provider": "ekyc", "match": {"equals": "ref-1"}, "outcome": "rejected:face_mismatch"})
    url = start(sandbox, bank).json()["url"]
    httpx.post(url, data={**CARD, "action": "submit"})
    data = event_of(bank.wait("/ekyc", 2)[1])["data"]
    assert (data["state"], data["reason_codes"], data["retryable"]) == ("rejected", ["face_mismatch"], True)
    assert data["verified_attributes"] is None


def test_giving_up_leads_back_to_the_bank(sandbox: Sandbox, bank: Bank) -> None:
    url = start(sandbox, bank).json()["url"]
    answer = httpx.post(url, data={"action": "cancel"})
    assert answer.headers["location"] == f"{bank.url}/back"
    assert event_of(bank.wait("/ekyc")[0])["type"] == "verification.canceled"
    assert httpx.post(url, data={**CARD, "action": "submit"}).status_code == 200
    assert len(bank.wait("/ekyc")) == 1


def test_opening_the_page_changes_nothing(sandbox: Sandbox, bank: Bank) -> None:
    created = start(sandbox, bank).json()
    httpx.get(created["url"])
    assert httpx.get(f"{sandbox.url}/ekyc/v1/verifications/{created['id']}", headers=AUTH).json() == created


def test_an_expired_verification_can_not_be_submitted(sandbox: Sandbox, bank: Bank) -> None:
    url = start(sandbox, bank, expires_at="2020-01-01T00:00:00Z").json()["url"]
    assert "期限が切れました" in httpx.get(url).text


def test_the_phone_that_opened_the_message_shows_its_owners_card(sandbox: Sandbox, bank: Bank) -> None:
    url = start(sandbox, bank).json()["url"]
    page = httpx.get(url, cookies={"sandbox_holder": "asanagi%3AC001"}).text
    assert 'value="山田 節子"' in page
    assert 'value="1948-05-03"' in page


@pytest.mark.parametrize(
    "wrong",
    [{"method": "fax"}, {"reference": ""}, {"return_url": "javascript:alert(1)"}, {"expires_at": "soon"}],
)
def test_a_bad_request_is_refused(sandbox: Sandbox, bank: Bank, wrong: dict[str, Any]) -> None:
    assert start(sandbox, bank, **wrong).status_code == 400


def test_another_bank_does_not_see_it(sandbox: Sandbox, bank: Bank) -> None:
    created = start(sandbox, bank).json()
    other = {"Authorization": "Bearer sandbox-ekyc-komorebi"}
    assert httpx.get(f"{sandbox.url}/ekyc/v1/verifications/{created['id']}", headers=other).status_code == 404
    assert httpx.get(f"{sandbox.url}/ekyc/v1/verifications/{created['id']}").status_code == 401
