"""Reading what was sent: the files of one place, and one that may be shown."""

from __future__ import annotations

from uuid import UUID

from uploads.models import Upload


def uploads_of(*, purpose: str, reference: UUID) -> list[Upload]:
    """The files of one place in the order they came, a PDF page by page, without their bodies."""
    rows = list(Upload.objects.filter(purpose=purpose, reference=reference).defer("body").order_by("id"))
    # Of files that came in one request the identifiers tell the order; the pages of a PDF were made later.
    first: dict[str, UUID] = {}
    for row in rows:
        first.setdefault(row.sha256, row.pk)
    return sorted(rows, key=lambda row: (row.received_at, first[row.sha256], row.page, row.pk))


def clean_upload(upload_id: UUID, *, purpose: str, reference: UUID) -> Upload:
    """A file that may be shown.

    Raises:
        Upload.DoesNotExist: the tenant has no such file in that place, or it has not been found clean.
    """
    found: Upload = Upload.objects.get(pk=upload_id, purpose=purpose, reference=reference, status=Upload.Status.CLEAN)
    return found
