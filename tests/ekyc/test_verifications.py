"""A verification from its beginning to its result, over the vendor's real page and webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from audit.models import AuditEvent
from customers.models import Customer
from ekyc.methods import MethodNotAllowed
from ekyc.models import EkycAccount, EkycEvent, Verification
from ekyc.protocols import EkycUnavailable
from ekyc.registry import webhook_url
from ekyc.services import process_webhooks, refresh_verification, start_verification, sweep
from ekyc.signals import verification_completed
from tests.channels.conftest import Listener, Weather, count, post_raw

Status = Verification.Status
SECRET = "sandbox-ekyc-secret-asanagi"


@pytest.fixture
def now() -> datetime:
    """The sandbox lives by the real clock."""
    return datetime.now(UTC)


def start(
    customer: Customer, now: datetime, reference: UUID | None = None, method: str = "ic_chip_selfie"
) -> Verification:
    """The customer presses the button."""
    return start_verification(
        customer=customer,
        reference=reference or uuid4(),
        method_code=method,
        return_url="https://kakunin.asanagi.example/r/answer/ekyc/return/",
        now=now,
    )


def act(verification: Verification, action: str = "submit") -> None:
    """The customer goes through the vendor's page."""
    httpx.get(verification.hosted_url).raise_for_status()
    answer = httpx.post(
        verification.hosted_url,
        data={"action": action, "name": "山田 節子", "birth_on": "1958-04-01", "address": "東京都"},
    )
    assert answer.status_code == 303, answer.text


@transaction.atomic
def again(verification: Verification) -> Verification:
    """The row as it is now, with its sealed result read."""
    found: Verification = Verification.objects.get(pk=verification.pk)
    assert found.result is not False
    return found


def event(verification: Verification, state: str, **more: Any) -> bytes:
    """A webhook's body as the vendor would write it."""
    data = {"id": "ver_1", "reference": str(verification.pk), "state": state, "reason_codes": [], **more}
    return json.dumps({"id": f"evt_{uuid4().hex}", "type": f"verification.{state}", "data": data}).encode()


def signed(body: bytes, at: datetime, secret: str = SECRET) -> dict[str, str]:
    """Headers that the vendor would send."""
    moment = int(at.timestamp())
    digest = hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()
    return {"X-Ekyc-Signature": f"t={moment},v1={digest}"}


@pytest.fixture
def path(vendor: EkycAccount) -> str:
    """Where the vendor calls."""
    return webhook_url(vendor).removeprefix(settings.PUBLIC_BASE_URL)


def test_a_customer_is_verified(customer: Customer, listener: Listener, now: datetime) -> None:
    told: list[tuple[UUID, UUID]] = []

    def hear(sender: object, verification_id: UUID, reference: UUID, now: datetime, **kwargs: object) -> None:
        told.append((verification_id, reference))

    verification = start(customer, now)
    verification_completed.connect(hear)
    try:
        act(verification)
        client = Client()
        assert {post_raw(client, *call) for call in listener.wait(2)} == {200}
        with transaction.atomic():
            process_webhooks(now=now + timedelta(seconds=5))
    finally:
        verification_completed.disconnect(hear)
    verified = again(verification)
    assert verified.status == Status.APPROVED
    assert set(verified.result["attributes"]) == {"name", "birth_on", "address"}
    assert verified.regulation_revision.startswith("420M60000F5A001")
    assert verified.verified_at is not None
    assert told == [(verification.pk, verification.reference)]


def test_pressing_twice_begins_once(customer: Customer, now: datetime) -> None:
    reference = uuid4()
    first, second = start(customer, now, reference), start(customer, now, reference)
    assert (first.pk, first.hosted_url) == (second.pk, second.hosted_url)
    assert count(Verification) == 1


def test_a_rejected_customer_may_try_again(
    customer: Customer, listener: Listener, weather: Weather, now: datetime
) -> None:
    weather.rule("ekyc", "rejected:face_mismatch")
    verification = start(customer, now)
    act(verification)
    for call in listener.wait(2):
        post_raw(Client(), *call)
    process_webhooks(now=now)
    assert (again(verification).status, again(verification).reason_codes) == (Status.REJECTED, ["face_mismatch"])
    second = start(customer, now, verification.reference)
    assert (second.attempt, second.pk == verification.pk) == (2, False)


