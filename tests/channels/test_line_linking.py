"""Tying a LINE account, what people write there, and the webhooks that tell of both."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.db import transaction
from django.test import Client

from audit.models import AuditEvent
from audit.services import Actor
from channels.line_linking import (
    LinkingUnavailable,
    NotHeardYet,
    confirm_at_line,
    end_linking,
    linking_state,
    start_linking,
)
from channels.line_talk import reply_text
from channels.models import DeliveryAttempt, LineLink, LineReply, WebhookEvent
from channels.protocols import Channel
from channels.services import process_inbox, register_webhooks, send_replies
from customers.models import ContactPoint, Customer
from tenants.models import Tenant
from tests.channels.conftest import (
    LINE_USER,
    PHONE,
    Listener,
    MakeCustomer,
    Queue,
    Weather,
    account_of,
    again,
    count,
    health_of,
    post_raw,
)
from tests.channels.test_webhooks import line_call, line_event, path_of

OTHER_USER = "U" + "0b" * 16


@pytest.fixture
def now() -> datetime:
    """The sandbox lives by the real clock."""
    return datetime.now(UTC)


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def customer(make_customer: MakeCustomer) -> Customer:
    """Somebody without LINE, so far."""
    return make_customer(PHONE=PHONE)


def wrote(text: str, user: str = LINE_USER, at: datetime | None = None, **more: Any) -> dict[str, object]:
    event = line_event(
        "message",
        source={"type": "user", "userId": user},
        replyToken=f"reply-{time.monotonic_ns()}",
        message={"type": "text", "id": "1", "text": text},
    )
    return event | {"timestamp": int((at or datetime.now(UTC)).timestamp() * 1000)} | more


def tell(client: Client, *events: dict[str, object], now: datetime) -> None:
    """LINE calls, and the worker reads."""
    assert post_raw(client, path_of(Channel.LINE), *line_call(*events)) == 200
    process_inbox(now=now)


def offer(**options: Any) -> None:
    """The bank's account has a name people can look for."""
    with transaction.atomic():
        account = account_of(Channel.LINE)
        account.options = {**account.options, "basic_id": "@asanagi", **options}
        account.save()


@transaction.atomic
def line_point(customer: Customer) -> ContactPoint | None:
    return ContactPoint.objects.filter(customer=customer, channel="LINE", is_current=True).first()


@transaction.atomic
def kinds() -> list[str]:
    return list(LineReply.objects.order_by("id").values_list("kind", flat=True))


def begin(customer: Customer, now: datetime) -> str:
    """The number the customer is to send."""
    start_linking(customer_id=customer.pk, actor=Actor.customer(customer.pk), now=now)
    with transaction.atomic():
        state = linking_state(customer.pk, now=now)
    assert state is not None
    return state.number


def nonce_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["nonce"][0]


def linked(user: str, nonce: str, at: datetime, result: str = "ok") -> dict[str, object]:
    event = line_event("accountLink", source={"type": "user", "userId": user}, link={"result": result, "nonce": nonce})
    return event | {"timestamp": int(at.timestamp() * 1000)}


def test_a_customer_ties_their_account_by_number_token_and_nonce(
    bank: Tenant, customer: Customer, listener: Listener, client: Client, now: datetime
) -> None:
    """The whole way: number, chat, LINE's dialog, event; and what went over the wire is LINE's."""
    offer()
    register_webhooks(now=now)
    number = begin(customer, now)
    tell(client, wrote(f"{number[:4]} {number[4:]}"), now=now)
    address = confirm_at_line(customer_id=customer.pk, now=now)
    assert 10 <= len(nonce_of(address)) <= 255
    assert httpx.get(address).status_code == 200
    assert listener.deliver(client, 1) == [200]
    process_inbox(now=datetime.now(UTC))
    point = line_point(customer)
    assert point is not None
    with transaction.atomic():
        assert (ContactPoint.objects.get(pk=point.pk).value, point.health) == (LINE_USER, "VERIFIED")
    assert count(AuditEvent, event="customer.line_tied") == 1
    assert count(LineLink) == 0
    assert httpx.get(address).status_code == 400  # the link token was for once
    assert listener.deliver(client, 1) == [200]  # and a replay of the event ties nothing anew
    process_inbox(now=datetime.now(UTC))
    assert count(AuditEvent, event="customer.line_tied") == 1


