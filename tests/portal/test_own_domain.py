"""An institution's own host: its customers' pages and nothing else, for nobody else, only while it is proved (W)."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils import timezone

from cdd.hosts import OWN_URLCONF
from channels.linting import Severity
from channels.wording.selectors import SLOTS, default_of, remarks_on, sample_wording
from ekyc.registry import forget_providers
from portal.entering.words import audience
from tenants.domains import serving
from tenants.domains.addresses import base_of, check_page, entry_page, moved_to_service
from tenants.domains.models import ServedHost, TenantDomain
from tenants.domains.services import end_domain
from tenants.models import Tenant, User
from tenants.scoping import TenantScopeError, confined_to, tenant_context, tenant_scope
from tests.conftest import Sandbox
from tests.nameserver import nameserver
from tests.portal.journey import BIRTH, end_of, page_of, prove, walk
from tests.portal.test_ekyc import register
from tests.portal.test_entrances import numbered
from tests.questionnaires.filing import Sent, plan_review, send_link
from tests.security.addresses import routes
from tests.tenants.domains import HOST, Registrar, registrar

__all__ = ["nameserver", "registrar"]

OTHER_HOST = "kakunin.komorebi.example"


@pytest.fixture
def ours(registrar: Registrar, tenant: Tenant, now: datetime) -> Tenant:
    """The first bank, on a domain of its own."""
    registrar.take_into_use(tenant, now=now)
    tenant.refresh_from_db()
    return tenant


@pytest.fixture
def theirs(registrar: Registrar, other_tenant: Tenant, now: datetime) -> Tenant:
    """The other bank, on one as well."""
    registrar.take_into_use(other_tenant, OTHER_HOST, now=now)
    other_tenant.refresh_from_db()
    return other_tenant


def at(host: str, **how: Any) -> Client:
    return Client(headers={"host": host}, raise_request_exception=False, **how)


def plain(response: Any) -> str:
    """A page without the secrets of its forms and the address it stands at."""
    text = re.sub(r'value="[A-Za-z0-9]{64}"', "", response.content.decode())
    return re.sub(r'name="next" value="[^"]*"', "", text)


# What answers there


def test_a_customer_answers_on_the_banks_own_host(ours: Tenant, person: Sent) -> None:
    client = at(HOST)
    landing = client.get(f"/r/{person.token}/")
    assert (landing.status_code, page_of(landing)) == (200, "landing")
    assert f'<span class="addr">{HOST}</span>' in landing.content.decode()
    assert b"127.0.0.1" not in landing.content
    walk(client, person)
    assert client.post("/r/answer/check/", {"action": "submit"}).headers["Location"] == "/r/answer/done/"
    assert page_of(client.get("/r/answer/done/")) == "done"


def test_its_first_page_takes_the_reference_number(ours: Tenant, person: Sent, now: datetime) -> None:
    client = at(HOST)
    assert page_of(client.get("/")) == "entry"
    assert client.post("/", {"number": "1"}).status_code == 422
    typed = client.post("/", {"number": numbered(person, now=now), "kind": "INDIVIDUAL"})
    assert typed.headers["Location"] == "/b/asanagi/identity/"
    assert client.post("/b/asanagi/identity/", BIRTH).headers["Location"] == "/r/answer/"
    assert page_of(client.get("/r/answer/", follow=True)) == "question"


def test_it_says_whether_the_bank_wrote(ours: Tenant) -> None:
    for address in ("/check/", "/check/asanagi/"):
        page = at(HOST).get(address)
        assert (page.status_code, page_of(page)) == (200, "authenticity")
    chosen = at(HOST).post("/r/display/", {"next": "/", "size": "l"})
    assert chosen.headers["Location"] == "/"
    assert at("testserver").post("/r/display/", {"next": "/", "size": "l"}).headers["Location"] == "/r/answer/"


def test_nothing_else_answers_there(ours: Tenant, officer: User) -> None:
    """Staff's pages, operators', providers' calls: each is somewhere on the service's host, and nowhere here."""
    client = at(HOST)
    own = {route.address for route in routes(get_resolver(OWN_URLCONF))}
    others = [route for route in routes() if route.address not in own and route.address]
    assert len(others) > 100
    for route in others:
        for method in ("GET", "POST"):
            answer = client.generic(method, route.url())
            assert (answer.status_code, end_of(answer)) == (404, "unknown"), f"{method} {route.address}"
    for address in ("/healthz", "/readyz", "/sign-in/", "/webhooks/line/x/", f"/{settings.ADMIN_PATH}"):
        assert client.get(address).status_code == 404


def test_a_staff_session_opens_nothing_there(ours: Tenant, officer: User, other_officer: User) -> None:
    client = at(HOST)
    client.force_login(officer)
    assert client.get("/customers/").status_code == 404
    assert page_of(client.get("/")) == "entry"
    stranger = at(HOST)
    stranger.force_login(other_officer)
    assert page_of(stranger.get("/")) == "entry"
    assert stranger.get("/customers/").status_code == 404


def test_its_addresses_mean_the_same_as_on_the_service() -> None:
    service = {route.name: route.address for route in routes()}
    own = {route.name: route.address for route in routes(get_resolver(OWN_URLCONF))}
    shorter = {name: own.pop(name) for name in ("own-entry", "own-check")}
    assert shorter == {"own-entry": "", "own-check": "check/"}
    assert own.items() <= service.items()
    assert {address.split("/")[0] for address in own.values()} == {"r", "b", "check", "looks"}


# For whom


def test_another_banks_link_ends_like_a_wrong_one(ours: Tenant, person: Sent, other_tenant: Tenant) -> None:
    """T, W3: a link of the other bank is no link here, whatever it is asked for, and looks no different."""
    foreign = send_link(other_tenant, now=timezone.now(), number="7")
    assert page_of(Client().get(f"/r/{foreign.token}/")) == "landing", "control: it opens on the service's host"
    client = at(HOST)
    wrong = client.get(f"/r/{foreign.token[:-4]}0000/")
    for address in (f"/r/{foreign.token}/", f"/r/{foreign.token}/identity/", f"/r/{foreign.token}/help/inquiry/"):
        for method in ("GET", "POST"):
            answer = client.generic(method, address)
            assert answer.status_code == 404
            assert plain(answer) == plain(wrong)
    assert prove(client, foreign).status_code == 404


@pytest.mark.parametrize(
    "address", ["/b/komorebi/", "/b/komorebi/identity/", "/b/komorebi/t/x/", "/b/komorebi/part/x/", "/b/komorebi/app/",
                "/check/komorebi/", "/check/komorebi/questions/genuine/"],
)  # fmt: skip
def test_another_banks_pages_are_not_there(ours: Tenant, other_tenant: Tenant, address: str) -> None:
    client = at(HOST)
    wrong = client.get("/b/nobody/")
    for method in ("GET", "POST"):
        answer = client.generic(method, address)
        assert (answer.status_code, end_of(answer)) == (404, "unknown"), method
        assert plain(answer) == plain(wrong)


def test_another_banks_mark_is_not_there(ours: Tenant, other_tenant: Tenant) -> None:
    assert at(HOST).get("/looks/komorebi/0123456789abcdef.png").status_code == 404
    assert at(HOST).get("/looks/asanagi/0123456789abcdef.png").status_code == 404
    sheet = at(HOST).get("/static/css/portal.css")
    assert sheet.status_code == 200
    sheet.close()


def test_a_visit_at_one_bank_is_none_at_the_others_host(ours: Tenant, theirs: Tenant, person: Sent) -> None:
    """A session carried over by hand: the cookie itself is the host's own."""
    client = at(HOST)
    assert prove(client, person).status_code == 302
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["domain"] == ""
    carried = at(OTHER_HOST)
    carried.cookies[settings.SESSION_COOKIE_NAME] = cookie.value
    for address in ("/r/answer/", "/r/answer/contact/", "/r/answer/done/", "/r/help/inquiries/", "/r/part/"):
        answer = carried.get(address)
        assert end_of(answer) == "timeout", address
        assert "山田" not in answer.content.decode()
        assert "あさなぎ" not in answer.content.decode()
    assert page_of(client.get("/r/answer/", follow=True)) == "question", "control: at home it goes on"


