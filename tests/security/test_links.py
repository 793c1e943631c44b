"""W1–W5 at the customers' door: bots first, guesses, races for the second factor, sessions, secrets that leak."""

from __future__ import annotations

import io
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import psycopg
import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from portal import guessing
from questionnaires.links import MAX_FAILURES, new_token
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.portal.journey import BIRTH, end_of, prove, walk
from tests.questionnaires.filing import Sent, send_link
from tests.security.pages import snapshot

PREVIEWS = (
    "facebookexternalhit/1.1;line-poker/1.0", "WhatsApp/2.23.20.0", "TelegramBot (like TwitterBot)", "Slackbot 1.0",
    "Mozilla/5.0 (compatible; SafeLinks)", "Mozilla/5.0 (compatible; Barracuda)", "Googlebot/2.1", "curl/8",
)  # fmt: skip


@pytest.fixture
def person(tenant: Tenant) -> Sent:
    return send_link(tenant, now=timezone.now())


@pytest.fixture
def elsewhere(other_tenant: Tenant) -> Sent:
    return send_link(other_tenant, now=timezone.now())


def at(address: str) -> Client:
    """A browser in that place of the net."""
    return Client(REMOTE_ADDR=address)


def test_previews_of_every_kind_open_links_first_and_change_nothing(
    person: Sent, superuser: psycopg.Connection
) -> None:
    """W1: by GET and HEAD, again and again; also the buttons a sandbox presses without the facts."""
    before = snapshot(superuser)
    for number in range(24):
        bot = Client(headers={"User-Agent": PREVIEWS[number % len(PREVIEWS)], "Purpose": "prefetch"})
        for address in (f"/r/{person.token}/", f"/r/{person.token}/identity/"):
            answer = (bot.head if number % 3 else bot.get)(address)
            assert answer.status_code == 200
            assert person.customer.profile["name"].encode() not in answer.content
        assert bot.post(f"/r/{person.token}/identity/", {"action": "continue"}).status_code == 422
    assert snapshot(superuser) == before
    assert prove(Client(), person).status_code == 302, "the person succeeds"
    assert snapshot(superuser) != before, "control"


def bad_tokens(person: Sent) -> dict[str, str]:
    """Tokens that open nothing, each for another reason."""
    swapped = person.token[1] + person.token[0] + person.token[2:]
    return {
        "unknown": new_token(),
        "swapped": swapped if swapped != person.token else new_token(),
        "short": person.token[:-1],
        "long": person.token + "0",
        "overlong": "A" * 3_000,
        "cyrillic": "А" + person.token[1:],
        "full width": "".join(chr(ord(letter) + 0xFEE0) for letter in person.token),
        "quoted": person.token[:-1] + "'",
        "spaces": f"{person.token} ",
        "null": person.token[:-1] + "%00",
        "words": "undefined",
    }


def outcome(answer: Any) -> tuple[object, ...]:
    """All that a guesser sees."""
    text = re.sub(r'value="[^"]*"', "", answer.content.decode())
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
    return answer.status_code, text, headers, sorted(answer.cookies)


def test_guesses_cannot_be_told_apart(person: Sent, elsewhere: Sent, superuser: psycopg.Connection) -> None:
    """W2: one page, one status, the same headers; a bank that has closed is like no bank.

    Expired, cancelled and answered links have pages of their own on purpose: whoever sees those held the real token.
    """
    superuser.execute("UPDATE tenants_tenant SET status = 'SUSPENDED' WHERE id = %s", [elsewhere.tenant.pk])
    tokens = {**bad_tokens(person), "of a closed bank": elsewhere.token}
    for path in ("", "identity/"):
        for method in ("get", "post"):
            seen = {why: outcome(getattr(Client(), method)(f"/r/{token}/{path}")) for why, token in tokens.items()}
            different = [why for why, found in seen.items() if found != seen["unknown"]]
            assert different == [], (path, method)
            assert seen["unknown"][0] == 404
    assert outcome(Client().get(f"/r/{person.token}/")) != seen["unknown"], "control"


