"""Twilio's Messages resource: create, fetch, list; Basic authentication and Twilio's own error bodies."""

import base64
import binascii
import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from sandbox.content import answer_link
from sandbox.people import Person
from sandbox.segments import count_segments
from sandbox.store import MESSAGE_LIMIT, Block, Message
from sandbox.twilio_reports import follow_message
from sandbox.world import WORLD, World, answer_unreliably

VERSION = "2010-04-01"
BODY_LIMIT = 1600
ERRORS = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    21211: (400, "Invalid 'To' Phone Number: {to}"),
    21604: (400, "A 'To' phone number is required."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21608: (400, "The number {to} is unverified."),
    21609: (400, "The 'StatusCallback' URL {to} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21612: (400, "The 'To' phone number: {to}, is not currently reachable using the 'From' phone number."),
    21614: (400, "'To' number: {to}, is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
}


@dataclass
class Twilio:
    """Messages by account and sid, newest last."""

    messages: OrderedDict[str, tuple[str, Message]] = field(default_factory=OrderedDict)
    by_account: dict[str, list[str]] = field(default_factory=dict)
    by_recipient: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def forget(self) -> None:
        self.messages.clear()
        self.by_account.clear()
        self.by_recipient.clear()

    def keep(self, account: str, message: Message) -> None:
        self.messages[message.provider_id] = (account, message)
        self.by_account.setdefault(account, []).append(message.provider_id)
        self.by_recipient.setdefault((account, message.recipient), []).append(message.provider_id)
        if len(self.messages) > MESSAGE_LIMIT:
            sid, (owner, oldest) = self.messages.popitem(last=False)
            self.by_account[owner].remove(sid)
            self.by_recipient[owner, oldest.recipient].remove(sid)


TWILIO = web.AppKey("twilio", Twilio)


def error(code: int, to: str = "") -> web.Response:
    status, text = ERRORS.get(code, (400, "The message could not be created"))
    body = {
        "code": code,
        "message": text.format(to=to),
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    headers = {"Retry-After": "1"} if status == 429 else {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return web.json_response(body, status=status, headers=headers)


def bank_of(request: web.Request) -> str | None:
    """The bank whose account and token these are."""
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    account = request.match_info["account"]
    if not re.fullmatch(r"AC[0-9a-fA-F]{32}", account) or user != account:
        return None
    return request.app[WORLD].accounts.bank_of("twilio", password)


def _stamp(at: datetime | None) -> str | None:
    return format_datetime(at.astimezone(UTC)) if at else None


def represent(account: str, message: Message) -> dict[str, object]:
    """The message as the API shows it, every documented field present."""
    uri = f"/{VERSION}/Accounts/{account}/Messages/{message.provider_id}"
    sent = next((at for at, state in message.history if state == "sent"), None)
    code = message.details.get("error_code")
    return {
        "account_sid": account,
        "api_version": VERSION,
        "body": message.blocks[0].text,
        "date_created": _stamp(message.at),
        "date_sent": _stamp(sent),
        "date_updated": _stamp(message.history[-1][0]),
        "direction": "outbound-api",
        "error_code": int(code) if code else None,
        "error_message": message.reason or None,
        "from": message.sender or None,
        "messaging_service_sid": message.details.get("service") or None,
        "num_media": "0",
        "num_segments": message.details["segments"] if sent or not message.details.get("service") else "0",
        "price": None,
        "price_unit": "USD",
        "sid": message.provider_id,
        "status": message.state,
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
        "to": message.recipient,
        "uri": f"{uri}.json",
    }


def trouble(outcome: str) -> web.Response:
    return error(20429 if outcome == "rate_limited" else 20500)


def _form_problem(to: str, form: dict[str, str]) -> web.Response | None:
    """What is wrong with the request before anybody looks at the recipient."""
    if not to:
        return error(21604)
    if not re.fullmatch(r"\+[1-9]\d{6,14}", to):
        return error(21211, to)
    if not form.get("From") and not form.get("MessagingServiceSid"):
        return error(21603)
    if not form.get("Body"):
        return error(21602)
    if len(form["Body"]) > BODY_LIMIT:
        return error(21617)
    callback = form.get("StatusCallback", "")
    host = urlsplit(callback).hostname or ""
    if callback and (not re.match(r"https?://", callback) or not host or "_" in host):
        return error(21609, callback)
    return None


async def create(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return error(20003)
    posted = await request.post()
    form = {name: value for name, value in posted.items() if isinstance(value, str)}
    to = form.get("To", "").strip()
    problem = _form_problem(to, form)
    if problem is not None:
        return problem
    world = request.app[WORLD]
    account = request.match_info["account"]
    person = world.people.find("phone", to, bank)
    fate = world.fate("sms", to, person)

    async def accept() -> web.Response:
        if fate.isdecimal():
            return error(int(fate), to)
        message = _keep(world, bank=bank, to=to, form=form, person=person)
        request.app[TWILIO].keep(account, message)
        body = represent(account, message)
        follow_message(world, message, account=account, fate=fate)
        return web.json_response(body, status=201)

    return await answer_unreliably(world, provider="sms", recipient=to, person=person, accept=accept, trouble=trouble)


def _keep(world: World, *, bank: str, to: str, form: dict[str, str], person: Person | None) -> Message:
    blocks = [Block("text", form["Body"])]
    service = form.get("MessagingServiceSid", "")
    message = world.store.add(
        channel="sms",
        bank=bank,
        provider_id=f"SM{secrets.token_hex(16)}",
        recipient=to,
        owner=world.owner_of(person, to),
        sender=form.get("From", ""),
        blocks=blocks,
        link=answer_link(blocks),
        state="accepted" if service else "queued",
    )
    message.details.update(
        segments=str(count_segments(form["Body"])),
        service=service,
        callback=form.get("StatusCallback", ""),
    )
    return message


async def fetch(request: web.Request) -> web.Response:
    if bank_of(request) is None:
        return error(20003)
    account = request.match_info["account"]
    owner, message = request.app[TWILIO].messages.get(request.match_info["sid"], ("", None))
    if message is None or owner != account:
        return error(20404)
    return web.json_response(represent(account, message))


def _moment(text: str) -> datetime | date | None:
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _within(message: Message, sign: str, limit: datetime | date) -> bool:
    """DateSent on (=), on or after (>), on or before (<); a message not sent yet counts by its creation."""
    sent = next((at for at, state in message.history if state == "sent"), message.at)
    if isinstance(limit, datetime):
        this: datetime | date = sent.replace(microsecond=0)
    else:
        this = sent.astimezone(UTC).date()
    if sign == "":
        return this == limit
    return this >= limit if sign == ">" else this <= limit


def _selected(request: web.Request) -> list[Message] | None:
    """The account's messages that pass the filters, newest first; None for a date nobody can read."""
    query, twilio = request.query, request.app[TWILIO]
    account = request.match_info["account"]
    to = query.get("To")
    sids = twilio.by_account.get(account, []) if to is None else twilio.by_recipient.get((account, to), [])
    found = [twilio.messages[sid][1] for sid in reversed(sids)]
    if "From" in query:
        found = [message for message in found if message.sender == query["From"]]
    for sign in ("", ">", "<"):
        text = query.get(f"DateSent{sign}")
        if text is None:
            continue
        limit = _moment(text)
        if limit is None:
            return None
        found = [message for message in found if _within(message, sign, limit)]
    return found


async def index(request: web.Request) -> web.Response:
    if bank_of(request) is None:
        return error(20003)
    found = _selected(request)
    if found is None:
        return error(20404)
    size_text, page_text = request.query.get("PageSize", "50"), request.query.get("Page", "0")
    size = min(max(int(size_text), 1), 1000) if size_text.isdecimal() else 50
    page = int(page_text) if page_text.isdecimal() else 0
    account = request.match_info["account"]
    shown = found[page * size : (page + 1) * size]

    def address(number: int) -> str:
        kept = [(name, value) for name, value in request.query.items() if not name.startswith("Page")]
        return f"/{VERSION}/Accounts/{account}/Messages.json?" + urlencode(
            [*kept, ("PageSize", size), ("Page", number)]
        )

    more = (page + 1) * size < len(found)
    return web.json_response(
        {
            "first_page_uri": address(0),
            "next_page_uri": address(page + 1) if more else None,
            "previous_page_uri": address(page - 1) if page else None,
            "uri": address(page),
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(len(shown) - 1, 0),
            "messages": [represent(account, message) for message in shown],
        }
    )


def add_routes(app: web.Application) -> None:
    app[TWILIO] = Twilio()
    app[WORLD].on_reset.append(app[TWILIO].forget)
    base = f"/twilio/{VERSION}/Accounts/{{account}}/Messages"
    app.router.add_post(f"{base}.json", create)
    app.router.add_get(f"{base}.json", index)
    app.router.add_get(f"{base}/{{sid}}.json", fetch)
