"""LINE's Messaging API: push with its retry key, quota and statistics."""

import re
import secrets
import time
import uuid
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.content import answer_link, blocks_of_line
from sandbox.line_checks import check_messages, error_body
from sandbox.line_webhooks import LineWebhooks
from sandbox.world import WORLD, World, answer_unreliably, json_object

BODY_LIMIT = 2 * 1024 * 1024
RETRY_KEY_SECONDS = 24 * 3600
RETRY_KEYS = 200_000
USER_ID = re.compile(r"[UCR][0-9a-f]{32}")
RATE_TEXT = "The API rate limit has been exceeded. Try again later."
QUOTA_TEXT = "You have reached your monthly limit."


@dataclass
class Line:
    """What LINE remembers between requests."""

    webhooks: LineWebhooks
    retry_keys: OrderedDict[tuple[str, str], tuple[float, str, list[dict[str, str]]]] = field(
        default_factory=OrderedDict
    )
    tokens: OrderedDict[str, tuple[str, float]] = field(default_factory=OrderedDict)
    link_tokens: OrderedDict[str, tuple[str, str, float]] = field(default_factory=OrderedDict)
    used: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)

    def forget(self) -> None:
        for memory in (self.retry_keys, self.tokens, self.link_tokens, self.used, self.notices):
            memory.clear()
        self.webhooks.reply_tokens.clear()


LINE = web.AppKey("line", Line)


def keep(memory: OrderedDict[Any, Any], limit: int) -> None:
    while len(memory) > limit:
        memory.popitem(last=False)


def reply(body: object, status: int = 200, **headers: str) -> web.Response:
    names = {"x-line-request-id": str(uuid.uuid4())}
    names.update({name.replace("_", "-"): value for name, value in headers.items()})
    return web.json_response(body, status=status, headers=names)


def refuse(status: int, message: str, *details: dict[str, str]) -> web.Response:
    return reply(error_body(message, *details), status)


def bank_of(request: web.Request) -> str | None:
    """Whose channel the bearer token belongs to."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return None
    known = request.app[LINE].tokens.get(token)
    if known:
        return known[0] if known[1] > time.time() else None
    return request.app[WORLD].accounts.bank_of("line", token)


def unauthorized() -> web.Response:
    return refuse(
        401,
        "Authentication failed due to the following reason: invalid token. "
        "Confirm that the access token in the authorization header is valid.",
    )


async def read_body(request: web.Request) -> dict[str, Any] | web.Response:
    """The JSON object sent, or LINE's refusal of it."""
    if request.content_type != "application/json":
        return refuse(415, f"The content type, {request.content_type}, is not supported")
    raw = await request.read()
    if len(raw) > BODY_LIMIT:
        return refuse(413, "The request exceeds the max size of 2MB. Make the request smaller than 2MB and try again.")
    try:
        body = json_object(raw)
    except ValueError as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        return refuse(400, f"The request body could not be parsed as JSON (line: {line}, column: {column})")
    if not isinstance(body, dict):
        return refuse(400, "The request body could not be parsed as JSON (line: 1, column: 1)")
    return body


def trouble(outcome: str) -> web.Response:
    if outcome == "rate_limited":
        return refuse(429, RATE_TEXT)
    if outcome == "quota":
        return refuse(429, QUOTA_TEXT)
    if outcome == "forbidden":
        return refuse(403, "Access to this API is not available for your account")
    return refuse(500, "Internal Server Error")


async def push(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return unauthorized()
    key = request.headers.get("X-Line-Retry-Key", "")
    if key and not _is_uuid(key):
        return refuse(400, "The retry key is invalid", {"message": "Must be a UUID", "property": "X-Line-Retry-Key"})
    body = await read_body(request)
    if isinstance(body, web.Response):
        return body
    to = body.get("to")
    if not isinstance(to, str) or not USER_ID.fullmatch(to):
        return refuse(400, "The property, 'to', in the request body is invalid (line: -, column: -)")
    problem = check_messages(body)
    if problem:
        return reply(problem, 400)
    world = request.app[WORLD]
    person = world.people.find("line", to, bank)
    if world.fate("line", to, person) == "invalid":
        return refuse(400, "The property, 'to', in the request body is invalid (line: -, column: -)")

    async def accept() -> web.Response:
        return _accept_push(world, request.app[LINE], bank=bank, to=to, key=key, messages=body["messages"])

    return await answer_unreliably(world, provider="line", recipient=to, person=person, accept=accept, trouble=trouble)


def _is_uuid(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text))


