"""F1, F2, F4, W3, W9: photographs and papers that customers hand in, one after the other, without a script."""

from __future__ import annotations

import re
import threading
from datetime import datetime
from typing import Any

import psycopg
import pytest
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from audit.models import AuditEvent
from questionnaires.files import services
from questionnaires.files.models import AnswerFile
from questionnaires.models import Response
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.portal.journey import page_of, prove
from tests.portal.papers import GOOD, PAPERS, kept, picture, send
from tests.questionnaires.filing import Sent, send_link
from tests.uploads.conftest import clamd, running_clamd  # noqa: F401  # fixtures
from tests.uploads.hostile import EICAR, SCRIPT, card, opened, png, with_place_and_turn, written, zip_of
from tests.uploads.pdfs import of_pages
from uploads.models import Upload


@pytest.fixture(autouse=True)
def unscanned(settings: Settings) -> None:
    settings.UPLOAD_SCAN = "off"


@pytest.fixture
def asked(tenant: Tenant, now: datetime) -> Sent:
    return send_link(tenant, now=now, document=PAPERS)


@pytest.fixture
def customer(asked: Sent) -> Client:
    client = Client()
    client.cookies["portal_language"] = "en"
    assert prove(client, asked).status_code == 302
    return client


def text(response: Any) -> str:
    body: str = response.content.decode()
    return body


def test_pictures_are_sent_one_by_one_and_the_page_shows_what_is_there(asked: Sent, customer: Client) -> None:
    before = text(customer.get("/r/answer/papers/"))
    assert 'enctype="multipart/form-data"' in before
    first, second = re.findall(r'<input[^>]*type="file"[^>]*name="card-front[^>]*>', before)
    assert "capture" not in first
    assert 'capture="environment"' in second
    shown = send(customer, **{"card-front": picture(), "remark": "新しい住所です"})
    assert shown.status_code == 200
    assert "We have received it." in text(shown)
    assert "新しい住所です" in text(shown), "what was typed beside it is kept"
    assert "Front side: Photograph" in text(shown)
    assert kept(asked) == [("card", "front", "CLEAN")]
    assert "免許証" not in text(shown), "the file's own name may tell something"


def test_a_file_that_was_chosen_is_taken_by_the_button_that_goes_on_as_well(asked: Sent, customer: Client) -> None:
    send(customer, **{"card-front": picture()})
    gone_on = send(
        customer, action="continue", remark="x", **{"card-back-camera": picture(written(card(blur=1), "JPEG"))}
    )
    assert gone_on.headers["Location"] == "/r/answer/more/"
    assert kept(asked) == [("card", "front", "CLEAN"), ("card", "back", "CLEAN")]


def test_each_side_that_is_missing_is_named_and_what_was_sent_stays(asked: Sent, customer: Client) -> None:
    answer = send(customer, action="continue", remark="", **{"card-front": picture()})
    assert answer.status_code == 422
    assert 'href="#card-back"' in text(answer)
    assert "Choose the picture “Back side”" in text(answer)
    assert 'href="#remark"' in text(answer)
    assert kept(asked) == [("card", "front", "CLEAN")]


def test_sending_nothing_says_so(asked: Sent, customer: Client) -> None:
    answer = send(customer)
    assert (answer.status_code, 'href="#card-front"' in text(answer)) == (422, True)


def test_the_same_picture_twice_is_one(asked: Sent, customer: Client) -> None:
    """W3: a double tap, or the page loaded again."""
    for _ in range(2):
        assert send(customer, **{"card-front": picture()}).status_code == 200
    assert kept(asked) == [("card", "front", "CLEAN")]


def test_two_at_once_are_both_there_and_no_more_than_allowed(asked: Sent, customer: Client, db_clean: None) -> None:
    cookies = customer.cookies.output(header="", sep=";")
    bodies = [written(card(blur=0.5 + number / 10), "JPEG") for number in range(5)]

    def sending(body: bytes) -> None:
        client = Client()
        client.cookies.load(cookies)
        send(client, **{"card-front": picture(body)})
        connections.close_all()

    threads = [threading.Thread(target=sending, args=[body]) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept(asked)) == 3


