"""W13: nobody is led to another site, and the host a request names is believed by nobody."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils.http import url_has_allowed_host_and_scheme

from tests.security.addresses import routes
from tests.security.world import ANONYMOUS, CUSTOMER, World

pytestmark = pytest.mark.slow

EVIL = (
    "//evil.example", "///evil.example", "////evil.example/x", "https://evil.example", "http:evil.example",
    "https:evil.example", "https:/evil.example", "\\\\evil.example", "/\\evil.example", "\\/evil.example",
    "/\t/evil.example", "\t//evil.example", " //evil.example", "//evil%E3%80%82example", "//ｅｖｉｌ.example",
    "//evil。example", "https://testserver@evil.example", "https://testserver.evil.example", "javascript:alert(1)",
    "java\nscript:alert(1)", "data:text/html,x", "//evil.example/%2f..", "/%09/evil.example", "/\x00/evil.example",
    "http://[::1]", "https://evil.example#@testserver/", "https://evil.example\\@testserver/", "//0x7f000001",
)  # fmt: skip
NAMES = ("next", "back", "return", "return_to", "redirect_to", "url", "RelayState", "continue")


def leads_away(response: Any) -> bool:
    """As browsers read a Location: backslashes are slashes, control characters are nothing."""
    location = response.headers.get("Location", "")
    cleaned = "".join(character for character in location.strip() if character > " ").replace("\\", "/")
    if cleaned.startswith("//"):
        cleaned = "//" + cleaned.lstrip("/")
    parts = urlsplit(cleaned)
    return parts.netloc not in {"", "testserver"} or (bool(parts.scheme) and not parts.netloc)


@pytest.mark.parametrize("visitor", [ANONYMOUS, CUSTOMER, "OFFICER"])
def test_no_parameter_leads_to_another_site(world: World, visitor: str) -> None:
    wrong = []
    for route in routes():
        url = route.url(world.ours.values(route))
        for evil in EVIL if route.name in {"sign-in", "language", "portal:display"} else EVIL[:1]:
            given = dict.fromkeys(NAMES, evil)
            for answer in (
                world.client(visitor).get(url, given),
                world.client(visitor).post(url, {**given, "language": "ja", "size": "m"}),
                world.client(visitor).post(f"{url}?next={evil[:40]}", {"language": "ja"}, headers={"Referer": evil}),
            ):
                if answer.status_code in {301, 302, 303, 307, 308} and leads_away(answer):
                    wrong.append((route.name, evil, answer.headers["Location"]))
                if b"evil.example" in answer.headers.get("HX-Redirect", "").encode():
                    wrong.append((route.name, evil, "HX-Redirect"))
    assert wrong == []


def test_the_way_back_is_used_where_it_is_ours(world: World) -> None:
    """Positive control: the parameter does lead somewhere, and what stops the corpus is the check."""
    answer = world.client("OFFICER").post("/language/", {"language": "ja", "next": "/customers/"})
    assert answer.headers["Location"] == "/customers/"
    answer = world.client(CUSTOMER).post("/r/display/", {"language": "ja", "next": "/r/answer/contact/"})
    assert answer.headers["Location"] == "/r/answer/contact/"
    passed = [evil for evil in EVIL if url_has_allowed_host_and_scheme(evil, {"testserver"}, require_https=False)]
    assert all(evil.startswith(("/%09/", "/\x00/")) for evil in passed), "odd paths, but of ours"


def test_leading_away_would_be_seen() -> None:
    """Positive control."""
    for evil in EVIL[:10]:
        assert leads_away(type("Answer", (), {"headers": {"Location": evil}})()), evil
    assert not leads_away(type("Answer", (), {"headers": {"Location": "/customers/?a=//b"}})())


@pytest.mark.parametrize(
    "host",
    ["evil.example", "testserver.evil.example", "testserver@evil.example", "testserver:80@evil.example", "", "a b",
     "testserver\\evil", "[::1]evil", "testserver,evil.example", "xn--a.example", "169.254.169.254"],
)  # fmt: skip
def test_a_host_that_is_not_ours_is_refused(world: World, host: str) -> None:
    """Also where mails and links would be made from it."""
    for address in ("/", "/sign-in/", f"/r/{world.ours.sent.token}/", "/static/nothing", "/nowhere/"):
        for method in ("get", "post"):
            answer = getattr(Client(), method)(address, headers={"Host": host})
            assert answer.status_code in {400, 404} if address.startswith("/static/") else answer.status_code == 400
            assert b"evil" not in answer.content


FORWARDED = {
    "X-Forwarded-Host": "evil.example",
    "X-Host": "evil.example",
    "X-Original-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-HTTP-Host-Override": "evil.example",
    "Forwarded": "host=evil.example",
    "X-Original-URL": "/customers/",
    "X-Rewrite-URL": "/customers/",
    "X-HTTP-Method-Override": "DELETE",
}


def test_what_a_proxy_might_have_said_is_not_believed(world: World) -> None:
    for route in routes():
        plain = world.client("OFFICER").get(route.url(world.ours.values(route)))
        answer = world.client("OFFICER").get(route.url(world.ours.values(route)), headers=FORWARDED)
        assert answer.status_code == plain.status_code, route.name
        assert b"evil.example" not in answer.content
        assert "evil" not in answer.headers.get("Location", "")


def test_absolute_addresses_come_from_the_settings() -> None:
    """A link in a message never depends on the request that caused it."""
    from tests.test_architecture import modules, name_of

    users = [name_of(path) for path in modules() if "build_absolute_uri" in path.read_text()]
    assert users == []
