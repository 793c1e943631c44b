"""The door for returned mail: real SMTP in, the tenant's inbox behind it, and what an attempt and an address become."""

from __future__ import annotations

import asyncio
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import transaction

from channels.mail_intake import Intake, new_server
from channels.models import DeliveryAttempt, OptOut, WebhookEvent
from channels.protocols import Channel
from channels.selectors import usable_channels
from channels.services import process_inbox, send_due
from tenants.models import Tenant
from tests.channels.conftest import EMAIL, Queue, Weather, again, change, count, health_of, relay_of
from tests.channels.returned import complaint, plain, report
from tests.conftest import ROOT

Status = DeliveryAttempt.Status


@pytest.fixture
def now() -> datetime:
    """The sandbox lives by the real clock."""
    return datetime.now(UTC)


@contextmanager
def listening(*, is_local: bool = False) -> Iterator[int]:
    """The intake on a port of its own."""
    loop, ready, ports = asyncio.new_event_loop(), threading.Event(), list[int]()
    intake = Intake(lambda: datetime.now(UTC))

    async def serve() -> None:
        server = await loop.create_server(lambda: new_server(intake, is_local=is_local), "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        while not stopping.is_set():
            await asyncio.sleep(0.02)
        server.close()
        await asyncio.sleep(0.05)

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    stopping, thread = threading.Event(), threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    try:
        yield ports[0]
    finally:
        stopping.set()
        thread.join()


@pytest.fixture
def door(bank: Tenant) -> Iterator[int]:
    """The port of the intake."""
    with listening() as port:
        yield port


def bring(port: int, to: str, raw: bytes) -> int:
    """What a mail server does with a mail for one of our addresses; the code of the last answer."""
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
        server.ehlo()
        server.mail("")
        code, _ = server.rcpt(to)
        if code >= 300:
            return code
        try:
            return server.data(raw)[0]
        except smtplib.SMTPDataError as error:
            return error.smtp_code


def path_of(attempt: DeliveryAttempt) -> str:
    """Where its bounces go."""
    with transaction.atomic():
        return relay_of().return_path(attempt.pk)


@pytest.fixture
def sent(bank: Tenant, queue: Queue, now: datetime) -> DeliveryAttempt:
    """A mail that the relay took."""
    attempt = queue(Channel.EMAIL)
    send_due(tenant_id=bank.pk, channel=Channel.EMAIL, now=now)
    assert again(attempt).status == Status.ACCEPTED
    return attempt


def wait_for(is_so: Callable[[], bool], seconds: float = 15) -> None:
    """Until it is so."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("raw", "status", "code", "health"),
    [
        (report("5.1.1"), Status.FAILED, "5.1.1", "BOUNCED"),
        (report("5.2.2"), Status.FAILED, "5.2.2", "UNKNOWN"),
        (plain("宛先が見つかりません", charset="shift_jis"), Status.FAILED, "5.1.1", "BOUNCED"),
        (plain("不在です", sender="a@b", subject="Re: x", headers="Auto-Submitted: auto-replied\r\n"),
         Status.ACCEPTED, "", "UNKNOWN"),
        (report("4.4.1", action="delayed"), Status.ACCEPTED, "", "UNKNOWN"),
    ],
)  # fmt: skip
def test_a_returned_mail_finds_its_attempt(
    door: int, sent: DeliveryAttempt, now: datetime, raw: bytes, status: str, code: str, health: str
) -> None:
    """W3, W7: kept sealed at once, acted on by the inbox; brought twice, kept once."""
    assert bring(door, path_of(sent), raw) == 250
    assert bring(door, path_of(sent), raw) == 250
    assert count(WebhookEvent) == 1
    process_inbox(now=now)
    after = again(sent)
    assert (after.status, after.failure_code, health_of(after)) == (status, code, health)
    assert count(WebhookEvent, error="") == 1


def test_nobody_can_bounce_a_mail_without_our_signature(door: int, sent: DeliveryAttempt, now: datetime) -> None:
    """W7. Positive control: the same mail to the signed path fails the attempt."""
    local, _, domain = path_of(sent).partition("@")
    strangers = [f"{local[:-16]}{'0' * 16}@{domain}", f"taro@{domain}", f"{local}@elsewhere.example", f"b+x@{domain}"]
    answers = [bring(door, to, report("5.1.1")) for to in strangers]
    assert all(answer >= 500 for answer in answers)
    assert count(WebhookEvent) == 0
    bring(door, path_of(sent), report("5.1.1"))
    process_inbox(now=now)
    assert again(sent).status == Status.FAILED


@pytest.mark.parametrize("was", [Status.ACCEPTED, Status.DELIVERED])
def test_a_complaint_ends_mail_to_that_address(door: int, sent: DeliveryAttempt, now: datetime, was: str) -> None:
    """Whatever became of the mail meanwhile, and only with a return path of ours in what is complained of."""
    if was == Status.DELIVERED:
        change(sent, status=was)
    domain = path_of(sent).partition("@")[2]
    forged = path_of(sent).replace(path_of(sent).split(".")[1].split("@")[0], "0" * 16)
    assert bring(door, f"complaints@{domain}", complaint(forged)) >= 500
    assert bring(door, f"complaints@{domain}", complaint(path_of(sent))) == 250
    process_inbox(now=now)
    assert again(sent).status == Status.DELIVERED
    assert count(OptOut, channel="EMAIL", contact_point_id=sent.contact_point_id) == 1
    with transaction.atomic():
        customer = sent.notice.customer_id
        assert Channel.EMAIL not in usable_channels([customer])[customer]


def test_what_nobody_understands_waits_for_a_person(door: int, sent: DeliveryAttempt, now: datetime) -> None:
    assert bring(door, path_of(sent), plain("お世話になります", sender="a@b", subject="Re: お願い")) == 250
    process_inbox(now=now)
    assert again(sent).status == Status.ACCEPTED
    assert count(WebhookEvent, error="MalformedWebhook") == 1


def test_a_bounce_of_an_attempt_nobody_knows_is_set_aside(door: int, bank: Tenant, now: datetime) -> None:
    with transaction.atomic():
        path = relay_of().return_path(uuid4())
    assert bring(door, path, report("5.1.1")) == 250
    process_inbox(now=now)
    assert count(WebhookEvent, error="unknown_attempt") == 1


def test_a_mail_server_on_the_same_host_may_speak_lmtp(sent: DeliveryAttempt, now: datetime) -> None:
    with listening(is_local=True) as port, smtplib.LMTP("127.0.0.1", port, timeout=10) as server:
        server.sendmail("", [path_of(sent)], report("5.1.1"))
    process_inbox(now=now)
    assert again(sent).status == Status.FAILED


@pytest.mark.parametrize(
    ("address", "outcome", "status", "code", "health"),
    [
        (EMAIL, "bounce:5.1.1", Status.FAILED, "5.1.1", "BOUNCED"),
        ("a@docomo.ne.jp", "bounce_plain", Status.FAILED, "5.1.1", "BOUNCED"),
        ("a@ezweb.ne.jp", "bounce_plain", Status.FAILED, "5.2.2", "UNKNOWN"),
        ("a@softbank.ne.jp", "bounce_plain", Status.FAILED, "5.7.1", "UNKNOWN"),
        (EMAIL, "out_of_office", Status.ACCEPTED, "", "UNKNOWN"),
        (EMAIL, "complaint", Status.DELIVERED, "complaint", "VERIFIED"),
    ],
)
def test_the_sandboxs_bounces_reach_us_by_themselves(
    door: int, bank: Tenant, queue: Queue, weather: Weather, now: datetime,
    address: str, outcome: str, status: str, code: str, health: str,
) -> None:  # fmt: skip
    weather.set(bounce_smtp=f"127.0.0.1:{door}")
    try:
        weather.rule("email", outcome)
        attempt = queue(Channel.EMAIL, EMAIL=address)
        send_due(tenant_id=bank.pk, channel=Channel.EMAIL, now=now)
        wait_for(lambda: count(WebhookEvent) == 1)
    finally:
        weather.set(bounce_smtp=None)
    process_inbox(now=datetime.now(UTC))
    after = again(attempt)
    assert (after.status, after.failure_code, health_of(after)) == (status, code, health)


def test_the_process_listens_until_it_is_stopped(db_clean: None, process_environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "collect_bounces", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=process_environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().rpartition(":")[2])
            assert bring(port, "b+x@nowhere.example", b"") == 550
            process.terminate()
            assert process.wait(10) == 0
        finally:
            process.kill()
