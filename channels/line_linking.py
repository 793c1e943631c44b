"""Tying a customer's LINE account: a number shown to who proved themselves, sent from LINE, confirmed by LINE itself.

No link is ever sent in a chat: the customer goes from our page to LINE's, and LINE lets pass only the person for whom
the link token was issued.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from audit.services import Actor, record
from channels.models import DeliveryAttempt, LineLink, ProviderAccount
from channels.protocols import AddressTied, Channel, Failure
from channels.registry import talker_of
from channels.settling import SYSTEM, failed, move
from customers.models import ContactPoint
from customers.tying import tie_line, untie_line
from tenants.keys import blind_index
from tenants.prepared import Prepared

NUMBER_LENGTH = 8
NUMBER_LIFE = timedelta(minutes=30)
# LINE's link token lives as long; the confirmation has to have happened by then.
CONFIRMATION_LIFE = timedelta(minutes=10)
PURPOSE = "line.link"
_ACCOUNT = Prepared(lambda: ProviderAccount.objects.filter(channel=Channel.LINE, provider="line").order_by("pk")[:1])


class NotHeardYet(Exception):
    """The number has not been sent from LINE, or too long ago."""


class LinkingUnavailable(Exception):
    """LINE cannot be asked at the moment."""


@dataclass(frozen=True, slots=True)
class LinkingState:
    """How far a customer has come. ``number`` is empty when none is waiting to be sent."""

    basic_id: str
    is_tied: bool
    number: str = ""
    expires_at: datetime | None = None
    is_heard: bool = False


def linking_state(customer_id: UUID, *, now: datetime) -> LinkingState | None:
    """None where the bank does not offer it: its account names no basic ID."""
    account = _account()
    basic_id = str(account.options.get("basic_id") or "") if account else ""
    is_tied = _line_points(customer_id).exists()
    if not basic_id:
        return LinkingState("", is_tied=True) if is_tied else None
    link = LineLink.objects.filter(customer=customer_id, expires_at__gt=now).first()
    if link is None:
        return LinkingState(basic_id, is_tied)
    return LinkingState(basic_id, is_tied, link.number, link.expires_at, is_heard=link.line_user is not None)


@transaction.atomic
def start_linking(*, customer_id: UUID, actor: Actor, now: datetime) -> None:
    """Give the customer a number to send. One given before is void."""
    LineLink.objects.filter(customer=customer_id).delete()
    LineLink.objects.filter(expires_at__lte=now - timedelta(days=1)).delete()
    number = _free_number()
    link = LineLink(customer_id=customer_id, number_index=_index(number), expires_at=now + NUMBER_LIFE)
    link.number = number
    link.save()
    record("linelink.started", target=link, actor=actor, at=now)


@transaction.atomic
def hear_number(*, number: str, user_id: str, at: datetime) -> bool:
    """Somebody sent a number from LINE; who sends it first is who goes on. False if it is nobody's."""
    waiting = LineLink.objects.filter(number_index=_index(number), expires_at__gt=at)
    link = waiting.select_for_update(of=("self",)).first()
    if link is None or (link.line_user is not None and link.line_user != user_id):
        return False
    link.line_user = user_id
    link.save(update_fields=["line_user"])
    return True


def confirm_at_line(*, customer_id: UUID, now: datetime) -> str:
    """The address of LINE's page where the customer confirms. Asks LINE, so no transaction may be open.

    Raises:
        NotHeardYet: the number has not arrived.
        LinkingUnavailable: LINE did not answer as it should.
    """
    nonce = secrets.token_urlsafe(24)
    with transaction.atomic():
        waiting = LineLink.objects.filter(customer=customer_id, expires_at__gt=now)
        link, account = waiting.select_for_update(of=("self",)).first(), _account()
        if link is None or link.line_user is None or account is None:
            raise NotHeardYet
        user_id, provider = link.line_user, talker_of(account)
        link.nonce_hash = _digest(nonce)
        link.expires_at = now + CONFIRMATION_LIFE
        link.save(update_fields=["nonce_hash", "expires_at"])
    try:
        return provider.linking_address(user_id, nonce)
    except Failure as failure:
        raise LinkingUnavailable from failure


@transaction.atomic
def tie(news: AddressTied, *, actor: Actor, now: datetime) -> None:
    """LINE says that the person is the customer. A nonce works once, in time, and for who sent the number."""
    link = LineLink.objects.filter(nonce_hash=_digest(news.nonce)).select_for_update(of=("self",)).first()
    if link is None:
        return
    if min(news.at or now, now) > link.expires_at or link.line_user != news.address:
        record("linelink.refused", target=link, actor=actor, at=now)
        return
    tie_line(customer_id=link.customer_id, user_id=news.address, actor=actor, now=now)
    link.delete()


def end_linking(*, customer_id: UUID, actor: Actor, now: datetime, reason: str = "") -> bool:
    """The customer does not want to be reached on LINE any more; ``reason`` where staff act. False if nothing was."""
    with transaction.atomic():
        LineLink.objects.filter(customer=customer_id).delete()
        points = list(_line_points(customer_id).values_list("pk", flat=True))
        return end_points(contact_ids=points, actor=actor, now=now, reason=reason)


@transaction.atomic
def end_points(*, contact_ids: Sequence[UUID], actor: Actor, now: datetime, reason: str = "") -> bool:
    """Untie, and let what still waits for these accounts go by another channel. False if nothing was tied."""
    ended = untie_line(contact_ids=contact_ids, actor=actor, now=now, reason=reason)
    waiting = DeliveryAttempt.objects.filter(contact_point__in=ended, status=DeliveryAttempt.Status.QUEUED)
    ids = list(waiting.select_for_update(of=("self",)).values_list("pk", flat=True))
    untied = {pk: failed(now, "permanent", "untied") for pk in ids}
    move(untied, was=DeliveryAttempt.Status.QUEUED, actor=SYSTEM, now=now)
    return bool(ended)


def _account() -> ProviderAccount | None:
    return _ACCOUNT.first()


def _line_points(customer_id: UUID) -> QuerySet[ContactPoint]:
    return ContactPoint.objects.filter(customer=customer_id, channel=ContactPoint.Channel.LINE, is_current=True)


def _free_number() -> str:
    while True:
        number = f"{secrets.randbelow(10**NUMBER_LENGTH):0{NUMBER_LENGTH}d}"
        if not LineLink.objects.filter(number_index=_index(number)).exists():
            return number


def _index(number: str) -> bytes:
    return blind_index(PURPOSE, number)


def _digest(nonce: str) -> bytes:
    return hashlib.sha256(nonce.encode()).digest()
