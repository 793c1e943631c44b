"""Pictures of papers about a company's owners: taken in beside what was typed of them, opened on the record."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from audit.services import Actor
from customers.models import OwnerPaper
from customers.pointers import lock_own
from uploads.models import Upload
from uploads.selectors import clean_upload, uploads_of
from uploads.services import receive_upload

PURPOSE = Upload.Purpose.OWNER_PAPER


@transaction.atomic
def attach_scan(*, paper: OwnerPaper, file: BinaryIO, name: str, actor: Actor, now: datetime) -> Upload:
    """Take in a picture of a paper that is on record.

    Raises:
        CustomerMerged: the customer is part of another by now.
        UploadRefused: it is not a picture that can be taken.
    """
    lock_own(paper.customer_id)
    return receive_upload(
        file, name=name, purpose=PURPOSE, reference=paper.pk, person_id=paper.customer_id, actor=actor, now=now
    )


def scans_of(paper: OwnerPaper) -> list[Upload]:
    """The pictures of a paper in the order they came, without their bodies."""
    return uploads_of(purpose=PURPOSE, reference=paper.pk)


def scan_counts(papers: Collection[OwnerPaper]) -> dict[UUID, int]:
    """How many pictures each of these papers has. One query."""
    rows = Upload.objects.filter(purpose=PURPOSE, reference__in=[paper.pk for paper in papers])
    return dict(rows.order_by().values_list("reference").annotate(Count("id")))


def scan_of(paper: OwnerPaper, upload_id: UUID) -> Upload:
    """A picture of this paper that may be shown.

    Raises:
        Upload.DoesNotExist: the paper has no such picture, or it has not been found clean.
    """
    return clean_upload(upload_id, purpose=PURPOSE, reference=paper.pk)
