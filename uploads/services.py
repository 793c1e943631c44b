"""Taking files in, having them scanned, and settling what becomes of them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from audit.services import Actor, record, record_ids
from audit.transitions import IllegalTransition, LostRace, transition
from tenants.keys.errors import CannotDecrypt, KeysUnavailable, UnknownKeyVersion
from tenants.scoping import required_tenant_id
from uploads.models import MOST_IN_ONE_PLACE, Upload
from uploads.naming import shown_name
from uploads.pages import draw_pages
from uploads.pictures import Picture, PictureRefused, kind_of, remake
from uploads.scanning import ScannerUnavailable, Verdict, scan
from uploads.wording import reason_in_words

# As long as one examination may take at the very most; after that another worker may try.
LEASE = timedelta(minutes=3)
FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(minutes=10)


class UploadRefused(Exception):
    """A file that is not taken at all; its text is a sentence for the person who chose it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    def __str__(self) -> str:
        return reason_in_words(self.code)


@dataclass(frozen=True, slots=True)
class _Finding:
    """What became of one file: its pages drawn anew, or the code of the reason why not."""

    pages: Sequence[Picture]
    reason: str
    verdict: Verdict | None


@transaction.atomic
def receive_upload(
    file: BinaryIO,
    *,
    name: str,
    purpose: str,
    reference: UUID,
    person_id: UUID,
    actor: Actor,
    now: datetime,
    kinds: Collection[str] = tuple(Upload.Kind),
) -> Upload:
    """Keep a file, sealed and out of sight, until it has been scanned and made harmless.

    ``reference``: the row of a room above that it belongs to; ``person_id``: the customer it is about. The type and
    the length that the sender states are ignored; at most one byte more than allowed is read. ``kinds``: those that
    this place takes.

    Raises:
        UploadRefused: empty, too large, neither a picture nor, where paper is meant, a PDF, or one too many; nothing is
            kept.
    """
    data = file.read(settings.UPLOAD_MAX_BYTES + 1)
    if len(data) > settings.UPLOAD_MAX_BYTES:
        raise UploadRefused("too_large")
    try:
        kind = kind_of(data)
    except PictureRefused as refused:
        raise UploadRefused(refused.code) from refused
    if kind == Upload.Kind.PDF and purpose not in Upload.PAPERS:
        raise UploadRefused("pdf")
    if kind not in kinds:
        raise UploadRefused("pdf" if kind == Upload.Kind.PDF else "only_pdf")
    if Upload.objects.filter(purpose=purpose, reference=reference, page=1).count() >= MOST_IN_ONE_PLACE:
        raise UploadRefused("too_many")
    upload: Upload = Upload.objects.create(
        purpose=purpose,
        reference=reference,
        person_id=person_id,
        name=shown_name(name),
        kind=kind,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        body=data,
        received_at=now,
        try_at=now,
    )
    record(
        "upload.received",
        target=upload,
        actor=actor,
        at=now,
        purpose=purpose,
        reference=str(reference),
        kind=kind,
        size=upload.size,
        sha256=upload.sha256,
    )
    return upload


def examine_waiting(*, actor: Actor, now: datetime, limit: int = 20) -> int:
    """Examine the tenant's files that are due. Needs its context and no open transaction.

    Returns how many were settled; the others stay as they are and are tried again later.
    """
    with transaction.atomic():
        due = Upload.objects.filter(status=Upload.Status.PENDING, try_at__lte=now)
        ids = list(due.order_by("try_at", "id").values_list("pk", flat=True)[:limit])
    return sum(examine(upload_id=upload_id, actor=actor, now=now) for upload_id in ids)


def examine(*, upload_id: UUID, actor: Actor, now: datetime) -> bool:
    """Draw one file anew and have it scanned; whether it is settled. No transaction is open meanwhile."""
    upload = _claim(upload_id, now=now)
    if upload is None:
        return False
    try:
        found = _look_at(upload)
    except (ScannerUnavailable, KeysUnavailable, UnknownKeyVersion):
        _try_again(upload, now=now)
        return False
    _settle(upload, found, actor=actor, now=now)
    return True


