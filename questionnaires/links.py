"""Links that open a response: hard to guess, kept only as a hash, and useless without a little knowledge.

A link is never used up and never changed by opening it. The customer proves two facts; five wrong
answers lock the link, counted under a row lock, so that parallel tries can't buy a sixth. Only who has
proved them learns that a response is answered, over, withdrawn or not open yet.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from audit.services import Actor, record_many, save_and_record
from audit.transitions import LostRace, transition
from customers.flags.rules import GUARDIAN
from customers.flags.selectors import kinds_in_force
from questionnaires.entrances.selectors import facts_asked
from questionnaires.models import AccessLink, Response
from questionnaires.proving import Factors, agrees
from tenants.lookups import tenant_of_link
from tenants.prepared import Prepared

MAX_FAILURES = 5
LOCK = timedelta(minutes=30)
# Each lock is twice as long as the one before, up to 16 hours: some eight tries a day, so that whoever holds a letter
# and knows the birth date does not get through the ends of account numbers while the link lives.
MOST_DOUBLED = 5

Entrance = AccessLink.Entrance

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKES = str.maketrans("ILO", "110")
_TOKEN = re.compile(rf"[{_CROCKFORD}]{{32}}")


def _by_token(token_hash: bytes) -> QuerySet[AccessLink]:
    return _related().filter(token_hash=token_hash)[:1]


def _by_proof(link: UUID, proved_at: datetime) -> QuerySet[AccessLink]:
    proofs = AccessLink.objects.filter(response=OuterRef("response"))
    later = proofs.filter(Q(proved_at__gt=proved_at) | Q(proved_at=proved_at, pk__gt=link))
    return _related().filter(~Exists(later), pk=link, proved_at=proved_at)[:1]


def _related() -> QuerySet[AccessLink]:
    # Versions are told apart by their hash; the document is read where it is not known yet.
    related = AccessLink.objects.select_related("tenant", "response__version", "response__customer")
    return related.defer("response__version__document")


def _for_update(pk: UUID) -> QuerySet[AccessLink]:
    return AccessLink.objects.select_for_update(of=("self",)).select_related("response__customer").filter(pk=pk)


_BY_TOKEN = Prepared(_by_token, token_hash=b"token")
_BY_PROOF = Prepared(_by_proof, link=UUID(int=1), proved_at=datetime(1, 1, 1, tzinfo=UTC))
_LOCKED = Prepared(_for_update, pk=UUID(int=1))


class WrongFactor(Exception):
    """Something does not agree with the file; which of the facts is never said."""

    def __init__(self, remaining: int) -> None:
        super().__init__(f"{remaining} tries left")
        self.remaining = remaining


class LinkLocked(Exception):
    """Too many wrong answers. `until` says when the next try is allowed."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"locked until {until:%H:%M}")
        self.until = until


class LinkState(Enum):
    OPEN = "open"
    NOT_YET = "notyet"
    LOCKED = "locked"
    ANSWERED = "answered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class LinkClosed(Exception):
    """Whoever it is has proved themselves, but there is nothing to answer: `state` says why."""

    def __init__(self, state: LinkState) -> None:
        super().__init__(state.value)
        self.state = state


def new_token() -> str:
    """160 random bits as 32 characters that can be read aloud and typed from a letter."""
    number = int.from_bytes(secrets.token_bytes(20))
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(155, -1, -5))


def hash_token(token: str) -> bytes:
    """SHA-256 of the token as issued; lower case and the look-alikes I, L and O are forgiven.

    What can't be a token is hashed all the same: it is looked up, and not found, like any other.
    """
    typed = token.upper().translate(_LOOK_ALIKES)
    return hashlib.sha256((typed if _TOKEN.fullmatch(typed) else f"malformed {typed}").encode()).digest()


def tenant_of(token: str) -> int | None:
    """Whose link this is, before any tenant is known."""
    return tenant_of_link(hash_token(token))


def find_link(token: str) -> AccessLink | None:
    """The link of a token in the tenant's scope, with its response, version and customer."""
    return _BY_TOKEN.first(token_hash=hash_token(token))


