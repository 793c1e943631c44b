"""A domestic aggregator of short messages: JSON over HTTP, keys it knows again, inquiry, reports signed over raw bytes.

No company's interface in particular: it has what the Japanese ones have in common, under plain names.
"""

import base64
import binascii
import json
import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.content import answer_link
from sandbox.courier import Callback
from sandbox.segments import count_segments
from sandbox.signing import hex_signature
from sandbox.store import MESSAGE_LIMIT, Block, Message, utc_now
from sandbox.world import WORLD, World, answer_unreliably, json_object

LONGEST = 660
NEEDED = ("to", "text", "from", "client_reference")
# The scenario's fates are told in Twilio's numbers; here are this aggregator's words for them.
CODES = {
    "21211": "INVALID_NUMBER",
    "21614": "NOT_MOBILE",
    "21610": "OPTED_OUT",
    "30003": "UNREACHABLE",
    "30004": "BLOCKED",
    "30005": "UNKNOWN_SUBSCRIBER",
    "30006": "NOT_MOBILE",
    "30007": "FILTERED",
    "30008": "UNKNOWN",
    "30036": "EXPIRED",
}
STATUSES = {401: "UNAUTHORIZED", 404: "NOT_FOUND", 429: "TOO_MANY_REQUESTS", 503: "UNAVAILABLE"}


@dataclass
class Gateway:
    """Messages by bank and the client's own reference, newest last."""

    messages: OrderedDict[tuple[str, str], Message] = field(default_factory=OrderedDict)

    def keep(self, key: tuple[str, str], message: Message) -> None:
        self.messages[key] = message
        if len(self.messages) > MESSAGE_LIMIT:
            self.messages.popitem(last=False)


GATEWAY = web.AppKey("sms_gateway", Gateway)


def refuse(status: int, code: str = "") -> web.Response:
    headers = {"Retry-After": "1"} if status == 429 else {}
    return web.json_response({"error_code": code or STATUSES[status]}, status=status, headers=headers)


def trouble(outcome: str) -> web.Response:
    return refuse(429 if outcome == "rate_limited" else 503)


def bank_of(request: web.Request) -> str | None:
    """By bearer token, X-API-Key, or Basic with the token as the password."""
    accounts = request.app[WORLD].accounts
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return None
    elif kind.lower() != "bearer":
        value = request.headers.get("X-API-Key", "")
    return accounts.bank_of("gateway", value)


def represent(message: Message) -> dict[str, object]:
    said: dict[str, object] = {
        "message_id": message.provider_id,
        "client_reference": message.details["reference"],
        "status": message.state,
        "segments": int(message.details["segments"]),
        "updated_at": message.history[-1][0].isoformat(),
    }
    return {**said, "error_code": message.reason} if message.reason else said


async def account(request: web.Request) -> web.Response:
    bank = bank_of(request)
    return refuse(401) if bank is None else web.json_response({"account": bank, "status": "active"})


def _problem(form: dict[str, Any]) -> str:
    """What is wrong with the request before anybody looks at the recipient."""
    if not all(isinstance(form.get(name), str) and form[name] for name in NEEDED):
        return "MISSING_FIELD"
    if not re.fullmatch(r"(\+[1-9]|0)\d{6,14}", form["to"]):
        return "INVALID_NUMBER"
    if len(form["text"].encode("utf-16-le", "surrogatepass")) // 2 > LONGEST:
        return "TEXT_TOO_LONG"
    validity = form.get("validity_seconds", 1)
    if isinstance(validity, bool) or not isinstance(validity, int) or not 1 <= validity <= 86_400:
        return "INVALID_VALIDITY"
    callback = form.get("callback_url", "")
    if not isinstance(callback, str) or (callback and not urlsplit(callback).hostname):
        return "INVALID_CALLBACK"
    return ""