@transaction.atomic
def remove_uploads(ids: Collection[UUID], *, actor: Actor, now: datetime) -> None:
    """Destroy files with all their pages, because whoever sent them takes them back, or their time is over."""
    firsts = list(Upload.objects.filter(pk__in=ids).defer("body"))
    if not firsts:
        return
    taken = [first.pk for first in firsts]
    record_ids("upload.removed", model=Upload, tenant_id=required_tenant_id(), ids=taken, actor=actor, at=now)
    same = Q()
    for first in firsts:
        same |= Q(purpose=first.purpose, reference=first.reference, sha256=first.sha256, received_at=first.received_at)
    Upload.objects.filter(same).delete()


@transaction.atomic
def record_view(*, upload: Upload, actor: Actor, now: datetime) -> None:
    """Somebody looks at the picture, which is an act on the record."""
    record("upload.viewed", target=upload, actor=actor, at=now, reference=str(upload.reference))


@transaction.atomic
def _claim(upload_id: UUID, *, now: datetime) -> Upload | None:
    due = Upload.objects.filter(pk=upload_id, status=Upload.Status.PENDING, try_at__lte=now)
    upload: Upload | None = due.select_for_update(skip_locked=True).first()
    if upload is not None:
        upload.try_at = now + LEASE
        upload.tries += 1
        upload.save(update_fields=["try_at", "tries"])
    return upload


def _look_at(upload: Upload) -> _Finding:
    try:
        data: bytes = upload.body
    except (KeysUnavailable, UnknownKeyVersion):
        raise  # nothing is wrong with the file
    except CannotDecrypt:
        return _Finding((), "unopened", None)
    # The jail first: the scanner decodes pictures too, and a bomb would hold it for a minute and most of a gigabyte.
    try:
        pages = draw_pages(data) if upload.kind == Upload.Kind.PDF else [remake(data)]
    except PictureRefused as refused:
        return _Finding((), refused.code, None)
    verdict = scan(data, socket=settings.CLAMAV_SOCKET) if settings.UPLOAD_SCAN == "required" else None
    if verdict and verdict.signature:
        return _Finding((), "infected", verdict)
    return _Finding(pages, "", verdict)


def _settle(upload: Upload, found: _Finding, *, actor: Actor, now: datetime) -> None:
    """The verdict in one transaction: with it the file that arrived is gone."""
    scanner = found.verdict.scanner if found.verdict else ""
    to = Upload.Status.REJECTED if found.reason else Upload.Status.CLEAN
    try:
        with transaction.atomic():
            transition(
                upload,
                to,
                actor=actor,
                at=now,
                body=found.pages[0].body if found.pages else None,
                hints=list(found.pages[0].hints) if found.pages else [],
                pages=max(1, len(found.pages)),
                reason=found.reason,
                scanner=scanner,
                scanned_at=now if found.verdict else None,
            )
            if len(found.pages) > 1:
                _add_pages(upload, found.pages)
            if found.reason:
                signature = found.verdict.signature if found.verdict else ""
                record(
                    "upload.destroyed",
                    target=upload,
                    actor=actor,
                    at=now,
                    reason=found.reason,
                    signature=signature,
                    sha256=upload.sha256,
                )
    except (IllegalTransition, LostRace):
        return  # another worker, whose lease was the later one, came first


def _add_pages(first: Upload, pages: Sequence[Picture]) -> None:
    """The further pages of a PDF, which were examined with it and share what was found."""
    same = ("purpose", "reference", "person_id", "name", "kind", "size", "sha256", "received_at", "try_at", "tries")
    shared = {name: getattr(first, name) for name in (*same, "pages", "status", "scanned_at", "scanner")}
    for number, page in enumerate(pages[1:], start=2):
        Upload.objects.create(**shared, page=number, body=page.body)


@transaction.atomic
def _try_again(upload: Upload, *, now: datetime) -> None:
    wait = min(FIRST_WAIT * 2 ** min(upload.tries - 1, 10), LONGEST_WAIT)
    mine = Upload.objects.filter(pk=upload.pk, status=Upload.Status.PENDING, tries=upload.tries)
    mine.update(try_at=now + wait)
