"""A print shop: takes a manifest and PDF files, prints, posts, and later sends back what the post office returned."""

import hashlib
import json
import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.content import ANSWER_PATH
from sandbox.courier import Callback
from sandbox.people import postal_digits
from sandbox.signing import hex_signature
from sandbox.store import Block, Message, utc_now
from sandbox.world import WORLD, World, answer_unreliably, json_object

MANIFEST_LIMIT = 8 * 1024 * 1024
PDF_LIMIT = 256 * 1024 * 1024
PIECES_LIMIT = 5_000
JOBS_LIMIT = 20_000
LABELS = {
    "unknown_address": "あて所に尋ねあたりません",
    "moved": "転居先不明",
    "refused": "受取拒絶",
    "unclaimed": "保管期間経過",
}


@dataclass
class Job:
    """One accepted job; its PDF files lie in the data directory."""

    job_id: str
    bank: str
    digest: str
    callback: str
    accepted_at: str
    pieces: dict[str, Message]
    state: str = "accepted"

    def receipt(self) -> dict[str, object]:
        return {
            "job_id": self.job_id,
            "manifest_sha256": self.digest,
            "state": "accepted",
            "accepted_at": self.accepted_at,
            "pieces": len(self.pieces),
        }


@dataclass
class PrintShop:
    jobs: OrderedDict[tuple[str, str], Job] = field(default_factory=OrderedDict)


SHOP = web.AppKey("print_shop", PrintShop)


class BadJob(ValueError):
    """A manifest or upload the shop can't print; says why."""


