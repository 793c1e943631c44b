"""Every address, generated from the resolver: who may open it, and what its headers say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tenants.models import Tenant, User

OPEN = {"sign-in", "sign-out", "language", "alive", "ready"}
NOWHERE = UUID("01930000-0000-7000-8000-000000000000")


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, address)
        else:
            yield address, entry


def staff_routes() -> list[URLPattern]:
    return [
        route
        for address, route in routes()
        if not address.startswith(("r/", "webhooks/", "static/")) and route.name not in OPEN
    ]


def address_of(route: URLPattern) -> str:
    arguments = dict.fromkeys(route.pattern.regex.groupindex, NOWHERE) if route.pattern.regex.groups else {}
    return reverse(str(route.name), kwargs=arguments)


def test_every_route_has_a_name() -> None:
    assert [address for address, route in routes() if not route.name] == []


def test_every_staff_route_names_the_permission_it_needs() -> None:
    """T2: an address that forgets its guard is named here."""
    unguarded = {route.name for route in staff_routes() if not hasattr(route.callback, "required_permission")} - {
        "home",
        "switch-tenant",
    }
    assert unguarded == set()


def test_a_stranger_is_sent_to_sign_in_from_every_staff_route(db_clean: None) -> None:
    for route in staff_routes():
        for method in ("get", "post"):
            response = getattr(Client(), method)(address_of(route))
            assert response.status_code in {302, 405}, (route.name, method, response.status_code)
            if response.status_code == 302:
                assert reverse("sign-in") in response.headers["Location"]


def test_an_id_of_nobody_is_not_found_on_every_staff_route(
    officer: User, staff_client: Callable[[User], Client]
) -> None:
    """T2: unknown and foreign ids look alike; a role without the right is refused before the id is read."""
    client = staff_client(officer)
    for route in staff_routes():
        if not route.pattern.regex.groups:
            continue
        for method in ("get", "post"):
            response = getattr(client, method)(address_of(route))
            assert response.status_code in {404, 403, 405}, (route.name, method, response.status_code)


@pytest.mark.parametrize("page", ["sign-in", "home", "customers", "imports", "campaigns", "reviews", "audit"])
def test_pages_carry_the_whole_set_of_headers(
    page: str, tenant: Tenant, approver: User, staff_client: Callable[[User], Client]
) -> None:
    """W7."""
    response = staff_client(approver).get(reverse(page))
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert not re.search(rb"<script(?![^>]*\bsrc=)|\sstyle=", response.content)