def test_guesses_cannot_be_told_apart_by_the_clock(person: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    """W2: the look-up is by a hash's equality; a token nearly right takes as long as one all wrong."""
    monkeypatch.setattr(guessing, "LIMIT", 10_000)
    client = Client()

    def taken(token: str) -> float:
        began = time.perf_counter()
        client.get(f"/r/{token}/")
        return time.perf_counter() - began

    kinds: dict[str, Callable[[], str]] = {
        "nearly": lambda: person.token[:-1] + ("0" if person.token[-1] != "0" else "1"),
        "random": new_token,
        "malformed": lambda: "x" * 32,
    }
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(40):
        for kind, make in kinds.items():
            seconds[kind].append(taken(make()))
    middles = [median(found) for found in seconds.values()]
    assert max(middles) < 1.5 * min(middles), middles


def test_one_network_cannot_go_on_guessing(person: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    """W2: after the limit it is told nothing, not even about a real link; other networks go on."""
    monkeypatch.setattr(guessing, "LIMIT", 10)
    guesser = at("203.0.113.7")
    statuses = [guesser.get(f"/r/{new_token()}/").status_code for _ in range(12)]
    assert statuses == [404] * 10 + [429] * 2
    refused = at("203.0.113.99").get(f"/r/{person.token}/")
    assert (refused.status_code, end_of(refused)) == (429, "busy")
    assert int(refused.headers["Retry-After"]) > 0
    assert prove(at("203.0.113.99"), person).status_code == 429, "nor may it try facts"
    assert at("198.51.100.7").get(f"/r/{person.token}/").status_code == 200, "control"


def test_what_was_guessed_is_counted_where_restarts_keep_it(
    person: Sent, monkeypatch: pytest.MonkeyPatch, superuser: psycopg.Connection
) -> None:
    """W2: in the database, and without the address."""
    monkeypatch.setattr(guessing, "LIMIT", 3)
    for _ in range(3):
        at("2001:db8:7::1").get("/r/nothing/")
    connections.close_all()
    assert at("2001:db8:7:ffff::2").get(f"/r/{person.token}/").status_code == 429, "the same network"
    assert at("2001:db8:8::1").get(f"/r/{person.token}/").status_code == 200
    rows = superuser.execute("SELECT t::text FROM tenants_attemptcounter t").fetchall()
    assert rows
    assert not any("2001" in row[0].split(",")[0] for row in rows)


def test_wrong_facts_count_for_the_network_too(person: Sent, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """W3: many links, a few tries each, from one place."""
    monkeypatch.setattr(guessing, "LIMIT", 6)
    links = [person, *(send_link(tenant, now=timezone.now(), number=str(number)) for number in (2, 3))]
    statuses = [prove(at("203.0.113.7"), link, last_digits="0000").status_code for link in links for _ in range(3)]
    assert statuses == [422] * 6 + [429] * 3


def test_a_race_over_sessions_and_addresses_gets_exactly_five(person: Sent, superuser: psycopg.Connection) -> None:
    """W3: ten browsers in ten places at once; five wrong answers are judged, and then not even the right ones."""
    barrier = threading.Barrier(10)
    statuses: list[int] = []

    def guess(number: int) -> None:
        client = at(f"203.0.{number}.7")
        try:
            barrier.wait()
            statuses.append(prove(client, person, last_digits=f"{number:04d}").status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(422) == MAX_FAILURES - 1
    assert statuses.count(429) == 10 - (MAX_FAILURES - 1)
    row = superuser.execute("SELECT failed_proofs, locked_until IS NOT NULL FROM questionnaires_accesslink").fetchone()
    assert row == (MAX_FAILURES, True)
    judged = superuser.execute("SELECT count(*) FROM audit_auditevent WHERE event = 'link.refused'").fetchone()
    assert judged == (MAX_FAILURES,)
    assert prove(at("198.51.100.1"), person).status_code == 429, "the right facts, after the lock"
    superuser.execute("UPDATE questionnaires_accesslink SET locked_until = now() - interval '1 second'")
    assert prove(at("198.51.100.1"), person).status_code == 302, "control: the facts were right"


@pytest.mark.parametrize("digits", ["４５６７", " 4567 ", "4567", "４5６7"])
def test_digits_are_digits_in_any_width(person: Sent, digits: str) -> None:
    """W3."""
    assert prove(Client(), person, last_digits=digits).status_code == 302


def test_a_session_fixed_beforehand_is_worth_nothing(person: Sent) -> None:
    """W4: the id changes when somebody proves themselves, and the old one opens nothing."""
    victim = Client()
    session = victim.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    victim.cookies["session"] = str(planted)
    assert prove(victim, person).status_code == 302
    assert victim.cookies["session"].value != planted
    attacker = Client()
    attacker.cookies["session"] = str(planted)
    assert end_of(attacker.get("/r/answer/contact/")) == "timeout"
    assert victim.get("/r/answer/contact/").status_code == 200, "control"


def test_after_sending_nothing_can_be_sent_again_nor_seen_by_going_back(person: Sent) -> None:
    """W4."""
    client = Client()
    walk(client, person)
    for page in ("contact", "check"):
        assert "no-store" in client.get(f"/r/answer/{page}/").headers["Cache-Control"]
    assert client.post("/r/answer/check/", {"action": "submit"}).status_code == 302
    again = client.post("/r/answer/contact/", {"action": "unchanged"})
    assert (again.status_code, end_of(again)) == (409, "answered")
    back = client.get("/r/answer/contact/")
    assert end_of(back) == "answered"
    assert person.customer.profile["name"].encode() not in back.content


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything any logger writes, down to the database's statements."""
    lines = io.StringIO()
    root = logging.getLogger()
    [handler] = [h for h in root.handlers if type(h) is logging.StreamHandler]
    before, level = handler.setStream(lines), root.level
    root.setLevel(logging.DEBUG)
    yield lines
    root.setLevel(level)
    handler.setStream(before)


def test_the_token_is_in_no_log_page_cookie_session_or_row(
    person: Sent, log: io.StringIO, superuser: psycopg.Connection
) -> None:
    """W5: once somebody is inside, nothing that leaves us or stays with us names it."""
    client = Client(raise_request_exception=False)
    client.get(f"/r/{person.token}/")
    prove(client, person, last_digits="0000")
    walk(client, person)
    for page in ("contact", "check"):
        content = client.get(f"/r/answer/{page}/").content.decode()
        assert person.token not in content
        assert not re.findall(r'(?:href|src|action)="https?://', content), "no other site is told where we are"
    client.get(f"/r/{person.token}/nowhere")
    client.put(f"/r/{person.token}/")
    written = log.getvalue()
    assert "/r/" in written or "url_name" in written, "control: requests are logged"
    assert person.token not in written
    assert all(person.token not in str(cookie) for cookie in client.cookies.values())
    assert person.token not in str(dict(client.session))
    for table in snapshot(superuser):
        for (row,) in superuser.execute(f'SELECT t::text FROM "{table}" t').fetchall():
            assert person.token not in row, table
    policy = client.get(f"/r/{person.token}/").headers["Referrer-Policy"]
    assert policy in {"strict-origin", "no-referrer", "origin"}, "never the path"


def test_another_banks_visit_stays_there(person: Sent, elsewhere: Sent) -> None:
    """W2, W4: a visit at one bank shows nothing of the other, whatever link is opened beside it."""
    client = Client()
    assert prove(client, elsewhere).status_code == 302
    page = client.get(f"/r/{person.token}/")
    assert person.tenant.name in page.content.decode()
    inside = client.get("/r/answer/contact/").content.decode()
    assert elsewhere.tenant.name in inside
    assert person.tenant.name not in inside
    with tenant_scope(person.tenant.pk):
        person.response.refresh_from_db()
    assert person.response.started_at is None
    assert BIRTH, "control: both customers have the same facts, so only the link tells them apart"
