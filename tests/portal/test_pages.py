"""The customer's pages: what they show, what they refuse, and what they never change."""

import io
import logging
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone

from customers.models import ContactPoint
from portal.pages import LANGUAGES
from questionnaires.marking import tag
from questionnaires.models import AccessLink, Response
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.portal.journey import BIRTH, OWNER, address_of, end_of, page_of, post, prove, walk
from tests.questionnaires.filing import Sent, plan_review, send_link

BOTS = ["Mozilla/5.0 (LINE-Poker)", "WhatsApp/2.24", "Microsoft SafeLinks", "facebookexternalhit/1.1", "curl/8"]


def stored(sent: Sent) -> Response:
    with tenant_scope(sent.tenant.pk):
        response: Response = Response.objects.get(pk=sent.response.pk)
        return response


def answers_of(sent: Sent) -> dict[str, object]:
    with tenant_scope(sent.tenant.pk):
        response = Response.objects.get(pk=sent.response.pk)
        return dict(response.answers)


def snapshot(superuser: psycopg.Connection) -> list[object]:
    tables = ("questionnaires_response", "questionnaires_accesslink", "audit_auditevent", "django_session")
    return [superuser.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]


@pytest.fixture
def customer() -> Client:
    """A browser."""
    return Client()


# Links


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


# The journey


def test_a_person_to_whom_nothing_happened_needs_nine_taps(person: Sent, customer: Client) -> None:
    walk(customer, person)
    check = customer.get("/r/answer/check/")
    assert page_of(check) == "check"
    # An answer of «no» is an answer: it is shown, not swallowed.
    assert len(re.findall("<dd>(?:いいえ|No)</dd>", check.content.decode())) == 3
    sent = customer.post("/r/answer/check/", {"action": "submit"})
    assert sent.headers["Location"] == "/r/answer/done/"
    done = customer.get("/r/answer/done/")
    assert page_of(done) == "done"
    held = stored(person)
    assert held.status == Response.Status.SUBMITTED
    assert held.confirmed_pages == ["contact", "work", "purpose", "residence"]
    number = held.receipt_number
    assert f"{number[:4]}-{number[4:8]}-{number[8:]}" in done.content.decode()
    assert answers_of(person)["handles_cash"] is False


def test_a_company_confirms_and_names_new_owners(company: Sent, customer: Client) -> None:
    prove(customer, company)
    for page in ("company", "business", "purpose"):
        assert post(customer, page, "unchanged").status_code == 302
    shown = customer.get("/r/answer/owners/").content.decode()
    assert "海野 一郎" not in shown
    assert re.search("60[%％]", shown)
    added = post(customer, "owners", "add", **OWNER)
    assert added.status_code == 200
    assert 'name="owners-1-name"' in added.content.decode()
    assert 'value="海野 二郎"' in added.content.decode()
    assert post(customer, "owners", **OWNER).headers["Location"] == "/r/answer/cash/"
    post(customer, "cash", handles_cash="yes")
    post(customer, "abroad", sends_abroad="no")
    check = customer.get("/r/answer/check/").content.decode()
    assert re.search("海野 二郎\\W+60[%％]", check)
    customer.post("/r/answer/check/", {"action": "submit"})
    owners = [{"name": "海野 二郎", "birth_on": "1970-08-09", "share_percent": 60, "is_pep": False}]
    assert answers_of(company)["owners"] == owners


def test_what_changed_is_read_back_and_the_rest_stays(person: Sent, customer: Client) -> None:
    prove(customer, person)
    moved = post(customer, "contact", postal_code="１００ー０００１", address="東京都千代田区千代田1-1")
    assert moved.headers["Location"] == address_of("work")
    answers = answers_of(person)
    assert answers["postal_code"] == "100-0001"
    assert answers["name"] == "山田 花子"
    assert stored(person).confirmed_pages == []
    again = customer.get("/r/answer/contact/").content.decode()
    assert "東京都千代田区千代田1-1" in again  # typed in this visit: plain
    assert "永福1丁目" not in again  # on file: masked
    for page in ("work", "purpose", "residence"):
        post(customer, page, "unchanged")
    post(customer, "cash", handles_cash="no")
    post(customer, "abroad", sends_abroad="no")
    post(customer, "office", is_foreign_pep="no")
    check = customer.get("/r/answer/check/").content.decode()
    assert "東京都千代田区千代田1-1" in check
    assert "山田" not in check


def test_stored_data_is_masked_on_every_page(person: Sent, customer: Client) -> None:
    walk(customer, person)
    for page in ("contact", "work", "purpose", "residence", "cash", "check"):
        text = customer.get(f"/r/answer/{page}/").content.decode()
        for secret in ("花子", "永福", "ひまわり", "0065", "+8190", "90123"):
            assert secret not in text, (page, secret)
    assert "東京都杉並区" in customer.get("/r/answer/contact/").content.decode()  # positive control


