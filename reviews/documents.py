"""Documents of a case: pictures that staff attach while it is open, and may look at once they are found clean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import Actor
from customers.presenting import or_erased
from reviews.models import Case
from reviews.policies import CaseNotOpen
from uploads.models import Upload
from uploads.selectors import clean_upload, uploads_of
from uploads.services import receive_upload
from uploads.wording import reason_in_words

PURPOSE = Upload.Purpose.CASE_DOCUMENT


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document as the case shows it; the name it came with may tell something of the customer."""

    upload: Upload
    name: str
    reason: str


@transaction.atomic
def attach_document(*, case_id: UUID, file: BinaryIO, name: str, actor: Actor, now: datetime) -> Upload:
    """Take a picture in for an open case; what has been decided is decided on what was there.

    Raises:
        CaseNotOpen: it has been decided meanwhile.
        UploadRefused: it is not a picture that can be taken.
    """
    case = Case.objects.select_for_update(no_key=True).get(pk=case_id)
    if case.status != Case.Status.OPEN:
        raise CaseNotOpen(_("Documents can be added only while the case is to be decided."))
    return receive_upload(
        file, name=name, purpose=PURPOSE, reference=case_id, person_id=case.customer_id, actor=actor, now=now
    )


def document_rows(case: Case, *, masked: bool) -> list[DocumentRow]:
    """The documents of a case in the order they came."""
    return [
        DocumentRow(
            upload=upload,
            name=(not masked and _name_of(upload)) or _("Document %(number)s") % {"number": number},
            reason=reason_in_words(upload.reason) if upload.reason else "",
        )
        for number, upload in enumerate(uploads_of(purpose=PURPOSE, reference=case.pk), start=1)
    ]


def _name_of(upload: Upload) -> str:
    return or_erased(lambda: str(upload.name))


def document_of(case: Case, upload_id: UUID) -> Upload:
    """A document of this case that may be shown.

    Raises:
        Upload.DoesNotExist: the case has no such document, or it has not been found clean.
    """
    return clean_upload(upload_id, purpose=PURPOSE, reference=case.pk)
