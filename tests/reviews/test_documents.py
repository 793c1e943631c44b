"""Documents of a case, from the file control to the picture: F2 and F4 as staff meet them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from audit.models import AuditEvent
from audit.services import Actor
from reviews.models import Case
from tenants.models import Tenant, User
from tenants.scoping import tenant_context, tenant_scope
from tests.campaigns.acting import answer, enter, notified, open_for_business
from tests.conftest import SignIn
from tests.uploads.conftest import clamd, running_clamd  # noqa: F401  # fixtures
from tests.uploads.hostile import EICAR, opened, photograph, with_place_and_turn
from uploads.models import Upload
from uploads.services import examine_waiting
from uploads.serving import POLICY

HTMX = {"HX-Request": "true"}


@pytest.fixture
def case(in_tenant: Tenant, officer: User, approver: User) -> Case:
    open_for_business()
    customer = enter(1)
    notified(officer, approver)
    answer(customer, occupation="executive")
    with transaction.atomic():
        found: Case = Case.objects.get()
    return found


def add(client: Client, case: Case, data: bytes, name: str = "免許証.jpg", **headers: str) -> int:
    file = SimpleUploadedFile(name, data, "image/jpeg")
    address = reverse("case-document-add", args=[case.pk])
    return client.post(address, {"file": file}, headers=headers).status_code


def examined() -> int:
    return examine_waiting(actor=Actor.system("uploads"), now=timezone.now())


@transaction.atomic
def only_upload() -> Upload:
    found: Upload = Upload.objects.get()
    return found


def test_a_document_is_added_checked_and_seen(
    case: Case,
    officer: User,
    approver: User,
    staff_client: SignIn,
    clamd: str,  # noqa: F811  # the fixture imported above
) -> None:
    """The whole way, with what its answer says about itself."""
    client = staff_client(officer)
    page = reverse("case", args=[case.pk])
    assert add(client, case, with_place_and_turn()) == 302
    waiting = client.get(page).content.decode()
    assert "免許証.jpg" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    upload = only_upload()
    address = reverse("case-document", args=[case.pk, upload.pk])
    assert address not in waiting
    assert client.get(address).status_code == 404, "not before its verdict"
    assert examined() == 1
    fragment = client.get(reverse("case-documents", args=[case.pk]), headers=HTMX).content.decode()
    assert address in fragment
    assert "every 2s" not in fragment
    assert "<form" not in fragment
    response = staff_client(approver).get(address)
    assert opened(response.content).format == "JPEG"
    assert b"Exif" not in response.content
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == POLICY
    assert "no-store" in response.headers["Cache-Control"]
    with transaction.atomic():
        seen = AuditEvent.objects.get(event="upload.viewed")
    assert (seen.actor_id, seen.target_id) == (str(approver.pk), str(upload.pk))


def test_an_infected_document_is_never_shown(
    case: Case,
    officer: User,
    staff_client: SignIn,
    clamd: str,  # noqa: F811  # the fixture imported above
) -> None:
    """F2."""
    client = staff_client(officer)
    assert add(client, case, photograph() + EICAR) == 302
    examined()
    assert client.get(reverse("case-document", args=[case.pk, only_upload().pk])).status_code == 404
    page = client.get(reverse("case", args=[case.pk])).content.decode()
    assert "virus scan found" in page or "ウイルス検査" in page


def test_while_the_scanner_is_down_the_page_says_so_and_shows_nothing(
    case: Case, officer: User, staff_client: SignIn, settings: Settings
) -> None:
    """F2: the same picture with the scan off is shown, as the control, and the page says that too."""
    settings.CLAMAV_SOCKET = "unix:///nowhere/clamd.sock"
    officer.language = "en"
    officer.save(update_fields=["language"])
    client = staff_client(officer)
    add(client, case, photograph())
    for _ in range(2):
        examined()
        with transaction.atomic():
            Upload.objects.update(try_at=timezone.now())
    address = reverse("case-document", args=[case.pk, only_upload().pk])
    page = client.get(reverse("case", args=[case.pk])).content.decode()
    assert "The virus scanner does not answer." in page
    assert client.get(address).status_code == 404
    settings.UPLOAD_SCAN = "off"
    assert examined() == 1
    assert client.get(address).status_code == 200
    assert "No virus scan: this is a demonstration." in client.get(reverse("case", args=[case.pk])).content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_what_is_no_picture_is_refused_beside_the_control(
    case: Case, officer: User, staff_client: SignIn, headers: dict[str, str]
) -> None:
    client = staff_client(officer)
    assert add(client, case, b"<svg onload=alert(1)>", "x.jpg", **headers) == 422
    assert add(client, case, b"", "empty.jpg", **headers) == 422
    assert client.post(reverse("case-document-add", args=[case.pk]), headers=headers).status_code == 422
    with transaction.atomic():
        assert not Upload.objects.exists()


def test_a_picture_somewhat_too_large_is_refused_in_a_sentence_and_a_huge_one_before_it_is_read(
    case: Case, officer: User, staff_client: SignIn, settings: Settings
) -> None:
    settings.UPLOAD_MAX_BYTES = 1024**2
    client = staff_client(officer)
    assert add(client, case, photograph() + bytes(2 * 1024**2)) == 422
    assert add(client, case, photograph() + bytes(5 * 1024**2)) == 413


def test_anothers_document_cannot_be_guessed(
    case: Case,
    officer: User,
    auditor: User,
    staff_client: SignIn,
    settings: Settings,
) -> None:
    """F4: of another bank, of another case, of nobody: the same 404; masked roles are refused."""
    settings.UPLOAD_SCAN = "off"
    add(staff_client(officer), case, photograph())
    examined()
    upload = only_upload()
    address = reverse("case-document", args=[case.pk, upload.pk])
    assert staff_client(officer).get(address).status_code == 200, "control"
    assert staff_client(officer).get(reverse("case-document", args=[uuid4(), upload.pk])).status_code == 404
    assert staff_client(officer).get(reverse("case-document", args=[case.pk, uuid4()])).status_code == 404
    assert staff_client(auditor).get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_another_bank_finds_no_document(
    tenant: Tenant,
    officer: User,
    approver: User,
    other_officer: User,
    staff_client: SignIn,
    settings: Settings,
) -> None:
    """F4, T2."""
    settings.UPLOAD_SCAN = "off"
    with tenant_scope(tenant.pk):
        open_for_business()
        customer = enter(1)
        notified(officer, approver)
        answer(customer, occupation="executive")
        case_id = Case.objects.values_list("pk", flat=True).get()
    case = Case(pk=case_id)
    add(staff_client(officer), case, photograph())
    with tenant_context(tenant.pk):
        examined()
        upload = only_upload()
    address = reverse("case-document", args=[case_id, upload.pk])
    assert staff_client(officer).get(address).status_code == 200, "control"
    assert staff_client(other_officer).get(address).status_code == 404
    assert add(staff_client(other_officer), case, photograph()) == 404


def test_only_deciders_add_and_only_while_the_case_is_open(
    case: Case, officer: User, approver: User, staff_client: SignIn
) -> None:
    assert add(staff_client(approver), case, photograph()) == 403
    form = {"take-occupation": "accept", "rationale": "証跡と一致"}
    assert staff_client(officer).post(reverse("case-decide", args=[case.pk]), form).status_code == 302
    assert add(staff_client(officer), case, photograph()) == 422


def test_a_masked_role_sees_no_name_and_no_picture(
    case: Case, officer: User, auditor: User, staff_client: SignIn, settings: Settings
) -> None:
    settings.UPLOAD_SCAN = "off"
    add(staff_client(officer), case, photograph(), "山田花子の免許証.jpg")
    examined()
    page = staff_client(auditor).get(reverse("case", args=[case.pk])).content.decode()
    assert "山田花子" not in page
    assert "<img" not in page
    assert "山田花子" in staff_client(officer).get(reverse("case", args=[case.pk])).content.decode(), "control"
