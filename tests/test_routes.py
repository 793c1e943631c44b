"""Every address is listed: it names the permission it needs, or the reason why it is open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.urls import clear_url_caches, path

from cdd import urls as product
from tests.security.addresses import Route, model_of, routes

# Addresses without a staff guard, and what stands there instead. Everything else must name a permission.
OPEN = {
    "sign-in": "the way in",
    "sign-out": "ends whatever session there is",
    "language": "a preference, kept in a cookie or with the account",
    "alive": "says that the process lives",
    "ready": "says that the database answers",
    "look-sheet": "a style sheet made of its own address, the same for everybody",
    "may-have-certificate": "which names are served, for the operator's proxy (tests/portal/test_own_domain.py)",
    "look-mark": "the mark that an institution shows to everybody",
    "questionnaire-schema": "the published format of documents, the same for everybody",
}
OPEN_BELOW = {
    "sign-in/": "the door: password, second step, an institution's own provider (tests/tenants/sign_in)",
    "join/": "joining: the token of an invitation decides (tests/tenants/test_members.py)",
    "r/": "customers' pages: the token, then the visit, decide (tests/security/test_links.py)",
    "b/": "the tenant's own entrances: number and facts, or a signed word, decide (tests/portal/test_entrances.py)",
    settings.ADMIN_PATH: "operators' pages: the membership decides, for each of them (tests/operators)",
    "check/": "whether a notice is real: its number decides, guesses are counted (tests/portal/test_authenticity.py)",
    "webhooks/": "providers' calls: a signature over the raw bytes decides (tests/channels, tests/ekyc)",
}
# Signed in is enough: they show or change only what belongs to the person who asks.
PERSONAL = {"home", "switch-tenant", "access-request"}


def is_open(route: Route) -> bool:
    return (
        route.name in OPEN
        or route.address.startswith(tuple(OPEN_BELOW))
        or route.view.__module__.startswith("allauth.")  # the account's own pages; each asks for its session itself
    )


def guarded() -> Iterator[Route]:
    personal = (route for route in routes() if route.name in PERSONAL or hasattr(route.view, "own_account"))
    names = {route.name for route in personal}
    return (route for route in routes() if not is_open(route) and route.name not in names)


def unlisted() -> list[str]:
    return [route.name for route in guarded() if route.permission is None]


def test_every_address_names_its_permission_or_its_reason_to_be_open() -> None:
    assert unlisted() == []
    names = {route.name for route in routes()}
    assert set(OPEN) | PERSONAL <= names, "an address of the table has gone"
    for prefix in OPEN_BELOW:
        assert any(route.address.startswith(prefix) for route in routes()), prefix


def test_a_forgotten_guard_would_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Positive control."""

    def careless(request: Any) -> HttpResponse:
        return HttpResponse()

    monkeypatch.setattr(product, "urlpatterns", [*product.urlpatterns, path("careless/", careless, name="careless")])
    clear_url_caches()
    try:
        assert unlisted() == ["careless"]
        assert next(route for route in routes() if route.name == "careless").methods is None
    finally:
        monkeypatch.undo()
        clear_url_caches()


def test_every_route_has_a_name() -> None:
    assert [route.address for route in routes() if route.name.split(":")[-1] == route.address] == []


def test_every_view_of_ours_says_which_methods_it_answers() -> None:
    others = ("allauth.", "django.", "cdd.operators.")  # the last are Django's admin
    silent = [r.name for r in routes() if r.methods is None and not r.view.__module__.startswith(others)]
    assert silent == []


def test_every_argument_that_is_an_id_is_some_models() -> None:
    """Otherwise the matrix would attack with an id of nothing."""
    ids = {name for route in guarded() for name in route.arguments if name.endswith("_id")}
    assert {name for name in ids if model_of(name) is None} == set()
    assert ids, "control: there are such addresses"
