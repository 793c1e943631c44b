"""A bank whose accounts are at the sandbox, its customers, and a listener for what the providers call back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from audit.services import Actor
from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels.models import DeliveryAttempt, ProviderAccount
from channels.protocols import Channel
from channels.providers.smtp import SmtpProvider
from channels.registry import forget_providers, provider_of
from channels.services import NoticeRequest, ensure_accounts, queue_notices
from customers.indexing import contact_index
from customers.models import ContactPoint, Customer
from tenants.models import Tenant
from tests.conftest import Sandbox
from tests.nameserver import Nameserver, nameserver

__all__ = ["Nameserver", "nameserver"]

SYSTEM = Actor.system("tests")
PROVIDERS = ("line", "pnp", "sms", "email", "post", "ekyc", "houjin", "gbiz")
PHONE = "+819012345678"
LINE_USER = "U" + "0a" * 16
EMAIL = "setsuko@example.jp"
POST = {"postal_code": "1680064", "address": "東京都杉並区永福1丁目2-3　コーポ永福203号"}
VALUES: dict[str, Any] = {"LINE": LINE_USER, "PHONE": PHONE, "EMAIL": EMAIL, "POST": POST}
POINT_OF = {Channel.LINE: "LINE", Channel.SMS: "PHONE", Channel.EMAIL: "EMAIL", Channel.POST: "POST"}


@dataclass
class Weather:
    """The sandbox's scenario, by the rules a test needs."""

    sandbox: Sandbox

    def set(self, **patch: Any) -> None:
        """Merge into the scenario."""
        httpx.post(f"{self.sandbox.control}/scenario", json=patch).raise_for_status()

    def rule(self, provider: str, outcome: str, *, equals: str = "", **more: Any) -> None:
        """One recipient's fate, or everybody's."""
        match = {"equals": equals} if equals else {"contains": ""}
        self.set(rules=[{"provider": provider, "match": match, "outcome": outcome, **more}])

    def messages(self, channel: str = "") -> list[dict[str, Any]]:
        """What the customers received."""
        query = {"channel": channel} if channel else {}
        found: list[dict[str, Any]] = httpx.get(f"{self.sandbox.control}/messages", params=query).json()["messages"]
        return found


@pytest.fixture
def weather(sandbox: Sandbox) -> Weather:
    """Fair: nothing fails, nothing waits."""
    weather = Weather(sandbox)
    weather.set(
        request=dict.fromkeys(PROVIDERS),
        recipient=dict.fromkeys(PROVIDERS),
        rules=[],
        latency_ms=dict.fromkeys(PROVIDERS),
        delay_ms={key: [0, 0] for key in ("pnp", "sms", "email", "print", "post", "return", "ekyc")},
        timeout_ms=12_000,
        callbacks={"duplicate": 0, "shuffle": 0, "retry_ms": 50},
        line={"monthly_quota": 200_000, "pnp_known": "everybody"},
        twilio={"signature": "sha1"},
    )
    return weather


