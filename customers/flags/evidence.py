"""Pictures that show why a flag was raised: taken in while it is in force, opened on the record."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from audit.services import Actor
from customers.flags.models import CustomerFlag
from customers.flags.services import FlagRefused
from uploads.models import Upload
from uploads.selectors import clean_upload, uploads_of
from uploads.services import receive_upload

PURPOSE = Upload.Purpose.FLAG_EVIDENCE


@transaction.atomic
def attach_evidence(*, flag: CustomerFlag, file: BinaryIO, name: str, actor: Actor, now: datetime) -> Upload:
    """Take a picture in for a flag in force.

    Raises:
        FlagRefused: the flag has ended meanwhile.
        UploadRefused: it is not a picture that can be taken.
    """
    held = CustomerFlag.objects.select_for_update(of=("self",)).get(pk=flag.pk)
    if held.status != CustomerFlag.Status.IN_FORCE:
        raise FlagRefused(_("This flag is not in force any more."), "file")
    return receive_upload(
        file, name=name, purpose=PURPOSE, reference=held.pk, person_id=held.customer_id, actor=actor, now=now
    )


def evidence_for(flag: CustomerFlag) -> list[Upload]:
    """The pictures of a flag in the order they came, without their bodies."""
    return uploads_of(purpose=PURPOSE, reference=flag.pk)


def evidence_counts(flags: Collection[CustomerFlag]) -> dict[UUID, int]:
    """How many pictures each of these flags has. One query."""
    rows = Upload.objects.filter(purpose=PURPOSE, reference__in=[flag.pk for flag in flags])
    return dict(rows.order_by().values_list("reference").annotate(Count("id")))


def picture_of(flag: CustomerFlag, upload_id: UUID) -> Upload:
    """A picture of this flag that may be shown.

    Raises:
        Upload.DoesNotExist: the flag has no such picture, or it has not been found clean.
    """
    return clean_upload(upload_id, purpose=PURPOSE, reference=flag.pk)
