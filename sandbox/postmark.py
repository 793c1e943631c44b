"""A mail service spoken to by HTTP, in the manner of Postmark: one mail a call, a search, reports with a password."""

import base64
import json
import secrets
from collections import deque
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.content import answer_link
from sandbox.courier import Callback
from sandbox.mail_words import plain_words
from sandbox.scenario import OK
from sandbox.store import MESSAGE_LIMIT, Block, Message, utc_now
from sandbox.world import WORLD, World, answer_unreliably, json_object

FIELDS = {
    "From", "To", "Cc", "Bcc", "Subject", "Tag", "HtmlBody", "TextBody", "ReplyTo", "Headers", "TrackOpens",
    "TrackLinks", "Attachments", "Metadata", "MessageStream",
}  # fmt: skip
BAD_TOKEN, INVALID, INACTIVE, BAD_JSON = 10, 300, 406, 402
ANSWERS = {"5.1.1": "smtp;550 5.1.1 User unknown", "5.2.2": "smtp;552 5.2.2 Mailbox full"}
LISTED = 500


@dataclass
class Hook:
    """Where a bank's server tells what becomes of mail."""

    url: str
    user: str
    password: str


@dataclass
class Office:
    """Hooks by bank, and the messages that were taken, oldest first."""

    hooks: dict[str, Hook] = field(default_factory=dict)
    taken: deque[Message] = field(default_factory=lambda: deque(maxlen=MESSAGE_LIMIT))


OFFICE = web.AppKey("postmark", Office)


def refuse(code: int, words: str, status: int = 422) -> web.Response:
    headers = {"Retry-After": "1"} if status == 429 else {}
    return web.json_response({"ErrorCode": code, "Message": words}, status=status, headers=headers)


def bank_of(request: web.Request) -> str | None:
    token = request.headers.get("X-Postmark-Server-Token", "")
    return request.app[WORLD].accounts.bank_of("postmark", token)


def _problem(form: Any) -> str:
    """What is wrong with a mail before anybody looks at its recipient."""
    if not isinstance(form, dict) or set(form) - FIELDS:
        return "Invalid request field(s)"
    if not all(isinstance(form.get(name), str) and "@" in form[name] for name in ("From", "To")):
        return "Invalid 'From' or 'To' address"
    if not form.get("TextBody") and not form.get("HtmlBody"):
        return "Provide either email TextBody or HtmlBody or both."
    said = form.get("Metadata", {})
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        return "Invalid metadata content"
    return ""


