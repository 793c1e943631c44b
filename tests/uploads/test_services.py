"""F1, F2, F4: from arrival to verdict, with the scanner up, down and coming back, through the database."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from audit.models import AuditEvent
from audit.services import Actor
from tenants.fields import EncryptedBinaryField
from tenants.keys import KeysUnavailable
from tenants.models import Tenant
from tenants.scoping import tenant_context
from tests.conftest import NOW
from tests.uploads.hostile import EICAR, opened, photograph, png, with_place_and_turn
from uploads.models import MOST_IN_ONE_PLACE, Upload
from uploads.selectors import clean_upload, uploads_of
from uploads.services import LEASE, UploadRefused, examine, examine_waiting, receive_upload
from uploads.serving import NotClean, serve_upload

PLACE = uuid4()
PERSON = uuid4()
OFFICER = Actor.user(7)
SYSTEM = Actor.system("uploads")


def receive(data: bytes, name: str = "免許証.jpg", at: datetime = NOW) -> Upload:
    return receive_upload(
        io.BytesIO(data),
        name=name,
        purpose=Upload.Purpose.CASE_DOCUMENT,
        reference=PLACE,
        person_id=PERSON,
        actor=OFFICER,
        now=at,
    )


@transaction.atomic
def now_of(upload: Upload) -> Upload:
    found: Upload = Upload.objects.get(pk=upload.pk)
    if found.body is not None:
        bytes(found.body)
    return found


@transaction.atomic
def acts(upload: Upload) -> list[tuple[str, str]]:
    rows = AuditEvent.objects.filter(target_id=str(upload.pk), event__startswith="upload.").order_by("id")
    return [(row.event, row.actor_kind) for row in rows]


def stored(superuser: psycopg.Connection, upload: Upload) -> bytes | None:
    row = superuser.execute("SELECT body FROM uploads_upload WHERE id = %s", [upload.pk]).fetchone()
    assert row is not None
    body: bytes | None = row[0]
    return body


def test_a_picture_waits_unseen_until_it_is_scanned_and_drawn_anew(
    in_tenant: Tenant, clamd: str, superuser: psycopg.Connection
) -> None:
    sent = with_place_and_turn()
    upload = receive(sent)
    assert (upload.status, upload.kind, upload.size) == ("PENDING", "JPEG", len(sent))
    sealed = stored(superuser, upload)
    assert sealed is not None
    assert len(sealed) > len(sent), "control: it is all there, sealed"
    assert b"Exif" not in sealed
    with pytest.raises(NotClean), transaction.atomic():
        serve_upload(upload, actor=OFFICER, now=NOW)
    with pytest.raises(Upload.DoesNotExist), transaction.atomic():
        clean_upload(upload.pk, purpose=upload.purpose, reference=PLACE)
    assert examine_waiting(actor=SYSTEM, now=NOW) == 1
    clean = now_of(upload)
    assert (clean.status, clean.scanned_at) == ("CLEAN", NOW)
    assert clean.scanner.startswith("ClamAV")
    assert opened(clean.body).size == (200, 320)
    assert b"Exif" not in clean.body
    with transaction.atomic():
        response = serve_upload(clean, actor=OFFICER, now=NOW)
    assert response.content == clean.body
    assert acts(upload) == [("upload.received", "user"), ("upload.clean", "system"), ("upload.viewed", "user")]


def test_an_infected_file_is_destroyed_and_that_is_on_record(
    in_tenant: Tenant, clamd: str, superuser: psycopg.Connection
) -> None:
    """F2: EICAR behind a whole picture, so that only the scanner can tell."""
    upload = receive(photograph() + EICAR)
    assert stored(superuser, upload), "control: it was there"
    assert examine_waiting(actor=SYSTEM, now=NOW) == 1
    assert (now_of(upload).status, now_of(upload).reason) == ("REJECTED", "infected")
    assert stored(superuser, upload) is None
    with transaction.atomic():
        event = AuditEvent.objects.get(target_id=str(upload.pk), event="upload.destroyed")
    assert event.data["signature"] == "Keizoku.Test.Eicar.UNOFFICIAL"
    assert event.data["sha256"] == upload.sha256
    with pytest.raises(NotClean), transaction.atomic():
        serve_upload(now_of(upload), actor=OFFICER, now=NOW)


def test_without_the_scan_the_same_file_would_be_taken(in_tenant: Tenant, settings: Settings) -> None:
    """Positive control of the scan; and what is taken so says that nobody scanned it."""
    settings.UPLOAD_SCAN = "off"
    upload = receive(photograph() + EICAR)
    assert examine_waiting(actor=SYSTEM, now=NOW) == 1
    clean = now_of(upload)
    assert (clean.status, clean.scanner, clean.scanned_at) == ("CLEAN", "", None)
    assert EICAR not in clean.body, "drawn anew all the same"


def test_while_the_scanner_is_down_files_wait_and_then_go_through(
    in_tenant: Tenant, settings: Settings, running_clamd: str
) -> None:
    """F2: fail closed, ever longer pauses, and no file forgotten."""
    settings.UPLOAD_SCAN = "required"
    settings.CLAMAV_SOCKET = "unix:///nowhere/clamd.sock"
    upload = receive(photograph())
    at, pauses = NOW, []
    for tried in range(1, 10):
        assert examine_waiting(actor=SYSTEM, now=at) == 0
        waiting = now_of(upload)
        assert (waiting.status, waiting.tries) == ("PENDING", tried)
        assert examine_waiting(actor=SYSTEM, now=at) == 0, "not before its time"
        pauses.append((waiting.try_at - at).total_seconds())
        at = waiting.try_at
    assert pauses == [10, 20, 40, 80, 160, 320, 600, 600, 600]
    settings.CLAMAV_SOCKET = running_clamd
    assert examine_waiting(actor=SYSTEM, now=at) == 1
    assert now_of(upload).status == "CLEAN"


def test_a_bomb_is_rejected_before_it_reaches_the_scanner(
    in_tenant: Tenant, settings: Settings, superuser: psycopg.Connection
) -> None:
    """clamd decodes pictures to compare their looks: 17 KB held it for a minute and 700 MB."""
    settings.CLAMAV_SOCKET = "unix:///nowhere/clamd.sock"
    upload = receive(png(12_000), "bomb.png")
    assert examine_waiting(actor=SYSTEM, now=NOW) == 1
    assert (now_of(upload).status, now_of(upload).reason) == ("REJECTED", "too_many_pixels")
    assert stored(superuser, upload) is None


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "empty", "空"),
        (b"<svg/>", "not_a_picture", "JPEG"),
        (bytes(3) + b"\x18ftypavif", "not_a_picture", "JPEG"),
        (photograph() + bytes(16 * 1024**2), "too_large", "15"),
    ],
    ids=["empty", "svg", "avif", "large"],
)
def test_what_cannot_be_taken_is_refused_at_once(
    in_tenant: Tenant, superuser: psycopg.Connection, data: bytes, code: str, words: str
) -> None:
    with pytest.raises(UploadRefused) as refused:
        receive(data)
    assert refused.value.code == code
    assert len(str(refused.value)) > 10
    assert superuser.execute("SELECT count(*) FROM uploads_upload").fetchone() == (0,)


def test_no_more_is_read_than_may_be_kept(in_tenant: Tenant, settings: Settings) -> None:
    """The size is counted in bytes read; what the sender states is not asked."""
    settings.UPLOAD_MAX_BYTES = 1_000

    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size: int = -1) -> bytes:
            self.taken += size
            return bytes(size)

    endless = Endless()
    with pytest.raises(UploadRefused):
        receive_upload(
            endless,  # type: ignore[arg-type]  # a source without an end
            name="x",
            purpose=Upload.Purpose.CASE_DOCUMENT,
            reference=PLACE,
            person_id=PERSON,
            actor=OFFICER,
            now=NOW,
        )
    assert endless.taken == 1_001


def test_there_is_a_most_in_one_place(in_tenant: Tenant) -> None:
    for _ in range(MOST_IN_ONE_PLACE):
        receive(photograph())
    with pytest.raises(UploadRefused) as refused:
        receive(photograph())
    assert refused.value.code == "too_many"
    with transaction.atomic():
        assert len(uploads_of(purpose=Upload.Purpose.CASE_DOCUMENT, reference=PLACE)) == MOST_IN_ONE_PLACE


@pytest.mark.parametrize("name", ["../../x", "a\0b", "長" * 4_096, "x\u202egpj.exe", "CON", ""])
def test_a_hostile_name_reaches_neither_a_path_nor_a_header(in_tenant: Tenant, clamd: str, name: str) -> None:
    """F4."""
    upload = receive(photograph(), name)
    examine(upload_id=upload.pk, actor=SYSTEM, now=NOW)
    with transaction.atomic():
        response = serve_upload(now_of(upload), actor=OFFICER, now=NOW)
    assert response.headers["Content-Disposition"] == f'attachment; filename="document-{upload.pk.hex[-8:]}.jpg"'
    for unwanted in ("..", "\0", "\u202e", "長" * 100):
        assert unwanted not in now_of(upload).name


def test_a_file_held_by_a_dead_worker_is_taken_up_again(in_tenant: Tenant, clamd: str) -> None:
    from uploads.services import _claim

    upload = receive(photograph())
    assert _claim(upload.pk, now=NOW), "a worker takes it and dies"
    assert examine_waiting(actor=SYSTEM, now=NOW) == 0, "it holds the lease"
    assert examine_waiting(actor=SYSTEM, now=NOW + LEASE) == 1
    assert now_of(upload).status == "CLEAN"


def test_a_shredded_customers_file_is_destroyed_and_a_missing_key_is_waited_for(
    in_tenant: Tenant, clamd: str, superuser: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P1: what cannot be read any more is not kept; what cannot be read just now is."""
    from tenants.shredding import shred_person

    upload = receive(photograph())
    sealed = stored(superuser, upload)
    assert sealed is not None
    assert sealed[1:17] == PERSON.bytes, "under the customer's own key"
    with monkeypatch.context() as away:
        away.setattr(EncryptedBinaryField, "open", keys_are_away)
        assert examine_waiting(actor=SYSTEM, now=NOW) == 0
    with transaction.atomic():
        due = Upload.objects.get(pk=upload.pk).try_at
        shred_person(PERSON, actor=OFFICER, now=NOW)
    assert examine_waiting(actor=SYSTEM, now=due) == 1
    assert stored(superuser, upload) is None
    with transaction.atomic():
        assert Upload.objects.values_list("reason", flat=True).get() == "unopened"