def test_behind_the_pages_stands_a_wall(tenant: Tenant, other_tenant: Tenant) -> None:
    with confined_to(tenant.pk):
        with tenant_scope(tenant.pk):
            pass
        with pytest.raises(TenantScopeError), tenant_scope(other_tenant.pk):
            pass
    with tenant_scope(other_tenant.pk):
        pass


def test_both_banks_are_served_side_by_side(ours: Tenant, theirs: Tenant) -> None:
    for host, name, other in ((HOST, "あさなぎ銀行", "こもれび"), (OTHER_HOST, "こもれび信用金庫", "あさなぎ")):
        page = at(host).get("/").content.decode()
        assert name in page
        assert other not in page


# Hosts


HOSTILE = [
    "evil.example", f"{HOST}.evil.example", f"evil{HOST}", f"a.{HOST}", "asanagi.example", f"{HOST}@evil.example",
    f"{HOST}:80:80", f"{HOST}/", f"{HOST} evil.example", f"{HOST}\x00", "", ".", f".{HOST}", "kakunin.asanagi.exаmple",
    f"{HOST}:abc", "[::1", "xn--",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTILE)
def test_a_host_that_nobody_proved_is_refused_as_ever(ours: Tenant, host: str) -> None:
    answer = at(host).get("/b/asanagi/")
    assert answer.status_code == 400
    assert b"asanagi" not in answer.content


