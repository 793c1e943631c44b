"""What a mail service tells of a mail, in few words of ours: kept without the address, and read later."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from channels.protocols import FailureKind, InboundEvent, Outcome, Report
from channels.returned_mail import DEAD_ADDRESS, MAILBOX_FULL, status_in

# Under this name a service keeps our attempt's id with the mail. SendGrid has an "attempt" of its own.
ATTEMPT = "keizoku_id"
ACCEPTED = frozenset({EventType.QUEUED, EventType.SENT, EventType.DEFERRED})
USED = ACCEPTED | {
    EventType.DELIVERED,
    EventType.BOUNCED,
    EventType.REJECTED,
    EventType.FAILED,
    EventType.COMPLAINED,
    EventType.UNSUBSCRIBED,
}
# They once asked the service to stop, or called a mail of this sender spam: it does not write to them any more.
STOPPED = frozenset({RejectReason.UNSUBSCRIBED, RejectReason.SPAM})
BARE_STATUS = re.compile(r"\s*([45]\.\d{1,3}\.\d{1,3})(?![.\d])")


def inbound_event(event: AnymailTrackingEvent) -> InboundEvent | None:
    """An event to keep; None if it is of another mail of the bank's, or says nothing that we use."""
    attempt = _attempt_of(event)
    if attempt is None or event.event_type not in USED:
        return None
    said = {
        "attempt": str(attempt),
        "type": str(event.event_type),
        "reason": str(event.reject_reason or ""),
        "status": _status_of(event),
        "at": event.timestamp.isoformat() if event.timestamp and event.timestamp.tzinfo else "",
        "reference": str(event.message_id or "")[:200],
    }
    body = json.dumps(said, sort_keys=True).encode()
    return InboundEvent(hashlib.sha256(body).hexdigest(), body)


def report_of(body: bytes) -> Report:
    """What a kept event means for its attempt."""
    said: Mapping[str, str] = json.loads(body)
    attempt_id, reference = UUID(said["attempt"]), said["reference"]
    at = datetime.fromisoformat(said["at"]) if said["at"] else None
    match said["type"]:
        case EventType.DELIVERED:
            return Report(attempt_id, Outcome.DELIVERED, at, reference)
        case EventType.COMPLAINED:  # only who got it can complain
            return Report(attempt_id, Outcome.DELIVERED, at, reference, code="complaint", is_opt_out=True)
        case EventType.UNSUBSCRIBED:
            return Report(attempt_id, Outcome.ACCEPTED, at, reference, code="unsubscribed", is_opt_out=True)
        case EventType.BOUNCED:
            return _bounced(attempt_id, said, at)
        case EventType.REJECTED:
            return _rejected(attempt_id, said, at)
        case EventType.FAILED:
            kind = FailureKind.TRANSIENT
            return Report(attempt_id, Outcome.FAILED, at, reference, failure_kind=kind, code="service_failed")
    return Report(attempt_id, Outcome.ACCEPTED, at, reference)


def _bounced(attempt_id: UUID, said: Mapping[str, str], at: datetime | None) -> Report:
    status = said["status"]
    is_soft = status.startswith("4.") or status == MAILBOX_FULL
    is_dead = status in DEAD_ADDRESS or said["reason"] == RejectReason.INVALID
    return Report(
        attempt_id,
        Outcome.FAILED,
        at,
        said["reference"],
        failure_kind=FailureKind.TRANSIENT if is_soft else FailureKind.PERMANENT,
        code=status or "bounced",
        is_dead_address=is_dead and not is_soft,
    )


def _rejected(attempt_id: UUID, said: Mapping[str, str], at: datetime | None) -> Report:
    return Report(
        attempt_id,
        Outcome.FAILED,
        at,
        said["reference"],
        failure_kind=FailureKind.PERMANENT,
        code=f"rejected_{said['reason'] or 'other'}",
        is_dead_address=said["reason"] == RejectReason.INVALID,
        is_opt_out=said["reason"] in STOPPED,
    )


def _attempt_of(event: AnymailTrackingEvent) -> UUID | None:
    metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
    try:
        return UUID(str(metadata.get(ATTEMPT, "")))
    except ValueError:
        return None


def _status_of(event: AnymailTrackingEvent) -> str:
    """An enhanced status code from what the other server answered; the service's own description is too general."""
    if event.event_type != EventType.BOUNCED:
        return ""
    raw = event.esp_event if isinstance(event.esp_event, Mapping) else {}
    for words in (raw.get("status"), event.mta_response, raw.get("error")):
        bare = BARE_STATUS.match(str(words or ""))
        found = bare[1] if bare else status_in(str(words or ""))
        if found:
            return found
    return ""
