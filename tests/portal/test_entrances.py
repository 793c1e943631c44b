"""The tenant's own page: a reference number and two facts open what the link opens, and betray nothing to others."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from audit.services import Actor
from channels.models import Notice
from channels.numbers import new_number, written
from portal import guessing
from questionnaires.models import AccessLink, Response
from questionnaires.proving import agrees
from questionnaires.services import cancel_responses
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.portal.journey import BIRTH, COMPANY_PROOF, end_of, page_of, prove, walk
from tests.questionnaires.filing import Sent, send_link

BOTS = ("facebookexternalhit/1.1;line-poker/1.0", "WhatsApp/2.23", "Microsoft SafeLinks", "Barracuda", "curl/8")


def numbered(sent: Sent, *, now: datetime, number: str = "") -> str:
    """The number of a notice that the customer got."""
    number = number or new_number()
    with tenant_scope(sent.tenant.pk):
        Notice.objects.create(
            customer=sent.customer,
            reference=sent.response.reference,
            purpose="REQUEST",
            sequence=Notice.objects.filter(reference=sent.response.reference).count() + 1,
            number=number,
            created_at=now,
        )
    return number


def enter(client: Client, number: str, *, kind: str = "INDIVIDUAL", slug: str = "asanagi", **facts: str) -> Any:
    """Both steps: the number, then the facts."""
    client.post(f"/b/{slug}/", {"number": number, "kind": kind})
    right = COMPANY_PROOF if kind == "COMPANY" else BIRTH
    return client.post(f"/b/{slug}/identity/", {**right, **facts})


def plain(response: Any) -> str:
    """What a page says, but for the secrets of its forms and the number that was typed."""
    text = re.sub(r'value="[^"]*"', "", response.content.decode())
    return re.sub(r"\d{4}-\d{4}-\d{4}", "", text)


def at(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


@pytest.fixture
def number(person: Sent, now: datetime) -> str:
    return numbered(person, now=now)


def test_the_number_and_the_facts_open_the_questions(person: Sent, number: str) -> None:
    client = Client()
    page = client.get("/b/asanagi/")
    assert (page.status_code, page_of(page)) == (200, "entry")
    typed = client.post("/b/asanagi/", {"number": f"　{written(number)} ".replace("-", "ー"), "kind": "INDIVIDUAL"})
    assert typed.headers["Location"] == "/b/asanagi/identity/"
    assert page_of(client.get("/b/asanagi/identity/")) == "identity"
    opened = client.post("/b/asanagi/identity/", BIRTH)
    assert opened.headers["Location"] == "/r/answer/"
    assert page_of(client.get("/r/answer/", follow=True)) == "question"
    with tenant_scope(person.tenant.pk):
        link = AccessLink.objects.get(response=person.response)
        assert link.entrance == AccessLink.Entrance.NUMBER


def test_a_company_says_that_it_is_one(company: Sent, now: datetime) -> None:
    number = numbered(company, now=now)
    assert enter(Client(), number, kind="COMPANY").status_code == 302
    assert enter(at("10.7.0.1"), number, kind="INDIVIDUAL").status_code == 422


def test_numbers_of_before_open_too(person: Sent, now: datetime) -> None:
    assert enter(Client(), numbered(person, now=now, number="K7F3MW9RXN")).status_code == 302


def test_fifty_bots_open_the_page_first_and_change_nothing(
    person: Sent, number: str, superuser: psycopg.Connection
) -> None:
    """W1."""
    tables = ("questionnaires_response", "questionnaires_accesslink", "audit_auditevent", "django_session")

    def kept() -> list[object]:
        return [superuser.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]

    before = kept()
    for place in range(50):
        bot = Client(headers={"User-Agent": BOTS[place % len(BOTS)]})
        assert (bot.head if place % 2 else bot.get)("/b/asanagi/").status_code == 200
        assert bot.get("/b/asanagi/identity/").status_code == 302
        assert not bot.cookies.get(settings.SESSION_COOKIE_NAME)
    assert kept() == before
    assert enter(Client(), number).status_code == 302
    assert kept() != before, "control"


def test_an_unknown_number_answers_like_a_known_one_with_wrong_facts(
    person: Sent, company: Sent, other_tenant: Tenant, now: datetime
) -> None:
    """W2: unknown, another bank's, another kind's; each step, each status, up to the lock."""
    foreign = send_link(other_tenant, now=now)
    tried = {
        "known": numbered(person, now=now),
        "unknown": new_number(),
        "foreign": numbered(foreign, now=now),
        "of a company": numbered(company, now=now),
    }
    seen = {}
    for place, (name, number) in enumerate(tried.items()):
        client = at(f"10.8.{place}.1")
        facts = {"last_digits": "0000"} if name in ("known", "unknown") else {}
        answers = [enter(client, number, **facts) for _ in range(6)]
        seen[name] = [(answer.status_code, page_of(answer), end_of(answer), plain(answer)) for answer in answers]
    assert [answer[:3] for answer in seen["known"]] == [(422, "identity", "")] * 4 + [(429, "end", "paused")] * 2
    # the time of the lock's end differs by the second
    known = [answer[:3] for answer in seen["known"]], [answer[3] for answer in seen["known"][:4]]
    for name in ("unknown", "foreign", "of a company"):
        assert ([answer[:3] for answer in seen[name]], [answer[3] for answer in seen[name][:4]]) == known, name


def test_a_slip_of_the_finger_is_told_at_once_and_is_no_guess(
    person: Sent, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    for _ in range(guessing.NUMBER_LIMIT + 3):
        page = client.post("/b/asanagi/", {"number": wrong})
        assert (page.status_code, page_of(page)) == (422, "entry")
        assert "1つ違って" in page.content.decode() or "seems to be different" in page.content.decode()
        assert wrong in page.content.decode(), "it stays, to be compared"
    assert enter(client, number).status_code == 302
    monkeypatch.setattr(guessing, "SLIPS", 3)
    other = at("10.9.0.1")
    assert [other.post("/b/asanagi/", {"number": wrong}).status_code for _ in range(5)] == [422, 422, 422, 429, 429]


def test_five_wrong_facts_lock_the_number_and_not_the_link(person: Sent, number: str) -> None:
    client = Client()
    for remaining in (4, 3, 2, 1):
        page = enter(client, number, last_digits="0000")
        assert page.status_code == 422
        assert str(remaining) in page.content.decode()
    assert end_of(enter(client, number, last_digits="0000")) == "paused"
    assert end_of(enter(at("10.9.1.1"), number)) == "paused", "from elsewhere and with the right facts too"
    assert prove(Client(), person).status_code == 302, "who holds the link comes in by it"


def test_the_right_facts_after_four_wrong_ones_begin_the_count_anew(person: Sent, number: str) -> None:
    client = Client()
    for _ in range(4):
        assert enter(client, number, last_digits="0000").status_code == 422
    assert enter(client, number).status_code == 302
    for _ in range(4):
        assert enter(client, number, last_digits="0000").status_code == 422


def test_ten_tries_at_once_buy_no_sixth_comparison(person: Sent, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """W3: paid for before anything is compared."""
    compared: list[int] = []

    def counting(*args: Any) -> bool:
        compared.append(1)
        return agrees(*args)

    monkeypatch.setattr("portal.entering.numbered.agrees", counting)
    clients = [at(f"10.10.{place}.1") for place in range(10)]
    for client in clients:
        client.post("/b/asanagi/", {"number": number})
    barrier, statuses = threading.Barrier(len(clients)), []

    def attempt(client: Client) -> None:
        try:
            barrier.wait()
            statuses.append(client.post("/b/asanagi/identity/", {**BIRTH, "last_digits": "0000"}).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attempt, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(compared) == guessing.NUMBER_LIMIT
    assert sorted(statuses) == [422] * 4 + [429] * 6


def test_one_network_and_one_bank_s_numbers_are_bounded(
    person: Sent, number: str, other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "LIMIT", 3)
    spied = at("10.11.0.7")
    for _ in range(3):
        enter(spied, new_number())
    assert spied.get("/b/asanagi/").status_code == 429
    assert end_of(at("10.11.0.99").get("/b/asanagi/")) == "busy", "the whole network"
    monkeypatch.setattr(guessing, "TENANT_LIMIT", 5)
    for place in range(5):
        enter(at(f"10.12.{place}.1"), new_number())
    assert end_of(enter(at("10.13.0.1"), number)) == "busy", "of this bank nobody is looked up by number"
    assert prove(at("10.13.0.2"), person).status_code == 302, "by link they are"
    assert page_of(at("10.13.0.3").get("/b/komorebi/")) == "entry"


def test_an_end_is_told_only_to_who_has_proved_themselves(tenant: Tenant, now: datetime) -> None:
    """Answered, over, withdrawn, not open yet: each says the next step and the telephone number."""
    sent = {
        "answered": send_link(tenant, now=now, number="11"),
        "expired": send_link(tenant, now=now, number="12", lives=timedelta(seconds=-1)),
        "cancelled": send_link(tenant, now=now, number="13"),
        "notyet": send_link(tenant, now=now, number="14"),
    }
    client = Client()
    walk(client, sent["answered"])
    client.post("/r/answer/check/", {"action": "submit"})
    with tenant_scope(tenant.pk):
        cancel_responses(references=[sent["cancelled"].response.reference], actor=Actor.system("tests"), now=now)
        AccessLink.objects.filter(response=sent["notyet"].response).update(opens_at=now + timedelta(days=3))
    for place, (end, one) in enumerate(sent.items()):
        number, browser = numbered(one, now=now), at(f"10.14.{place}.1")
        assert enter(browser, number, last_digits="0000").status_code == 422, end
        told = enter(browser, number)
        assert end_of(told) == end
        assert "0120-000-101" in told.content.decode()
        by_link = at(f"10.15.{place}.1")
        assert page_of(by_link.get(f"/r/{one.token}/")) == "landing", "a link like any other"
        assert page_of(prove(by_link, one, last_digits="0000")) == "identity"
        assert end_of(prove(by_link, one)) == end
        assert page_of(by_link.get("/r/answer/")) == "end", "no visit has begun"
        with tenant_scope(tenant.pk):
            was = Response.objects.get(pk=one.response.pk).status
        assert was == {"answered": "SUBMITTED", "cancelled": "CANCELLED"}.get(end, "OPEN")


def test_a_visit_by_number_takes_over_from_one_by_link_and_back(person: Sent, number: str) -> None:
    """W4: the last to prove themselves is the one who answers."""
    first, second = Client(), Client()
    assert prove(first, person).status_code == 302
    assert enter(second, number).status_code == 302
    assert end_of(first.get("/r/answer/")) == "timeout"
    assert page_of(second.get("/r/answer/", follow=True)) == "question"
    assert prove(first, person).status_code == 302
    assert end_of(second.get("/r/answer/")) == "timeout"


def test_coming_in_changes_the_session_and_forgets_the_number(person: Sent, number: str) -> None:
    """W5."""
    client = Client()
    client.post("/b/asanagi/", {"number": number})
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert client.post("/b/asanagi/identity/", BIRTH).status_code == 302
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert "entry" not in client.session


def test_neither_step_is_taken_without_the_form_s_secret(person: Sent, number: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/b/asanagi/", {"number": number}).status_code == 403
    assert strict.post("/b/asanagi/identity/", BIRTH).status_code == 403


def test_the_facts_are_asked_for_only_after_a_number_of_the_same_bank(
    person: Sent, number: str, other_tenant: Tenant
) -> None:
    client = Client()
    assert client.get("/b/asanagi/identity/").headers["Location"] == "/b/asanagi/"
    client.post("/b/komorebi/", {"number": number})
    assert client.post("/b/asanagi/identity/", BIRTH).headers["Location"] == "/b/asanagi/"


def test_a_bank_that_is_not_there_looks_like_any_wrong_address(person: Sent) -> None:
    assert end_of(Client().get("/b/nobody/")) == "unknown"
    assert Client().get("/b/nobody/identity/").status_code == 404


def test_what_was_refused_is_in_the_trail_without_the_number(
    person: Sent, number: str, superuser: psycopg.Connection
) -> None:
    enter(Client(), number, last_digits="0000")
    enter(Client(), new_number(), last_digits="0000")
    rows = superuser.execute(
        "SELECT target_type, payload::text FROM audit_auditevent WHERE event = 'entrance.refused' ORDER BY id"
    ).fetchall()
    assert [row[0] for row in rows] == ["questionnaires.response", "tenants.tenant"]
    assert number not in repr(rows)