@pytest.mark.parametrize("host", [HOST, HOST.upper(), f"{HOST}:8443", f"{HOST}."])
def test_the_same_host_written_otherwise_is_the_same(ours: Tenant, host: str) -> None:
    assert page_of(at(host).get("/")) == "entry"


def test_what_a_proxy_might_have_said_names_no_host(ours: Tenant) -> None:
    """W: X-Forwarded-Host and its like are believed neither to open the host nor to leave it."""
    claims = ({"X-Forwarded-Host": HOST}, {"Forwarded": f"host={HOST}"}, {"X-Original-Host": HOST})
    for claim in claims:
        assert Client(headers=claim).get("/").headers.get("Location", "").startswith("/sign-in/")
        away = {name: value.replace(HOST, "testserver") for name, value in claim.items()}
        assert at(HOST).get("/customers/", headers=away).status_code == 404


def test_a_domain_that_was_lost_answers_nothing(
    ours: Tenant, person: Sent, registrar: Registrar, now: datetime
) -> None:
    client = at(HOST)
    assert prove(client, person).status_code == 302
    with tenant_context(ours.pk):
        with tenant_scope(ours.pk):
            domain = TenantDomain.objects.get()
        end_domain(domain=domain, actor=registrar.two_of(ours)[0], now=now)
    for address in ("/", "/check/", f"/r/{person.token}/", "/r/answer/", "/b/asanagi/"):
        assert client.get(address).status_code == 400, address
    assert page_of(Client().get(f"/r/{person.token}/")) == "landing", "the service's own host goes on"


