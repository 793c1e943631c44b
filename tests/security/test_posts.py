"""W6 and W10: forged posts are refused everywhere, and fields that no form asks for change nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from campaigns.models import Campaign
from questionnaires.models import Response
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.security.addresses import Route, routes
from tests.security.pages import Form, forms_of, posts_of, snapshot
from tests.security.world import World, begin_visit
from tests.tenants.builders import tenant_models

pytestmark = pytest.mark.slow

FOREIGN_SITE = {"Origin": "https://evil.example"}


def posted() -> Iterator[Route]:
    """Every address that answers a post, third parties' too."""
    return (route for route in routes() if route.methods is None or "POST" in route.methods)


def refused_as_forged(response: Any) -> bool:
    names = {template.name for template in getattr(response, "templates", [])}
    return bool(response.status_code == 403 and "403_csrf.html" in names)


def browser(world: World, who: str) -> tuple[Client, str]:
    """A browser whose posts are checked, with the secret its pages would carry."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    if who == "customer":
        page = client.get(f"/r/{world.ours.sent.token}/identity/")
    else:
        client.force_login(world.ours.staff[who])
        page = client.get("/")
    return client, str(page.context["csrf_token"])


@pytest.mark.parametrize("who", ["OFFICER", "customer"])
def test_no_address_takes_a_post_without_the_secret(world: World, who: str) -> None:
    client, token = browser(world, who)
    wrong = []
    for route in posted():
        if getattr(route.view, "csrf_exempt", False):
            continue
        url = route.url(world.ours.values(route))
        attacks = {
            "nothing": client.post(url),
            "somebody else's": client.post(url, {"csrfmiddlewaretoken": "a" * 64}),
            "JSON": client.generic("POST", url, json.dumps({"csrfmiddlewaretoken": token}), "application/json"),
            "plain text": client.generic("POST", url, f"csrfmiddlewaretoken={token}", "text/plain"),
            "Origin: null": client.post(url, {"csrfmiddlewaretoken": token}, headers={"Origin": "null"}),
            "other site": client.post(url, {"csrfmiddlewaretoken": token}, headers=FOREIGN_SITE),
            "no Referer": client.post(url, {"csrfmiddlewaretoken": token}, secure=True),
            "other Referer": client.post(
                url, {"csrfmiddlewaretoken": token}, secure=True, headers={"Referer": "https://evil.example/"}
            ),
        }
        wrong += [(route.name, attack) for attack, answer in attacks.items() if not refused_as_forged(answer)]
    assert wrong == []


def test_with_the_secret_the_same_posts_arrive(world: World) -> None:
    """Positive control."""
    client, token = browser(world, "OFFICER")
    for name in ("campaign-new", "language", "import-new"):
        assert not refused_as_forged(client.post(reverse(name), {"csrfmiddlewaretoken": token})), name


def test_without_the_guard_a_foreign_site_posts(world: World, settings: Settings) -> None:
    """Positive control."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name and "FormTenant" not in name]
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.ours.staff["OFFICER"])
    assert client.post("/language/", {"language": "en"}, headers=FOREIGN_SITE).status_code == 302


def test_only_signed_calls_are_exempt_and_unsigned_ones_change_nothing(
    world: World, superuser: psycopg.Connection
) -> None:
    exempt = [route for route in posted() if getattr(route.view, "csrf_exempt", False)]
    assert exempt, "control"
    ours = [route for route in exempt if not route.view.__module__.startswith("allauth.")]
    signed = ("webhooks/", "b/<slug:slug>/app/")
    assert [route.name for route in ours if not route.address.startswith(signed)] == []
    before = snapshot(superuser)
    for route in ours:
        for body in (b"", b"{}", b"a" * 100):
            for values in (world.ours.values(route), {}):
                answer = Client().generic("POST", route.url(values), body, "application/json")
                assert 400 <= answer.status_code < 500, (route.name, answer.status_code)
    assert snapshot(superuser) == before


MARK_NUMBER = "424242"
MARK_TEXT = "smuggled"
MARK_ID = "0badcafe-0000-7000-8000-00000badcafe"
MARK_DAY = "2001-02-03"
KINDS = {
    "BigIntegerField": MARK_NUMBER,
    "IntegerField": MARK_NUMBER,
    "PositiveIntegerField": MARK_NUMBER,
    "PositiveSmallIntegerField": "4242",
    "ForeignKey": MARK_NUMBER,
    "UUIDField": MARK_ID,
    "DateField": MARK_DAY,
    "DateTimeField": f"{MARK_DAY} 00:00:00+00",
    "BooleanField": "on",
    "JSONField": f'{{"{MARK_TEXT}": 1}}',
}


def smuggled(world: World) -> dict[str, str]:
    """A hostile value for every column of every model, by every name a form might take it under."""
    fields: dict[str, str] = {"pk": MARK_ID, "is_staff": "on", "is_superuser": "on", "user": MARK_NUMBER}
    models: list[type[Model]] = [*tenant_models(), Tenant, User]
    for model in models:
        for field in model._meta.concrete_fields:
            value = KINDS.get(field.get_internal_type(), MARK_TEXT)
            if field.choices:
                value = str(field.choices[-1][0])
            fields[field.name] = fields[field.attname] = value
    theirs = str(world.theirs.tenant.pk)
    return {**fields, "tenant": theirs, "tenant_id": theirs, "role": "ADMINISTRATOR", "status": "CLOSED"}


