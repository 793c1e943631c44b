"""The copy to keep as a PDF: in every language, for the visit and the day it was made in, and for nobody else."""

from __future__ import annotations

import os
import re
import unicodedata
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from audit.models import AuditEvent
from outreach.copies import services
from outreach.copies.models import AnswerCopy
from portal.pages import LANGUAGES
from questionnaires.formatting import receipt_number
from questionnaires.marking import rendered, tag
from questionnaires.models import Response
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.portal.journey import post, prove, walk
from tests.portal.pdfs import draw, is_tagged, language_of, structure_of, title_of, words_of
from tests.questionnaires.filing import Sent, send_link

DONE, COPY = "/r/answer/done/", "/r/answer/done/copy/"
SHOTS = os.environ.get("COPY_SHOTS", "")


@pytest.fixture
def visitor(person: Sent) -> Client:
    """A customer whose answers are in."""
    client = Client()
    answer(client, person)
    return client


def answer(client: Client, person: Sent) -> None:
    walk(client, person)
    post(client, "contact", postal_code="1000001", address="東京都千代田区千代田1-1")
    assert client.post("/r/answer/check/", {"action": "submit"}).headers["Location"] == DONE


def make(tenant: Tenant, now: datetime | None = None) -> int:
    with tenant_context(tenant.pk):
        return services.make_copies(now=now or timezone.now())


def order(client: Client, person: Sent) -> bytes:
    """Order a copy, have it made, and take it."""
    assert client.post(COPY).headers["Location"] == f"{DONE}#copy"
    assert make(person.tenant) == 1
    taken = client.get(COPY)
    assert taken.status_code == 200, taken
    return bytes(taken.content)


def plain(text: Any) -> str:
    """A text as it stands in a PDF, without blanks; readings come before their words, above which they are set."""
    page = re.sub(r"<ruby>(.*?)<rp>\(<rt>(.*?)<rp>\)</ruby>", r"\2\1", rendered(str(text)))
    return re.sub(r"\s+", "", page)


def heard(text: str) -> str:
    """Without the signs that Devanagari sets around its consonants: a PDF has them in the order of their drawing."""
    text = re.sub(r"\s", "", text)
    if not re.search("[\u0900-\u097f]", text):
        return text
    return "".join(letter for letter in text if unicodedata.category(letter) in ("Lo", "Nd", "Pd") or letter.isascii())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_copy_says_in_every_language_what_was_sent(person: Sent, visitor: Client, language: str) -> None:
    visitor.cookies["portal_language"] = language
    pdf = order(visitor, person)
    if SHOTS:
        draw(pdf, Path(SHOTS) / f"copy-{language}.png")
    with tenant_scope(person.tenant.pk):
        response = Response.objects.get(pk=person.response.pk)
    number, words = receipt_number(response.receipt_number), words_of(pdf)
    with translation.override(language):
        said = [
            plain(translation.gettext(text))
            for text in ("A copy of your answers", "Your receipt number", "What you answered", "What happens next")
        ]
    assert response.submitted_at is not None
    bank = person.tenant.name if language.startswith("ja") else person.tenant.name_en
    for part in (*map(heard, said), number, heard(plain(bank)), "千代田1-1", person.tenant.phone):
        assert part in (heard(words) if language == "ne" else words), part
    assert f"{timezone.localtime(response.submitted_at):%H}" in words
    assert "花子" not in words, "on file, and not typed today"
    assert number in title_of(pdf)
    assert "花子" not in title_of(pdf)
    assert language_of(pdf) == tag(language)


def test_the_copy_is_tagged_for_those_who_have_it_read_out(person: Sent, visitor: Client) -> None:
    pdf = order(visitor, person)
    assert is_tagged(pdf)
    kinds = structure_of(pdf)
    assert kinds.count("H1") == 1
    assert kinds.count("H2") >= 2
    assert {"Table", "TH", "TD", "L", "LI"} <= set(kinds)


def test_the_file_is_named_by_the_receipt_number_alone_and_never_stored(person: Sent, visitor: Client) -> None:
    order(visitor, person)
    taken = visitor.get(COPY)
    with tenant_scope(person.tenant.pk):
        number = receipt_number(Response.objects.get(pk=person.response.pk).receipt_number)
    assert taken.headers["Content-Disposition"] == f'attachment; filename="{number}.pdf"'
    assert taken.headers["Content-Type"] == "application/pdf"
    assert taken.headers["Cache-Control"] == "no-store"


def test_the_page_waits_for_the_copy_without_a_script_and_says_so(person: Sent, visitor: Client) -> None:
    assert "Refresh" not in visitor.get(DONE).headers
    visitor.post(COPY)
    waiting = visitor.get(DONE)
    assert waiting.headers["Refresh"] == f"3; url={DONE}"
    assert visitor.get(COPY).headers["Location"] == f"{DONE}#copy", "not there yet"
    visitor.post(COPY)  # a double tap
    with tenant_scope(person.tenant.pk):
        assert AnswerCopy.objects.count() == 1
    make(person.tenant)
    ready = visitor.get(DONE)
    assert "Refresh" not in ready.headers
    assert f'href="{COPY}"' in ready.content.decode()