def keys_are_away(*_: object) -> bytes:
    raise KeysUnavailable("the keys' database does not answer")


def test_a_verdict_that_comes_too_late_changes_nothing(in_tenant: Tenant, clamd: str) -> None:
    from uploads.services import _claim, _look_at, _settle

    upload = receive(photograph())
    slow = _claim(upload.pk, now=NOW)
    assert slow is not None
    found = _look_at(slow)
    assert examine_waiting(actor=SYSTEM, now=NOW + LEASE) == 1
    _settle(slow, found, actor=SYSTEM, now=NOW + LEASE + timedelta(seconds=1))
    assert [event for event, _ in acts(upload)] == ["upload.received", "upload.clean"]


def test_another_bank_neither_examines_nor_sees_it(tenant: Tenant, other_tenant: Tenant, clamd: str) -> None:
    """T1 for files: our own bank sees it, as the control."""
    with tenant_context(tenant.pk):
        upload = receive(photograph())
    with tenant_context(other_tenant.pk):
        assert not examine(upload_id=upload.pk, actor=SYSTEM, now=NOW)
    with tenant_context(tenant.pk):
        assert examine(upload_id=upload.pk, actor=SYSTEM, now=NOW)
        with transaction.atomic():
            assert clean_upload(upload.pk, purpose=upload.purpose, reference=PLACE)
    with tenant_context(other_tenant.pk), transaction.atomic(), pytest.raises(Upload.DoesNotExist):
        clean_upload(upload.pk, purpose=upload.purpose, reference=PLACE)


def test_the_database_refuses_a_rejected_file_with_a_body_and_a_clean_one_without(
    in_tenant: Tenant, superuser: psycopg.Connection
) -> None:
    upload = receive(photograph())
    with pytest.raises(IntegrityError), transaction.atomic():
        Upload._base_manager.filter(pk=upload.pk).update(status="REJECTED")
    with pytest.raises(psycopg.errors.CheckViolation):
        superuser.execute("UPDATE uploads_upload SET status = 'CLEAN', body = NULL WHERE id = %s", [upload.pk])


def test_the_task_works_for_every_bank(tenant: Tenant, other_tenant: Tenant, clamd: str) -> None:
    from uploads.tasks import examine_waiting as task

    uploads = {}
    for bank in (tenant, other_tenant):
        with tenant_context(bank.pk):
            uploads[bank.pk] = receive(photograph(), at=timezone.now())
    task()
    for pk, upload in uploads.items():
        with tenant_context(pk):
            assert now_of(upload).status == "CLEAN"
