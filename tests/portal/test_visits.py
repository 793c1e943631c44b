"""A visit: whose it is, how long it lasts, and what it leaves in logs."""

import io
import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from tests.portal.journey import (
    address_of,
    end_of,
    post,
    prove,
)
from tests.questionnaires.filing import Sent


def test_proving_oneself_changes_the_session_id(person: Sent, customer: Client) -> None:
    """W4: a session planted before the proof is worth nothing after it."""
    session = customer.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    prove(customer, person)
    fresh = customer.cookies[settings.SESSION_COOKIE_NAME]
    assert fresh.value != planted
    assert fresh["httponly"]
    assert fresh["samesite"] == "Lax"
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = str(planted)
    assert end_of(thief.get("/r/answer/contact/")) == "timeout"


def test_without_a_proof_no_page_opens(person: Sent, customer: Client) -> None:
    for page in ("", "contact/", "check/", "ekyc/", "done/"):
        shown = customer.get(f"/r/answer/{page}")
        assert (shown.status_code, end_of(shown)) == (403, "timeout")
    assert post(customer, "contact", "unchanged").status_code == 403


def test_half_an_hour_of_silence_closes_the_visit_and_keeps_the_answers(person: Sent, customer: Client) -> None:
    prove(customer, person)
    post(customer, "contact", "unchanged")
    session = customer.session
    held = session["visit"]
    held["seen_at"] = (timezone.now() - timedelta(minutes=29)).isoformat()
    session["visit"] = held
    session.save()
    assert customer.get(address_of("work")).status_code == 200  # positive control
    held["seen_at"] = (timezone.now() - timedelta(minutes=31)).isoformat()
    session["visit"] = held
    session.save()
    shown = customer.get(address_of("work"))
    assert (shown.status_code, end_of(shown)) == (403, "timeout")
    assert "あさなぎ銀行" in shown.content.decode()
    prove(customer, person)
    assert customer.get("/r/answer/").headers["Location"] == address_of("work")


def test_a_second_device_takes_over_from_the_first(person: Sent) -> None:
    """W4: two devices."""
    first, second = Client(), Client()
    prove(first, person)
    prove(second, person)
    assert end_of(first.get("/r/answer/contact/")) == "timeout"
    assert post(first, "contact", "unchanged").status_code == 403
    assert post(second, "contact", "unchanged").status_code == 302


def test_a_post_without_the_form_s_secret_is_refused(person: Sent) -> None:
    """W6."""
    strict = Client(enforce_csrf_checks=True)
    strict.get(f"/r/{person.token}/identity/")
    assert prove(strict, person).status_code == 403
    secret = strict.cookies["csrftoken"].value
    assert prove(strict, person, csrfmiddlewaretoken=secret).status_code == 302
    for address in ("/r/answer/contact/", "/r/answer/check/", "/r/answer/ekyc/", "/r/display/"):
        assert strict.post(address, {"action": "unchanged"}).status_code == 403


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What our own log handler writes."""
    lines = io.StringIO()
    [handler] = [h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler]
    before = handler.setStream(lines)
    yield lines
    handler.setStream(before)


def test_no_log_line_holds_a_token(person: Sent, customer: Client, log: io.StringIO) -> None:
    """W5: refused requests are logged with their address, and the address is a secret."""
    prove(customer, person, last_digits="0000")
    prove(customer, person, month="13")
    customer.get(f"/r/{person.token}x/")
    post(customer, "contact", "unchanged")
    logged = log.getvalue()
    assert "url_name=portal:identity" in logged
    assert "url_name=portal:question" in logged
    assert person.token not in logged
