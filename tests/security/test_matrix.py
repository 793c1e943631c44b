"""T2: every address × method × visitor × whose id, from the resolver; what is expected follows from the guard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.urls import reverse

from customers.models import Customer
from tenants.operations import IN_SCOPE
from tenants.permissions import ROLE_PERMISSIONS
from tests.security.addresses import METHODS, Route, model_of, routes
from tests.security.world import ANONYMOUS, CUSTOMER, FOREIGN, STRANGER, World, body_of
from tests.test_routes import guarded

pytestmark = pytest.mark.slow

# Whoever sees only part of their own bank's rows may get 404 for one of its ids.
PARTLY_SIGHTED = {"BRANCH_STAFF", "CONTRACTOR", "OPERATOR"}
NOT_FOUND, FORBIDDEN, NOT_ALLOWED, REDIRECT = 404, 403, 405, 302


def ask(world: World, visitor: str, method: str, url: str) -> Any:
    return world.client(visitor).generic(method, url)


def chosen(world: World, route: Route) -> Iterator[tuple[str, str]]:
    """The address with our own ids, then with each id foreign or unknown while the others stay our own."""
    own, foreign = world.ours.values(route), world.theirs.values(route)
    yield "own", route.url(own)
    for argument in route.arguments:
        if model_of(argument):
            yield "foreign", route.url({**own, argument: foreign[argument]})
            yield "unknown", route.url({name: value for name, value in own.items() if name != argument})


def test_a_method_that_a_view_does_not_answer_is_refused_to_everybody(world: World) -> None:
    wrong = []
    for route in guarded():
        for method in METHODS:
            if route.methods is None or method in route.methods:
                continue
            for visitor in (ANONYMOUS, "ADMINISTRATOR", FOREIGN):
                response = ask(world, visitor, method, route.url(world.ours.values(route)))
                if response.status_code != NOT_ALLOWED or (method == "TRACE" and b"TRACE" in response.content):
                    wrong.append((route.name, method, visitor, response.status_code))
    assert wrong == []


def test_whoever_has_not_signed_in_learns_nothing(world: World) -> None:
    """The same way to sign in from every address, whosever the id in it; no membership is a refusal."""
    wrong = []
    for route in guarded():
        for method in route.methods or ():
            for visitor in (ANONYMOUS, CUSTOMER, STRANGER):
                for whose, url in chosen(world, route):
                    response = ask(world, visitor, method, url)
                    expected = FORBIDDEN if visitor == STRANGER else REDIRECT
                    way = response.headers.get("Location", "")
                    if response.status_code != expected or (expected == REDIRECT and reverse("sign-in") not in way):
                        wrong.append((route.name, method, visitor, whose, response.status_code))
    assert wrong == []


def test_a_role_without_the_permission_is_refused_whosever_the_id(world: World) -> None:
    wrong = []
    for route in guarded():
        for method in route.methods or ():
            for role in world.ours.staff:
                if route.permission in ROLE_PERMISSIONS[role]:
                    continue
                for whose, url in chosen(world, route):
                    status = ask(world, role, method, url).status_code
                    if status != FORBIDDEN:
                        wrong.append((route.name, method, role, whose, status))
    assert wrong == []


def test_an_id_of_another_bank_is_an_id_of_nobody(world: World) -> None:
    """Foreign and unknown: the same 404, the same page; our own is found by the same visitor (the control)."""
    wrong: list[tuple[object, ...]] = []
    for route in guarded():
        for method in route.methods or ():
            roles = [role for role in world.ours.staff if route.permission in ROLE_PERMISSIONS[role]]
            for role in roles:
                wrong += judged(world, route, method, role)
            own = route.url(world.ours.values(route))
            if all(ask(world, role, method, own).status_code == FORBIDDEN for role in roles):
                wrong.append((route.name, method, "nobody may"))
    assert wrong == []


def judged(world: World, route: Route, method: str, role: str) -> Iterator[tuple[object, ...]]:
    answers: dict[str, list[Any]] = {}
    for whose, url in chosen(world, route):
        answers.setdefault(whose, []).append(ask(world, role, method, url))
    own = answers["own"][0]
    if own.status_code >= 500 or own.status_code == NOT_ALLOWED:
        yield route.name, method, role, "own", own.status_code
    if own.status_code == NOT_FOUND and role not in PARTLY_SIGHTED and method == "GET":
        yield route.name, method, role, "own", own.status_code
    for foreign, unknown in zip(answers.get("foreign", []), answers.get("unknown", []), strict=True):
        if steps_aside(own) and steps_aside(foreign) and steps_aside(unknown):
            continue
        if foreign.status_code != NOT_FOUND or unknown.status_code != NOT_FOUND:
            yield route.name, method, role, "foreign, unknown", foreign.status_code, unknown.status_code
        elif body_of(foreign) != body_of(unknown) or headers_of(foreign) != headers_of(unknown):
            yield route.name, method, role, "foreign differs from unknown", body_of(foreign)[:80]


def steps_aside(response: Any) -> bool:
    """Whether it stops before any id is read: a finer guard refuses, or asks for a fresh sign-in."""
    if response.status_code == FORBIDDEN:
        return True
    return response.status_code == REDIRECT and "reauthenticate" in response.headers["Location"]


def headers_of(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in {"Content-Length", "Date"}}


def test_the_other_banks_administrator_finds_none_of_our_rows(world: World) -> None:
    wrong = []
    for route in guarded():
        if not any(model_of(argument) for argument in route.arguments):
            continue
        for method in route.methods or ():
            response = ask(world, FOREIGN, method, route.url(world.ours.values(route)))
            if not (response.status_code in {NOT_FOUND, FORBIDDEN} or steps_aside(response)):
                wrong.append((route.name, method, response.status_code))
    assert wrong == []


def test_without_the_walls_the_matrix_would_find_the_row(
    world: World, superuser: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Positive control: with the manager's filter and the policy of one table removed, a foreign id answers 200."""
    route = next(route for route in routes() if route.name == "customer")
    url = route.url({"customer_id": world.theirs.rows[Customer]})
    assert ask(world, "AUDITOR", "GET", url).status_code == NOT_FOUND
    superuser.execute("ALTER POLICY tenant ON customers_customer USING (true)")
    try:
        with monkeypatch.context() as patch:
            patch.setattr(Customer.objects, "get_queryset", Customer._base_manager.all)
            assert ask(world, "AUDITOR", "GET", url).status_code != NOT_FOUND
    finally:
        superuser.execute(f"ALTER POLICY tenant ON customers_customer USING ({IN_SCOPE})")


def test_a_person_without_membership_has_no_home(world: World) -> None:
    assert ask(world, STRANGER, "GET", reverse("home")).status_code == FORBIDDEN
    assert ask(world, "AUDITOR", "GET", reverse("home")).status_code == 200, "control"
