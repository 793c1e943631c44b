"""Reads of the files that were handed in with a response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from questionnaires.answering import HandedIn
from questionnaires.files.models import AnswerFile
from questionnaires.models import Response
from uploads.models import Upload
from uploads.selectors import clean_upload

PURPOSE = Upload.Purpose.ANSWER_FILE


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that was handed in, with what became of it."""

    file: AnswerFile
    upload: Upload

    @property
    def is_refused(self) -> bool:
        """Looked at and not taken: it counts for nothing."""
        return self.upload.status == Upload.Status.REJECTED


@transaction.atomic
def files_of(response: Response) -> dict[str, list[Handed]]:
    """The files of a response by question, in the order they came, without their bodies. Two queries."""
    rows = list(AnswerFile.objects.filter(response=response, removed_at__isnull=True).order_by("added_at", "pk"))
    if not rows:
        return {}
    uploads = {one.pk: one for one in Upload.objects.filter(pk__in=[row.upload for row in rows]).defer("body")}
    found: dict[str, list[Handed]] = {}
    for row in rows:
        if row.upload in uploads:
            found.setdefault(row.question, []).append(Handed(row, uploads[row.upload]))
    return found


def handed_in(files: Mapping[str, Sequence[Handed]]) -> dict[str, list[HandedIn]]:
    """Files as `answering.validate` takes them: those that were not refused."""
    return {
        question: [
            HandedIn(str(one.upload.pk), one.file.side, str(one.upload.kind), one.upload.size)
            for one in handed
            if not one.is_refused
        ]
        for question, handed in files.items()
    }


def pages_of(response: Response) -> dict[str, tuple[Upload, ...]]:
    """The pictures made of a response's files, by the file's id; a PDF has one a page. Without their bodies."""
    rows = list(Upload.objects.filter(purpose=PURPOSE, reference=response.pk).defer("body").order_by("page"))
    by_file: dict[tuple[object, ...], list[Upload]] = {}
    for row in rows:
        by_file.setdefault((row.sha256, row.received_at), []).append(row)
    return {str(row.pk): tuple(by_file[row.sha256, row.received_at]) for row in rows if row.page == 1}


def picture_of(response: Response, upload_id: UUID) -> tuple[Upload, Handed]:
    """A picture of a response that may be shown, and the file it is a page of.

    Raises:
        Upload.DoesNotExist: the response has no such picture, or it has not been found clean.
    """
    upload = clean_upload(upload_id, purpose=PURPOSE, reference=response.pk)
    for handed in files_of(response).values():
        for one in handed:
            if (one.upload.sha256, one.upload.received_at) == (upload.sha256, upload.received_at):
                return upload, one
    raise Upload.DoesNotExist