def test_a_nonce_ties_only_who_sent_the_number_in_time_and_once(
    bank: Tenant, customer: Customer, client: Client, now: datetime
) -> None:
    """Somebody else's account, a failed confirmation, a late one, a made-up nonce; then the positive control."""
    offer()
    tell(client, wrote(begin(customer, now)), now=now)
    nonce = nonce_of(confirm_at_line(customer_id=customer.pk, now=now))
    for event in (
        linked(OTHER_USER, nonce, now),
        linked(LINE_USER, nonce, now, result="failed"),
        linked(LINE_USER, "x" * 32, now),
        linked(LINE_USER, nonce, now + timedelta(minutes=11)),
    ):
        tell(client, event, now=now + timedelta(minutes=12))
        assert line_point(customer) is None
    tell(client, linked(LINE_USER, nonce, now), now=now + timedelta(minutes=12))  # told late, happened in time
    assert line_point(customer) is not None
    assert count(AuditEvent, event="linelink.refused") == 2


def test_a_number_belongs_to_who_sends_it_first_and_dies_in_time(
    bank: Tenant, customer: Customer, client: Client, now: datetime
) -> None:
    offer()
    with pytest.raises(NotHeardYet):
        confirm_at_line(customer_id=customer.pk, now=now)
    number = begin(customer, now)
    with pytest.raises(NotHeardYet):
        confirm_at_line(customer_id=customer.pk, now=now)
    late = now + timedelta(minutes=31)
    tell(client, wrote(number, at=late), now=late)
    assert kinds() == ["NOBODY_READS"]
    number = begin(customer, now)
    tell(client, wrote(number), wrote(number, OTHER_USER), now=now + timedelta(seconds=5))
    assert sorted(kinds()) == ["NOBODY_READS", "NOBODY_READS", "NUMBER_TAKEN"]
    with transaction.atomic():
        assert LineLink.objects.get().line_user in (LINE_USER, OTHER_USER)


def test_a_new_number_makes_the_old_one_void(bank: Tenant, customer: Customer, client: Client, now: datetime) -> None:
    offer()
    old, new = begin(customer, now), begin(customer, now)
    tell(client, wrote(old), now=now)
    with pytest.raises(NotHeardYet):
        confirm_at_line(customer_id=customer.pk, now=now)
    tell(client, wrote(new), now=now)
    assert confirm_at_line(customer_id=customer.pk, now=now)


def test_when_line_issues_no_token_the_customer_is_told(
    bank: Tenant, customer: Customer, client: Client, now: datetime
) -> None:
    offer()
    tell(client, wrote(begin(customer, now)), now=now)
    with transaction.atomic():
        account = account_of(Channel.LINE)
        account.credentials = {**account.credentials, "access_token": "nonsense"}
        account.save()
    with pytest.raises(LinkingUnavailable):
        confirm_at_line(customer_id=customer.pk, now=now)


@pytest.mark.parametrize("by", ["page", "chat"])
def test_untying_stops_what_waits_and_frees_the_customer(
    bank: Tenant, queue: Queue, client: Client, now: datetime, by: str
) -> None:
    """On our page, or with two words in the talk; what was queued goes by another channel."""
    attempt = queue(Channel.LINE)
    with transaction.atomic():
        customer = Customer.objects.get(pk=attempt.notice.customer_id)
    if by == "page":
        end_linking(customer_id=customer.pk, actor=Actor.customer(customer.pk), now=now)
    else:
        tell(client, wrote("連携 解除"), now=now)
        assert kinds() == ["UNTIED"]
    assert line_point(customer) is None
    ended = again(attempt)
    assert (ended.status, ended.failure_code) == (DeliveryAttempt.Status.FAILED, "untied")
    assert count(AuditEvent, event="customer.line_untied") == 1


def test_the_offer_needs_a_name_to_look_for_but_untying_does_not(
    bank: Tenant, customer: Customer, make_customer: MakeCustomer, now: datetime
) -> None:
    with transaction.atomic():
        account = account_of(Channel.LINE)
        account.options = {name: value for name, value in account.options.items() if name != "basic_id"}
        account.save()
        assert linking_state(customer.pk, now=now) is None
    tied = make_customer(LINE=LINE_USER)
    with transaction.atomic():
        state = linking_state(tied.pk, now=now)
    assert state is not None
    assert (state.is_tied, state.basic_id) == (True, "")


