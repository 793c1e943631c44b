"""The control API: what happened so far, change the weather, hold callbacks, let people answer."""

import asyncio
import json
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.line import LINE
from sandbox.people import PeopleRefused
from sandbox.robot import Robot
from sandbox.scenario import Scenario, ScenarioRefused
from sandbox.store import Message
from sandbox.world import WORLD, World, json_object

LIST_LIMIT = 1_000
PEOPLE_BYTES = 200 * 1024 * 1024
ROBOT = web.AppKey("robot", Robot)


def refuse(message: str, status: int = 400) -> web.Response:
    return web.json_response({"error": message}, status=status)


def from_elsewhere(request: web.Request) -> bool:
    """Whether another site's page made the browser send this."""
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


async def _object(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    body = json_object(raw) if raw.strip() else {}
    if not isinstance(body, dict):
        raise ValueError("send a JSON object")
    return body


def summary_of(world: World) -> dict[str, Any]:
    """Per channel: how many messages, to how many recipients, in which states, and how many went out twice."""
    channels: dict[str, dict[str, Any]] = {}
    seen: dict[str, Counter[tuple[str, str]]] = {}
    for message in world.store.all():
        channel = channels.setdefault(message.channel, {"messages": 0, "states": Counter(), "banks": Counter()})
        channel["messages"] += 1
        channel["states"][message.state] += 1
        channel["banks"][message.bank] += 1
        seen.setdefault(message.channel, Counter())[message.recipient, _content_of(message)] += 1
    for name, channel in channels.items():
        channel["unique_recipients"] = len({recipient for recipient, _ in seen[name]})
        channel["duplicates"] = sum(count - 1 for count in seen[name].values())
    return {
        "channels": channels,
        "people": len(world.people),
        "requests": dict(sorted(world.store.requests.items())),
        "callbacks": {
            **dict(sorted(world.courier.counts.items())),
            "pending": world.courier.pending,
            "held": world.courier.held,
        },
        "callback_errors": world.courier.last_errors,
        "timers": world.timers,
        "bounces": len(world.bounces),
    }


def _content_of(message: Message) -> str:
    """What makes two messages the same: the link, else the words."""
    return message.link or message.subject + "".join(block.text + block.value for block in message.blocks)


async def summary(request: web.Request) -> web.Response:
    return web.json_response(summary_of(request.app[WORLD]))


async def messages(request: web.Request) -> web.Response:
    """Newest first; filters to, channel, bank, state, owner; limit up to 1,000; before a number: the next page."""
    wanted = {name: request.query[name] for name in ("channel", "bank", "state", "owner") if name in request.query}
    to = request.query.get("to")
    text = request.query.get("limit", "200")
    limit = min(int(text), LIST_LIMIT) if text.isdecimal() else 200
    before = request.query.get("before", "")
    end = int(before) if before.isdecimal() else None
    found: list[dict[str, object]] = []
    for message in reversed(list(request.app[WORLD].store.all())):
        if end is not None and message.number >= end:
            continue
        if to is not None and message.recipient != to:
            continue
        if all(getattr(message, name) == value for name, value in wanted.items()):
            found.append(message.as_json())
            if len(found) >= limit:
                break
    return web.json_response({"messages": found})


async def bounces(request: web.Request) -> web.Response:
    """The bounce mailbox, oldest first, after an id; `domain` limits it to one return-path domain."""
    text = request.query.get("after", "0")
    after = int(text) if text.isdecimal() else 0
    domain = request.query.get("domain", "").lower()
    found = [
        bounce
        for bounce in request.app[WORLD].bounces
        if int(bounce["id"]) > after and bounce["to"].lower().endswith(f"@{domain}" if domain else "")
    ]
    return web.json_response({"bounces": found[:LIST_LIMIT]})


async def reset(request: web.Request) -> web.Response:
    """Forgets messages, timers and callbacks; with "scenario" or "people" true also those."""
    world = request.app[WORLD]
    try:
        body = await _object(request)
    except ValueError as problem:
        return refuse(str(problem))
    world.reset()
    if body.get("scenario"):
        world.scenario = Scenario()
    if body.get("people"):
        world.people.clear()
    return web.json_response({"reset": True})


async def scenario(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    if request.method == "POST":
        try:
            world.scenario.patch(await _object(request))
        except (ScenarioRefused, ValueError) as problem:
            return refuse(str(problem))
    return web.json_response(world.scenario.document)


async def people(request: web.Request) -> web.Response:
    """Adds a bank's customers from a CSV body; GET counts them by persona."""
    world = request.app[WORLD]
    if request.method == "POST":
        bank = request.query.get("bank", "")
        raw = bytearray()
        while len(raw) <= PEOPLE_BYTES and (chunk := await request.content.readany()):
            raw += chunk
        if not bank or len(raw) > PEOPLE_BYTES:
            return refuse("name the bank (?bank=slug) and send the CSV file as the body")
        try:
            return web.json_response({"loaded": world.people.load(bytes(raw), bank), "people": len(world.people)})
        except PeopleRefused as problem:
            return refuse(str(problem))
    personas = Counter(world.scenario.persona(person.key, person.row) for person in world.people.all())
    return web.json_response({"people": len(world.people), "personas": dict(personas)})


async def hold(request: web.Request) -> web.Response:
    request.app[WORLD].courier.hold()
    return web.json_response({"held": True})


async def release(request: web.Request) -> web.Response:
    request.app[WORLD].courier.release()
    return web.json_response({"held": False})


async def answer(request: web.Request) -> web.Response:
    """Lets people answer and reports; with "background": true it answers 202 at once, GET shows the progress."""
    robot = request.app[ROBOT]
    if request.method == "GET":
        return web.json_response(robot.last.as_json() if robot.last else {"running": False, "people": 0})
    try:
        body = await _object(request)
        limit = int(body.get("limit", 100))
    except (ValueError, TypeError):
        return refuse('send {"limit": number, "tenant": slug}')
    if robot.last and robot.last.running:
        return refuse("people are answering already", 409)
    tenant = body.get("tenant")
    work = robot.answer(limit, str(tenant) if tenant else None)
    if body.get("background"):
        world = request.app[WORLD]
        task = asyncio.ensure_future(work)
        world.errands.add(task)
        task.add_done_callback(world.errands.discard)
        return web.json_response({"running": True}, status=202)
    return web.json_response((await work).as_json())


async def line_event(request: web.Request) -> web.Response:
    """Makes LINE tell a bank something: {"bank", "type": follow|unfollow|message|postback, …the event's own fields}."""
    try:
        body = await _object(request)
        bank, kind = str(body.pop("bank")), str(body.pop("type"))
    except (KeyError, ValueError, json.JSONDecodeError):
        return refuse('send {"bank": slug, "type": kind, ...}')
    webhooks = request.app[LINE].webhooks
    if kind == "verify":
        webhooks.verify(bank)
        return web.json_response({"sent": True})
    return web.json_response({"webhookEventId": webhooks.send(bank, kind, **body)})


@web.middleware
async def own_pages_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses what another site's page makes a browser send to the control API or the inbox."""
    guarded = request.path.startswith(("/control/", "/message/", "/language"))
    if guarded and request.method != "GET" and from_elsewhere(request):
        return refuse("this page may not be used from another site", 403)
    return await handler(request)


def add_routes(app: web.Application) -> None:
    app[ROBOT] = Robot(app[WORLD])
    app.middlewares.append(own_pages_only)
    app.router.add_get("/control/summary", summary)
    app.router.add_get("/control/messages", messages)
    app.router.add_get("/control/bounces", bounces)
    app.router.add_post("/control/reset", reset)
    for path, handler in (("scenario", scenario), ("people", people), ("answer", answer)):
        app.router.add_get(f"/control/{path}", handler)
        app.router.add_post(f"/control/{path}", handler)
    app.router.add_post("/control/hold", hold)
    app.router.add_post("/control/release", release)
    app.router.add_post("/control/line/event", line_event)
