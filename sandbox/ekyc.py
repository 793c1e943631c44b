"""An eKYC vendor: verifications by reference, results some moments after the customer submits, signed webhooks."""

import json
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from aiohttp import web

from sandbox.courier import Callback
from sandbox.scenario import OK
from sandbox.signing import timed_signature
from sandbox.store import utc_now
from sandbox.world import WORLD, World, answer_unreliably, json_object

METHODS = {
    "ic_chip_selfie": ("運転免許証などのICチップの読み取りと顔の撮影", "driver_licence"),
    "jpki_signature": ("マイナンバーカードの電子署名", "my_number_card"),
    "wallet_mdoc": ("スマートフォンのマイナンバーカード", "my_number_card"),
    "image_selfie": ("本人確認書類と顔の撮影", "driver_licence"),
    "bank_inquiry_ic": ("ICチップの読み取りと取引先の銀行への照会", "driver_licence"),
}
FINAL = {"approved", "rejected", "expired", "canceled"}
RETRYABLE = {"document_unreadable", "ic_read_failed", "face_mismatch", "liveness_failed"}
BODY_LIMIT = 64 * 1024
LIMIT = 100_000


@dataclass
class Verification:
    """One application; `person` is what the card said, once submitted."""

    id: str
    bank: str
    reference: str
    method: str
    locale: str
    return_url: str
    webhook_url: str
    url: str
    created_at: str
    expires_at: str | None
    state: str = "created"
    reason_codes: list[str] = field(default_factory=list)
    submitted_at: str | None = None
    decided_at: str | None = None
    card: dict[str, str] = field(default_factory=dict)

    def expire_if_due(self) -> None:
        due = self.expires_at and datetime.fromisoformat(self.expires_at) <= utc_now()
        if due and self.state in {"created", "opened"}:
            self.state = "expired"

    def as_json(self) -> dict[str, Any]:
        approved = self.state == "approved"
        rejected = self.state == "rejected"
        return {
            "id": self.id,
            "url": self.url,
            "reference": self.reference,
            "method": self.method,
            "method_code": self.method,
            "locale": self.locale,
            "state": self.state,
            "reason_codes": self.reason_codes,
            "retryable": bool(set(self.reason_codes) & RETRYABLE) if rejected else None,
            "verified_attributes": {k: self.card.get(k, "") for k in ("name", "birth_on", "address")}
            if approved
            else None,
            "document": self._document() if approved else None,
            "created_at": self.created_at,
            "expires_at": self.expires_at,
            "submitted_at": self.submitted_at,
            "decided_at": self.decided_at,
        }

    def _document(self) -> dict[str, str]:
        last = str(int.from_bytes(self.id.encode()) % 10_000).zfill(4)
        expires = date(utc_now().year + 4, 3, 31)
        return {
            "type": METHODS[self.method][1],
            "number_masked": f"********{last}",
            "expires_on": expires.isoformat(),
        }


@dataclass
class Ekyc:
    by_id: OrderedDict[str, Verification] = field(default_factory=OrderedDict)
    by_reference: dict[tuple[str, str], str] = field(default_factory=dict)

    def forget(self) -> None:
        self.by_id.clear()
        self.by_reference.clear()

    def keep(self, verification: Verification) -> None:
        self.by_id[verification.id] = verification
        self.by_reference[verification.bank, verification.reference] = verification.id
        if len(self.by_id) > LIMIT:
            _, old = self.by_id.popitem(last=False)
            self.by_reference.pop((old.bank, old.reference), None)


EKYC = web.AppKey("ekyc", Ekyc)