def say(weather: Weather, user: str, words: str) -> None:
    """Somebody writes to the bank in the sandbox."""
    event = {"bank": "asanagi", "type": "message", "source": {"type": "user", "userId": user}}
    event |= {"replyToken": "r" * 32, "message": {"type": "text", "id": "1", "text": words, "quoteToken": "q"}}
    httpx.post(f"{weather.sandbox.control}/line/event", json=event).raise_for_status()


def test_who_writes_gets_one_safe_answer(
    bank: Tenant, weather: Weather, listener: Listener, client: Client, now: datetime
) -> None:
    """Once for an event however often LINE tells it; no link, nothing personal, and where to call."""
    register_webhooks(now=now)
    say(weather, LINE_USER, "口座番号は1234567です。https://phish.example")
    for _ in range(2):
        assert listener.deliver(client, 1) == [200]
        process_inbox(now=now)
        send_replies(now=now)
    (answer,) = weather.messages("line")
    text = answer["text"]
    assert bank.phone in text
    assert bank.name in text
    assert "http" not in text
    assert "1234567" not in text
    assert count(LineReply) == 0
    assert count(AuditEvent, event="provideraccount.answered") == 1


def test_the_banks_own_words_are_used_unless_they_hold_a_link(bank: Tenant) -> None:
    with transaction.atomic():
        own = reply_text(
            "NOBODY_READS", bank, {"auto_reply": "このアカウントでは個別のお問い合わせに対応しておりません。"}
        )
        linked = reply_text("NOBODY_READS", bank, {"auto_reply": "こちら→ www.asanagi.example/toi"})
    assert own == "このアカウントでは個別のお問い合わせに対応しておりません。"
    assert "asanagi.example" not in linked
    assert bank.phone in linked


def test_a_late_or_refused_answer_is_given_up(bank: Tenant, client: Client, weather: Weather, now: datetime) -> None:
    """A reply token lives a minute; an unknown one is LINE's 400."""
    tell(client, wrote("もしもし", at=now - timedelta(minutes=2)), wrote("もしもし"), now=now + timedelta(seconds=2))
    assert send_replies(now=now + timedelta(seconds=3)) == 2
    assert weather.messages("line") == []
    assert count(LineReply) == 0


@pytest.mark.parametrize(
    "more", [{"mode": "standby"}, {"source": {"type": "group", "groupId": "C1", "userId": LINE_USER}}]
)
def test_in_standby_and_in_groups_we_keep_silent(
    bank: Tenant, client: Client, now: datetime, more: dict[str, Any]
) -> None:
    tell(client, wrote("もしもし", **more), now=now)
    assert count(LineReply) == 0


def test_a_block_told_late_does_not_undo_the_return(bank: Tenant, queue: Queue, client: Client, now: datetime) -> None:
    """S18: out of order: the events' own times count."""
    attempt = queue(Channel.LINE)
    source = {"type": "user", "userId": LINE_USER}
    ms = int(now.timestamp() * 1000)
    tell(client, line_event("follow", source=source) | {"timestamp": ms}, now=now)
    tell(client, line_event("unfollow", source=source) | {"timestamp": ms - 60_000}, now=now)
    assert health_of(attempt) == "VERIFIED"
    tell(client, line_event("unfollow", source=source) | {"timestamp": ms + 1}, now=now + timedelta(seconds=1))
    assert health_of(attempt) == "BLOCKED"  # positive control


def test_a_burst_is_kept_whole_and_each_call_is_answered_at_once(
    bank: Tenant, queue: Queue, client: Client, now: datetime
) -> None:
    """S18, scaled down: 1,000 events, a third of them repeated, some hundred calls; none takes a second."""
    attempt = queue(Channel.LINE, "PHONE")
    with transaction.atomic():
        DeliveryAttempt.objects.filter(pk=attempt.pk).update(first_tried_at=now)
    path = path_of(Channel.LINE)
    events = [line_event("delivery", delivery={"data": f"attempt-{attempt.pk}"}) for _ in range(1_000)]
    calls = [events[i : i + 10] for i in range(0, 1_000, 10)] + [events[i : i + 10] for i in range(0, 300, 10)]
    slowest = 0.0
    for call in calls:
        began = time.perf_counter()
        assert post_raw(client, path, *line_call(*call)) == 200
        slowest = max(slowest, time.perf_counter() - began)
    assert slowest < 1
    assert count(WebhookEvent) == 1_000
    assert process_inbox(now=now) == 1_000
    assert again(attempt).status == DeliveryAttempt.Status.DELIVERED
    assert count(AuditEvent, event="deliveryattempt.delivered") == 1
