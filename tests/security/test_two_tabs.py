"""T19: a form shown for one institution is refused while its sender works for another."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.http import HttpRequest
from django.template import engines
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from audit.services import Actor
from tenants.binding import FIELD, HEADER, mark_of
from tenants.models import Role, User
from tenants.scoping import tenant_context
from tenants.services import add_member
from tests.conftest import NOW, ROOT, SYSTEM
from tests.security.pages import Form, forms_of, posts_of, snapshot
from tests.security.world import World

pytestmark = pytest.mark.slow

OF_THE_PERSON = ("sign-out", "switch-tenant", "language")


@pytest.fixture
def person(world: World) -> User:
    """Officer at both banks."""
    user = world.ours.staff["OFFICER"]
    with tenant_context(world.theirs.tenant.pk):
        add_member(email=user.email, name="二", role=Role.OFFICER, password=None, actor=SYSTEM, now=NOW)
    return user


@pytest.fixture
def browser(person: User) -> Client:
    """Their browser, whose posts are checked as in service."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)
    return browser


def switch(browser: Client, world: World, to: str) -> None:
    """In another tab."""
    tenant = world.theirs.tenant if to == "theirs" else world.ours.tenant
    token = browser.get("/").context["csrf_token"]
    answer = browser.post(reverse("switch-tenant"), {"tenant": tenant.pk, "csrfmiddlewaretoken": str(token)})
    assert answer.status_code == 302


def bound(forms: list[Form]) -> Iterator[Form]:
    """Those that act on an institution's data."""
    anybodys = {reverse(name) for name in OF_THE_PERSON}
    return (form for form in forms if form.action not in anybodys)


def plan_of(browser: Client) -> Form:
    """The form that plans a campaign."""
    page = reverse("campaign-new")
    return next(form for form in forms_of(page, browser.get(page).content) if form.action == page)


def test_every_form_says_whom_it_was_made_for(world: World, browser: Client) -> None:
    forms = posts_of(browser, world.ours)
    assert len(forms) > 5, "control: there are forms"
    assert [form.action for form in forms if not form.values.get(FIELD)] == []


def test_a_form_of_one_bank_is_refused_while_working_for_the_other(
    world: World, browser: Client, superuser: psycopg.Connection
) -> None:
    forms = list(bound(posts_of(browser, world.ours)))
    switch(browser, world, "theirs")
    before = snapshot(superuser)
    for form in forms:
        response = browser.post(form.action, form.values)
        assert response.status_code == 409, form
        page = response.content.decode()
        assert world.ours.tenant.name in page, "whom the form was for"
        assert world.theirs.tenant.name in page, "whom they work for now"
        assert reverse("switch-tenant") in page
    assert snapshot(superuser) == before
    switch(browser, world, "ours")
    for form in forms:
        assert browser.post(form.action, form.values).status_code not in {403, 409}, (
            "control: in its own place it works"
        )


def test_without_the_guard_the_other_bank_gets_the_form(
    world: World, browser: Client, superuser: psycopg.Connection, settings: Settings
) -> None:
    """Positive control: a campaign planned for one bank lands at the other."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.endswith("FormTenantMiddleware")]
    form = plan_of(browser)
    switch(browser, world, "theirs")
    assert browser.post(form.action, form.values).status_code in {302, 422}, "somebody answers for the wrong bank"


def test_a_form_that_does_not_say_or_lies_is_refused(
    world: World, browser: Client, superuser: psycopg.Connection
) -> None:
    forms = list(bound(posts_of(browser, world.ours)))
    request = HttpRequest()
    request.user = world.theirs.staff["OFFICER"]
    request.membership = type("Membership", (), {"tenant_id": world.ours.tenant.pk})()  # type: ignore[attr-defined]  # as the middleware sets it
    before = snapshot(superuser)
    for lie in ("", "1:1", "1:1:forged", mark_of(request), "x" * 5000):
        for form in forms:
            answer = browser.post(form.action, {**form.values, FIELD: lie})
            assert answer.status_code == 403, (lie[:20], form, answer.status_code)
        assert snapshot(superuser) == before, lie[:20]


def test_a_fragment_may_bring_the_mark_in_a_header(world: World, browser: Client) -> None:
    form = plan_of(browser)
    mark = form.values.pop(FIELD)
    assert browser.post(form.action, form.values).status_code == 403
    assert browser.post(form.action, form.values, headers={HEADER: mark}).status_code != 403
    switch(browser, world, "theirs")
    late = browser.post(form.action, form.values, headers={HEADER: mark, "HX-Request": "true"})
    assert late.status_code == 409
    assert late.headers["HX-Retarget"] == "body"


def test_whoever_left_a_bank_is_told_without_its_name(
    world: World, browser: Client, superuser: psycopg.Connection
) -> None:
    form = plan_of(browser)
    superuser.execute("UPDATE tenants_membership SET is_active = false WHERE tenant_id = %s", [world.ours.tenant.pk])
    response = browser.post(form.action, form.values)
    assert response.status_code == 409
    assert world.ours.tenant.name not in response.content.decode()


def test_what_belongs_to_the_person_works_from_any_tab(world: World, browser: Client) -> None:
    home = reverse("home")
    forms = {form.action: form for form in forms_of(home, browser.get(home).content) if form.method == "post"}
    switch(browser, world, "theirs")
    assert browser.post(reverse("language"), {**forms[reverse("language")].values, "language": "en"}).status_code == 302
    assert browser.post(reverse("sign-out"), forms[reverse("sign-out")].values).status_code == 302


def test_fragments_send_whole_forms() -> None:
    """A control that posts by itself would bring neither secret."""
    lone = [
        path.name
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for line in path.read_text().splitlines()
        if any(f"hx-{method}" in line for method in ("post", "put", "patch", "delete")) and "<form" not in line
    ]
    assert lone == []


def test_a_template_of_a_third_party_carries_the_mark_too(world: World) -> None:
    request = HttpRequest()
    request.user = world.ours.staff["OFFICER"]
    request.membership = type("Membership", (), {"tenant_id": world.ours.tenant.pk})()  # type: ignore[attr-defined]  # as the middleware sets it
    page = engines["django"].from_string("<form>{% csrf_token %}</form>").render({}, request)
    assert f'name="{FIELD}"' in page
    assert "csrfmiddlewaretoken" in page
    assert str(Actor.user(request.user.pk).id) in page
