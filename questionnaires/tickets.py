"""Tickets: a way in that is good once and for five minutes, because it can be photographed or read on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from audit.services import Actor, record
from audit.transitions import LostRace
from questionnaires.entrances.selectors import facts_asked, policy_in_force
from questionnaires.links import Entrance, LinkClosed, LinkState, WrongFactor, hash_token, let_in, new_token
from questionnaires.models import AccessLink, EntranceTicket
from questionnaires.proving import Fact, Factors, agrees

LIFETIME = timedelta(minutes=5)
MAX_FAILURES = 5
# Far longer than any word lives, so that none is taken twice.
KEPT = timedelta(days=1)


class TicketOver(Exception):
    """There is no such ticket, or it was used, ran out, or the visit it continues has ended. Which is never said."""


class WordTaken(Exception):
    """The app's word has been taken before."""


@transaction.atomic
def issue_ticket(*, link: AccessLink, entrance: Entrance, now: datetime, word_hash: bytes | None = None) -> str:
    """A ticket to a response; what it says exists nowhere else. An earlier one of the same kind ends.

    Raises:
        WordTaken: a ticket was issued for this word before.
    """
    token = new_token()
    EntranceTicket.objects.filter(expires_at__lt=now - KEPT).delete()
    EntranceTicket.objects.filter(link=link, entrance=entrance, used_at__isnull=True).update(used_at=now)
    try:
        with transaction.atomic():
            ticket = EntranceTicket.objects.create(
                link=link,
                token_hash=hash_token(token),
                entrance=entrance,
                proved_at=link.proved_at if entrance is Entrance.HAND_OVER else None,
                word_hash=word_hash,
                created_at=now,
                expires_at=now + LIFETIME,
            )
    except IntegrityError:
        raise WordTaken from None
    record("entranceticket.issued", target=ticket, actor=_customer(link), at=now, entrance=str(entrance))
    return token


def find_ticket(token: str, *, now: datetime) -> EntranceTicket:
    """The ticket, if it is good now. Needs the tenant's scope.

    Raises:
        TicketOver
    """
    rows = EntranceTicket.objects.select_related("link__response__customer", "link__response__version")
    ticket: EntranceTicket | None = rows.filter(token_hash=hash_token(token)).first()
    if ticket is None or not _is_good(ticket, ticket.link, now):
        raise TicketOver
    return ticket


def facts_asked_of(ticket: EntranceTicket) -> tuple[Fact, ...]:
    """What its holder has to know beside it: handed over, one fact, which no photograph of the screen tells."""
    usual = facts_asked(ticket.link.response.customer.kind)
    if ticket.entrance == Entrance.HAND_OVER:
        return usual[-1:]
    return usual if policy_in_force().app_asks_facts else ()


def match_number(token: str) -> str:
    """Two digits that both devices show, so that nobody follows a code that somebody else put before them."""
    return f"{10 + int.from_bytes(hash_token(token)[:4]) % 90}"


def spend_ticket(
    *,
    ticket: EntranceTicket,
    asked: Sequence[Fact],
    factors: Factors,
    facts: Mapping[str, object],
    now: datetime,
    is_answer_needed: bool = True,
) -> AccessLink:
    """Let in whoever holds the ticket and knows what is ``asked``, which may be nothing; the visit begins by its link.

    Needs the tenant's context and no open transaction: a failure must be counted even though it raises.

    Raises:
        TicketOver: also for the fifth wrong answer, which ends it.
        WrongFactor: counted.
        LinkClosed: there is nothing to answer.
    """
    try:
        with transaction.atomic(durable=True):
            held = EntranceTicket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
            rows = AccessLink.objects.select_for_update(of=("self",)).select_related("response__customer")
            link: AccessLink = rows.get(pk=held.link_id)
            failure = _judge(held, link, asked, factors, facts, now, is_answer_needed)
    except LostRace:
        raise LinkClosed(LinkState.CANCELLED) from None
    if failure:
        raise failure
    return link


def _judge(
    ticket: EntranceTicket,
    link: AccessLink,
    asked: Sequence[Fact],
    factors: Factors,
    facts: Mapping[str, object],
    now: datetime,
    is_answer_needed: bool,
) -> TicketOver | WrongFactor | LinkClosed | None:
    if not _is_good(ticket, link, now):
        return TicketOver()
    if asked and not agrees(link.response.customer, asked, factors, facts):
        ticket.failed_proofs += 1
        is_last = ticket.failed_proofs >= MAX_FAILURES
        ticket.used_at = now if is_last else None
        ticket.save(update_fields=["failed_proofs", "used_at"])
        record("entranceticket.refused", target=ticket, actor=_customer(link), at=now, failures=ticket.failed_proofs)
        return TicketOver() if is_last else WrongFactor(MAX_FAILURES - ticket.failed_proofs)
    ticket.used_at = now
    ticket.save(update_fields=["used_at"])
    record("entranceticket.used", target=ticket, actor=_customer(link), at=now, entrance=ticket.entrance)
    return let_in(link, Entrance(ticket.entrance), now, is_answer_needed)


def _is_good(ticket: EntranceTicket, link: AccessLink, now: datetime) -> bool:
    is_continued = ticket.entrance != Entrance.HAND_OVER or ticket.proved_at == link.proved_at
    return ticket.used_at is None and ticket.expires_at > now and is_continued


def _customer(link: AccessLink) -> Actor:
    return Actor.customer(link.response.customer_id)