async def create(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return refuse(BAD_TOKEN, "Bad or missing Server API token.", 401)
    try:
        form = json_object(await request.read())
    except ValueError:
        return refuse(BAD_JSON, "Invalid JSON")
    problem = _problem(form)
    if problem:
        return refuse(INVALID, problem)
    world = request.app[WORLD]
    to = parseaddr(form["To"])[1]
    person = world.people.find("email", to.lower(), bank)
    fate = world.fate("email", to.lower(), person)

    async def accept() -> web.Response:
        if fate.startswith("reject"):
            words = f"Found inactive addresses: {to}. Inactive recipients are ones that have generated a hard bounce"
            return refuse(INACTIVE, f"You tried to send to a recipient that has been marked as inactive.\n{words}.")
        message = _keep(world, form, bank=bank, to=to)
        request.app[OFFICE].taken.append(message)
        follow(world, request.app[OFFICE], message, fate)
        said = {"To": form["To"], "SubmittedAt": message.at.isoformat(), "MessageID": message.provider_id}
        return web.json_response({**said, "ErrorCode": 0, "Message": "OK"})

    def trouble(outcome: str) -> web.Response:
        if outcome == "defer":
            return refuse(429, "Rate limit exceeded", 429)
        if request.transport is not None:  # the line is cut, before or after the mail was taken
            request.transport.abort()
        return web.Response(status=500)

    return await answer_unreliably(
        world, provider="email", recipient=to.lower(), person=person, accept=accept, trouble=trouble
    )


def _keep(world: World, form: dict[str, Any], *, bank: str, to: str) -> Message:
    person = world.people.find("email", to.lower(), bank)
    blocks = [Block("text", str(form.get("TextBody") or form.get("HtmlBody")))]
    message = world.store.add(
        channel="email",
        bank=bank,
        provider_id=secrets.token_hex(16),
        recipient=to,
        owner=world.owner_of(person, to.lower()),
        sender=form["From"],
        subject=str(form.get("Subject", "")),
        blocks=blocks,
        link=answer_link(blocks),
    )
    headers = {str(one.get("Name", "")).lower(): str(one.get("Value", "")) for one in form.get("Headers", [])}
    is_tracked = form.get("TrackOpens") is not False or form.get("TrackLinks") != "None"
    message.details.update(
        from_name=parseaddr(form["From"])[0] or world.accounts.name_of(bank),
        metadata=json.dumps(form.get("Metadata", {})),
        stream=str(form.get("MessageStream", "outbound")),
        tracked="yes" if is_tracked else "no",
        html="yes" if form.get("HtmlBody") else "no",
        message_id=headers.get("message-id", "") if headers.get("x-pm-keepid") == "true" else "",
    )
    return message


async def listed(request: web.Request) -> web.Response:
    """The search. A filter by metadata must fit; the newest come first."""
    bank = bank_of(request)
    if bank is None:
        return refuse(BAD_TOKEN, "Bad or missing Server API token.", 401)
    query = request.query
    if not query.get("count", "").isdigit() or not query.get("offset", "").isdigit():
        return refuse(INVALID, "'count' and 'offset' are required")
    wanted = {name.removeprefix("metadata_"): value for name, value in query.items() if name.startswith("metadata_")}
    stream = query.get("messagestream", "outbound")
    found = [
        message
        for message in reversed(request.app[OFFICE].taken)
        if (message.bank, message.details["stream"]) == (bank, stream)
        and wanted.items() <= json.loads(message.details["metadata"]).items()
    ]
    start, count = int(query["offset"]), min(int(query["count"]), LISTED)
    shown = [_represented(message) for message in found[start : start + count]]
    return web.json_response({"TotalCount": len(found), "Messages": shown})


def _represented(message: Message) -> dict[str, Any]:
    return {
        "MessageID": message.provider_id,
        "MessageStream": message.details["stream"],
        "To": [{"Email": message.recipient, "Name": ""}],
        "Recipients": [message.recipient],
        "ReceivedAt": message.at.isoformat(),
        "From": message.sender,
        "Subject": message.subject,
        "Status": "Sent",
        "TrackOpens": message.details["tracked"] == "yes",
        "Metadata": json.loads(message.details["metadata"]),
    }


async def hook(request: web.Request) -> web.Response:
    """Names the address that is told, and the password it is told with."""
    bank = bank_of(request)
    if bank is None:
        return refuse(BAD_TOKEN, "Bad or missing Server API token.", 401)
    try:
        form = json_object(await request.read())
        made = Hook(form["Url"], form["HttpAuth"]["Username"], form["HttpAuth"]["Password"])
    except (ValueError, LookupError, TypeError):
        return refuse(INVALID, "Provide Url and HttpAuth")
    if not urlsplit(str(made.url)).hostname:
        return refuse(INVALID, "Provide Url and HttpAuth")
    request.app[OFFICE].hooks[bank] = made
    return web.json_response({"ID": 1, "Url": made.url, "MessageStream": "outbound"})


def follow(world: World, office: Office, message: Message, fate: str) -> None:
    """Plans what becomes of an accepted mail, and a report of each step."""
    steps = _steps(message, fate)
    delay = world.scenario.seconds("delay_ms", "email", message.recipient, message.number)
    shuffled = world.scenario.happens("shuffle", "email", message.recipient, message.number)
    for position, (kind, said) in enumerate(steps, start=1):
        due = delay * position / len(steps)
        told = delay * (len(steps) + 1 - position) / len(steps) if shuffled else due
        _plan(world, office, message, kind, said, due=due, told=max(told, due))


def _steps(message: Message, fate: str) -> list[tuple[str, dict[str, Any]]]:
    """Each a kind of record and what is in it."""
    delivered = ("Delivery", {"Details": "250 2.0.0 Ok"})
    kind, _, status = fate.partition(":")
    match kind:
        case "bounce" | "bounce_plain":
            details = ANSWERS.get(status, f"smtp;550 {status}") if status else plain_words(message)
            name = "SoftBounce" if status == "5.2.2" else "HardBounce"
            return [("Bounce", {"Type": name, "Details": details})]
        case "defer":
            return [("Bounce", {"Type": "Transient", "Details": "smtp;451 4.7.1 Greylisted"})]
        case "out_of_office":
            return [delivered, ("Bounce", {"Type": "AutoResponder", "Details": ""})]
        case "complaint":
            return [delivered, ("SpamComplaint", {"Type": "SpamComplaint", "Details": ""})]
    return [delivered] if fate == OK else []


def _plan(
    world: World, office: Office, message: Message, kind: str, said: dict[str, Any], *, due: float, told: float
) -> None:
    def change() -> None:
        if kind == "Delivery":
            message.arrived = True
            message.become("delivered")
        elif kind == "Bounce" and said["Type"].endswith("Bounce"):
            message.become("bounced", reason=said["Details"])
        _tell(world, office, message, {"RecordType": kind, **said}, told - due)

    world.later(due, change)


def _tell(world: World, office: Office, message: Message, said: dict[str, Any], after: float) -> None:
    """Posts a record with the hook's user and password, again and again until somebody answers 2xx."""
    made = office.hooks.get(message.bank)
    if made is None:
        return
    is_delivery = said["RecordType"] == "Delivery"
    record = {
        **said,
        "MessageID": message.provider_id,
        "MessageStream": message.details["stream"],
        "Metadata": json.loads(message.details["metadata"]),
        "ServerID": 1,
        ("Recipient" if is_delivery else "Email"): message.recipient,
        ("DeliveredAt" if is_delivery else "BouncedAt"): utc_now().isoformat(),
    }
    if not is_delivery:
        record["ID"] = message.number
    body = json.dumps(record, ensure_ascii=False).encode()
    login = base64.b64encode(f"{made.user}:{made.password}".encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
    callback = Callback("email", made.url, lambda attempt: (headers, body), attempts=5)
    world.later(after, lambda: world.courier.send(callback))
    if world.scenario.happens("duplicate", "email", message.recipient, message.number, said["RecordType"]):
        world.later(after + 1, lambda: world.courier.send(callback))


def add_routes(app: web.Application) -> None:
    app[OFFICE] = Office()
    app[WORLD].on_reset.append(app[OFFICE].taken.clear)
    app.router.add_post("/postmark/email", create)
    app.router.add_get("/postmark/messages/outbound", listed)
    app.router.add_post("/postmark/webhooks", hook)