def _accept_push(
    world: World, line: Line, *, bank: str, to: str, key: str, messages: list[dict[str, Any]]
) -> web.Response:
    first = line.retry_keys.get((bank, key.lower())) if key else None
    if first and first[0] > time.time():
        world.store.requests["line.repeated"] += 1
        body = {**error_body("The retry key is already accepted"), "sentMessages": first[2]}
        return reply(body, 409, x_line_accepted_request_id=first[1])
    if line.used[bank] >= int(world.scenario.document["line"].get("monthly_quota", 200_000)):
        return refuse(429, QUOTA_TEXT)
    line.used[bank] += 1
    sent = [
        {"id": str(10**17 + secrets.randbelow(8 * 10**17)), "quoteToken": secrets.token_urlsafe(24)} for _ in messages
    ]
    response = reply({"sentMessages": sent})
    if key:
        expires = time.time() + RETRY_KEY_SECONDS
        line.retry_keys[bank, key.lower()] = (expires, response.headers["x-line-request-id"], sent)
        keep(line.retry_keys, RETRY_KEYS)
    person = world.people.find("line", to, bank)
    blocks = blocks_of_line(messages)
    message = world.store.add(
        channel="line",
        bank=bank,
        provider_id=sent[0]["id"],
        recipient=to,
        owner=world.owner_of(person, to),
        sender=world.accounts.name_of(bank),
        blocks=blocks,
        link=answer_link(blocks),
    )
    message.details["retry_key"] = key
    if world.fate("line", to, person) == "blocked":
        message.become("blocked", reason="the customer blocked the account; LINE tells nobody")
    else:
        message.arrived = True
    return response


async def validate_push(request: web.Request) -> web.Response:
    if bank_of(request) is None:
        return unauthorized()
    body = await read_body(request)
    if isinstance(body, web.Response):
        return body
    problem = check_messages(body)
    return reply(problem, 400) if problem else reply({})


async def quota(request: web.Request) -> web.Response:
    if bank_of(request) is None:
        return unauthorized()
    return reply(
        {"type": "limited", "value": int(request.app[WORLD].scenario.document["line"].get("monthly_quota", 200_000))}
    )


async def consumption(request: web.Request) -> web.Response:
    bank = bank_of(request)
    return unauthorized() if bank is None else reply({"totalUsage": request.app[LINE].used[bank]})


async def delivery_count(request: web.Request) -> web.Response:
    """How many of a kind were sent on a day; the sandbox counts everything as today."""
    bank = bank_of(request)
    if bank is None:
        return unauthorized()
    if not re.fullmatch(r"[0-9]{8}", request.query.get("date", "")):
        return refuse(400, "The request body has 1 error(s)", {"message": "Invalid date", "property": "date"})
    line = request.app[LINE]
    kind = request.path.partition("/delivery/")[2]
    count = line.used[bank] if kind == "push" else line.notices[f"{bank}:{kind}"]
    return reply({"status": "ready", "success": count})


def add_routes(app: web.Application) -> None:
    world = app[WORLD]
    app[LINE] = Line(webhooks=LineWebhooks(world))
    world.on_reset.append(app[LINE].forget)
    bot = "/line/v2/bot"
    app.router.add_post(f"{bot}/message/push", push)
    app.router.add_post(f"{bot}/message/validate/push", validate_push)
    app.router.add_get(f"{bot}/message/quota", quota)
    app.router.add_get(f"{bot}/message/quota/consumption", consumption)
    for kind in ("push", "pnp", "pnp/templated"):
        app.router.add_get(f"{bot}/message/delivery/{kind}", delivery_count)
