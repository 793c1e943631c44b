"""Parts of a company's response that its representative lets somebody else answer.

Whoever is asked has an address and, told apart from it, a number of six digits; they see the pages that were named,
nothing of the file and nothing that anybody else has answered. What they hand over is a proposal: the representative
finds it on the page, checks it and sends everything.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from audit.services import Actor, record
from questionnaires.links import WrongFactor, hash_token, new_token
from questionnaires.models import Delegation, Response
from questionnaires.schema import Kind, Page, Questionnaire

MAX_FAILURES = 5
MOST = 10  # of one response that are good at once
CODE_DIGITS = 6
_ALONE = {Kind.FILE, Kind.EKYC, Kind.DECLARATION}
_SYSTEM = Actor.system("portal")


class DelegationOver(Exception):
    """There is no such part, or it was taken back, handed over, ran out, or tried too often. Which is never said."""


class TooMany(Exception):
    """So many people have been asked already."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What exists nowhere else once it has been shown."""

    delegation: Delegation
    token: str
    code: str


@dataclass(frozen=True, slots=True)
class Contribution:
    """What somebody handed over for one page."""

    name: str
    answers: Mapping[str, object]


def delegable(questionnaire: Questionnaire) -> list[Page]:
    """The pages that somebody else may answer: not what the representative declares, proves or photographs."""
    return [
        page
        for page in questionnaire.pages
        if page.fields and not any(question.kind in _ALONE for question in page.questions)
    ]


@transaction.atomic
def delegate(
    *, response: Response, pages: Sequence[str], name: str, expires_at: datetime, actor: Actor, now: datetime
) -> Issued:
    """Let somebody answer these pages.

    Raises:
        TooMany
    """
    Response.objects.select_for_update(of=("self",), no_key=True).get(pk=response.pk)
    if delegations_of(response).filter(handed_over_at__isnull=True, expires_at__gt=now).count() >= MOST:
        raise TooMany
    token, code = new_token(), f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    made = Delegation(
        response=response,
        pages=list(pages),
        token_hash=hash_token(token),
        code_hash=_code_hash(token, code),
        created_at=now,
        expires_at=expires_at,
    )
    made.name = name
    made.save()
    record("delegation.made", target=made, actor=actor, at=now, pages=list(pages))
    return Issued(made, token, code)


@transaction.atomic
def revoke(*, response: Response, delegation_id: UUID, actor: Actor, now: datetime) -> None:
    """Take a part back; what was answered of it is forgotten. A second time it changes nothing."""
    held = delegations_of(response).select_for_update(of=("self",)).filter(pk=delegation_id).first()
    if held is None:
        return
    held.revoked_at, held.answers = now, {}
    held.save(update_fields=["revoked_at", "answers"])
    record("delegation.revoked", target=held, actor=actor, at=now)


def find_delegation(token: str, *, now: datetime) -> Delegation:
    """The part of a token, if it waits for answers. Needs the tenant's scope.

    Raises:
        DelegationOver
    """
    return _good(Delegation.objects.filter(token_hash=hash_token(token)), now)


def prove_code(*, delegation: Delegation, token: str, code: str, now: datetime) -> datetime:
    """Begin answering; whoever does so later takes over. Needs the tenant's context and no open transaction.

    Returns:
        When it was proved, which names the visit.

    Raises:
        WrongFactor: counted.
        DelegationOver: also for the fifth wrong number, which ends it.
    """
    failure: Exception | None = None
    with transaction.atomic(durable=True):
        held = _good(Delegation.objects.select_for_update(of=("self",)).filter(pk=delegation.pk), now)
        if hmac.compare_digest(_code_hash(token, code), bytes(held.code_hash)):
            held.failed_proofs, held.proved_at = 0, now
            held.save(update_fields=["failed_proofs", "proved_at"])
            record("delegation.proved", target=held, actor=_SYSTEM, at=now)
        else:
            held.failed_proofs += 1
            held.save(update_fields=["failed_proofs"])
            record("delegation.refused", target=held, actor=_SYSTEM, at=now, failures=held.failed_proofs)
            left = MAX_FAILURES - held.failed_proofs
            failure = WrongFactor(left) if left > 0 else DelegationOver()
    if failure:
        raise failure
    return now


def visited(delegation_id: UUID, proved_at: datetime, *, now: datetime) -> Delegation:
    """The part that a visit is on. Needs the tenant's scope.

    Raises:
        DelegationOver: also where somebody has proved the number since.
    """
    return _good(Delegation.objects.filter(pk=delegation_id, proved_at=proved_at), now)


@transaction.atomic
def keep_part(*, delegation: Delegation, page: Page, answers: Mapping[str, object], now: datetime) -> Delegation:
    """Keep the answers of one page; with the last page the part is handed over.

    Raises:
        DelegationOver: taken back meanwhile, or the page is not of this part.
    """
    held = _good(Delegation.objects.select_for_update(of=("self",)).filter(pk=delegation.pk), now)
    if page.id not in held.pages:
        raise DelegationOver
    held.answers = {**held.answers, **{field: answers.get(field) for field in page.fields}, _done(page.id): True}
    if is_last := all(_done(other) in held.answers for other in held.pages):
        held.handed_over_at = now
    held.save(update_fields=["answers", "handed_over_at"])
    record("delegation.page_saved", target=held, actor=_SYSTEM, at=now, page=page.id, handed_over=is_last)
    return held


def next_part(delegation: Delegation) -> str | None:
    """The first page of it without an answer."""
    return next((page for page in delegation.pages if _done(page) not in delegation.answers), None)


def delegations_of(response: Response) -> QuerySet[Delegation]:
    """Those of a response that were not taken back, oldest first."""
    rows: QuerySet[Delegation] = Delegation.objects.filter(response=response, revoked_at__isnull=True)
    return rows.order_by("pk")


def contributions(response: Response) -> dict[str, Contribution]:
    """What others have handed over, by page; of a page that two had, the later. One query."""
    found: dict[str, Contribution] = {}
    for one in delegations_of(response).filter(handed_over_at__isnull=False).order_by("handed_over_at"):
        found |= {page: Contribution(one.name, one.answers) for page in one.pages if one.answers}
    return found


def forget_parts(response_ids: Sequence[UUID]) -> None:
    """Forget what others have answered: what counts of it is in the response."""
    rows = list(Delegation.objects.filter(response__in=response_ids, proved_at__isnull=False))
    for row in rows:
        row.answers = {}
    Delegation.objects.bulk_update(rows, ["answers"])


def _good(rows: QuerySet[Delegation], now: datetime) -> Delegation:
    held: Delegation | None = rows.select_related("response__version", "response__customer").first()
    if (
        held is None
        or held.revoked_at
        or held.handed_over_at
        or held.expires_at <= now
        or held.failed_proofs >= MAX_FAILURES
        or held.response.status not in Response.UNANSWERED
    ):
        raise DelegationOver
    return held


def _done(page_id: str) -> str:
    return f"done {page_id}"


def _code_hash(token: str, code: str) -> bytes:
    return hashlib.sha256(hash_token(token) + token.upper().encode() + code.encode()).digest()
