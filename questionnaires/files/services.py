"""Taking files in with the answers, taking them back, and forgetting them with the answers."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from audit.services import Actor
from questionnaires.files.models import AnswerFile
from questionnaires.files.selectors import PURPOSE
from questionnaires.holding import OffRoute, hold_started
from questionnaires.models import Response
from questionnaires.schema import Accepted, Kind, Page, Question
from uploads.models import Upload
from uploads.services import UploadRefused, examine, receive_upload, remove_uploads

_EXAMINER = Actor.system("uploads")
_KINDS = {Accepted.PHOTO: set(Upload.Kind) - {Upload.Kind.PDF}, Accepted.PDF: {Upload.Kind.PDF}}
# What one response may send in an hour, whatever becomes of it: people take a picture again, and once more.
MOST_IN_AN_HOUR = 40
_HOUR = timedelta(hours=1)
# Drawing a picture costs up to a gigabyte for a second or two: what finds no place waits for a worker.
_DRAWING = BoundedSemaphore(2)
_PATIENCE = 4.0


def take_file(
    *,
    response: Response,
    page: Page,
    question: Question,
    side: str,
    file: BinaryIO,
    name: str,
    actor: Actor,
    now: datetime,
    looks_at_once: bool = True,
) -> AnswerFile:
    """Take one file in and look at it, so that whoever sent it can be told. Then no transaction may be open.

    The same file twice for the same question is one. Where the examination cannot be made at once, or is not to be,
    a worker makes it.

    Raises:
        UploadRefused: it cannot be taken; nothing of it is kept.
        ResponseClosed: the answers have been sent or withdrawn.
        OffRoute: the page does not ask for it.
    """
    added = _add_file(
        response=response, page=page, question=question, side=side, file=file, name=name, actor=actor, now=now
    )
    if not looks_at_once:
        return added
    if _DRAWING.acquire(timeout=_PATIENCE):
        try:
            examine(upload_id=added.upload, actor=_EXAMINER, now=now)
        finally:
            _DRAWING.release()
    if reason := _reason_of(added):
        remove_file(response=response, file_id=added.pk, actor=_EXAMINER, now=now)
        raise UploadRefused(reason)
    return added


@transaction.atomic
def _add_file(
    *,
    response: Response,
    page: Page,
    question: Question,
    side: str,
    file: BinaryIO,
    name: str,
    actor: Actor,
    now: datetime,
) -> AnswerFile:
    held = hold_started(response)
    if question not in page.questions or question.kind is not Kind.FILE or side not in (question.sides or ("",)):
        raise OffRoute(page.id)
    mine = AnswerFile.objects.filter(response=held)
    if mine.filter(added_at__gt=now - _HOUR).count() >= MOST_IN_AN_HOUR:
        raise UploadRefused("too_often")
    there = mine.filter(removed_at__isnull=True)
    sha256 = hashlib.sha256(file.read(settings.UPLOAD_MAX_BYTES + 1)).hexdigest()
    file.seek(0)
    for_it = list(there.filter(question=question.id))
    same = Upload.objects.filter(pk__in=[one.upload for one in for_it if one.side == side], sha256=sha256)
    if found := same.values_list("pk", flat=True).first():
        there_already: AnswerFile = next(one for one in for_it if one.upload == found)
        return there_already
    if len(for_it) >= question.limits.max_files:
        raise UploadRefused("too_many_for_it")
    upload = receive_upload(
        file,
        name=name,
        purpose=PURPOSE,
        reference=held.pk,
        person_id=held.customer_id,
        actor=actor,
        now=now,
        kinds=[kind for accepted in question.accepts for kind in _KINDS[accepted]],
    )
    sizes = Upload.objects.filter(purpose=PURPOSE, reference=held.pk, page=1)
    if (sizes.aggregate(total=Sum("size"))["total"] or 0) > settings.ANSWER_FILES_MAX_BYTES:
        raise UploadRefused("too_much")
    added: AnswerFile = AnswerFile.objects.create(
        response=held, question=question.id, side=side, upload=upload.pk, added_at=now
    )
    return added


@transaction.atomic
def remove_file(*, response: Response, file_id: UUID, actor: Actor, now: datetime) -> bool:
    """Take a file back while the answers are not sent; whether it was there. A second time it changes nothing.

    Raises ResponseClosed.
    """
    held = hold_started(response)
    found = AnswerFile.objects.filter(response=held, pk=file_id, removed_at__isnull=True).first()
    if found is None:
        return False
    _forget([found], actor=actor, now=now)
    return True


def keep_only(*, response: Response, upload_ids: Collection[str], actor: Actor, now: datetime) -> None:
    """When the answers are sent: what is not among them is not kept. Inside the sender's transaction."""
    rows = AnswerFile.objects.filter(response=response, removed_at__isnull=True)
    _forget([row for row in rows if str(row.upload) not in upload_ids], actor=actor, now=now)


def forget_files(
    responses: Collection[UUID],
    *,
    actor: Actor,
    now: datetime,
    questions: Mapping[UUID, Collection[str]] | None = None,
) -> None:
    """Destroy the files of responses; with ``questions``, only those for some of each. Inside a transaction."""
    rows = AnswerFile.objects.filter(response__in=responses, removed_at__isnull=True)
    going = [row for row in rows if questions is None or row.question in questions[row.response_id]]
    _forget(going, actor=actor, now=now)


def _forget(rows: Sequence[AnswerFile], *, actor: Actor, now: datetime) -> None:
    if not rows:
        return
    remove_uploads([row.upload for row in rows], actor=actor, now=now)
    AnswerFile.objects.filter(pk__in=[row.pk for row in rows]).update(removed_at=now)


@transaction.atomic
def _reason_of(added: AnswerFile) -> str:
    """Why the file was not taken; "" if it was, or is still to be looked at."""
    upload = Upload.objects.filter(pk=added.upload).defer("body").first()
    return str(upload.reason) if upload and upload.status == Upload.Status.REJECTED else ""