@dataclass
class Listener:
    """Stands where the web server would, and keeps what the providers send."""

    url: str
    calls: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, count: int, seconds: float = 10) -> list[tuple[str, dict[str, str], bytes]]:
        """The calls, once there are ``count``."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.calls) >= count, seconds), f"{len(self.calls)} calls"
            return list(self.calls)

    def deliver(self, client: Client, count: int) -> list[int]:
        """Give the first ``count`` calls to the real views; their answers."""
        return [post_raw(client, *call) for call in self.wait(count)]


def post_raw(client: Client, path: str, headers: dict[str, str], body: bytes) -> int:
    """One call to a webhook exactly as it came over the wire."""
    content_type = headers.get("Content-Type", "application/json")
    kept = {name: value for name, value in headers.items() if name.lower().startswith(("x-", "authorization"))}
    return client.post(path, data=body, content_type=content_type, headers=kept).status_code


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """A socket that providers can call."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with heard.arrived:
                heard.calls.append((self.path, dict(self.headers), body))
                heard.arrived.notify_all()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard = Listener(f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(settings, "PUBLIC_BASE_URL", heard.url)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield heard
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def bank(in_tenant: Tenant, weather: Weather, now: datetime) -> Iterator[Tenant]:
    """The first bank, in scope, with its four accounts at the sandbox."""
    sandbox = weather.sandbox
    accounts = channel_accounts(BANKS[0], sandbox_url=sandbox.url, sandbox_smtp=sandbox.smtp)
    accounts["SMS"]["credentials"]["shared_key"] = f"sandbox-twilio-key-{in_tenant.slug}"
    ensure_accounts(accounts=accounts, actor=SYSTEM, now=now)
    yield in_tenant
    forget_providers()


type MakeCustomer = Callable[..., Customer]
type Queue = Callable[..., DeliveryAttempt]


@pytest.fixture
def make_customer(bank: Tenant) -> MakeCustomer:
    """Makes a customer with contact points: ``make_customer(PHONE="+81…")``; all four by default."""

    @transaction.atomic
    def make(**points: Any) -> Customer:
        customer = Customer(number=uuid4().hex[:12], kind="INDIVIDUAL")
        customer.profile = {"name": points.pop("name", "山田 節子"), "birth_on": "1958-04-01"}
        customer.save()
        for channel, value in (points or VALUES).items():
            point = ContactPoint(customer=customer, channel=channel, value_index=contact_index(channel, value))
            point.value = value
            point.save()
        return customer

    return make


@pytest.fixture
def queue(make_customer: MakeCustomer, now: datetime) -> Queue:
    """Queues one notice: ``queue(Channel.SMS)``, ``queue(Channel.LINE, "PHONE")`` for a notification message."""

    @transaction.atomic
    def put(
        channel: Channel,
        point_kind: str = "",
        reference: UUID | None = None,
        not_before: datetime | None = None,
        **points: Any,
    ) -> DeliveryAttempt:
        customer = make_customer(**points)
        point = ContactPoint.objects.get(customer=customer, channel=point_kind or POINT_OF[channel])
        request = request_for(customer, channel, point, reference or uuid4())
        return queue_notices(requests=[request], actor=SYSTEM, now=not_before or now)[0]

    return put


def request_for(customer: Customer, channel: Channel, point: ContactPoint, reference: UUID) -> NoticeRequest:
    """A first request for a customer's details."""
    return NoticeRequest(
        customer_id=customer.pk,
        reference=reference,
        purpose="REQUEST",
        channel=channel,
        contact_point_id=point.pk,
        url=f"https://kakunin.asanagi.example/r/{reference.hex.upper()}/",
        deadline_on=date(2027, 1, 15),
    )


@transaction.atomic
def again(attempt: DeliveryAttempt) -> DeliveryAttempt:
    """The row as it is now, with its notice and contact point."""
    rows = DeliveryAttempt.objects.select_related("notice", "contact_point", "account")
    found: DeliveryAttempt = rows.get(pk=attempt.pk)
    return found


@transaction.atomic
def health_of(attempt: DeliveryAttempt) -> str:
    """What is thought of the address the attempt went to."""
    return str(ContactPoint.objects.get(pk=attempt.contact_point_id).health)


@transaction.atomic
def change(attempt: DeliveryAttempt, **values: Any) -> None:
    """Set fields behind the services' back, as time or a crash would."""
    for name, value in values.items():
        setattr(attempt, name, value)
    attempt.save(update_fields=list(values))


@transaction.atomic
def end_leases() -> None:
    """As if the time of dead workers had run out."""
    DeliveryAttempt.objects.filter(status="SENDING").update(lease_until=datetime.now(UTC) - timedelta(seconds=1))


@transaction.atomic
def count(model: type[Any], **wanted: Any) -> int:
    """How many rows the bank has of these."""
    found: int = model.objects.filter(**wanted).count()
    return found


@transaction.atomic
def relay_of() -> SmtpProvider:
    """The adapter of the bank's mail server."""
    found = provider_of(account_of(Channel.EMAIL))
    assert isinstance(found, SmtpProvider)
    return found


@transaction.atomic
def account_of(channel: Channel) -> ProviderAccount:
    """The bank's account of a channel."""
    found: ProviderAccount = ProviderAccount.objects.get(channel=channel)
    return found
