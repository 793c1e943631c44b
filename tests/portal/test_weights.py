"""What every page of a visit weighs, says to proxies, and looks like in each language."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from portal.pages import LANGUAGES
from questionnaires.marking import tag
from tenants.models import Tenant, User
from tests.portal.inspecting import weight_of
from tests.portal.journey import page_of, post, prove, walk
from tests.questionnaires.filing import Sent


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
