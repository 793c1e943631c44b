"""The tax agency as the sandbox plays it, with companies of a book, and files as it would give them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from django.conf import settings
from django.db import transaction

from companies.providers.houjin_v4 import HoujinV4
from customers.models import Customer
from customers.services import run_import, start_import
from sandbox.houjin import csv_lines
from sandbox.houjin_records import Record, check_digit
from tenants.models import Tenant
from tenants.outgoing import guarded_client
from tests.channels.conftest import Weather, weather
from tests.conftest import NOW, SYSTEM
from tests.customers.books import book, company, upload

__all__ = ["Weather", "weather"]

ID = "sandbox-houjin"
# The people file of the sandbox and the bank's own book have the same columns.
type Make = Callable[..., UUID]


def number_of(n: int) -> str:
    """The n-th invented corporate number."""
    body = f"{n:012}"
    return check_digit(body) + body


@dataclass
class Agency:
    """The sandbox's tax agency."""

    weather: Weather
    url: str

    def knows(self, *rows: dict[str, str]) -> None:
        """Companies of a bank's book stand in the register, too."""
        answer = httpx.post(
            f"{self.weather.sandbox.control}/people", params={"bank": "asanagi"}, content=book(*rows), timeout=60
        )
        assert answer.status_code == 200, answer.text

    def happens(self, *fates: tuple[str, str]) -> None:
        """What has become of companies, by number: ``("…", "moved:2026-11-20")``."""
        self.weather.set(
            rules=[
                {"provider": "houjin", "match": {"equals": number} if number else {"contains": ""}, "outcome": fate}
                for number, fate in fates
            ]
        )

    def download(self, path: Path, **query: str) -> Path:
        """One of its files, as somebody would fetch it by hand."""
        kind = "diff" if path.name.startswith("diff") else "zenkoku_all"
        answer = httpx.get(f"{self.weather.sandbox.url}/houjin/files/{kind}.zip", params=query, timeout=60)
        assert answer.status_code == 200
        path.write_bytes(answer.content)
        return path


@pytest.fixture
def agency(weather: Weather) -> Iterator[Agency]:
    """In fair weather, knowing its four fixed companies; the settings lead to it."""
    was = {name: getattr(settings, name) for name in ("SANDBOX_URL", "HOUJIN_API_URL", "HOUJIN_API_ID")}
    settings.SANDBOX_URL = weather.sandbox.url
    settings.HOUJIN_API_URL = f"{weather.sandbox.url}/houjin/4"
    settings.HOUJIN_API_ID = ID
    yield Agency(weather, settings.HOUJIN_API_URL)
    for name, value in was.items():
        setattr(settings, name, value)
    httpx.post(f"{weather.sandbox.control}/reset", json={"people": True}).raise_for_status()


@pytest.fixture
def houjin(agency: Agency) -> Iterator[HoujinV4]:
    """The adapter, over a real socket."""
    with guarded_client(max_body=8 * 1024 * 1024) as http:
        yield HoujinV4(http=http, url=agency.url, application_id=ID, pace=0)


@pytest.fixture
def customer_of(in_tenant: Tenant) -> Make:
    """Enters customers as the bank's own file does: ``customer_of(customer_number="C-2", …)``."""

    def make(**cells: str) -> UUID:
        item = start_import(file=upload(book(company(**cells))), filename="b.csv", actor=SYSTEM, now=NOW)
        run_import(import_id=item.pk, actor=SYSTEM, now=NOW)
        with transaction.atomic():
            return UUID(
                str(Customer.objects.values_list("pk", flat=True).get(number=company(**cells)["customer_number"]))
            )

    return make


def record(n: int, **fields: Any) -> Record:
    """The n-th invented company of the register."""
    given: dict[str, Any] = {
        "number": number_of(n),
        "name": f"株式会社見本{n}",
        "prefecture": "東京都",
        "city": "千代田区",
        "street": "丸の内１丁目２－３",
        "postal_code": "1000005",
        **fields,
    }
    return Record(**given)


def packed(path: Path, text: bytes | str, *, name: str = "data.csv") -> Path:
    """A ZIP with one CSV."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return path


def file_of(path: Path, *records: Record, encoding: str = "utf-8") -> Path:
    """A ZIP of these records, as the agency writes them."""
    lines = csv_lines([one.values(n) for n, one in enumerate(records, start=1)])
    return packed(path, lines.encode(encoding))
