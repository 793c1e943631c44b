"""A print-and-post shop: manifest and PDF go out; acknowledgements and returned mail come back as files."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import httpx

from channels.protocols import (
    AmbiguousFailure,
    Call,
    Channel,
    ConfigurationFailure,
    Failure,
    FailureKind,
    ForgedWebhook,
    InboundEvent,
    Letter,
    LetterBatch,
    MalformedWebhook,
    News,
    Outcome,
    PermanentFailure,
    Receipt,
    Report,
    TransientFailure,
    weight_of,
)

TIMEOUT = httpx.Timeout(60.0, connect=5.0)
OUTCOMES = {
    "accepted": Outcome.ACCEPTED,
    "printed": Outcome.ACCEPTED,
    "posted": Outcome.DELIVERED,
    "returned": Outcome.RETURNED,
    "rejected": Outcome.FAILED,
}
# Reasons on the post office's label that speak of the address; the others speak of the person.
DEAD_ADDRESS = {"unknown_address", "moved"}


class PrintShop:
    """One account at the shop. ``callback_url`` is where its files are sent; ``secret`` signs them."""

    channel: ClassVar = Channel.POST

    def __init__(self, *, base_url: str, token: str, secret: str, callback_url: str) -> None:
        self._client = httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT)
        self._secret = secret.encode()
        self._callback_url = callback_url

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def send_batch(self, batch: LetterBatch) -> Receipt:
        """Upload the job. The shop answers the same for a job it already has, so this may be repeated."""
        files = [("job", ("job.json", self.manifest(batch), "application/json"))]
        files += [("pdf", (_file(letter), letter.pdf, "application/pdf")) for letter in batch.letters]
        try:
            response = self._client.post("/jobs", files=files)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise TransientFailure("no_connection") from None
        except httpx.HTTPError:
            raise AmbiguousFailure("no_answer") from None
        if not response.is_success:
            raise _failure(response.status_code)
        return Receipt(str(batch.job_id))

    def look_up_batch(self, job_id: UUID) -> list[Report] | None:
        """What the shop says of each piece; None if it never got the job."""
        try:
            response = self._client.get(f"/jobs/{job_id}")
        except httpx.HTTPError:
            raise TransientFailure("no_connection") from None
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        if not response.is_success:
            raise TransientFailure(f"http_{response.status_code}")
        job = response.json()
        return [report for piece in job["pieces"] if (report := _report(piece, job_id=str(job_id)))]

    def manifest(self, batch: LetterBatch) -> bytes:
        """The job in the shop's own words, with the digest of every file."""
        job = {
            "job_id": str(batch.job_id),
            "callback_url": self._callback_url,
            "created_at": batch.created_at.isoformat(),
            "pieces": [_piece(letter) for letter in batch.letters],
        }
        return json.dumps(job, ensure_ascii=False, separators=(",", ":")).encode()

    def verify(self, call: Call) -> list[InboundEvent]:
        """Check the signature over the raw file. A file is one event."""
        signature = hmac.new(self._secret, call.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature.encode(), call.headers.get("x-print-signature", "").encode()):
            raise ForgedWebhook
        try:
            return [InboundEvent(str(json.loads(call.body)["event_id"]), call.body)]
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedWebhook from error

    def read(self, body: bytes) -> list[News]:
        """One report for each piece that the file speaks of."""
        file = json.loads(body)
        job_id = str(file.get("job_id", ""))
        return [report for piece in file.get("pieces", []) if (report := _report(piece, job_id=job_id))]


def _file(letter: Letter) -> str:
    return f"{letter.attempt_id}.pdf"


def _piece(letter: Letter) -> dict[str, Any]:
    return {
        "piece_id": str(letter.attempt_id),
        "file": _file(letter),
        "sha256": hashlib.sha256(letter.pdf).hexdigest(),
        "first_page": 1,
        "pages": letter.pages,
        "weight_g": weight_of(letter.pages),
        "postal_code": letter.postal_code,
        "name": letter.name,
        "service": "standard",
        "return_code": letter.return_id,
        "barcode": letter.barcode,
        "url": letter.link,
    }


def _report(piece: dict[str, Any], *, job_id: str) -> Report | None:
    outcome = OUTCOMES.get(str(piece.get("status")))
    try:
        attempt_id = UUID(str(piece.get("piece_id")))
    except ValueError:
        return None
    if outcome is None:
        return None
    reason = str(piece.get("reason") or "")
    has_failed = outcome in (Outcome.FAILED, Outcome.RETURNED)
    return Report(
        attempt_id,
        outcome,
        at=_time(piece.get("at")),
        reference=str(piece.get("tracking_no") or job_id),
        failure_kind=FailureKind.PERMANENT if has_failed else None,
        code=reason if has_failed else "",
        is_dead_address=reason in DEAD_ADDRESS,
    )


def _time(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _failure(status: int) -> Failure:
    if status >= 500:
        return AmbiguousFailure(f"http_{status}")
    if status in (408, 429):
        return TransientFailure(f"http_{status}")
    if status in (401, 403):
        return ConfigurationFailure(f"http_{status}")
    return PermanentFailure(f"http_{status}")
