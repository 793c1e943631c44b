"""From one device to another: a code that is good once, for minutes, with one proof; and what is kept until later."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from questionnaires import tickets
from questionnaires.models import AccessLink, EntranceTicket
from questionnaires.tickets import match_number
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.portal.journey import address_of, end_of, page_of, post, prove, walk
from tests.questionnaires.filing import Sent, plan_review


@pytest.fixture
def desk(person: Sent) -> Client:
    """A computer on which the first page has been answered."""
    client = Client()
    assert prove(client, person).status_code == 302
    assert post(client, "contact", "unchanged").status_code == 302
    return client


@pytest.fixture
def address(desk: Client, monkeypatch: pytest.MonkeyPatch) -> str:
    return show_code(desk, monkeypatch)


def show_code(desk: Client, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the code on the screen leads: what was drawn is what is read here."""
    drawn: list[str] = []

    def drawing(text: str) -> tuple[int, str]:
        drawn.append(text)
        return 41, "M4 4h1v1h-1z"

    monkeypatch.setattr("portal.entering.views.handing.qr_path", drawing)
    page = desk.post("/r/answer/phone/")
    assert (page.status_code, page_of(page)) == (200, "phone")
    token = drawn[0].rstrip("/").rsplit("/", 1)[1]
    assert f"<b>{match_number(token)}</b>" in page.content.decode()
    return re.sub(r"^https?://[^/]+", "", drawn[0])


def take(client: Client, address: str, last_digits: str = "4567") -> Any:
    return client.post(address, {"last_digits": last_digits, "action": "continue"})


def test_the_telephone_goes_on_where_the_computer_was(desk: Client, address: str, person: Sent) -> None:
    telephone = Client()
    page = telephone.get(address)
    assert (page.status_code, page_of(page)) == (200, "ticket")
    assert match_number(address.rstrip("/").rsplit("/", 1)[1]) in page.content.decode()
    assert person.customer.profile["name"] not in page.content.decode()
    assert take(telephone, address).headers["Location"] == "/r/answer/"
    assert telephone.get("/r/answer/").headers["Location"] == address_of("work")
    moved = desk.get("/r/answer/")
    assert (moved.status_code, end_of(moved)) == (403, "moved")
    with tenant_scope(person.tenant.pk):
        assert AccessLink.objects.get(response=person.response).entrance == AccessLink.Entrance.HAND_OVER


def test_a_code_is_good_once(desk: Client, address: str) -> None:
    assert take(Client(), address).status_code == 302
    for client in (Client(), desk):
        again = client.get(address)
        assert (again.status_code, end_of(again)) == (404, "ticket")
        assert take(client, address).status_code == 404


def test_two_who_use_it_at_once_do_not_both_come_in(address: str) -> None:
    """W3: judged under the row's lock."""
    statuses: list[int] = []
    barrier = threading.Barrier(5)

    def attempt(place: int) -> None:
        try:
            client = Client(REMOTE_ADDR=f"10.20.{place}.1")
            barrier.wait()
            statuses.append(take(client, address).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attempt, args=(place,)) for place in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302, 404, 404, 404, 404]


def test_whoever_photographed_the_screen_has_five_tries(address: str, person: Sent) -> None:
    for place, remaining in enumerate((4, 3, 2, 1)):
        page = take(Client(REMOTE_ADDR=f"10.21.{place}.1"), address, "0000")
        assert (page.status_code, page_of(page)) == (422, "ticket")
        assert str(remaining) in page.content.decode()
    assert end_of(take(Client(), address, "0000")) == "ticket"
    assert end_of(take(Client(), address)) == "ticket", "the right digits come too late"
    assert prove(Client(), person).status_code == 302, "the link is not locked by it"


def test_after_five_minutes_and_after_a_newer_code_it_opens_nothing(
    desk: Client, address: str, person: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = show_code(desk, monkeypatch)
    assert end_of(Client().get(address)) == "ticket"
    assert page_of(Client().get(newer)) == "ticket", "control"
    with tenant_scope(person.tenant.pk):
        EntranceTicket.objects.update(expires_at=timezone.now())
    assert take(Client(), newer).status_code == 404
    assert timedelta(minutes=5) == tickets.LIFETIME


def test_it_ends_with_the_visit_that_made_it(desk: Client, address: str, person: Sent) -> None:
    """W4: whoever proved themselves anew by the link shuts out the code as well."""
    assert prove(Client(), person).status_code == 302
    assert end_of(take(Client(), address)) == "ticket"


def test_a_code_of_another_bank_opens_nothing(address: str, other_tenant: Tenant) -> None:
    assert end_of(Client().get(address.replace("asanagi", "komorebi"))) == "ticket"
    assert page_of(Client().get(address)) == "ticket", "control"


def test_bots_that_open_the_code_first_do_not_use_it_up(address: str, superuser: psycopg.Connection) -> None:
    """W1."""
    before = superuser.execute("SELECT * FROM questionnaires_entranceticket").fetchall()
    for place in range(50):
        bot = Client(headers={"User-Agent": "LINE-Poker"})
        assert (bot.head if place % 2 else bot.get)(address).status_code == 200
    assert superuser.execute("SELECT * FROM questionnaires_entranceticket").fetchall() == before
    assert Client(enforce_csrf_checks=True).post(address, {"last_digits": "4567"}).status_code == 403
    assert take(Client(), address).status_code == 302


def test_looking_at_the_pages_makes_no_code(desk: Client, person: Sent) -> None:
    for _ in range(3):
        assert page_of(desk.get("/r/answer/phone/")) == "phone"
        assert page_of(desk.get("/r/answer/later/")) == "later"
    with tenant_scope(person.tenant.pk):
        assert not EntranceTicket.objects.exists()


def test_only_the_hash_of_a_code_is_kept(address: str, superuser: psycopg.Connection) -> None:
    token = address.rstrip("/").rsplit("/", 1)[1]
    assert token not in repr(superuser.execute("SELECT * FROM questionnaires_entranceticket").fetchall())
    assert token not in repr(superuser.execute("SELECT * FROM audit_auditevent").fetchall())


def test_the_identity_check_can_be_done_on_the_telephone(
    tenant: Tenant, person: Sent, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from campaigns.models import PeriodicReview

    plan_review(tenant, person, now=now, ekyc_method="image_selfie")
    desk = Client()
    walk(desk, person)
    desk.post("/r/answer/check/", {"action": "submit"})
    with tenant_scope(tenant.pk):
        PeriodicReview.objects.update(status=PeriodicReview.Status.VERIFYING)
    assert 'href="/r/answer/phone/"' in desk.get("/r/answer/ekyc/").content.decode()
    telephone = Client()
    assert take(telephone, show_code(desk, monkeypatch)).status_code == 302
    assert telephone.get("/r/answer/").headers["Location"] == "/r/answer/ekyc/"


def test_what_was_entered_waits_until_later(desk: Client, person: Sent) -> None:
    page = desk.get("/r/answer/later/")
    assert "<time datetime=" in page.content.decode()
    left = desk.post("/r/answer/later/")
    assert (left.status_code, page_of(left)) == (200, "later")
    assert desk.get("/r/answer/").status_code == 403
    other = Client()
    assert prove(other, person).status_code == 302
    assert other.get("/r/answer/").headers["Location"] == address_of("work")