def marks_in(superuser: psycopg.Connection) -> list[str]:
    """Tables that hold something smuggled in."""
    tables = [name for name in snapshot(superuser) if name not in {"django_migrations", "django_content_type"}]
    found = []
    for table in tables:
        for (row,) in superuser.execute(f'SELECT t::text FROM "{table}" t').fetchall():
            found += [f"{table}: {mark}" for mark in (MARK_NUMBER, MARK_TEXT, MARK_ID, MARK_DAY) if mark in row]
    return found


def sent(client: Client, form: Form, extra: dict[str, str]) -> Any:
    """What the form asks for, filled in, and more."""
    asked = {name: form.values.get(name, "") for name in form.asks if form.asks[name] not in {"file", "submit"}}
    for name, kind in form.asks.items():
        if not asked.get(name) and kind in {"textarea", "text"}:
            asked[name] = "理由があります"
        if not asked.get(name) and kind == "date":
            asked[name] = "2027-03-01" if name == "opens_on" else "2027-03-31"  # first days come before last ones
    return client.post(form.action, {**extra, **{name: value for name, value in asked.items() if value}})


def test_what_no_form_asks_for_is_not_taken(world: World, superuser: psycopg.Connection, settings: Settings) -> None:
    extra = smuggled(world)
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2 * len(extra)  # so that every column fits into one post
    protected = ("tenants_membership", "tenants_tenant", "tenants_tenantkey")
    before = snapshot(superuser)
    accepted = 0
    for role in ("OFFICER", "APPROVER", "ADMINISTRATOR"):
        client = Client(raise_request_exception=False)
        client.force_login(world.ours.staff[role])
        # Planned first: other forms change customers, whose rating is then due.
        for form in sorted(posts_of(client, world.ours), key=lambda form: form.action != reverse("campaign-new")):
            if form.action in {reverse("switch-tenant"), reverse("sign-out")}:
                continue
            answer = sent(client, form, extra)
            assert answer.status_code < 500, form
            accepted += answer.status_code == 302
    assert accepted >= 3, "control: forms were accepted with what was smuggled in"
    assert marks_in(superuser) == []
    after = snapshot(superuser)
    assert {name: after[name] for name in protected} == {name: before[name] for name in protected}
    with tenant_scope(world.ours.tenant.pk):
        planned = Campaign.objects.exclude(pk=world.ours.rows[Campaign]).get()
        assert (planned.status, planned.approved_by, planned.closed_at) == ("DRAFT", None, None)
        assert planned.planned_by == world.ours.staff["OFFICER"].pk
    theirs = superuser.execute(
        "SELECT count(*) FROM campaigns_campaign WHERE tenant_id = %s", [world.theirs.tenant.pk]
    ).fetchone()
    assert theirs == (1,)


def test_a_mark_in_a_field_that_is_asked_for_would_be_found(world: World, superuser: psycopg.Connection) -> None:
    """Positive control."""
    client = Client()
    client.force_login(world.ours.staff["OFFICER"])
    form = next(form for form in posts_of(client, world.ours) if form.action == reverse("campaign-new"))
    form.values["name"] = MARK_TEXT
    answer = sent(client, form, {})
    assert answer.status_code == 302, answer.context["form"].errors
    assert f"campaigns_campaign: {MARK_TEXT}" in marks_in(superuser)


def test_a_customer_answers_only_what_is_asked(world: World, superuser: psycopg.Connection, settings: Settings) -> None:
    extra = smuggled(world)
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2 * len(extra)  # so that every column fits into one post
    client = Client()
    begin_visit(client, world.ours.sent)
    pages = 0
    address = "/r/answer/"
    for _ in range(12):
        page = client.get(address, follow=True)
        url = page.request["PATH_INFO"]
        forms = [form for form in forms_of(url, page.content) if "display" not in form.action]
        if not forms or url.endswith("/done/"):
            break
        unchanged = {"action": "unchanged", "handles_cash": "no", "sends_abroad": "no", "is_foreign_pep": "no"}
        hostile = {name: value for name, value in extra.items() if name not in forms[0].asks}
        answer = client.post(url, {**hostile, **unchanged})
        assert answer.status_code in {302, 303}, (url, answer.status_code)
        pages += 1
    assert pages >= 6, "control: the whole questionnaire was sent"
    assert marks_in(superuser) == []
    with tenant_scope(world.ours.tenant.pk):
        response = Response.objects.get(pk=world.ours.sent.response.pk)
        assert response.status == Response.Status.SUBMITTED
        kept = json.dumps(response.answers, ensure_ascii=False)
        assert not any(mark in kept for mark in (MARK_NUMBER, MARK_TEXT, MARK_ID, MARK_DAY))
        assert response.customer_id == world.ours.sent.customer.pk