def refuse(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


def trouble(outcome: str) -> web.Response:
    if outcome == "rate_limited":
        return refuse(429, "too_many_requests", "Slow down")
    return refuse(500, "internal_error", "Something went wrong on our side")


def bank_of(request: web.Request) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return request.app[WORLD].accounts.bank_of("ekyc", token) if kind.lower() == "bearer" else None


def _problem(body: object) -> str:
    """What is wrong with a request to verify somebody, or nothing."""
    if not isinstance(body, dict):
        return "send a JSON object"
    if not isinstance(body.get("reference"), str) or not 1 <= len(body["reference"]) <= 100:
        return "reference must be 1 to 100 characters"
    if body.get("method") not in METHODS:
        return f"method must be one of {', '.join(METHODS)}"
    for name in ("return_url", "webhook_url"):
        if not isinstance(body.get(name), str) or not body[name].startswith(("http://", "https://")):
            return f"{name} must be an http address"
    if body.get("expires_at") is not None:
        try:
            moment = datetime.fromisoformat(str(body["expires_at"]))
        except ValueError:
            return "expires_at must be an ISO 8601 time"
        return "" if moment.tzinfo else "expires_at must name its time zone"
    return ""


async def create(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return refuse(401, "unauthorized", "Unknown token")
    raw = await request.read()
    try:
        body = json_object(raw) if len(raw) <= BODY_LIMIT else None
    except ValueError:
        body = None
    problem = _problem(body)
    if problem or not isinstance(body, dict):
        return refuse(400, "invalid_request", problem)
    world, ekyc = request.app[WORLD], request.app[EKYC]

    async def accept() -> web.Response:
        known = ekyc.by_id.get(ekyc.by_reference.get((bank, body["reference"]), ""))
        if known:
            known.expire_if_due()
            return web.json_response(known.as_json())
        verification = _new(world, bank, body)
        ekyc.keep(verification)
        return web.json_response(verification.as_json(), status=201)

    return await answer_unreliably(
        world, provider="ekyc", recipient=body["reference"], person=None, accept=accept, trouble=trouble
    )


def _new(world: World, bank: str, body: dict[str, Any]) -> Verification:
    number = secrets.token_hex(16)
    expires = body.get("expires_at")
    return Verification(
        id=number,
        bank=bank,
        reference=body["reference"],
        method=body["method"],
        locale=str(body.get("locale") or "ja")[:10],
        return_url=body["return_url"],
        webhook_url=body["webhook_url"],
        url=f"{world.http_base}/ekyc/v/{number}",
        created_at=utc_now().isoformat(),
        expires_at=datetime.fromisoformat(expires).astimezone(UTC).isoformat() if expires else None,
    )


async def show(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return refuse(401, "unauthorized", "Unknown token")
    found = request.app[EKYC].by_id.get(request.match_info["id"])
    if found is None or found.bank != bank:
        return refuse(404, "not_found", "No such verification")
    found.expire_if_due()
    return web.json_response(found.as_json())


async def index(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return refuse(401, "unauthorized", "Unknown token")
    ekyc = request.app[EKYC]
    found = ekyc.by_id.get(ekyc.by_reference.get((bank, request.query.get("reference", "")), ""))
    return web.json_response({"verifications": [found.as_json()] if found else []})


def submit(world: World, verification: Verification, card: dict[str, str]) -> None:
    """The customer finished; the result follows after the vendor's own time."""
    verification.state = "submitted"
    verification.submitted_at = utc_now().isoformat()
    verification.card = card
    tell(world, verification)
    fate = world.scenario.recipient_outcome("ekyc", verification.reference, {})

    def decide() -> None:
        if verification.state != "submitted":
            return
        complete = all(card.get(name) for name in ("name", "birth_on", "address"))
        verification.state = "approved" if fate == OK and complete else "rejected"
        if verification.state == "rejected":
            verification.reason_codes = [fate.partition(":")[2] if fate != OK else "document_unreadable"]
        verification.decided_at = utc_now().isoformat()
        tell(world, verification)

    world.later(world.scenario.seconds("delay_ms", "ekyc", verification.reference), decide)


def cancel(world: World, verification: Verification) -> None:
    verification.state = "canceled"
    verification.reason_codes = ["abandoned"]
    verification.decided_at = utc_now().isoformat()
    tell(world, verification)


def tell(world: World, verification: Verification) -> None:
    """Posts the verification as it stands now, until it is taken."""
    event_id = f"evt_{secrets.token_hex(12)}"
    document = {
        "id": event_id,
        "type": f"verification.{verification.state}",
        "created_at": utc_now().isoformat(),
        "data": verification.as_json(),
    }
    body = json.dumps(document, ensure_ascii=False).encode()
    secret = world.accounts.secret_of("ekyc", verification.bank)

    def build(attempt: int) -> tuple[dict[str, str], bytes]:
        signature = timed_signature(secret, body, int(time.time()))
        return {
            "Content-Type": "application/json",
            "X-Ekyc-Event-Id": event_id,
            "X-Ekyc-Signature": signature,
        }, body

    callback = Callback("ekyc", verification.webhook_url, build, attempts=5)
    world.courier.send(callback)
    if world.scenario.happens("duplicate", "ekyc", verification.reference, verification.state):
        world.later(1, lambda: world.courier.send(callback))


def add_routes(app: web.Application) -> None:
    app[EKYC] = Ekyc()
    app[WORLD].on_reset.append(app[EKYC].forget)
    app.router.add_post("/ekyc/v1/verifications", create)
    app.router.add_get("/ekyc/v1/verifications", index)
    app.router.add_get("/ekyc/v1/verifications/{id}", show)
