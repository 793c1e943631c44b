"""Lines of the trail about an uploaded file lead to what the file belongs to."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import transaction
from django.urls import resolve

from audit.models import AuditEvent
from audit.services import record
from reporting.selectors import lines_of
from reporting.uploaded import PLACES, pages_of_uploads
from tenants.identifiers import uuid7
from tenants.models import Tenant, User
from tenants.scoping import tenant_context
from tests.conftest import NOW, SYSTEM
from tests.tenants.builders import one_row_of_each
from uploads.models import Upload

PAGES = {
    Upload.Purpose.ANSWER_FILE: "customer",
    Upload.Purpose.CASE_DOCUMENT: "case",
    Upload.Purpose.VISIT_PHOTO: "outreach-task",
    Upload.Purpose.FLAG_EVIDENCE: "customer-flags",
    Upload.Purpose.REGISTRY_CERTIFICATE: "certificate",
    Upload.Purpose.OWNER_PAPER: "customer-related",
    Upload.Purpose.PAPER_ANSWER: "paper-answer",
}


def handed_in(purpose: str, reference: UUID) -> Upload:
    upload: Upload = Upload.objects.create(
        purpose=purpose,
        reference=reference,
        person_id=uuid7(),
        name="紙.jpg",
        kind="JPEG",
        size=1,
        sha256="0" * 64,
        received_at=NOW,
        try_at=NOW,
    )
    record("upload.received", target=upload, actor=SYSTEM, at=NOW)
    return upload


def test_each_line_leads_to_the_page_that_shows_the_file(tenant: Tenant, officer: User) -> None:
    rows = one_row_of_each(tenant, officer)
    with tenant_context(tenant.pk), transaction.atomic():
        uploads = {str(handed_in(purpose, rows[PLACES[purpose][0]]).pk): purpose for purpose in Upload.Purpose}
        events = list(AuditEvent.objects.filter(event="upload.received", target_id__in=list(uploads)))
        lines = lines_of(events)
        assert {
            uploads[event.target_id]: resolve(line.url).url_name for event, line in zip(events, lines, strict=True)
        } == PAGES
        for upload_id, purpose in uploads.items():
            shown_by = rows[PLACES[purpose][0]] if purpose in ("CASE_DOCUMENT", "REGISTRY_CERTIFICATE") else None
            assert shown_by is None or str(shown_by) in pages_of_uploads([upload_id])[upload_id]


@pytest.mark.parametrize("purpose", list(Upload.Purpose.values))
def test_what_belongs_to_nothing_any_more_leads_nowhere(in_tenant: Tenant, purpose: str) -> None:
    with transaction.atomic():
        mine = handed_in(purpose, uuid7())
        assert pages_of_uploads([str(mine.pk)]) == {}