def test_other_processes_learn_it_within_seconds(ours: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    assert serving.tenant_at(HOST) == ours.pk
    known = serving._known
    assert serving.FRESH_S <= 5
    with tenant_scope(ours.pk):
        ServedHost.objects.all().delete()  # as another process does it
    assert serving.tenant_at(HOST) == ours.pk
    monkeypatch.setattr("tenants.domains.serving.time.monotonic", lambda: known.until)
    assert serving.tenant_at(HOST) is None


def test_the_services_own_host_costs_no_query(
    ours: Tenant, person: Sent, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("cdd.hosts.tenant_at", lambda host: asked.append(host))
    assert Client().get(f"/r/{person.token}/").status_code == 200
    assert asked == []
    assert at("evil.example").get("/").status_code == 400
    assert asked == ["evil.example"]
    monkeypatch.undo()
    serving.tenant_at("evil.example")
    with django_assert_num_queries(0):  # made-up names are looked for among those that are known
        assert [serving.tenant_at(f"{n}.evil.example") for n in range(50)] == [None] * 50


def test_an_own_host_costs_no_query_more(ours: Tenant, person: Sent) -> None:
    counts = []
    for client in (Client(), at(HOST)):
        client.get(f"/r/{person.token}/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/r/{person.token}/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


# Headers, cookies, forms


def test_its_pages_are_protected_as_ours(ours: Tenant, person: Sent, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 63_072_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    for address in ("/", "/check/", f"/r/{person.token}/", "/nowhere/"):
        here = at(HOST).get(address, secure=True)
        there = Client().get("/b/asanagi/", secure=True)
        assert here.headers["Strict-Transport-Security"] == "max-age=63072000", "nothing about the bank's other hosts"
        assert "includeSubDomains" in there.headers["Strict-Transport-Security"]
        for name in ("Content-Security-Policy", "Referrer-Policy", "X-Frame-Options", "Cache-Control", "X-Robots-Tag",
                     "Permissions-Policy", "Cross-Origin-Opener-Policy"):  # fmt: skip
            assert here.headers[name] == there.headers[name], (address, name)


def test_it_is_led_to_encryption_on_its_own_host(ours: Tenant, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = at(HOST).get("/check/")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{HOST}/check/")
    assert at("evil.example").get("/check/").status_code == 400


def test_forms_are_taken_from_its_own_pages_only(ours: Tenant, theirs: Tenant, person: Sent, now: datetime) -> None:
    """W: a post of another bank's page, or of the service's, is a stranger's here."""
    client = at(HOST, enforce_csrf_checks=True)
    page = client.get("/").content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    data = {"number": numbered(person, now=now), "kind": "INDIVIDUAL", "csrfmiddlewaretoken": found[1]}
    for origin in (f"https://{OTHER_HOST}", "https://evil.example", "null", "https://testserver", f"http://{HOST}"):
        assert client.post("/", data, secure=True, headers={"origin": origin}).status_code == 403, origin
    assert client.post("/", data, secure=True, headers={"origin": f"https://{HOST}"}).status_code == 302
    forged = at("testserver", enforce_csrf_checks=True)
    assert forged.post("/b/asanagi/", data, headers={"origin": f"https://{HOST}"}).status_code == 403


# Addresses


def test_notices_lead_to_the_domain_in_use(ours: Tenant, other_tenant: Tenant) -> None:
    base = f"http://{HOST}:8000"
    assert (base_of(ours), entry_page(ours), check_page(ours)) == (base, f"{base}/", f"{base}/check/")
    assert base_of(other_tenant) == settings.PUBLIC_BASE_URL
    assert check_page(other_tenant) == f"{settings.PUBLIC_BASE_URL}/check/komorebi/"
    wording = sample_wording(SLOTS["email-request-ja"], ours, date(2027, 1, 15))
    assert wording.url.startswith(f"{base}/r/")
    assert (wording.check_page, wording.entry_page) == (f"{base}/check/", f"{base}/")
    with tenant_scope(ours.pk):
        for slot in SLOTS.values():
            mine = sample_wording(slot, ours, date(2027, 1, 15))
            grave = [one for one in remarks_on(default_of(slot), mine) if one.severity == Severity.ERROR]
            assert grave == [], slot.name
    assert audience(ours) == f"{settings.PUBLIC_BASE_URL}/b/asanagi/app/", "what apps were told stays"


def test_what_waited_leads_to_the_service_once_the_domain_is_lost(ours: Tenant) -> None:
    base, service = f"http://{HOST}:8000", settings.PUBLIC_BASE_URL
    text = f"{base}/r/ABC/ {base}/ {base}/check/ {base}/check/asanagi/ {base}/b/asanagi/t/x/ https://asanagi.example/"
    assert moved_to_service(text, HOST, ours) == (
        f"{service}/r/ABC/ {service}/b/asanagi/ {service}/check/asanagi/ {service}/check/asanagi/"
        f" {service}/b/asanagi/t/x/ https://asanagi.example/"
    )


def test_codes_lead_to_the_host_the_visit_is_on(ours: Tenant, person: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def drawing(text: str) -> tuple[int, str]:
        drawn.append(text)
        return 41, "M4 4h1v1h-1z"

    monkeypatch.setattr("portal.entering.views.handing.qr_path", drawing)
    for client in (at(HOST), Client()):
        assert prove(client, person).status_code == 302
        assert page_of(client.post("/r/answer/phone/")) == "phone"
    assert drawn[0].startswith(f"http://{HOST}/b/asanagi/t/")
    assert drawn[1].startswith(f"{settings.PUBLIC_BASE_URL}/b/asanagi/t/")
    path = drawn[0].removeprefix(f"http://{HOST}")
    assert page_of(at(HOST).get(path)) == "end", "the second visit ended the first and its code"


def test_the_identity_check_comes_back_to_the_host_the_visit_is_on(
    ours: Tenant, person: Sent, sandbox: Sandbox, now: datetime
) -> None:
    plan_review(ours, person, now=now, ekyc_method="jpki_signature")
    register(person, sandbox, now)
    client = at(HOST)
    walk(client, person)
    assert client.post("/r/answer/check/", {"action": "submit"}).headers["Location"] == "/r/answer/ekyc/"
    leaving = client.post("/r/answer/ekyc/", {"action": "start"}).headers["Location"]
    back = httpx.post(leaving, data={"outcome": "cancel"}).headers["Location"]
    assert back == f"http://{HOST}/r/answer/ekyc/return/"
    assert client.get("/r/answer/ekyc/return/").headers["Location"] == "/r/answer/done/"
    forget_providers()


# Certificates


@pytest.fixture
def proxy() -> Client:
    return Client(REMOTE_ADDR="10.0.0.5")


def test_the_proxy_gets_certificates_for_what_is_proved(
    proxy: Client, registrar: Registrar, tenant: Tenant, now: datetime, settings: Any
) -> None:
    settings.SECURE_SSL_REDIRECT = True  # it asks in clear, from beside us

    def ask(name: str, client: Client = proxy, **how: Any) -> int:
        return int(client.get("/internal/certificate/", {"domain": name}, **how).status_code)

    domain = registrar.agree(tenant, now=now)
    assert ask(HOST) == 404, "approved, and not proved"
    registrar.publish(domain)
    registrar.look(domain, now=now)
    assert ask(HOST) == ask(HOST.upper()) == 200
    for name in ("", "evil.example", f"a.{HOST}", f"{HOST}:443", "127.0.0.1", "x" * 5000):
        assert ask(name) == 404
    assert ask(HOST, Client(REMOTE_ADDR="8.8.8.8")) == 404, "from outside"
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert ask(HOST, headers={header: "10.0.0.9"}) == 404, "through the proxy"
    assert at(HOST).get("/internal/certificate/", {"domain": HOST}).status_code == 404
    with tenant_context(tenant.pk):
        end_domain(domain=domain, actor=registrar.two_of(tenant)[0], now=now)
    assert ask(HOST) == 404
