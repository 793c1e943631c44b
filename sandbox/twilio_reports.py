"""What happens to a short message after Twilio accepted it, told by signed status callbacks."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from sandbox.courier import Callback
from sandbox.store import Message, utc_now
from sandbox.world import World

KEY_ID = "sandbox"
REASONS = {
    "30003": "Unreachable destination handset",
    "30004": "Message blocked",
    "30005": "Unknown destination handset",
    "30006": "Landline or unreachable carrier",
    "30007": "Message filtered",
    "30008": "Unknown error",
    "30036": "Validity Period Expired",
}


def sign(secret: str, url: str, params: Mapping[str, str], algorithm: str = "sha1") -> str:
    """X-Twilio-Signature: base64 HMAC over the address (no fragment) and the sorted names and values."""
    text = urlunsplit(urlsplit(url)._replace(fragment="")) + "".join(
        name + value for name, value in sorted(params.items())
    )
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), algorithm).digest()).decode()


def follow_message(world: World, message: Message, *, account: str, fate: str) -> None:
    """Plans the statuses that follow acceptance and a callback for each."""
    steps: list[tuple[str, str]] = [("queued", "")] if message.state == "accepted" else []
    if fate.startswith("failed:"):
        steps.append(("failed", fate.partition(":")[2]))
    else:
        steps.append(("sent", ""))
        message.details["forever"] = "yes" if fate == "sent_forever" else ""
        if fate != "sent_forever":
            status, _, code = fate.partition(":")
            steps.append((status if code else "delivered", code))
    delay = world.scenario.seconds("delay_ms", "sms", message.recipient, message.number)
    shuffled = len(steps) > 1 and world.scenario.happens("shuffle", "sms", message.recipient, message.number)
    for position, (status, code) in enumerate(steps, start=1):
        due = delay * position / len(steps)
        told = delay * (len(steps) + 1 - position) / len(steps) if shuffled else due
        _plan(world, message, account=account, status=status, code=code, due=due, told=max(told, due))


def _plan(world: World, message: Message, *, account: str, status: str, code: str, due: float, told: float) -> None:
    def change() -> None:
        if code:
            message.details["error_code"] = code
        message.become(status, reason=REASONS.get(code, "Unknown error") if code else "")
        if status == "delivered" or (status == "sent" and message.details.get("forever")):
            message.arrived = True
        tell_status(world, message, account=account, status=status, code=code, after=told - due)

    world.later(due, change)


def tell_status(world: World, message: Message, *, account: str, status: str, code: str = "", after: float = 0) -> None:
    """Posts one status to the message's StatusCallback, if it has one."""
    url = message.details.get("callback", "")
    if not url:
        return
    params = _params(message, account=account, status=status, code=code)
    callback = Callback("sms", url, lambda attempt: _build(world, message.bank, url, params))
    world.later(after, lambda: world.courier.send(callback))
    if world.scenario.happens("duplicate", "sms", message.recipient, message.number, status):
        world.later(after + 1, lambda: world.courier.send(callback))


def _params(message: Message, *, account: str, status: str, code: str) -> dict[str, str]:
    params = {
        "AccountSid": account,
        "ApiVersion": "2010-04-01",
        "From": message.sender,
        "MessageSid": message.provider_id,
        "MessageStatus": status,
        "SmsSid": message.provider_id,
        "SmsStatus": status,
        "To": message.recipient,
    }
    if message.details.get("service"):
        params["MessagingServiceSid"] = message.details["service"]
    if code:
        params["ErrorCode"] = code
        params["ErrorMessage"] = REASONS.get(code, "Unknown error")
    if status in {"delivered", "undelivered"}:
        params["RawDlrDoneDate"] = utc_now().strftime("%y%m%d%H%M")
    return params


def _build(world: World, bank: str, url: str, params: dict[str, str]) -> tuple[dict[str, str], bytes]:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "User-Agent": "TwilioProxy/1.1",
        "I-Twilio-Idempotency-Token": hashlib.sha256(repr(sorted(params.items())).encode()).hexdigest()[:36],
    }
    if world.scenario.document["twilio"].get("signature") == "sha256":
        headers["X-Twilio-Webhooks-Signature-Settings"] = f"key={KEY_ID},algorithm=HMAC_SHA256"
        headers["X-Twilio-Signature"] = sign(f"sandbox-twilio-key-{bank}", url, params, "sha256")
    else:
        token = world.accounts.setting(bank, "twilio_credential") or f"sandbox-twilio-{bank}"
        headers["X-Twilio-Signature"] = sign(token, url, params)
    return headers, urlencode(params).encode()