def test_a_picture_is_taken_back_and_a_second_tap_changes_nothing(asked: Sent, customer: Client) -> None:
    page = text(send(customer, **{"card-front": picture()}))
    pressed = re.search(r'name="remove" value="([^"]+)"', page)
    assert pressed
    for _ in range(2):
        answer = send(customer, action="", remove=pressed[1])
        assert answer.status_code in (200, 302, 422)
    assert kept(asked) == []
    with tenant_scope(asked.tenant.pk):
        assert not Upload.objects.exists()
        events = set(AuditEvent.objects.filter(event__startswith="upload.").values_list("event", flat=True))
    assert {"upload.received", "upload.clean", "upload.removed"} <= events


def test_what_was_sent_is_there_on_another_device_without_a_picture_of_it(asked: Sent, customer: Client) -> None:
    send(customer, **{"card-front": picture()})
    other = Client()
    other.cookies["portal_language"] = "en"
    prove(other, asked)
    page = text(other.get("/r/answer/papers/"))
    assert "Front side: Photograph" in page
    assert "<img" not in page


def test_a_blurred_picture_is_remarked_on_and_may_be_used(asked: Sent, customer: Client) -> None:
    page = text(send(customer, **{"card-front": picture(written(card(blur=6), "JPEG"))}))
    assert "seems blurred" in page
    assert "you may use it as it is" in page
    send(customer, **{"card-back": picture()})
    assert send(customer, action="continue", remark="x").headers["Location"] == "/r/answer/more/"


def test_what_comes_out_has_no_place_and_stands_sealed(
    asked: Sent, customer: Client, superuser: psycopg.Connection
) -> None:
    sent = with_place_and_turn()
    send(customer, **{"card-front": picture(sent)})
    with tenant_scope(asked.tenant.pk):
        upload = Upload.objects.get()
        body = bytes(upload.body)
        assert upload.person_id == asked.customer.pk
    assert not dict(opened(body).getexif())
    row = superuser.execute("SELECT body FROM uploads_upload").fetchone()
    assert row
    assert row[0] not in (sent, body)
    assert b"JFIF" not in row[0]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>", "neither a picture"),
        (zip_of("a.jpg", GOOD), "neither a picture"),
        (GOOD[: len(GOOD) // 3], "cannot be opened"),
        (b"\xff\xd8\xff" + SCRIPT, "cannot be opened"),
        (png(12_000), "cannot be opened"),
        (GOOD + bytes(16 * 1024**2), "larger than 15 MB"),
    ],
    ids=["empty", "svg", "zip", "truncated", "polyglot", "bomb", "large"],
)
def test_what_cannot_be_taken_is_said_beside_its_control_and_not_kept(
    asked: Sent, customer: Client, body: bytes, words: str
) -> None:
    send(customer, **{"card-back": picture(written(card(blur=1), "JPEG"))})
    answer = send(customer, remark="bleibt", **{"card-front": picture(body)})
    assert answer.status_code == 422
    assert 'href="#card-front"' in text(answer)
    assert words in text(answer)
    assert "bleibt" in text(answer)
    assert kept(asked) == [("card", "back", "CLEAN")]


def test_each_question_takes_the_kinds_it_asks_for(asked: Sent, customer: Client) -> None:
    send(customer, **{"card-front": picture(), "card-back": picture(written(card(blur=1), "JPEG"))})
    send(customer, action="continue", remark="x")
    assert "Only a PDF" in text(send(customer, "more", proof=picture()))
    paper = SimpleUploadedFile("登記.pdf", of_pages(2), "application/pdf")
    assert "1: PDF" in text(send(customer, "more", proof=paper))
    assert send(customer, "more", "continue").headers["Location"] == "/r/answer/last/"


