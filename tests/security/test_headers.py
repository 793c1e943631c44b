"""W7: the whole set of headers on every answer: pages, files, redirects, refusals, errors, providers' calls, health."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import clear_url_caches, path
from pytest_django import Settings

from cdd import urls as product
from tests.security.addresses import routes
from tests.security.world import ANONYMOUS, CUSTOMER, World, begin_visit

pytestmark = pytest.mark.slow

SIGHTS = (ANONYMOUS, CUSTOMER, "OFFICER", "APPROVER")
INLINE = re.compile(rb"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:|https?://(?!www\.w3\.org/2000/svg)")


def failing(request: Any) -> HttpResponse:
    raise RuntimeError("花子")


@pytest.fixture
def broken_page(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An address whose view fails."""
    monkeypatch.setattr(product, "urlpatterns", [*product.urlpatterns, path("failing/", failing, name="failing")])
    clear_url_caches()
    yield "/failing/"
    monkeypatch.undo()
    clear_url_caches()


def answers(world: World, broken_page: str) -> Iterator[tuple[str, Any]]:
    """What the product answers to everything, once as each kind of visitor."""
    for route in routes():
        for visitor in SIGHTS:
            url = route.url(world.ours.values(route))
            for method in ("GET", "POST"):
                yield f"{visitor} {method} {url}", world.client(visitor).generic(method, url)
        yield f"DELETE {url}", world.client(ANONYMOUS).generic("DELETE", url)
        yield f"unknown {url}", world.client("APPROVER").get(route.url())
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    client.force_login(world.ours.staff["OFFICER"])
    yield "failure", client.get(broken_page)
    yield "nowhere", client.get("/nowhere/")
    yield "no slash", client.get("/customers")
    yield "forged post", client.post("/campaigns/new/")
    yield "wrong host", client.get("/", HTTP_HOST="evil.example")
    yield "too large", client.generic("POST", "/sign-in/", b"", CONTENT_LENGTH=str(3 << 30))
    yield (
        "too many fields",
        client.generic("POST", "/sign-in/", b"a=&" * 1000, content_type="application/x-www-form-urlencoded"),
    )
    yield "file", client.get("/static/css/tokens.css")
    yield "no file", client.get("/static/css/nothing.css")
    yield "outside", client.get("/static/../cdd/settings.py")


def fetch(client: Client, address: str, **how: Any) -> Any:
    """The answer, with the file behind it closed."""
    response = client.get(address, **how)
    response.close()
    return response


def missing(response: Any) -> Iterator[str]:
    """What is wrong with the headers of one answer."""
    headers = response.headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers.get("Content-Security-Policy", "").split(";"))
    for directive in ("default-src", "base-uri", "frame-ancestors"):
        if policy.get(directive) != "'none'":
            yield f"CSP {directive}"
    if re.search(r"unsafe|\*|http:", headers.get("Content-Security-Policy", "")):
        yield "CSP is loose"
    fixed = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    yield from (name for name, value in fixed.items() if headers.get(name) != value)
    if headers.get("Referrer-Policy") not in {"same-origin", "strict-origin", "no-referrer"}:
        yield "Referrer-Policy"
    if "camera=()" not in headers.get("Permissions-Policy", ""):
        yield "Permissions-Policy"
    if "no-store" not in headers.get("Cache-Control", "") and not is_file(response):
        yield "Cache-Control"
    yield from (name for name in ("Server", "X-Powered-By", "X-Runtime") if name in headers)
    if headers.get("Content-Type", "").startswith("text/html") and INLINE.search(visible(response)):
        yield "inline script or style, or a foreign host"


def visible(response: Any) -> bytes:
    """The page without addresses that are only written out for people to read."""
    return re.sub(rb"<a [^>]*>|>[^<]*<|value=\"[^\"]*\"|content=\"[^\"]*\"", b"><", response.content)


def is_file(response: Any) -> bool:
    return bool(response.request["PATH_INFO"].startswith("/static/") and response.status_code == 200)


def test_every_answer_carries_the_whole_set(world: World, broken_page: str) -> None:
    statuses = set()
    wrong: dict[str, list[str]] = {}
    for what, response in answers(world, broken_page):
        response.close()
        statuses.add(response.status_code)
        if found := list(missing(response)):
            wrong[f"{what} ({response.status_code})"] = found
        if response.status_code == 500:
            assert "花子".encode() not in response.content
            assert b"Traceback" not in response.content
    assert wrong == {}
    assert {200, 301, 302, 400, 403, 404, 405, 413, 422, 500} <= statuses, "control: the walk saw every kind"


def test_without_the_outermost_guard_answers_are_found_bare(world: World, settings: Settings) -> None:
    """Positive control."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.endswith("HeadersMiddleware")]
    client = Client()
    assert set(missing(fetch(client, "/static/css/tokens.css"))) >= {"CSP default-src", "Permissions-Policy"}
    assert "Cache-Control" in set(missing(fetch(client, "/nowhere/")))


def test_in_production_browsers_are_told_to_stay_with_tls(world: World, settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 63_072_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SECURE_SSL_REDIRECT = True
    client = Client()
    for address in ("/sign-in/", "/nowhere/", "/static/css/tokens.css", f"/r/{world.ours.sent.token}/"):
        header = fetch(client, address, secure=True).headers["Strict-Transport-Security"]
        assert header == "max-age=63072000; includeSubDomains; preload"
    plain = client.get("/sign-in/")
    assert plain.status_code == 301
    assert plain.headers["Location"].startswith("https://")
    assert list(missing(plain)) == []


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(world: World, settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = Client()
    begin_visit(client, world.ours.sent, secure=True)
    client.get("/r/answer/contact/", secure=True)
    client.post("/r/display/", {"language": "en", "size": "l"}, secure=True)
    client.post("/language/", {"language": "en"}, secure=True)
    assert {"session", "csrftoken", "portal_language", "portal_size", "language"} <= set(client.cookies)
    for name, cookie in client.cookies.items():
        assert cookie["httponly"], name
        assert cookie["samesite"] in {"Lax", "Strict"}, name
        assert cookie["secure"], name


def test_a_stylesheet_may_be_kept_and_a_page_may_not(world: World) -> None:
    client = world.client("OFFICER")
    assert "no-store" not in fetch(client, "/static/css/tokens.css").headers.get("Cache-Control", "")
    assert "no-store" in client.get("/customers/").headers["Cache-Control"]