async def create(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return refuse(401)
    try:
        form = json_object(await request.read())
    except ValueError:
        return refuse(400, "NOT_JSON")
    problem = _problem(form) if isinstance(form, dict) else "NOT_JSON"
    if problem:
        return refuse(400, problem)
    world, gateway = request.app[WORLD], request.app[GATEWAY]
    to = re.sub(r"^0", "+81", form["to"])
    person = world.people.find("phone", to, bank)
    fate = world.fate("sms", to, person)
    key = (bank, form["client_reference"])

    async def accept() -> web.Response:
        known = gateway.messages.get(key)
        if known is not None:
            same = (known.recipient, known.blocks[0].text) == (to, form["text"])
            return web.json_response(represent(known)) if same else refuse(409, "REFERENCE_USED")
        if fate.isdecimal():
            return refuse(400, CODES.get(fate, "REFUSED"))
        blocks = [Block("text", form["text"])]
        message = world.store.add(
            channel="sms",
            bank=bank,
            provider_id=f"gw-{secrets.token_hex(12)}",
            recipient=to,
            owner=world.owner_of(person, to),
            sender=form["from"],
            blocks=blocks,
            link=answer_link(blocks),
            state="accepted",
        )
        message.details.update(
            reference=form["client_reference"],
            segments=str(count_segments(form["text"])),
            callback=form.get("callback_url", ""),
        )
        gateway.keep(key, message)
        said = represent(message)
        follow_message(world, message, fate)
        return web.json_response(said, status=202)

    return await answer_unreliably(world, provider="sms", recipient=to, person=person, accept=accept, trouble=trouble)


async def fetch(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return refuse(401)
    message = request.app[GATEWAY].messages.get((bank, request.match_info["reference"]))
    return refuse(404) if message is None else web.json_response(represent(message))


def follow_message(world: World, message: Message, fate: str) -> None:
    """Plans what becomes of an accepted message, and a report for each step."""
    code = fate.partition(":")[2]
    steps = [("sent", "")]
    if code:
        steps.append(("expired" if code == "30036" else "undelivered", CODES.get(code, "UNKNOWN")))
    elif fate != "sent_forever":
        steps.append(("delivered", ""))
    delay = world.scenario.seconds("delay_ms", "sms", message.recipient, message.number)
    shuffled = world.scenario.happens("shuffle", "sms", message.recipient, message.number)
    for position, step in enumerate(steps, start=1):
        due = delay * position / len(steps)
        told = delay * (len(steps) + 1 - position) / len(steps) if shuffled else due
        _plan(world, message, step=step, due=due, told=max(told, due))


def _plan(world: World, message: Message, *, step: tuple[str, str], due: float, told: float) -> None:
    def change() -> None:
        message.become(step[0], reason=step[1])
        message.arrived = message.arrived or step[0] == "delivered"
        _tell(world, message, told - due)

    world.later(due, change)


def _tell(world: World, message: Message, after: float) -> None:
    """Posts the state of now, signed over the bytes; again and again until somebody answers 2xx."""
    url = message.details["callback"]
    if not url:
        return
    body = json.dumps({**represent(message), "sent_at": utc_now().isoformat()}, ensure_ascii=False).encode()
    signature = hex_signature(world.accounts.secret_of("gateway", message.bank), body)
    headers = {"Content-Type": "application/json", "X-Signature": f"sha256={signature}"}
    callback = Callback("sms", url, lambda attempt: (headers, body), attempts=5)
    world.later(after, lambda: world.courier.send(callback))
    if world.scenario.happens("duplicate", "sms", message.recipient, message.number, message.state):
        world.later(after + 1, lambda: world.courier.send(callback))


def add_routes(app: web.Application) -> None:
    app[GATEWAY] = Gateway()
    app[WORLD].on_reset.append(app[GATEWAY].messages.clear)
    app.router.add_get("/sms-gateway/v1/account", account)
    app.router.add_post("/sms-gateway/v1/messages", create)
    app.router.add_get("/sms-gateway/v1/messages/{reference}", fetch)
