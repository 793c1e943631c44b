"""Reading retention: lengths in force, who is held, what is on a list."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from uuid import UUID

from retention.classes import RecordClass, record_classes
from retention.expiring import Period
from retention.models import DestructionRecord, LegalHold, PurgeItem, PurgeProposal, RetentionClass
from tenants.keyset import Page, keyset_page


def periods() -> dict[str, Period]:
    """The period of each class that is in force for the tenant in scope."""
    own = dict(RetentionClass.objects.values_list("code", "length"))
    return {kind.code: period_of(kind, own.get(kind.code)) for kind in record_classes()}


def period_of(kind: RecordClass, length: int | None) -> Period:
    """The tenant's length within the limits of the class; a row from before a limit moved never shortens a duty."""
    wanted = kind.default.length if length is None else length
    return Period(min(max(wanted, kind.shortest), kind.longest), kind.default.unit)


def held_subjects(among: Iterable[UUID | None] = ()) -> set[UUID]:
    """Customers under a hold; of `among`, if any are named."""
    rows = LegalHold.objects.filter(released_at__isnull=True)
    if wanted := {subject for subject in among if subject}:
        rows = rows.filter(subject__in=wanted)
    return set(rows.values_list("subject", flat=True))


def is_anything_held() -> bool:
    """Whether there is any hold; then records that may be about anybody are kept as well."""
    return LegalHold.objects.filter(released_at__isnull=True).exists()


def open_proposal() -> PurgeProposal | None:
    """The one that is being worked on; there is never more than one."""
    closed = (PurgeProposal.Status.EXECUTED, PurgeProposal.Status.REJECTED)
    found: PurgeProposal | None = PurgeProposal.objects.exclude(status__in=closed).first()
    return found


def hash_of_list(proposal: PurgeProposal) -> str:
    """SHA-256 over the list as it stands."""
    items = PurgeItem.objects.filter(proposal=proposal).order_by("code", "record")
    return hash_of_lines(item.line for item in items.iterator(chunk_size=2_000))


def hash_of_lines(lines: Iterable[str]) -> str:
    """SHA-256 over lines, as hexadecimal."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode())
    return digest.hexdigest()


def item_page(proposal: PurgeProposal, *, cursor: str | None = None) -> Page[PurgeItem]:
    """What is on the list, by class, the oldest first."""
    rows = PurgeItem.objects.filter(proposal=proposal)
    return keyset_page(rows, order=("code", "trigger_on", "id"), cursor=cursor)


def hold_page(*, cursor: str | None = None) -> Page[LegalHold]:
    """Holds, the newest first."""
    return keyset_page(LegalHold.objects.all(), order=("-placed_at", "-id"), cursor=cursor)


def record_page(*, cursor: str | None = None) -> Page[DestructionRecord]:
    """Destruction records, the newest first."""
    rows = DestructionRecord.objects.select_related("proposal")
    return keyset_page(rows, order=("-made_at", "-id"), cursor=cursor)