def test_a_method_whose_time_is_over_is_refused(customer: Customer) -> None:
    with pytest.raises(MethodNotAllowed):
        start(customer, datetime(2027, 3, 31, 15, 0, tzinfo=UTC), method="image_selfie")  # 1 April in Japan
    assert count(Verification) == 0


def test_a_vendor_out_of_order_is_said_so_and_the_next_press_goes_on(
    customer: Customer, weather: Weather, now: datetime
) -> None:
    weather.rule("ekyc", "fail_before", first=1)
    reference = uuid4()
    with pytest.raises(EkycUnavailable):
        start(customer, now, reference)
    assert start(customer, now, reference).hosted_url
    assert count(Verification) == 1


def test_a_lost_webhook_is_made_up_for(customer: Customer, listener: Listener, now: datetime) -> None:
    verification = start(customer, now)
    act(verification)
    listener.wait(2)
    refresh_verification(verification=again(verification), now=now)
    assert again(verification).status == Status.APPROVED


def test_a_verification_nobody_finished_expires(customer: Customer, now: datetime) -> None:
    verification = start(customer, now)
    sweep(now=now + timedelta(hours=1))
    assert again(verification).status in (Status.CREATED, Status.OPENED)
    sweep(now=now + timedelta(days=8))
    assert again(verification).status == Status.EXPIRED


def test_results_only_move_forward_and_an_approval_can_be_revoked(customer: Customer, path: str, now: datetime) -> None:
    """S18: out of order, repeated; and a later overturn."""
    verification = start(customer, now)
    seen = []
    for state in ("approved", "submitted", "approved", "rejected", "revoked", "approved"):
        body = event(verification, state)
        assert post_raw(Client(), path, signed(body, now), body) == 200
        process_webhooks(now=now)
        seen.append(again(verification).status)
    assert seen == ["APPROVED"] * 4 + ["REVOKED"] * 2


def test_a_repeated_event_is_kept_once(customer: Customer, path: str, now: datetime) -> None:
    """S18: replay."""
    body = event(start(customer, now), "approved")
    for _ in range(3):
        assert post_raw(Client(), path, signed(body, now), body) == 200
    assert count(EkycEvent) == 1
    process_webhooks(now=now)
    assert count(AuditEvent, event="verification.approved") == 1


def test_forged_stale_and_altered_events_are_refused(customer: Customer, path: str, now: datetime) -> None:
    """S18."""
    client, body = Client(), event(start(customer, now), "approved")
    assert post_raw(client, path, {}, body) == 401
    assert post_raw(client, path, {"X-Ekyc-Signature": "t=x,v1=y"}, body) == 401
    assert post_raw(client, path, signed(body, now, secret="sandbox-ekyc-secret-komorebi"), body) == 401
    assert post_raw(client, path, signed(body, now - timedelta(seconds=301)), body) == 401
    assert post_raw(client, path, signed(body, now), body.replace(b"approved", b"rejected")) == 401
    assert post_raw(client, path, signed(b"not json", now), b"not json") == 400
    assert post_raw(client, "/webhooks/ekyc/0000000000000000/", signed(body, now), body) == 404
    assert count(EkycEvent) == 0
    assert post_raw(client, path, signed(body, now), body) == 200  # the positive control


def test_an_event_about_nobody_does_not_hold_up_the_next(customer: Customer, path: str, now: datetime) -> None:
    verification = start(customer, now)
    stranger = Verification(id=uuid4())
    for body in (b'{"id": "evt_x", "data": {}}', event(stranger, "approved"), event(verification, "approved")):
        assert post_raw(Client(), path, signed(body, now), body) == 200
    assert process_webhooks(now=now) == 3
    assert count(EkycEvent, error="") == 1
    assert count(EkycEvent, error="unknown_verification") == 1
    assert again(verification).status == Status.APPROVED