def proved_link(link_id: UUID, proved_at: datetime) -> AccessLink | None:
    """As `find_link`, by the proof of a visit; None if somebody proved themselves for the response since."""
    return _BY_PROOF.first(link=link_id, proved_at=proved_at)


def issue_links(
    *,
    responses: Sequence[Response],
    channel: str,
    expires_at: datetime,
    now: datetime,
    opens_at: datetime | None = None,
    is_to_read: bool = False,
) -> dict[UUID, str]:
    """One new link a response; the tokens exist nowhere else, so send them or lose them.

    `opens_at`: when answers are taken from, if that is later than the notice. `is_to_read`: for who has something to
    read, whatever became of what they were asked.

    Returns:
        Tokens by response id. Closed responses get none otherwise. Constant number of queries per 2,000.
    """
    tokens: dict[UUID, str] = {}
    links = []
    for response in responses:
        if not is_to_read and response.status not in Response.UNANSWERED:
            continue
        tokens[response.pk] = token = new_token()
        links.append(
            AccessLink(
                response_id=response.pk,
                token_hash=hash_token(token),
                channel=channel,
                is_to_read=is_to_read,
                created_at=now,
                opens_at=opens_at,
                expires_at=expires_at,
            )
        )
    with transaction.atomic():
        AccessLink.objects.bulk_create(links, batch_size=2_000)
        record_many("link.issued", targets=links, actor=Actor.system("questionnaires"), at=now, channel=str(channel))
    return tokens


@transaction.atomic
def end_links(*, references: Sequence[UUID], actor: Actor, now: datetime) -> int:
    """Whoever holds a link to these responses cannot open it any more, nor go on where they were; returns how many.

    What has been answered so far and not sent off is forgotten. The responses stay open, for links that are issued
    from now on.
    """
    live = AccessLink.objects.filter(response__reference__in=references, response__status__in=Response.UNANSWERED)
    # The links before the responses, as whoever proves themselves just now.
    links = list(live.filter(expires_at__gt=now).order_by("pk").select_for_update(of=("self",)))
    rows = Response.objects.filter(reference__in=references, status__in=Response.UNANSWERED).order_by("pk")
    held = list(rows.select_for_update(of=("self",), no_key=True))
    for response in held:
        response.answers, response.confirmed_pages = {}, []
    Response.objects.bulk_update(held, ["answers", "confirmed_pages"], batch_size=2_000)
    still = {response.pk for response in held}  # whoever was just sending off has done so
    ended = [link for link in links if link.response_id in still]
    AccessLink.objects.filter(pk__in=[link.pk for link in ended]).update(expires_at=now, proved_at=None)
    record_many("link.ended", targets=ended, actor=actor, at=now)
    return len(ended)


def leading_link(response: Response) -> AccessLink | None:
    """The link of a notice that lives longest: whoever comes to a response by another entrance comes in by it.

    None also where a guardian answers in the customer's place, who comes by the link of the guardian's own letter.
    """
    if GUARDIAN in kinds_in_force([response.customer_id]).get(response.customer_id, ()):
        return None
    notices = AccessLink.objects.filter(response=response, is_to_read=False)
    return notices.order_by("-expires_at", "-pk").first()


def lead_of(link: AccessLink) -> AccessLink | None:
    """The link by which whoever came in by ``link`` may answer."""
    return leading_link(link.response) if link.is_to_read else link


def closed_to(link: AccessLink, lead: AccessLink | None, now: datetime) -> LinkState | None:
    """Why whoever came in by ``link`` may not answer at present, by its ``lead``; None if they may."""
    if lead is None:
        return LinkState.EXPIRED
    lead.response = link.response
    state = state_of(lead, now)
    if state is LinkState.ANSWERED and (lead is link or lead.expires_at > now):
        return None  # their receipt, or what else there is to do
    return None if state in (LinkState.OPEN, LinkState.LOCKED) else state


def state_of(link: AccessLink, now: datetime) -> LinkState:
    """What opening the link leads to. The response is read with it."""
    if link.response.status == Response.Status.SUBMITTED:
        return LinkState.ANSWERED
    if link.response.status == Response.Status.CANCELLED:
        return LinkState.CANCELLED
    if link.expires_at <= now:
        return LinkState.EXPIRED
    if link.opens_at and link.opens_at > now:
        return LinkState.NOT_YET
    return LinkState.LOCKED if is_locked(link, now) else LinkState.OPEN