def test_on_another_visit_nothing_typed_before_is_plain(person: Sent, customer: Client) -> None:
    prove(customer, person)
    post(customer, "contact", address="東京都千代田区千代田1-1", postal_code="1000001")
    prove(customer, person)
    assert "千代田1-1" not in customer.get("/r/answer/contact/").content.decode()
    assert customer.get("/r/answer/").headers["Location"] == address_of("work")


def test_an_error_is_listed_first_and_keeps_what_was_typed(person: Sent, customer: Client) -> None:
    prove(customer, person)
    page = post(customer, "contact", phone="12", email="花子")
    text = page.content.decode()
    assert page.status_code == 422
    assert 'href="#phone"' in text
    assert 'href="#email"' in text
    assert text.index("error-summary") < text.index("<h1>")
    assert 'value="12"' in text
    assert 'value="花子"' in text
    assert '<details class="change" open>' in text
    assert answers_of(person) == {}


def test_changing_nothing_by_the_wrong_button_is_pointed_out(person: Sent, customer: Client) -> None:
    prove(customer, person)
    assert post(customer, "contact").status_code == 422


def test_a_fact_the_file_lacks_is_asked_for(tenant: Tenant, customer: Client, now: datetime) -> None:
    sent = send_link(tenant, now=now, occupation="")
    prove(customer, sent)
    post(customer, "contact", "unchanged")
    text = customer.get(address_of("work")).content.decode()
    assert 'value="unchanged"' not in text
    assert post(customer, "work", "unchanged").status_code == 422
    assert post(customer, "work", occupation="student").status_code == 302


def test_only_what_the_file_lacks_must_be_typed(tenant: Tenant, customer: Client, now: datetime) -> None:
    """A missing telephone number must not cost somebody their name and address once more."""
    sent = send_link(tenant, now=now)
    with tenant_scope(tenant.pk):
        ContactPoint.objects.filter(customer=sent.customer, channel="PHONE").delete()
    prove(customer, sent)
    text = customer.get(address_of("contact")).content.decode()
    assert 'value="unchanged"' not in text
    assert text.index('id="phone"') < text.index('class="record"') < text.index('id="name"')
    assert "永福1丁目" not in text, "what is on file stays masked"

    missing = post(customer, "contact")
    assert missing.status_code == 422
    assert 'href="#phone"' in missing.content.decode()
    assert 'href="#name"' not in missing.content.decode()
    assert post(customer, "contact", phone="03-1234-5678").status_code == 302
    answers = answers_of(sent)
    assert (answers["name"], answers["address"]) == ("山田 花子", "東京都杉並区永福1丁目2番3号 ひまわり荘405")
    assert answers["phone"] == "03-1234-5678"
    assert "永福1丁目" not in customer.get(address_of("contact")).content.decode()


def test_a_foreign_customer_is_asked_about_the_period_of_stay(tenant: Tenant, customer: Client, now: datetime) -> None:
    sent = send_link(tenant, now=now, nationality="VN", language="en")
    prove(customer, sent)
    for page in ("contact", "work", "purpose"):
        post(customer, page, "unchanged")
    assert post(customer, "residence", "unchanged").headers["Location"] == "/r/answer/stay/"
    boxes = {"residence_expires_on-year": "2028", "residence_expires_on-month": "4", "residence_expires_on-day": "1"}
    assert post(customer, "stay", **boxes).headers["Location"] == "/r/answer/cash/"
    assert answers_of(sent)["residence_expires_on"] == "2028-04-01"


def test_a_page_out_of_turn_leads_to_the_one_that_is_open(person: Sent, customer: Client) -> None:
    prove(customer, person)
    for address in ("/r/answer/cash/", "/r/answer/check/", "/r/answer/nothing/", "/r/answer/done/", "/r/answer/ekyc/"):
        assert customer.get(address).headers["Location"] == "/r/answer/contact/"
    assert post(customer, "cash", handles_cash="yes").headers["Location"] == "/r/answer/contact/"
    assert answers_of(person) == {}


def test_sending_twice_is_sending_once_and_back_leads_to_an_end(person: Sent, customer: Client) -> None:
    """W4: double tap, back button."""
    walk(customer, person)
    first = customer.post("/r/answer/check/", {"action": "submit"})
    number = stored(person).receipt_number
    second = customer.post("/r/answer/check/", {"action": "submit"})
    assert first.headers["Location"] == second.headers["Location"]
    assert stored(person).receipt_number == number
    assert end_of(customer.get("/r/answer/check/")) == "answered"
    assert end_of(customer.get("/r/answer/contact/")) == "answered"
    late = post(customer, "contact", phone="03-1234-5678")
    assert (late.status_code, end_of(late)) == (409, "answered")
    assert page_of(Client().get(f"/r/{person.token}/")) == "landing", "nothing is told before the proof"
    again = prove(Client(), person)
    assert (again.status_code, end_of(again)) == (409, "answered")


# The session


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


# Headers, languages, weight


