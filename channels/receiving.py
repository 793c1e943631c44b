"""What providers tell us: kept at once as it came, believed and acted upon later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from audit.services import Actor
from channels.line_linking import tie
from channels.line_talk import hear
from channels.models import DeliveryAttempt, ProviderAccount, WebhookEvent
from channels.protocols import (
    RECIPIENT,
    AddressNews,
    AddressTied,
    Call,
    Channel,
    MalformedWebhook,
    OptOutNews,
    PersonWrote,
    Report,
)
from channels.registry import reporter_of
from channels.settling import apply_report, stop_channel
from channels.stopping import forget_stop, points_of_number
from channels.wording.trials import note_report
from customers.contacts.health import Health, Reason
from customers.indexing import contact_index
from customers.models import ContactPoint
from customers.services import mark_contact_health
from tenants.inbox import work_through
from tenants.keys import KeysUnavailable

BATCH = 100
NO_ATTEMPT = "unknown_attempt"


def receive_webhook(*, account: ProviderAccount, call: Call, now: datetime) -> int:
    """Keep the events of a call whose signature is the account's. A repeated event is kept once.

    Returns:
        How many events the call held.

    Raises:
        ForgedWebhook: the signature is not the account's.
        MalformedWebhook: it cannot be read, or the account's provider does not call.
    """
    reporter = reporter_of(account)
    if reporter is None:
        raise MalformedWebhook
    events = reporter.verify(call)
    WebhookEvent.objects.bulk_create(
        [
            WebhookEvent(
                account=account,
                provider=account.provider,
                event_id=event.event_id[:120],
                received_at=now,
                body=event.body,
                attempt_reference=call.attempt_id,
            )
            for event in events
        ],
        ignore_conflicts=True,
    )
    return len(events)


def process_webhooks(*, now: datetime, limit: int = BATCH) -> int:
    """Act on events that wait, oldest first; one that breaks us is tried again, and at last set aside."""
    return work_through(WebhookEvent, _process, now=now, limit=limit, lock=_lock_attempts)


def receive_bounce(*, account: ProviderAccount, raw: bytes, recipient: str, now: datetime) -> int:
    """Keep a mail that came back to ``recipient``, the signed return path of one attempt, and act on it soon.

    Raises:
        ForgedWebhook: the return path was not signed by us.
        MalformedWebhook: it is no return path, or the account is not one of a mail server.
    """
    call = Call(headers={RECIPIENT: recipient}, body=raw, url="")
    return receive_webhook(account=account, call=call, now=now)


def _lock_attempts(events: Sequence[WebhookEvent]) -> None:
    """By key, as settling does: in the order of arrival, each of the two could wait for the other for ever."""
    ids = {report.attempt_id for event in events for report in _reports(event)}
    list(DeliveryAttempt.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",)).values_list("pk"))


def _reports(event: WebhookEvent) -> list[Report]:
    try:
        reporter = reporter_of(event.account)
        return [news for news in reporter.read(event.body) if isinstance(news, Report)] if reporter else []
    except KeysUnavailable:
        raise
    except Exception:  # it breaks again where that is heeded
        return []


def _process(event: WebhookEvent, now: datetime) -> str:
    """Act on one event; returns what was wrong with it, if anything."""
    reporter = reporter_of(event.account)
    actor = Actor.provider(event.provider)
    is_known = True
    for news in reporter.read(event.body) if reporter else ():
        match news:
            case AddressNews():
                _mark_line_account(news, now)
            case OptOutNews():
                _heed(news, actor, now)
            case PersonWrote():
                hear(news, account=event.account, actor=actor, now=now)
            case AddressTied():
                tie(news, actor=actor, now=now)
            case Report():
                is_known &= apply_report(report=news, actor=actor, now=now) or note_report(
                    report=news, actor=actor, now=now
                )
    return "" if is_known else NO_ATTEMPT


def _mark_line_account(news: AddressNews, now: datetime) -> None:
    index = contact_index(ContactPoint.Channel.LINE, news.address)
    points = ContactPoint.objects.filter(value_index=index, channel=ContactPoint.Channel.LINE, is_current=True)
    ids = list(points.values_list("pk", flat=True))
    health, reason = (Health.VERIFIED, Reason.FOLLOWED) if news.is_reachable else (Health.BLOCKED, Reason.UNFOLLOWED)
    if ids:
        # The event's own time: a block that is told late must not undo the return that came after it.
        mark_contact_health(contact_ids=ids, health=health, reason=reason, now=min(news.at or now, now))


def _heed(news: OptOutNews, actor: Actor, now: datetime) -> None:
    points = points_of_number(news.number)
    if news.is_opt_out:
        stop_channel(contact_ids=points, channel=Channel.SMS, code=news.code, actor=actor, now=now)
    else:
        forget_stop(contact_ids=points, channel=Channel.SMS, actor=actor, now=now)