def test_a_response_takes_so_much_and_so_often(
    asked: Sent, customer: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ANSWER_FILES_MAX_BYTES = len(GOOD) + 10
    assert send(customer, **{"card-front": picture()}).status_code == 200
    assert "MB together" in text(send(customer, **{"card-back": picture(written(card(blur=1), "JPEG"))}))
    monkeypatch.setattr(services, "MOST_IN_AN_HOUR", 1)
    assert "within an hour" in text(send(customer, **{"card-back": picture(written(card(blur=2), "JPEG"))}))
    assert kept(asked) == [("card", "front", "CLEAN")]


def test_only_somebody_who_proved_themselves_may_send_a_large_body(asked: Sent, customer: Client) -> None:
    large = picture(GOOD + bytes(3 * 1024**2))
    assert Client().post("/r/answer/papers/", {"card-front": large}).status_code == 413
    assert send(customer, **{"card-front": picture(GOOD + bytes(3 * 1024**2))}).status_code == 200
    over = picture(GOOD + bytes(4 * configured.UPLOAD_MAX_BYTES))
    assert send(customer, **{"card-front": over}).status_code == 413


def test_with_the_scanner_down_one_goes_on_and_the_file_waits(
    asked: Sent, customer: Client, settings: Settings
) -> None:
    settings.UPLOAD_SCAN, settings.CLAMAV_SOCKET = "required", "unix:///nowhere/clamd.sock"
    page = text(send(customer, **{"card-front": picture(), "card-back": picture(written(card(blur=1), "JPEG"))}))
    assert "It is being checked. You can go on." in page
    assert [state for *_, state in kept(asked)] == ["PENDING", "PENDING"]
    assert send(customer, action="continue", remark="x").headers["Location"] == "/r/answer/more/"


def submit(asked: Sent, customer: Client) -> None:
    send(customer, **{"card-front": picture(), "card-back": picture(written(card(blur=1), "JPEG"))})
    send(customer, action="continue", remark="x")
    send(customer, "more", "continue")
    send(customer, "last", "continue", handles_cash="no")
    page = customer.get("/r/answer/check/")
    assert page_of(page) == "check"
    assert "Front side: Photograph" in text(page)
    assert customer.post("/r/answer/check/", {"action": "submit"}).headers["Location"] == "/r/answer/done/"


def test_the_answer_names_its_files_and_nothing_more_can_be_sent_or_taken_back(asked: Sent, customer: Client) -> None:
    submit(asked, customer)
    with tenant_scope(asked.tenant.pk):
        answer = Response.objects.get(pk=asked.response.pk).answers["card"]
        files = {str(row.upload): row for row in AnswerFile.objects.all()}
    assert [(file["side"], file["kind"]) for file in answer] == [("front", "JPEG"), ("back", "JPEG")]
    assert {file["id"] for file in answer} == set(files)
    late = send(customer, **{"card-front": picture(written(card(blur=2), "JPEG"))})
    assert late.status_code == 409
    send(customer, remove=str(next(iter(files.values())).pk))
    assert len(kept(asked)) == 2


def test_files_of_another_customer_cannot_be_taken_back(asked: Sent, customer: Client, now: datetime) -> None:
    """F4, T18: an id that was guessed is of nobody's use."""
    send(customer, **{"card-front": picture()})
    with tenant_scope(asked.tenant.pk):
        file = AnswerFile.objects.get()
    stranger = Client()
    prove(stranger, send_link(asked.tenant, now=now, number="2", document=PAPERS))
    send(stranger, action="", remove=str(file.pk))
    assert kept(asked) == [("card", "front", "CLEAN")]


def test_the_virus_is_named_to_nobody_but_the_file_is_gone(
    asked: Sent,
    customer: Client,
    settings: Settings,
    clamd: str,  # noqa: F811  # the fixture imported above
) -> None:
    answer = send(customer, **{"card-front": picture(GOOD + EICAR)})
    with translation.override("en"):
        assert answer.status_code == 422
        assert "harmful" in text(answer)
        assert "security contact" not in text(answer), "a customer has none"
    assert kept(asked) == []
