"""A vendor that verifies on a hosted page and reports by webhooks signed ``t=<seconds>,v1=<HMAC-SHA256>``."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from ekyc.protocols import (
    Application,
    Call,
    EkycRefused,
    EkycUnavailable,
    ForgedWebhook,
    MalformedWebhook,
    Result,
    State,
)

TIMEOUT = httpx.Timeout(10.0, connect=3.0)
TOLERANCE_S = 300
STATES = {state.value: state for state in State} | {"canceled": State.CANCELLED}


class HostedPage:
    """One account with the vendor. ``secret`` signs its webhooks, which go to ``webhook_url``."""

    def __init__(self, *, base_url: str, token: str, secret: str, webhook_url: str) -> None:
        self._client = httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT)
        self._secret = secret.encode()
        self._webhook_url = webhook_url

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def create(self, application: Application) -> Result:
        """The vendor answers a known reference with the page it already has, so this may be repeated."""
        body = {
            "reference": str(application.reference),
            "method": application.method_code,
            "locale": application.locale,
            "expires_at": application.expires_at.isoformat(),
            "return_url": application.return_url,
            "webhook_url": self._webhook_url,
        }
        return self._result("POST", "/v1/verifications", body)

    def fetch(self, provider_reference: str) -> Result:
        """Ask the vendor instead of waiting for its webhook."""
        return self._result("GET", f"/v1/verifications/{provider_reference}", None)

    def verify(self, call: Call, *, now: datetime) -> str:
        """Any of several ``v1`` will do, because two are sent while the secret is changed."""
        try:
            parts = [part.strip().split("=", 1) for part in call.headers.get("x-ekyc-signature", "").split(",")]
            signed_at = int(next(value for name, value in parts if name == "t"))
            signatures = [value for name, value in parts if name == "v1"]
        except (ValueError, StopIteration) as error:
            raise ForgedWebhook from error
        expected = hmac.new(self._secret, b"%d." % signed_at + call.body, hashlib.sha256).hexdigest()
        if not any(hmac.compare_digest(expected.encode(), given.encode()) for given in signatures):
            raise ForgedWebhook
        if abs(now.timestamp() - signed_at) > TOLERANCE_S:
            raise ForgedWebhook
        try:
            return str(json.loads(call.body)["id"])
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedWebhook from error

    def read(self, body: bytes) -> Result:
        """The verification as it was when the event was made."""
        try:
            return _result(json.loads(body)["data"])
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedWebhook from error

    def _result(self, verb: str, path: str, body: Mapping[str, Any] | None) -> Result:
        try:
            response = self._client.request(verb, path, json=body)
        except httpx.HTTPError:
            raise EkycUnavailable from None
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
            raise EkycUnavailable
        try:
            answer = response.json()
            if not response.is_success:
                raise EkycRefused(str(answer["error"]["code"])[:40])
            return _result(answer)
        except (ValueError, KeyError, TypeError):
            raise EkycRefused(f"http_{response.status_code}") from None


def _result(answer: Mapping[str, Any]) -> Result:
    return Result(
        reference=UUID(str(answer["reference"])),
        provider_reference=str(answer["id"]),
        state=STATES[str(answer["state"])],
        url=str(answer.get("url") or ""),
        reason_codes=tuple(str(code) for code in answer.get("reason_codes") or ()),
        is_retryable=bool(answer.get("retryable")),
        decided_at=_time(answer.get("decided_at")),
        attributes=dict(answer.get("verified_attributes") or {}),
        document=dict(answer.get("document") or {}),
    )


def _time(text: object) -> datetime | None:
    if not text:
        return None
    at = datetime.fromisoformat(str(text))
    return at if at.tzinfo else None
