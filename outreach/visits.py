"""The record of a visit, saved step by step on the way; what arrives twice over a bad line is kept once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction

from audit.services import Actor, record
from outreach.models import OutreachTask, VisitRecord
from outreach.services import hold_task, record_try
from uploads.models import Upload
from uploads.selectors import clean_upload, uploads_of
from uploads.services import receive_upload

PURPOSE = Upload.Purpose.VISIT_PHOTO
STEPS = ("place", "house", "photo", "end")


def draft_of(task: OutreachTask) -> VisitRecord | None:
    """The visit that is under way."""
    found: VisitRecord | None = VisitRecord.objects.filter(task=task, finished_at__isnull=True).first()
    return found


def save_step(*, task: OutreachTask, values: Mapping[str, Any], actor: Actor, now: datetime) -> VisitRecord:
    """Keep what one step says; said again, the later word counts.

    Raises:
        OutreachRefused: the task is closed or a colleague's.
    """
    with transaction.atomic():
        visit = _under_way(task, actor, now)
        visit.details = {**visit.details, **values}
        visit.saved_at = now
        visit.save(update_fields=["details", "saved_at"])
    return visit


def add_photo(*, task: OutreachTask, file: BinaryIO, name: str, actor: Actor, now: datetime) -> None:
    """Take in a photograph, to be scanned and drawn anew; the same one sent twice is there once.

    Raises:
        OutreachRefused: the task is closed or a colleague's.
        UploadRefused: it is not a picture that can be taken.
    """
    with transaction.atomic():
        visit = _under_way(task, actor, now)
        sha256 = hashlib.sha256(file.read(settings.UPLOAD_MAX_BYTES + 1)).hexdigest()
        file.seek(0)
        if Upload.objects.filter(purpose=PURPOSE, reference=visit.pk, sha256=sha256).exists():
            return
        receive_upload(
            file, name=name, purpose=PURPOSE, reference=visit.pk, person_id=task.customer_id, actor=actor, now=now
        )


def finish_visit(
    *,
    task: OutreachTask,
    token: UUID,
    outcome: str,
    note: str,
    call_back_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Close the record and note what came of the visit; the same ``token`` twice is one visit.

    Raises:
        OutreachRefused.
    """
    with transaction.atomic():
        locked = OutreachTask.objects.select_for_update(no_key=True).get(pk=task.pk)
        if locked.tries.filter(token=token).exists():
            return
        visit = _under_way(task, actor, now)
        visit.finished_at = visit.saved_at = now
        visit.save(update_fields=["finished_at", "saved_at"])
        record("visitrecord.finished", target=visit, actor=actor, at=now, outcome=outcome)
        record_try(task=task, token=token, outcome=outcome, note=note, call_back_at=call_back_at, actor=actor, now=now)


def photos_of(visit: VisitRecord | None) -> list[Upload]:
    """The photographs of a visit in the order they came, without their bodies."""
    return uploads_of(purpose=PURPOSE, reference=visit.pk) if visit else []


def photo_of(task: OutreachTask, upload_id: UUID) -> Upload:
    """A photograph of one of the task's visits that may be shown.

    Raises:
        Upload.DoesNotExist.
    """
    reference = Upload.objects.filter(pk=upload_id, purpose=PURPOSE).values_list("reference", flat=True).first()
    if reference is None or not VisitRecord.objects.filter(pk=reference, task=task).exists():
        raise Upload.DoesNotExist
    return clean_upload(upload_id, purpose=PURPOSE, reference=reference)


def _under_way(task: OutreachTask, actor: Actor, now: datetime) -> VisitRecord:
    held: OutreachTask = OutreachTask.objects.select_for_update(no_key=True).get(pk=task.pk)
    hold_task(held, actor=actor, now=now)
    draft = draft_of(held)
    if draft is None:
        draft = VisitRecord.objects.create(task=held, visited_by=int(actor.id), started_at=now, saved_at=now)
        record("visitrecord.begun", target=draft, actor=actor, at=now)
    return draft