def is_locked(link: AccessLink, now: datetime) -> bool:
    """Whether nobody may try to prove anything by it at the moment."""
    return link.locked_until is not None and link.locked_until > now


def prove(
    *,
    link: AccessLink,
    factors: Factors,
    facts: Mapping[str, object],
    now: datetime,
    is_answer_needed: bool = True,
) -> AccessLink:
    """Check what somebody claims to know; on success this visit is the one that may answer.

    `is_answer_needed`: false lets somebody back in whose answers are here but who has more to do.

    Needs the tenant's context and no open transaction: a failure must be counted even though it raises.

    Raises:
        WrongFactor: counted; the fifth locks the link.
        LinkLocked: not even looked at, or this was the fifth wrong answer.
        LinkClosed: they are who they say, and there is nothing left to answer.
    """

    def judge(held: AccessLink) -> LinkLocked | LinkClosed | WrongFactor | None:
        if held.locked_until and is_locked(held, now):
            return LinkLocked(held.locked_until)
        if not agrees(held.response.customer, facts_asked(held.response.customer.kind), factors, facts):
            return _count_failure(held, Actor.customer(held.response.customer_id), now)
        return let_in(held, Entrance.LINK, now, is_answer_needed)

    return _under_lock(link, judge)


def admit(*, link: AccessLink, entrance: Entrance, now: datetime, is_answer_needed: bool = True) -> AccessLink:
    """Let somebody in by a response's link who proved themselves at another entrance; as `prove` from there on.

    Raises:
        LinkClosed
    """
    return _under_lock(link, lambda held: let_in(held, entrance, now, is_answer_needed))


def let_in(link: AccessLink, entrance: Entrance, now: datetime, is_answer_needed: bool) -> LinkClosed | None:
    """Begin a visit by a link that the caller holds locked; why not, if there is nothing to answer."""
    link.failed_proofs, link.locked_until, link.locks = 0, None, 0
    state = state_of(link, now)
    actor = Actor.customer(link.response.customer_id)
    is_answered = state is LinkState.ANSWERED and not is_answer_needed and link.expires_at > now
    is_in = state is LinkState.OPEN or is_answered
    if is_in:
        link.proved_at, link.entrance = now, entrance
    save_and_record(
        link,
        ["failed_proofs", "locked_until", "locks", "proved_at", "entrance"],
        "link.proved",
        actor=actor,
        at=now,
        channel=link.channel,
        entrance=entrance,
        state=state.value,
    )
    if not is_in:
        return LinkClosed(state)
    if link.response.status == Response.Status.OPEN and closed_to(link, lead_of(link), now) is None:
        transition(link.response, Response.Status.STARTED, actor=actor, at=now, started_at=now)
    return None


def _under_lock[F: Exception](link: AccessLink, judge: Callable[[AccessLink], F | None]) -> AccessLink:
    """The link, locked while it is judged; a failure is raised only after what it counted has been kept."""
    try:
        with transaction.atomic(durable=True):
            held = _LOCKED.first(pk=link.pk)
            if held is None:
                raise AccessLink.DoesNotExist
            failure = judge(held)
    except LostRace:  # the response is not locked, and was cancelled just now
        raise LinkClosed(LinkState.CANCELLED) from None
    if failure:
        raise failure
    return held


def _count_failure(link: AccessLink, actor: Actor, now: datetime) -> LinkLocked | WrongFactor:
    if link.locked_until:  # that lock is over; counting starts afresh
        link.failed_proofs, link.locked_until = 0, None
    link.failed_proofs += 1
    is_last = link.failed_proofs >= MAX_FAILURES
    remaining = MAX_FAILURES - link.failed_proofs
    until = now + LOCK * 2 ** min(link.locks, MOST_DOUBLED)
    if is_last:
        link.locked_until, link.locks = until, link.locks + 1
    fields = ["failed_proofs", "locked_until", "locks"]
    save_and_record(link, fields, "link.refused", actor=actor, at=now, failures=link.failed_proofs, locked=is_last)
    return LinkLocked(until) if is_last else WrongFactor(remaining)