def test_whoever_merely_has_the_link_gets_no_copy(person: Sent, visitor: Client) -> None:
    """W2: neither without the proof, nor in another visit of whoever proves themselves again."""
    order(visitor, person)
    assert Client().get(COPY).status_code == 403
    other = Client()
    other.get(f"/r/{person.token}/")
    assert other.get(COPY).status_code == 403
    assert other.post(COPY).status_code == 403


def test_the_copy_is_for_the_visit_in_which_it_was_made(tenant: Tenant, now: datetime, visitor: Client) -> None:
    """The sheet of one customer is not another's, though both are on a visit today."""
    visitor.post(COPY)
    make(tenant)
    held = visitor.session["visit"]["copy"]
    second = send_link(tenant, now=now, number="9")
    other = Client()
    answer(other, second)
    assert other.get(COPY).headers["Location"] == f"{DONE}#copy"
    session = other.session
    session["visit"] = {**session["visit"], "copy": held}
    session.save()
    assert other.get(COPY).headers["Location"] == f"{DONE}#copy", "of another response, whatever the session says"
    assert visitor.get(COPY).status_code == 200, "positive control"


def test_nothing_of_it_is_shown_or_kept_after_the_day(person: Sent, visitor: Client) -> None:
    order(visitor, person)
    yesterday = timezone.now() - timedelta(days=1)
    with tenant_scope(person.tenant.pk):
        Response.objects.update(submitted_at=yesterday)
    assert visitor.get(COPY).status_code == 302
    visitor.post(COPY)
    with tenant_scope(person.tenant.pk):
        assert AnswerCopy.objects.count() == 1, "none is made of answers of another day"
        assert services.destroy_copies(now=timezone.now()) == 0
        AnswerCopy.objects.update(asked_at=yesterday)
        assert services.destroy_copies(now=timezone.now()) == 1
        assert not AnswerCopy.objects.exists()


def test_before_the_answers_are_sent_there_is_no_copy(person: Sent) -> None:
    client = Client()
    walk(client, person)
    assert client.post(COPY).headers["Location"] == "/r/answer/check/"
    with tenant_scope(person.tenant.pk):
        assert not AnswerCopy.objects.exists()


def test_copies_are_bounded_by_the_day(person: Sent, visitor: Client) -> None:
    for _try in range(services.MOST):
        assert visitor.post(COPY).status_code == 302
        with tenant_scope(person.tenant.pk):
            AnswerCopy.objects.update(language="xx")  # as if another language were wanted
    refused = visitor.post(COPY)
    assert refused.status_code == 429
    with tenant_scope(person.tenant.pk):
        assert AnswerCopy.objects.count() == services.MOST


def test_a_character_without_type_is_said_so_and_stops_nobody_else(person: Sent, visitor: Client) -> None:
    visitor.post(COPY)
    with tenant_scope(person.tenant.pk):
        copy = AnswerCopy.objects.select_related("response").get()
        copy.page = copy.page.replace("千代田1-1", "千代田\U00013000")  # no font has it
        copy.save()
    assert make(person.tenant) == 1
    with tenant_scope(person.tenant.pk):
        failed = AnswerCopy.objects.get()
        assert (failed.failure, failed.made_at, failed.page) == ("missing_glyph", None, None)
    visitor.cookies["portal_language"] = "en"
    with translation.override("en"):
        assert "cannot be printed" in visitor.get(DONE).content.decode()
    assert order(visitor, person).startswith(b"%PDF"), "asked for again"


def test_ordering_and_taking_are_on_record_without_a_word_of_it(person: Sent, visitor: Client) -> None:
    order(visitor, person)
    with tenant_scope(person.tenant.pk):
        events = AuditEvent.objects.filter(event__in=["response.copy_ordered", "response.copy_taken"])
        assert {event.event for event in events} == {"response.copy_ordered", "response.copy_taken"}
        for event in events:
            assert event.target_id == str(person.response.pk)
            assert "千代田" not in event.payload


def test_what_was_confirmed_is_not_left_blank_on_the_page(person: Sent, visitor: Client) -> None:
    shown = visitor.get(DONE).content.decode()
    assert not re.search(r"<dd>\s*</dd>", shown)


def test_another_language_is_another_copy(person: Sent, visitor: Client) -> None:
    order(visitor, person)
    visitor.cookies["portal_language"] = "vi"
    assert language_of(order(visitor, person)) == "vi"


def test_nobody_gets_in_again_by_the_link_once_it_is_answered(person: Sent, visitor: Client) -> None:
    order(visitor, person)
    again = Client()
    assert prove(again, person).status_code == 409
    assert again.get(COPY).status_code == 403
