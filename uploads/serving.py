"""The one way a stranger's picture reaches a browser: as a file of our own naming, inert in every frame."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse

from audit.services import Actor
from uploads.models import Upload
from uploads.services import record_view

# Nothing may run, load or be embedded, should a browser be talked into opening it as a page.
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"


class NotClean(Exception):
    """A file that has not been found clean was about to be served."""


def serve_upload(upload: Upload, *, actor: Actor, now: datetime) -> HttpResponse:
    """The picture as a download, and the record that it was read. The caller has checked who may see it.

    Raises:
        NotClean: it has not been scanned, or was rejected.
    """
    if upload.status != Upload.Status.CLEAN or not upload.body:
        raise NotClean(str(upload.pk))
    record_view(upload=upload, actor=actor, now=now)
    return HttpResponse(
        upload.body,
        content_type="image/jpeg",
        headers={
            "Content-Disposition": f'attachment; filename="document-{upload.pk.hex[-8:]}.jpg"',
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
            "Content-Security-Policy": POLICY,
        },
    )