def refuse(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


def trouble(outcome: str) -> web.Response:
    if outcome == "rate_limited":
        return refuse(429, "too_many_requests", "Slow down")
    return refuse(503, "unavailable", "The print queue can't be reached")


def bank_of(request: web.Request) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return request.app[WORLD].accounts.bank_of("print", token) if kind.lower() == "bearer" else None


async def _read_part(part: BodyPartReader, limit: int) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(256 * 1024):
        content += chunk
        if len(content) > limit:
            raise BadJob(f"the part {part.name} is larger than {limit} bytes")
    return bytes(content)


async def _read_upload(request: web.Request) -> tuple[bytes, dict[str, bytes]]:
    """The manifest's bytes and the PDF files by name."""
    if not request.content_type.startswith("multipart/"):
        raise BadJob("send multipart/form-data")
    manifest: bytes | None = None
    files: dict[str, bytes] = {}
    left = PDF_LIMIT
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise BadJob("nested multipart")
        if part.name == "job":
            manifest = await _read_part(part, MANIFEST_LIMIT)
        elif part.name == "pdf":
            content = await _read_part(part, left)
            left -= len(content)
            if not content.startswith(b"%PDF-"):
                raise BadJob(f"{part.filename} is not a PDF file")
            files[part.filename or f"{len(files) + 1}.pdf"] = content
    if manifest is None:
        raise BadJob("the part job is missing")
    return manifest, files


def _checked_manifest(raw: bytes, files: dict[str, bytes]) -> dict[str, Any]:
    try:
        manifest = json_object(raw)
    except ValueError as error:
        raise BadJob("job.json is not JSON") from error
    if not isinstance(manifest, dict):
        raise BadJob("job.json is not an object")
    job_id, callback, pieces = (manifest.get(name) for name in ("job_id", "callback_url", "pieces"))
    if not isinstance(job_id, str) or not re.fullmatch(r"[0-9A-Za-z_-]{1,100}", job_id):
        raise BadJob("job_id must be 1 to 100 letters, digits, - or _")
    if not isinstance(callback, str) or not re.match(r"https?://", callback):
        raise BadJob("callback_url must be an http address")
    if not isinstance(pieces, list) or not 1 <= len(pieces) <= PIECES_LIMIT:
        raise BadJob(f"pieces must hold 1 to {PIECES_LIMIT}")
    for number, piece in enumerate(pieces):
        problem = _piece_problem(piece, files)
        if problem:
            raise BadJob(f"pieces[{number}]: {problem}")
    if len({piece["piece_id"] for piece in pieces}) != len(pieces):
        raise BadJob("a piece_id occurs twice")
    return manifest


def _piece_problem(piece: object, files: dict[str, bytes]) -> str:
    if not isinstance(piece, dict):
        return "not an object"
    missing = [name for name in ("piece_id", "file", "postal_code", "name") if not isinstance(piece.get(name), str)]
    if missing:
        return f"{missing[0]} is missing"
    if len(postal_digits(piece["postal_code"])) != 7:
        return "postal_code must have 7 digits"
    if piece["file"] not in files:
        return f"the file {piece['file']!r} was not sent"
    return ""


async def create(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return refuse(401, "unauthorized", "Unknown token")
    try:
        raw, files = await _read_upload(request)
        manifest = _checked_manifest(raw, files)
    except ValueError as problem:
        return refuse(400, "invalid_job", str(problem))
    world, shop = request.app[WORLD], request.app[SHOP]
    digest = hashlib.sha256(raw).hexdigest()

    async def accept() -> web.Response:
        known = shop.jobs.get((bank, manifest["job_id"]))
        if known and known.digest != digest:
            return refuse(409, "job_conflict", "This job_id was used with another manifest")
        if known:
            return web.json_response(known.receipt())
        job = _accept(world, bank=bank, manifest=manifest, digest=digest, files=files)
        shop.jobs[bank, job.job_id] = job
        while len(shop.jobs) > JOBS_LIMIT:
            shop.jobs.popitem(last=False)
        _print_later(world, job)
        return web.json_response(job.receipt(), status=201)

    return await answer_unreliably(
        world, provider="post", recipient=manifest["job_id"], person=None, accept=accept, trouble=trouble
    )


def _accept(world: World, *, bank: str, manifest: dict[str, Any], digest: str, files: dict[str, bytes]) -> Job:
    folder = world.data / "letters" / bank / manifest["job_id"]
    folder.mkdir(parents=True, exist_ok=True)
    paths: dict[str, Path] = {}
    for number, (name, content) in enumerate(files.items(), start=1):
        paths[name] = folder / f"{number}.pdf"
        paths[name].write_bytes(content)
    pieces = {
        piece["piece_id"]: _keep_piece(world, bank=bank, job_id=manifest["job_id"], piece=piece, paths=paths)
        for piece in manifest["pieces"]
    }
    return Job(
        job_id=manifest["job_id"],
        bank=bank,
        digest=digest,
        callback=manifest["callback_url"],
        accepted_at=utc_now().isoformat(),
        pieces=pieces,
    )


def _keep_piece(world: World, *, bank: str, job_id: str, piece: dict[str, Any], paths: dict[str, Path]) -> Message:
    postal, name = postal_digits(piece["postal_code"]), piece["name"]
    person = world.people.addressee(postal, name, bank)
    recipient = f"〒{postal[:3]}-{postal[3:]} {name}"
    url = str(piece.get("url") or "")
    message = world.store.add(
        channel="post",
        bank=bank,
        provider_id=piece["piece_id"],
        recipient=recipient,
        owner=world.owner_of(person, recipient),
        sender=world.accounts.name_of(bank),
        blocks=[Block("row", "宛名", recipient), Block("row", "返還番号", str(piece.get("return_code") or ""))],
        link=url if ANSWER_PATH.match(url) else "",
    )
    message.details.update(
        job=job_id,
        pdf=str(paths[piece["file"]].relative_to(world.data)),
        page=str(piece.get("first_page") or 1),
        pages=str(piece.get("pages") or ""),
        service=str(piece.get("service") or "standard"),
    )
    return message


def _print_later(world: World, job: Job) -> None:
    wait = world.scenario.seconds("delay_ms", "print", job.job_id)
    world.later(wait, lambda: _report_printed(world, job))
    posted = wait + world.scenario.seconds("delay_ms", "post", job.job_id)
    world.later(posted, lambda: _report_posted(world, job))
    returned = posted + world.scenario.seconds("delay_ms", "return", job.job_id)
    world.later(returned, lambda: _report_returned(world, job))


def _fate(world: World, message: Message) -> str:
    return world.fate("post", message.recipient, world.people.get(message.owner))


def _report_printed(world: World, job: Job) -> None:
    job.state = "printed"
    for message in job.pieces.values():
        kind, _, reason = _fate(world, message).partition(":")
        message.become("rejected" if kind == "rejected" else "printed", reason=reason if kind == "rejected" else "")
    send_event(world, job, "acknowledgement", list(job.pieces))


def _report_posted(world: World, job: Job) -> None:
    job.state = "posted"
    posted = [piece for piece, message in job.pieces.items() if message.state == "printed"]
    for piece in posted:
        message = job.pieces[piece]
        message.become("posted")
        message.arrived = not _fate(world, message).startswith("returned")
        if message.details["service"] not in {"", "standard"}:
            message.details["tracking_no"] = str(10**11 + secrets.randbelow(9 * 10**11))
    if posted:
        send_event(world, job, "acknowledgement", posted)


def _report_returned(world: World, job: Job) -> None:
    back = {piece: _fate(world, message) for piece, message in job.pieces.items() if message.state == "posted"}
    returned = [piece for piece, fate in back.items() if fate.startswith("returned:")]
    for piece in returned:
        return_piece(job.pieces[piece], back[piece].partition(":")[2])
    if returned:
        send_event(world, job, "returned_mail", returned)


def return_piece(message: Message, reason: str) -> None:
    message.arrived = False
    message.become("returned", reason=reason)


def find_job(app: web.Application, message: Message) -> Job | None:
    return app[SHOP].jobs.get((message.bank, message.details.get("job", "")))


def _piece_json(piece: str, message: Message) -> dict[str, object]:
    described: dict[str, object] = {
        "piece_id": piece,
        "status": message.state,
        "at": message.history[-1][0].isoformat(),
        "reason": message.reason or None,
        "tracking_no": message.details.get("tracking_no"),
    }
    if message.state == "returned":
        described["label"] = LABELS.get(message.reason, message.reason)
    return described


def send_event(world: World, job: Job, kind: str, pieces: list[str]) -> None:
    """Posts one signed file about some pieces to the job's callback address, until it is taken."""
    event_id = secrets.token_hex(16)
    document = {
        "event_id": event_id,
        "type": kind,
        "job_id": job.job_id,
        "created_at": utc_now().isoformat(),
        "pieces": [_piece_json(piece, job.pieces[piece]) for piece in pieces],
    }
    body = json.dumps(document, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Print-Event-Id": event_id,
        "X-Print-Signature": hex_signature(world.accounts.secret_of("print", job.bank), body),
    }
    callback = Callback("post", job.callback, lambda attempt: (headers, body), attempts=5)
    world.courier.send(callback)
    if world.scenario.happens("duplicate", "post", job.job_id, kind, len(pieces)):
        world.later(1, lambda: world.courier.send(callback))


async def show(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return refuse(401, "unauthorized", "Unknown token")
    job = request.app[SHOP].jobs.get((bank, request.match_info["job"]))
    if job is None:
        return refuse(404, "not_found", "No such job")
    pieces = [_piece_json(piece, message) for piece, message in job.pieces.items()]
    return web.json_response({**job.receipt(), "state": job.state, "pieces": pieces})


def add_routes(app: web.Application) -> None:
    app[SHOP] = PrintShop()
    app[WORLD].on_reset.append(app[SHOP].jobs.clear)
    app.router.add_post("/print/jobs", create)
    app.router.add_get("/print/jobs/{job}", show)
