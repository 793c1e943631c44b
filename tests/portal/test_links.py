"""What opening a link shows and refuses, and that it changes nothing."""

import re
from datetime import datetime, timedelta

import psycopg
import pytest
from django.conf import settings
from django.test import Client

from questionnaires.models import AccessLink
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.portal.journey import BIRTH, end_of, page_of, prove, snapshot, walk
from tests.questionnaires.filing import Sent, plan_review, send_link

BOTS = ["Mozilla/5.0 (LINE-Poker)", "WhatsApp/2.24", "Microsoft SafeLinks", "facebookexternalhit/1.1", "curl/8"]


def test_fifty_bots_before_the_customer_change_nothing(
    person: Sent, customer: Client, superuser: psycopg.Connection
) -> None:
    """W1."""
    before = snapshot(superuser)
    for number in range(50):
        bot = Client(headers={"User-Agent": BOTS[number % len(BOTS)]})
        for address in (f"/r/{person.token}/", f"/r/{person.token}/identity/"):
            assert (bot.head if number % 2 else bot.get)(address).status_code == 200
        assert not bot.cookies.get(settings.SESSION_COOKIE_NAME)
    assert snapshot(superuser) == before
    assert prove(customer, person).status_code == 302
    assert snapshot(superuser) != before  # positive control


def test_no_get_changes_anything_during_a_visit(person: Sent, customer: Client, superuser: psycopg.Connection) -> None:
    """W1: also with the customer's own session."""
    walk(customer, person)
    before = snapshot(superuser)
    pages = ("", "contact/", "work/", "stay/", "cash/", "check/", "ekyc/", "ekyc/return/", "done/", "nothing/")
    for page in pages:
        customer.get(f"/r/answer/{page}")
        customer.head(f"/r/answer/{page}")
    assert snapshot(superuser) == before


def test_the_landing_page_says_who_why_how_long_and_until_when(
    tenant: Tenant, person: Sent, customer: Client, now: datetime
) -> None:
    plan_review(tenant, person, now=now)
    page = customer.get(f"/r/{person.token}/")
    text = page.content.decode()
    assert page_of(page) == "landing"
    assert "あさなぎ銀行" in text
    assert '<time datetime="2027-01-15">' in text
    assert "0120-000-101" in text
    assert "山田" not in text
    assert "杉並" not in text


@pytest.mark.parametrize("token", ["A" * 32, "nonsense", "１" * 32, "A" * 5_000, "%00", "А" * 32])
def test_every_link_that_leads_nowhere_looks_the_same(person: Sent, customer: Client, token: str) -> None:
    """W2: malformed, unknown, overlong, homoglyph."""
    unknown = customer.get("/r/" + "0" * 32 + "/")
    for address in (f"/r/{token}/", f"/r/{token}/identity/"):
        page = customer.get(address)
        assert (page.status_code, page_of(page), end_of(page)) == (404, "end", "unknown")
        assert without_secrets(page.content) == without_secrets(unknown.content)


def without_secrets(content: bytes) -> str:
    return re.sub(r'value="[^"]*"', "", content.decode())


def test_a_link_of_a_suspended_bank_looks_unknown(tenant: Tenant, person: Sent, customer: Client) -> None:
    tenant.status = Tenant.Status.SUSPENDED
    tenant.save()
    assert end_of(customer.get(f"/r/{person.token}/")) == "unknown"


def test_an_expired_link_says_so_and_names_the_next_step(tenant: Tenant, customer: Client, now: datetime) -> None:
    """To whoever has proved themselves; before, it is a link like any other."""
    sent = send_link(tenant, now=now, lives=timedelta(seconds=-1))
    assert page_of(customer.get(f"/r/{sent.token}/")) == "landing"
    page = prove(customer, sent)
    assert (page.status_code, end_of(page)) == (410, "expired")
    assert "0120-000-101" in page.content.decode()


def test_five_wrong_answers_lock_the_link_and_say_until_when(person: Sent, customer: Client) -> None:
    for _ in range(4):
        page = prove(customer, person, last_digits="0000")
        assert (page.status_code, page_of(page)) == (422, "identity")
    locked = prove(customer, person, last_digits="0000")
    assert (locked.status_code, end_of(locked)) == (429, "locked")
    assert 0 < int(locked.headers["Retry-After"]) <= 1800
    assert end_of(prove(Client(), person)) == "locked"
    assert end_of(customer.get(f"/r/{person.token}/")) == "locked"


def test_a_longer_lock_says_the_day_as_well(person: Sent, customer: Client) -> None:
    with tenant_scope(person.tenant.pk):
        AccessLink.objects.filter(response=person.response).update(locks=5)
    for _ in range(5):
        page = prove(customer, person, last_digits="0000")
    assert (page.status_code, end_of(page)) == (429, "paused")
    assert 15 * 3600 < int(page.headers["Retry-After"]) <= 16 * 3600
    assert "30分ほど" not in page.content.decode()
    assert re.search(r"\d+年\d+月\d+日 \d+時\d+分</time>", page.content.decode())


def test_any_open_account_opens_the_door_and_a_closed_one_does_not(tenant: Tenant, person: Sent) -> None:
    accounts = [{"number": "1234567"}, {"number": "2220002", "closed_on": "2020-03-31"}, {"number": "3330003"}]
    with tenant_scope(tenant.pk):
        person.customer.profile = {**person.customer.profile, "accounts": accounts}
        person.customer.save(update_fields=["profile"])
    assert prove(Client(), person, last_digits="0002").status_code == 422
    assert [prove(Client(), person, last_digits=known).status_code for known in ("0003", "4567")] == [302, 302]


def test_a_mismatch_does_not_say_which_fact_was_wrong(person: Sent) -> None:
    pages = [
        re.sub(r'value="[^"]*"|\d', "", prove(Client(), person, **wrong).content.decode())
        for wrong in ({"last_digits": "0000"}, {"day": "4"})
    ]
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("typed", "control"),
    [
        ({"year": ""}, "year"),
        ({"month": "13"}, "month"),
        ({"day": "31", "month": "2"}, "day"),
        ({"era": "reiwa", "year": "1", "month": "4"}, "year"),
        ({"era": ""}, "era"),
        ({"last_digits": "456"}, "last_digits"),
    ],
)
def test_an_unreadable_proof_is_explained_and_kept_and_not_counted(
    person: Sent, customer: Client, typed: dict[str, str], control: str
) -> None:
    page = prove(customer, person, **typed)
    text = page.content.decode()
    assert page.status_code == 422
    assert f'href="#{control}"' in text
    assert f'value="{ {**BIRTH, **typed}["month"] }"' in text
    with tenant_scope(person.tenant.pk):
        assert AccessLink.objects.get().failed_proofs == 0


@pytest.mark.parametrize(
    "proof",
    [
        {"era": "western", "year": "1948"},
        {"era": "", "year": "1948"},
        {"era": "showa", "year": "１９４８"},
        {"year": "２３", "month": "５", "day": "３", "last_digits": "４５６７"},
    ],
)
def test_a_birth_date_is_taken_in_either_calendar_and_any_width(
    person: Sent, customer: Client, proof: dict[str, str]
) -> None:
    assert prove(customer, person, **proof).status_code == 302
