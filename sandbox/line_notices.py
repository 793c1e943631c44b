"""LINE notification messages: addressed by a phone number's hash, no retry key, delivery told by webhook or never."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.content import answer_link, blocks_of_line, blocks_of_template_notice
from sandbox.line import LINE, Line, bank_of, read_body, refuse, reply, trouble, unauthorized
from sandbox.line_checks import check_messages
from sandbox.people import Person, e164
from sandbox.store import Block, Message
from sandbox.world import WORLD, World, answer_unreliably

DIGEST = re.compile(r"[0-9a-f]{64}")
ONE_ERROR = "The request body has 1 error(s)"


def _are_objects(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, Mapping) for value in values)


def _template_problem(body: Mapping[str, Any]) -> web.Response | None:
    key = body.get("templateKey")
    if not isinstance(key, str) or not re.fullmatch(r"[a-z0-9_]{1,60}", key):
        return refuse(400, f"Invalid templateKey: {key}")
    inner = body.get("body") or {}
    if not isinstance(inner, Mapping):
        return refuse(400, ONE_ERROR, {"message": "Invalid body", "property": "body"})
    emphasized = inner.get("emphasizedItem")
    items = inner.get("items") or []
    buttons = inner.get("buttons") or []
    if not _are_objects(items) or not _are_objects(buttons) or not _are_objects([emphasized or {}]):
        return refuse(400, ONE_ERROR, {"message": "Invalid body", "property": "body"})
    if len(items) > 15 or len(buttons) > 2:
        return refuse(400, ONE_ERROR, {"message": "Size is too large", "property": "body"})
    keys = [item.get("itemKey") for item in items]
    if len(set(keys)) != len(keys):
        return refuse(400, ONE_ERROR, {"message": "Duplicate itemKey", "property": "body.items"})
    if emphasized and len(str(emphasized.get("content", ""))) > 15:
        return refuse(
            400, ONE_ERROR, {"message": "Length must be between 0 and 15", "property": "body.emphasizedItem.content"}
        )
    if any(len(str(item.get("content", ""))) > 300 for item in items):
        return refuse(400, ONE_ERROR, {"message": "Length must be between 0 and 300", "property": "body.items.content"})
    return None


def _header_problem(request: web.Request) -> web.Response | None:
    if "X-Line-Retry-Key" in request.headers:
        return refuse(400, "The request header, X-Line-Retry-Key, is not supported by this endpoint")
    tag = request.headers.get("X-Line-Delivery-Tag")
    if tag is not None and not 16 <= len(tag) <= 100:
        return refuse(400, "The request header, X-Line-Delivery-Tag, is invalid. Length must be between 16 and 100")
    return None


def _body_problem(body: Mapping[str, Any], templated: bool) -> web.Response | None:
    to = body.get("to")
    if not isinstance(to, str) or not DIGEST.fullmatch(to):
        return refuse(400, ONE_ERROR, {"message": "The value must be a valid SHA-256 digest.", "property": "to"})
    if templated:
        return _template_problem(body)
    problem = check_messages(body)
    return reply(problem, 400) if problem else None


def _unknown(world: World, fate: str, person: Person | None) -> bool:
    strict = world.scenario.document["line"].get("pnp_known") == "people"
    return fate == "unknown" or (strict and person is None)


async def push(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return unauthorized()
    problem = _header_problem(request)
    if problem is not None:
        return problem
    body = await read_body(request)
    if isinstance(body, web.Response):
        return body
    templated = request.path.endswith("/templated/push")
    problem = _body_problem(body, templated)
    if problem is not None:
        return problem
    world, digest = request.app[WORLD], str(body["to"])
    person = world.people.find("hash", digest, bank)
    recipient = e164(person.get("電話番号")) if person else digest
    fate = world.fate("pnp", recipient, person)
    tag = request.headers.get("X-Line-Delivery-Tag") or digest

    async def accept() -> web.Response:
        if _unknown(world, fate, person):
            return refuse(422, "Failed to send messages")
        blocks = blocks_of_template_notice(body) if templated else blocks_of_line(body["messages"])
        message = _keep(world, bank=bank, recipient=recipient, person=person, blocks=blocks)
        message.details["tag"] = tag
        kind = "pnp/templated" if templated else "pnp"
        request.app[LINE].notices[f"{bank}:{kind}"] += 1
        _deliver_later(world, request.app[LINE], message, fate=fate, tag=tag)
        return reply({}, 202 if templated else 200)

    return await answer_unreliably(
        world, provider="pnp", recipient=recipient, person=person, accept=accept, trouble=trouble
    )


def _keep(world: World, *, bank: str, recipient: str, person: Person | None, blocks: list[Block]) -> Message:
    return world.store.add(
        channel="pnp",
        bank=bank,
        provider_id=secrets.token_hex(12),
        recipient=recipient,
        owner=world.owner_of(person, recipient),
        sender=world.accounts.name_of(bank),
        blocks=blocks,
        link=answer_link(blocks),
    )


def _deliver_later(world: World, line: Line, message: Message, *, fate: str, tag: str) -> None:
    if fate == "never":
        message.reason = "no device took it; no delivery event will come"
        return

    def deliver() -> None:
        message.become("delivered")
        message.arrived = True
        line.webhooks.send(message.bank, "delivery", delivery={"data": tag})

    world.later(world.scenario.seconds("delay_ms", "pnp", message.recipient, message.number), deliver)


def add_routes(app: web.Application) -> None:
    app.router.add_post("/line/bot/pnp/push", push)
    app.router.add_post("/line/v2/bot/message/pnp/templated/push", push)
