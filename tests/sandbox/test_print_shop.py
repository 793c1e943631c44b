"""The print shop: a job in, signed files out."""

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from .conftest import Bank, Sandbox

PDF = b"%PDF-1.7\n% a letter of one page\n%%EOF\n"
LINK = "https://notice.asanagi.example/r/0123456789ABCDEFGHJKMNPQRSTVWXYZ/"
AUTH = {"Authorization": "Bearer sandbox-print-asanagi"}


def manifest_of(bank: Bank, job_id: str = "job-1", **changes: Any) -> dict[str, Any]:
    piece = {
        "piece_id": "p1", "file": "letters.pdf", "first_page": 1, "pages": 1, "postal_code": "1540023",
        "name": "山田 節子", "service": "standard", "return_code": "26120048210767", "url": LINK,
    }  # fmt: skip
    return {"job_id": job_id, "callback_url": f"{bank.url}/print", "pieces": [piece | changes]}


def send(sandbox: Sandbox, manifest: object, pdf: bytes = PDF, headers: dict[str, str] | None = None) -> httpx.Response:
    files = {
        "job": ("job.json", json.dumps(manifest).encode(), "application/json"),
        "pdf": ("letters.pdf", pdf, "application/pdf"),
    }
    return httpx.post(f"{sandbox.url}/print/jobs", files=files, headers=AUTH if headers is None else headers)


def verified(calls: list[Any]) -> list[Any]:
    for call in calls:
        expected = hmac.new(b"sandbox-print-secret-asanagi", call.body, hashlib.sha256).hexdigest()
        assert call.headers["x-print-signature"] == expected
        assert call.headers["x-print-event-id"] == call.json["event_id"]
    return [call.json for call in calls]


def test_a_letter_is_printed_and_posted_and_found_by_its_addressee(sandbox: Sandbox, bank: Bank) -> None:
    answer = send(sandbox, manifest_of(bank))
    assert (answer.status_code, answer.json()["pieces"]) == (201, 1)
    events = verified(bank.wait("/print", 2))
    assert [event["type"] for event in events] == ["acknowledgement"] * 2
    assert [event["pieces"][0]["status"] for event in events] == ["printed", "posted"]
    (message,) = sandbox.messages(owner="asanagi:C001")
    assert (message["link"], message["arrived"], message["state"]) == (LINK, True, "posted")
    letter = sandbox.control.get(f"/letters/{message['number']}.pdf")
    assert (letter.content, letter.headers["content-type"]) == (PDF, "application/pdf")
    shown = httpx.get(f"{sandbox.url}/print/jobs/job-1", headers=AUTH).json()
    assert (shown["state"], shown["pieces"][0]["status"]) == ("posted", "posted")


def test_the_same_job_again_is_answered_the_same_and_printed_once(sandbox: Sandbox, bank: Bank) -> None:
    first, second = send(sandbox, manifest_of(bank)), send(sandbox, manifest_of(bank))
    assert (second.status_code, second.json()) == (200, first.json())
    assert len(sandbox.messages()) == 1


def test_the_same_job_id_with_another_manifest_is_409(sandbox: Sandbox, bank: Bank) -> None:
    send(sandbox, manifest_of(bank))
    answer = send(sandbox, manifest_of(bank, name="別の人"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "job_conflict")


def test_two_banks_may_use_the_same_job_id(sandbox: Sandbox, bank: Bank) -> None:
    send(sandbox, manifest_of(bank))
    other = send(sandbox, manifest_of(bank), headers={"Authorization": "Bearer sandbox-print-komorebi"})
    assert other.status_code == 201
    assert httpx.get(f"{sandbox.url}/print/jobs/job-2", headers=AUTH).status_code == 404


@pytest.mark.parametrize("reason", ["unknown_address", "moved", "refused", "unclaimed"])
def test_returned_mail_names_its_reason(sandbox: Sandbox, bank: Bank, reason: str) -> None:
    sandbox.rule({"provider": "post", "match": {"contains": "節子"}, "outcome": f"returned:{reason}"})
    send(sandbox, manifest_of(bank, job_id=f"job-{reason}"))
    event = verified(bank.wait("/print", 3))[2]
    assert (event["type"], event["pieces"][0]["status"], event["pieces"][0]["reason"]) == (
        "returned_mail", "returned", reason,
    )  # fmt: skip
    assert event["pieces"][0]["label"] in {"あて所に尋ねあたりません", "転居先不明", "受取拒絶", "保管期間経過"}
    assert sandbox.messages()[0]["arrived"] is False


def test_a_refused_file_is_sent_again_with_the_same_event_id(sandbox: Sandbox, bank: Bank) -> None:
    bank.refusals = 1
    send(sandbox, manifest_of(bank))
    ids = [event["event_id"] for event in verified(bank.wait("/print", 3))]
    assert len(set(ids)) == 2


def test_a_500_after_acceptance_kept_the_job(sandbox: Sandbox, bank: Bank) -> None:
    sandbox.rule({"provider": "post", "match": {"equals": "job-1"}, "outcome": "fail_after", "first": 1})
    assert send(sandbox, manifest_of(bank)).status_code == 503
    assert send(sandbox, manifest_of(bank)).status_code == 200
    assert len(sandbox.messages()) == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"pieces": []},
        {"job_id": "../../etc"},
        {"callback_url": "javascript:alert(1)"},
        {"pieces": [{"piece_id": "p1"}]},
        {"pieces": [{"piece_id": "p1", "file": "other.pdf", "postal_code": "1540023", "name": "a"}]},
        {"pieces": [{"piece_id": "p1", "file": "letters.pdf", "postal_code": "154", "name": "a"}]},
    ],
)
def test_a_broken_manifest_is_refused_whole(sandbox: Sandbox, bank: Bank, broken: dict[str, Any]) -> None:
    answer = send(sandbox, manifest_of(bank) | broken)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_job")
    assert sandbox.messages() == []


def test_what_is_not_a_pdf_or_not_ours_is_refused(sandbox: Sandbox, bank: Bank) -> None:
    assert send(sandbox, manifest_of(bank), pdf=b"<html>").status_code == 400
    assert send(sandbox, manifest_of(bank), headers={"Authorization": "Bearer nobody"}).status_code == 401


def test_a_large_job_is_taken_whole(sandbox: Sandbox, bank: Bank) -> None:
    large = PDF + b"%" * (12 * 1024 * 1024)
    assert send(sandbox, manifest_of(bank), pdf=large).status_code == 201
    number = sandbox.messages()[0]["number"]
    assert len(sandbox.control.get(f"/letters/{number}.pdf").content) == len(large)