def journey_pages(sent: Sent, customer: Client) -> Iterator[tuple[str, Any]]:
    """Every page of a visit, in order."""
    for address in (f"/r/{sent.token}/", f"/r/{sent.token}/identity/"):
        yield address, customer.get(address)
    yield "mismatch", prove(customer, sent, last_digits="0000")
    walk(customer, sent)
    names = ["contact", "work", "purpose", "residence", "cash", "abroad", "office"]
    if sent.customer.kind == "COMPANY":
        names = ["company", "business", "purpose", "owners", "cash", "abroad"]
    for name in [*names, "check"]:
        yield name, customer.get(f"/r/answer/{name}/")
    first = names[0]
    yield "error", post(customer, first, phone="1")
    customer.post("/r/answer/check/", {"action": "submit"})
    yield "done", customer.get("/r/answer/done/")
    yield "answered", customer.get("/r/answer/check/")
    yield "unknown", customer.get("/r/nothing/")
    yield "timeout", Client().get("/r/answer/")


def weight_of(page: Any) -> int:
    """Bytes of a page and of the style sheets it asks for."""
    sheets = re.findall(r'rel="stylesheet" href="([^"]+)"', page.content.decode())
    found = [finders.find(sheet.removeprefix("/static/")) for sheet in sheets if sheet.startswith("/static/")]
    made = [len(Client().get(sheet).content) for sheet in sheets if sheet.startswith("/looks/")]
    assert len(found) + len(made) == len(sheets)
    return len(page.content) + sum(made) + sum(Path(sheet).stat().st_size for sheet in found if sheet)


@pytest.mark.parametrize("kind", ["person", "company"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_light_private_and_free_of_script(
    kind: str, language: str, request: pytest.FixtureRequest, customer: Client
) -> None:
    """W5, W7: at most 40 KB of HTML and CSS, no secret in a referrer, nothing cached or indexed."""
    sent: Sent = request.getfixturevalue(kind)
    looks = {"brand_colour": "#7a2e12", "brand_words": "#ffffff", "short_mark": "朝", "name_kana": "あさなぎぎんこう"}
    Tenant.objects.update(**looks)
    customer.cookies["portal_language"] = language
    for name, page in journey_pages(sent, customer):
        text = page.content.decode()
        headers = page.headers
        assert weight_of(page) <= 40 * 1024, (name, len(page.content))
        assert headers["Referrer-Policy"] == "strict-origin", name
        assert headers["Cache-Control"] == "no-store", name
        assert "noindex" in headers["X-Robots-Tag"], name
        policy = headers["Content-Security-Policy"]
        assert "script-src 'none'" in policy, name
        assert "unsafe" not in policy, name
        assert "<script" not in text, name
        assert " style=" not in text, name
        assert f'<html lang="{tag(language)}"' in text or name == "timeout", name
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', text), name
        if not name.startswith("/r/") and name != "mismatch":
            assert sent.token not in text, name
        assert len(re.findall("<h1", text)) == 1, name


def test_size_and_language_are_kept_by_post_and_lead_back(person: Sent, customer: Client) -> None:
    landing = f"/r/{person.token}/"
    assert '<html lang="ja">' in customer.get(landing).content.decode()
    chosen = customer.post("/r/display/", {"size": "xl", "language": "en", "next": landing})
    assert chosen.headers["Location"] == landing
    text = customer.get(landing).content.decode()
    assert '<html lang="en" class="size-xl">' in text
    assert "Asanagi Bank" in text
    assert customer.get("/r/display/").status_code == 404


@pytest.mark.parametrize(
    "back", ["//evil.example/", "https://evil.example/", "/r/\\evil", "/staff/", "", "/r//evil.example"]
)
def test_the_way_back_stays_on_the_customer_s_pages(person: Sent, customer: Client, back: str) -> None:
    """W13."""
    location = customer.post("/r/display/", {"size": "l", "language": "xx", "next": back}).headers["Location"]
    assert location.startswith("/r/")
    assert customer.cookies["portal_size"].value == "l"
    assert "portal_language" not in customer.cookies


def test_a_member_of_staff_may_open_a_customer_s_link(
    person: Sent, other_officer: User, staff_client: Callable[[User], Client]
) -> None:
    """The browser is signed in at one bank; the link is another's."""
    client = staff_client(other_officer)
    assert page_of(client.get(f"/r/{person.token}/")) == "landing"
    assert prove(client, person).status_code == 302
    assert post(client, "contact", "unchanged").status_code == 302


def test_markup_in_an_answer_stays_text(person: Sent, customer: Client) -> None:
    """W8."""
    walk(customer, person)
    evil = '<script>alert(1)</script>"><img src=x>{{ tenant }}'
    post(customer, "contact", name=evil)
    for page in ("contact", "check"):
        text = customer.get(f"/r/answer/{page}/").content.decode()
        assert "<script" not in text
        assert "&lt;script&gt;" in text
