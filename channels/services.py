"""Writing the outbox: what is queued, cancelled and paused, and the accounts it leaves through."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from audit.services import Actor, record, record_many
from audit.transitions import transition_many
from channels.alarms import pause_account, resume_account
from channels.barcodes import return_id
from channels.enclosing import Enclosure
from channels.gates import change_limits, change_rules, hold_group, pause_tenant, release_group, resume_tenant
from channels.line_talk import send_replies
from channels.line_templates import filled_template
from channels.models import DeliveryAttempt, Notice, ProviderAccount
from channels.numbers import new_number, written
from channels.posting import print_due
from channels.protocols import Channel
from channels.receiving import process_webhooks, receive_bounce, receive_webhook
from channels.recovering import chase_reports, expire_unconfirmed, reconcile_unknown, release_expired_leases
from channels.registry import talker_of, webhook_url
from channels.rendering import LONGEST_NAME, CannotRender, Wording, language_of, render_text
from channels.senders import in_a_line, numbers_of
from channels.sending import send_due
from channels.settling import NOTIFICATION, PUSH, apply_report, settle
from channels.wording.selectors import bank_of, in_force, names_an_address, slot_for
from customers.flags.selectors import Guardian, guardians_of
from customers.models import ContactPoint, Customer
from tenants.domains.addresses import check_page, entry_page
from tenants.models import tenant_in_scope

__all__ = [
    "NoticeRequest",
    "apply_report",
    "cancel_queued",
    "change_limits",
    "change_rules",
    "chase_reports",
    "ensure_accounts",
    "expire_unconfirmed",
    "hold_group",
    "pause_account",
    "pause_tenant",
    "print_due",
    "process_inbox",
    "process_webhooks",
    "queue_notices",
    "receive_bounce",
    "receive_webhook",
    "reconcile_unknown",
    "register_webhooks",
    "release_expired_leases",
    "release_group",
    "resume_account",
    "resume_tenant",
    "send_due",
    "send_replies",
    "settle",
    "sweep",
]

Status = DeliveryAttempt.Status
JST = ZoneInfo("Asia/Tokyo")
BATCH = 1_000
NUMBERS = 3
# What signs mail is put in on pages of its own.
SIGNING = ("dkim", "smime")


class NoAccount(Exception):
    """The bank has no account for a channel that a notice was to leave by."""


@dataclass(frozen=True, slots=True)
class NoticeRequest:
    """One notice to one customer by one channel. ``reference`` is the review it belongs to."""

    customer_id: UUID
    reference: UUID
    purpose: str  # Notice.Purpose
    channel: Channel
    contact_point_id: UUID | None  # None: a letter to the guardian
    url: str
    deadline_on: date
    opens_on: date | None = None  # of a notice that comes before answers are taken
    language: str = "ja"
    sequence: int = 1  # of reminders
    not_before: datetime | None = None
    group: UUID | None = None  # what is held and released together with it
    enclosure: Enclosure | None = None  # the answer sheet that goes with a letter


@transaction.atomic
def queue_notices(*, requests: Sequence[NoticeRequest], actor: Actor, now: datetime) -> list[DeliveryAttempt]:
    """Freeze what each customer is told, and queue it. Asking twice queues once.

    Returns:
        The attempts that stand for the requests, in their order, whether queued now or before.

    Raises:
        NoAccount: the bank has no account for one of the channels.
        CannotRender: a text is longer than its channel takes, or is not what was approved any more.
    """
    notices = _ensure_notices(requests, now)
    known = _attempts_of(notices)
    new = _freeze([r for r in requests if _key(notices, r) not in known], notices, now)
    if new:
        DeliveryAttempt.objects.bulk_create(new, batch_size=BATCH, ignore_conflicts=True)
        ids = [attempt.pk for attempt in new]
        created = list(DeliveryAttempt.objects.filter(pk__in=ids).only("pk", "tenant_id"))
        record_many("deliveryattempt.queued", targets=created, actor=actor, at=now)
        known = _attempts_of(notices)
    return [known[_key(notices, request)] for request in requests]


@transaction.atomic
def cancel_queued(*, references: Sequence[UUID], actor: Actor, now: datetime) -> int:
    """Nothing that still waits for these reviews is sent any more; what is in flight may still arrive."""
    waiting = DeliveryAttempt.objects.filter(notice__reference__in=list(references), status=Status.QUEUED)
    ids = list(waiting.values_list("pk", flat=True))
    moved = transition_many(
        DeliveryAttempt, ids, was=Status.QUEUED, to=Status.CANCELLED, actor=actor, at=now, settled_at=now
    )
    return len(moved)


@transaction.atomic
def ensure_accounts(
    *, accounts: Mapping[str, Mapping[str, Any]], actor: Actor, now: datetime
) -> dict[Channel, ProviderAccount]:
    """Create or update the tenant's accounts: channel -> {"provider", "credentials", "options"}.

    The name in webhook addresses is made once and stays, and so do the keys that sign mail.
    """
    made: dict[Channel, ProviderAccount] = {}
    for channel, terms in accounts.items():
        account = ProviderAccount.objects.filter(channel=channel).first()
        if account is None:
            account = ProviderAccount(channel=channel, public_id=secrets.token_hex(8))
        account.provider = terms["provider"]
        kept = {name: value for name, value in (account.credentials or {}).items() if name in SIGNING}
        account.credentials = {**kept, **terms["credentials"]}
        account.credentials_set_at = dict.fromkeys(terms["credentials"], now.isoformat())
        account.options = dict(terms.get("options", {}))
        account.save()
        record("provideraccount.set_up", target=account, actor=actor, at=now, provider=account.provider)
        made[Channel(channel)] = account
    return made


def register_webhooks(*, now: datetime) -> list[str]:
    """Tell the providers that keep our address where to call: LINE. Returns the addresses told.

    Raises:
        Failure: the provider did not take it.
    """
    told = []
    with transaction.atomic():
        accounts = [(account, talker_of(account)) for account in ProviderAccount.objects.filter(provider="line")]
    for account, provider in accounts:
        provider.set_webhook(webhook_url(account))
        told.append(webhook_url(account))
    return told


def process_inbox(*, now: datetime, rounds: int = 20) -> int:
    """Act on everything providers told, in short transactions."""
    done = 0
    for _ in range(rounds):
        processed = process_webhooks(now=now)
        done += processed
        if not processed:
            break
    return done


def sweep(*, now: datetime) -> int:
    """Bring what was left open to an end. Returns how many attempts were looked at."""
    looked_at = release_expired_leases(now=now) + reconcile_unknown(now=now)
    return looked_at + chase_reports(now=now) + expire_unconfirmed(now=now)


def _key(notices: Mapping[tuple[Any, ...], Notice], request: NoticeRequest) -> tuple[UUID, str]:
    return (notices[_notice_key(request)].pk, str(request.channel))


def _notice_key(request: NoticeRequest) -> tuple[UUID, str, int]:
    return (request.reference, str(request.purpose), request.sequence)


def _ensure_notices(requests: Sequence[NoticeRequest], now: datetime) -> dict[tuple[UUID, str, int], Notice]:
    wanted = {
        _notice_key(request): Notice(
            customer_id=request.customer_id,
            reference=request.reference,
            purpose=request.purpose,
            sequence=request.sequence,
            language=request.language,
            created_at=now,
        )
        for request in requests
    }
    notices: dict[tuple[UUID, str, int], Notice] = {}
    for _try in range(NUMBERS):  # another number, should the first be another notice's
        missing = [notice for key, notice in wanted.items() if key not in notices]
        if not missing:
            break
        for notice in missing:
            notice.number = new_number()
        Notice.objects.bulk_create(missing, batch_size=BATCH, ignore_conflicts=True)
        found = Notice.objects.filter(reference__in=[reference for reference, _, _ in wanted])
        notices = {(notice.reference, str(notice.purpose), notice.sequence): notice for notice in found}
    return {key: notices[key] for key in wanted}


def _attempts_of(notices: Mapping[Any, Notice]) -> dict[tuple[UUID, str], DeliveryAttempt]:
    found = DeliveryAttempt.objects.filter(notice__in=[notice.pk for notice in notices.values()])
    found = found.select_related("notice").order_by("round")
    return {(attempt.notice_id, attempt.channel): attempt for attempt in found}


def _freeze(requests: Sequence[NoticeRequest], notices: Mapping[Any, Notice], now: datetime) -> list[DeliveryAttempt]:
    if not requests:
        return []
    accounts = {account.channel: account for account in ProviderAccount.objects.all()}
    points = ContactPoint.objects.in_bulk([request.contact_point_id for request in requests])
    guardians = guardians_of([request.customer_id for request in requests if request.contact_point_id is None])
    customers = Customer.objects.in_bulk(
        [request.customer_id for request in requests if request.channel == Channel.POST]
    )
    words, tenant = in_force(), tenant_in_scope()
    bank = bank_of(tenant)
    senders = numbers_of(accounts[Channel.SMS].options) if Channel.SMS in accounts else []
    attempts = []
    for request in requests:
        if request.channel not in accounts:
            raise NoAccount(request.channel)
        attempt = DeliveryAttempt(
            notice=notices[_notice_key(request)],
            account=accounts[request.channel],
            contact_point_id=request.contact_point_id,
            channel=request.channel,
            method=_method(request.channel, points.get(request.contact_point_id)),
            group=request.group,
            not_before=request.not_before or now,
            created_at=now,
        )
        said = words[slot_for(request.channel, request.purpose, request.language)]
        if said.is_altered:
            raise CannotRender("template_altered")
        wording = Wording(
            bank=replace(bank, sms_senders=in_a_line(senders, language_of(request.language))),
            purpose=request.purpose.lower(),
            language=request.language,
            url=request.url,
            deadline_on=request.deadline_on,
            opens_on=request.opens_on,
            number=written(attempt.notice.number),
            check_page=check_page(tenant),
            words=said.whole,
            entry_page=entry_page(tenant) if request.contact_point_id else "",  # a guardian comes by the link
        )
        point = points.get(request.contact_point_id)
        customer = customers.get(request.customer_id)
        envelope = _envelope(customer, point, guardians.get(request.customer_id)) if customer else None
        attempt.snapshot = _snapshot(attempt, wording, point, envelope, now)
        if request.enclosure and request.channel == Channel.POST:
            attempt.snapshot["enclosure"] = asdict(request.enclosure)
        attempt.snapshot["wording"] = {"id": said.template_id, "version": said.version}
        attempts.append(attempt)
    return attempts


def _method(channel: Channel, point: ContactPoint | None) -> str:
    if channel != Channel.LINE or point is None:
        return ""
    return PUSH if point.channel == ContactPoint.Channel.LINE else NOTIFICATION


def _envelope(customer: Customer, point: ContactPoint | None, guardian: Guardian | None) -> dict[str, Any]:
    """To whom a letter goes: to the customer, or to the guardian, who may have several in their care."""
    name = str(customer.profile["name"])
    if point is None:
        assert guardian is not None, "asked to write to a guardian whom nobody knows"
        named = f"{name}様　成年後見人　{guardian.name}"
        name = named if len(named) <= LONGEST_NAME else guardian.name
        return {"name": name, "is_company": False, "postal_code": guardian.postal_code, "address": guardian.address}
    return {
        "name": name,
        "is_company": customer.kind == Customer.Kind.COMPANY,
        "postal_code": str(point.value.get("postal_code") or ""),
        "address": str(point.value.get("address") or ""),
    }


def _snapshot(
    attempt: DeliveryAttempt,
    wording: Wording,
    point: ContactPoint | None,
    envelope: dict[str, Any] | None,
    now: datetime,
) -> dict[str, Any]:
    """Everything that is sent, so that a retry sends the same. Sealed in the table."""
    if envelope is not None:
        return {
            "bank": asdict(wording.bank),
            "purpose": wording.purpose,
            "language": wording.language,
            "link": wording.url,
            "deadline_on": wording.deadline_on.isoformat(),
            "opens_on": wording.opens_on.isoformat() if wording.opens_on else "",
            "number": wording.number,
            "check_page": wording.check_page,
            "words": wording.words,
            "entry_page": wording.entry_page,
            **envelope,
            "return_id": return_id(attempt.pk),
            "issued_on": now.astimezone(JST).date().isoformat(),
        }
    assert point is not None, "only a letter goes to nobody's contact point"
    text = render_text(Channel(attempt.channel), wording)
    mark = wording.number if wording.number in text.text else ""
    said = {"to": str(point.value), "text": text.text, "link": wording.url, "mark": mark}
    template = attempt.account.options.get("notification_template")
    leads = attempt.account.options.get("link_free") and names_an_address(json.dumps(template, ensure_ascii=False))
    if attempt.method == NOTIFICATION and template and not leads:
        said["template"] = filled_template(template, wording)
    return {**said, "subject": text.subject, "html": text.html} if text.subject else said
