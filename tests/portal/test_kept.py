"""What is drawn once for everybody holds nothing of anybody, and is the same as what is drawn anew."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.template import Context, Template
from django.template.loader import get_template
from django.test import Client
from django.utils import translation

from portal.templatetags import portal_kept
from questionnaires.persons import Control
from questionnaires.presenting import Field
from tenants.models import Tenant
from tests.portal.journey import address_of, post, prove
from tests.questionnaires.filing import Sent, send_link

TYPED = "千代田区のどこか1-2-3"


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    portal_kept._kept.cache_clear()


def drawn(source: str, **context: object) -> str:
    return Template("{% load portal_kept %}" + source).render(Context(context))


def asked(value: str = "", *, is_blank: bool) -> Field:
    return Field(
        template="portal/kinds/text.html",
        control=Control("place", "<b>Place</b>", value),
        hint="",
        is_required=False,
        autocomplete="off",
        max_length=80,
        is_held=False,
        is_blank=is_blank,
    )


def test_a_part_is_drawn_once_for_the_same_values_and_anew_for_others() -> None:
    source = '{% kept "portal/parts/icon.html" name=name %}'
    first = drawn(source, name="phone")
    assert first == drawn(source, name="phone") == get_template("portal/parts/icon.html").render({"name": "phone"})
    assert drawn(source, name="globe") != first
    assert portal_kept._kept.cache_info()[:2] == (1, 2)  # hits, misses


def test_a_part_is_kept_for_each_language() -> None:
    pages = {}
    for language in ("ja", "en", "ja"):
        with translation.override(language):
            pages[language] = drawn('{% kept "portal/parts/help.html" slug="" %}')
    assert pages["ja"] != pages["en"]
    assert "passbook" in pages["en"]
    assert portal_kept._kept.cache_info().misses == 2


def test_a_part_sees_nothing_that_is_not_named() -> None:
    shown = drawn(
        '{% kept "portal/parts/help.html" slug=slug phone=phone hours=hours kind=kind way=way %}',
        slug="asanagi", phone="03-0000-0000", hours="9:00", kind="INDIVIDUAL", way=None, token="another-token",
    )  # fmt: skip
    assert "03-0000-0000" in shown
    assert "another-token" not in shown


def test_controls_that_somebody_typed_into_are_never_kept() -> None:
    source = "{% question field %}"
    assert TYPED in drawn(source, field=asked(TYPED, is_blank=False))
    assert portal_kept._kept.cache_info().currsize == 0
    blank = drawn(source, field=asked(is_blank=True))
    assert blank == drawn(source, field=asked(is_blank=False))
    assert "&lt;b&gt;Place" in blank
    assert portal_kept._kept.cache_info().currsize == 1


def test_after_a_whole_visit_nothing_of_the_customer_is_kept(
    client: Client, tenant: Tenant, person: Sent, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one customer typed, was told was wrong, and sees of the file reaches no other customer."""
    kept: list[str] = []
    real = portal_kept._kept

    def seen(*given: object) -> str:
        part = real(*given)
        kept.append(f"{given} {part}")
        return part

    monkeypatch.setattr(portal_kept, "_kept", seen)
    client.get(f"/r/{person.token}/")
    prove(client, person)
    wrong = post(client, "contact", action="continue", address=TYPED, phone="12")
    assert TYPED in wrong.content.decode()
    monkeypatch.setattr(portal_kept, "_kept", real)

    everything = " ".join(kept)
    assert "portal/parts/help.html" in everything, "control"
    for secret in (TYPED, person.token, str(person.customer.pk), "花子"):
        assert secret not in everything, secret

    other = send_link(tenant, now=now, number="2")
    fresh = Client()
    prove(fresh, other)
    assert TYPED not in fresh.get(address_of("contact")).content.decode()
