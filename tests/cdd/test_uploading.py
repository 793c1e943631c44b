"""Large uploads: nothing of them can be read from the disk while they arrive or are worked on."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from customers.synthetic import make_book
from tenants.models import Tenant, User
from tests.customers.books import TODAY
from uploads.spooling import FRAME

CANARY = "髙﨑カナリヤ".encode("cp932")
BODY = b"x" * (3 * FRAME) + CANARY + os.urandom(3 * 1024 * 1024) + CANARY


class Watched(io.BytesIO):
    """A request's body that looks at the temporary directory while it is being read."""

    def __init__(self, content: bytes, look: Callable[[], None]) -> None:
        super().__init__(content)
        self.look = look

    def read(self, size: int | None = -1) -> bytes:
        self.look()
        return super().read(size)


def request_with(body: bytes, look: Callable[[], None]) -> WSGIRequest:
    made = RequestFactory().post("/imports/new/", {"file": io.BytesIO(body)})
    content = made.environ["wsgi.input"].read()
    return WSGIRequest({**made.environ, "wsgi.input": Watched(content, look)})


def lies_in_clear(place: Path) -> tuple[bool, bool]:
    """Whether a file with a name is there, and whether the canary is in any file of the directory that we hold open."""
    shown = False
    for number in os.listdir("/proc/self/fd"):
        link = Path("/proc/self/fd") / number
        try:
            if str(place) in os.readlink(link):
                size = link.stat().st_size
                shown = shown or CANARY in os.pread(int(number), size, 0)
        except OSError:
            continue
    return any(place.iterdir()), shown


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ("cdd.uploading.SealedUploadHandler", {(False, False)}),
        # Positive control: what Django does by itself.
        ("django.core.files.uploadhandler.TemporaryFileUploadHandler", {(False, False), (True, False), (True, True)}),
    ],
)
def test_nothing_readable_lies_on_the_disk(
    handler: str, expected: set[tuple[bool, bool]], settings: Any, tmp_path: Path
) -> None:
    """P1"""
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    settings.FILE_UPLOAD_HANDLERS = [settings.FILE_UPLOAD_HANDLERS[0], handler]
    seen: set[tuple[bool, bool]] = set()
    request = request_with(BODY, lambda: seen.add(lies_in_clear(tmp_path)))
    file: Any = request.FILES["file"]
    seen.add(lies_in_clear(tmp_path))
    assert seen == expected
    assert (file.size, file.read()) == (len(BODY), BODY)
    file.seek(-len(CANARY), os.SEEK_END)
    assert file.read() == CANARY
    file.seek(3 * FRAME)
    assert file.read(len(CANARY)) == CANARY
    file.seek(0)
    assert b"".join(file.chunks(1000)) == BODY
    file.close()
    assert list(tmp_path.iterdir()) == []


def test_a_large_file_is_imported_through_the_page(
    tenant: Tenant, officer: User, staff_client: Callable[[User], Client]
) -> None:
    made = make_book(individuals=9_000, companies=0, seed=3, today=TODAY)
    assert len(made.content) > 1024 * 1024, "control: too large for memory"
    file = io.BytesIO(made.content)
    file.name = "大口.csv"
    response = staff_client(officer).post(reverse("import-new"), {"file": file})
    assert response.status_code == 302


def test_a_file_beyond_the_limit_is_not_kept_and_is_refused_with_a_sentence(
    tenant: Tenant, officer: User, staff_client: Callable[[User], Client], settings: Any, tmp_path: Path
) -> None:
    settings.IMPORT_MAX_BYTES = 3 * 1024 * 1024
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    file = io.BytesIO(BODY)
    file.name = "book.csv"
    response = staff_client(officer).post(reverse("import-new"), {"file": file})
    assert response.status_code == 422
    assert "3" in response.content.decode()
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_upload_leaves_nothing(settings: Any, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    reads = 0

    def hang_up() -> None:
        nonlocal reads
        reads += 1
        if reads > 40:
            raise OSError("gone")

    with pytest.raises(OSError):
        _ = request_with(BODY, hang_up).FILES
    assert lies_in_clear(tmp_path) == (False, False)
