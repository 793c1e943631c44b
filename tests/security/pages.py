"""What a page offers to send, and what the whole database says before and after."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import psycopg

from tests.security.addresses import routes
from tests.security.world import Bank


@dataclass
class Form:
    """One form of a page with what its controls would send."""

    page: str
    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    asks: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.found: list[Form] = []
        self.is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(self.page, given.get("action") or self.page, given.get("method", "get").lower()))
            self.is_inside = True
        elif self.is_inside and tag in {"input", "textarea", "select", "button"} and given.get("name"):
            form = self.found[-1]
            form.asks[given["name"]] = given.get("type", "text" if tag == "input" else tag)
            if given.get("type") in {"hidden", "text", "date", "email", "radio"} and given.get("value"):
                form.values.setdefault(given["name"], given["value"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False


def forms_of(page: str, content: bytes) -> list[Form]:
    """Every form of a page."""
    parser = _Forms(page)
    parser.feed(content.decode())
    return parser.found


def pages_of(client: Any, bank: Bank) -> Iterator[tuple[str, Any]]:
    """Every staff page that this browser may open, with the bank's own rows."""
    for route in routes():
        if route.address.startswith(("r/", "webhooks/")) or route.address.endswith((".pdf", ".csv", ".zip")):
            continue
        url = route.url(bank.values(route))
        response = client.get(url)
        if response.status_code == 200 and response.headers["Content-Type"].startswith("text/html"):
            yield url, response


def posts_of(client: Any, bank: Bank) -> list[Form]:
    """Every form that changes something, once for each place it leads to."""
    # At the door nobody works for an institution yet, whoever opens it.
    pages = ((url, page) for url, page in pages_of(client, bank) if not url.startswith("/sign-in/"))
    forms = [form for url, page in pages for form in forms_of(url, page.content)]
    return list({form.action: form for form in forms if form.method == "post"}.values())


def snapshot(superuser: psycopg.Connection, *without: str) -> dict[str, str]:
    """A digest of every table's rows, seen past all walls; sessions are left out."""
    left_out = {"django_session", *without}
    tables = superuser.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
    ).fetchall()
    return {name: _digest(superuser, name) for (name,) in tables if name not in left_out}


def _digest(superuser: psycopg.Connection, table: str) -> str:
    rows = superuser.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1').fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()
