"""LINE's events to the bank: signed, numbered with ULIDs, sometimes twice, late or redelivered."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections import OrderedDict
from typing import Any

from sandbox.courier import Callback
from sandbox.world import World

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LATE_SECONDS = 1.5
REPLY_SECONDS = 60
REPLY_TOKENS = 10_000


def ulid() -> str:
    """A new ULID: 48 bits of milliseconds, 80 of chance, in Crockford's base 32."""
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def sign(secret: str, body: bytes) -> str:
    """The value of x-line-signature: base64 of HMAC-SHA256 over the raw body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def destination_of(bank: str) -> str:
    """The bot's own user id."""
    return "U" + hashlib.md5(bank.encode(), usedforsecurity=False).hexdigest()


class LineWebhooks:
    """Where each bank wants its events, and the sending of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._endpoints: dict[str, str] = {}
        self.reply_tokens: OrderedDict[str, tuple[str, str, float]] = OrderedDict()

    def set_endpoint(self, bank: str, url: str) -> None:
        self._endpoints[bank] = url

    def endpoint_of(self, bank: str) -> str:
        return self._endpoints.get(bank) or self._world.accounts.setting(bank, "line_webhook")

    def send(self, bank: str, kind: str, **fields: Any) -> str:
        """Sends one event of `kind` with its own fields; its webhookEventId."""
        event = {
            "type": kind,
            "mode": "active",
            "timestamp": int(time.time() * 1000),
            "webhookEventId": ulid(),
            "deliveryContext": {"isRedelivery": False},
            **fields,
        }
        event_id = str(event["webhookEventId"])
        if event.get("replyToken"):
            user = str((event.get("source") or {}).get("userId", ""))
            self.reply_tokens[str(event["replyToken"])] = (bank, user, time.time() + REPLY_SECONDS)
            while len(self.reply_tokens) > REPLY_TOKENS:
                self.reply_tokens.popitem(last=False)
        callback = Callback(
            provider="line",
            url=self.endpoint_of(bank),
            build=lambda attempt: self._build(bank, [event], attempt),
            attempts=5 if self._world.scenario.document["callbacks"].get("line_redelivery") else 1,
        )
        key = json.dumps(fields, sort_keys=True, default=str)
        late = self._world.scenario.happens("shuffle", "line", kind, key)
        self._world.later(LATE_SECONDS if late else 0, lambda: self._world.courier.send(callback))
        if self._world.scenario.happens("duplicate", "line", kind, key):
            self._world.later(LATE_SECONDS, lambda: self._world.courier.send(callback))
        return event_id

    def verify(self, bank: str) -> None:
        """The console's Verify button: a call with no events."""
        self._world.courier.send(
            Callback("line", self.endpoint_of(bank), lambda attempt: self._build(bank, [], attempt))
        )

    async def test(self, bank: str, url: str) -> int:
        """The status the bank answers to a call without events; 0 if it cannot be reached."""
        headers, body = self._build(bank, [], 0)
        return await self._world.courier.try_once(url, headers, body)

    def _build(self, bank: str, events: list[dict[str, Any]], attempt: int) -> tuple[dict[str, str], bytes]:
        marked = [{**event, "deliveryContext": {"isRedelivery": attempt > 0}} for event in events]
        document = {"destination": destination_of(bank), "events": marked}
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "LineBotWebhook/2.0",
            "x-line-signature": sign(self._world.accounts.secret_of("line", bank), body),
        }
        return headers, body
