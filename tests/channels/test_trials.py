"""Texts sent as tests: to staff and guests alone, by the real way, marked, bounded, and counted nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from audit.models import AuditEvent
from audit.services import Actor
from channels.gates import change_limits, change_rules, pause_tenant, tried_since
from channels.hours import day_of
from channels.models import DeliveryAttempt, Guest, MessageTemplate, Notice, Trial
from channels.protocols import Channel, FailureKind, Outcome, Report
from channels.selectors import delivery_counts
from channels.services import pause_account, process_inbox
from channels.wording.guests import GuestRefused, add_guest, remove_guest
from channels.wording.selectors import SLOTS, Words, text_of
from channels.wording.services import draft_template, write_template
from channels.wording.trials import A_DAY, TrialRefused, note_report, reason_of, recipients_for, send_trial
from tenants.models import Tenant, User
from tests.channels.conftest import SYSTEM, Listener, MakeCustomer, Weather, account_of, count, post_raw
from tests.channels.test_templates import english
from tests.conftest import SignIn

PLACES = {Channel.LINE: "line-request-ja", Channel.SMS: "sms-request-ja", Channel.EMAIL: "email-request-ja"}
ADDRESSES = {Channel.LINE: "U" + "7c" * 16, Channel.SMS: "090-7777-0001", Channel.EMAIL: "guest@elsewhere.example"}


@pytest.fixture(autouse=True)
def in_english(bank: Tenant) -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def maker(bank: Tenant, officer: User) -> Actor:
    return Actor.user(officer.pk)


def guest_on(channel: Channel, maker: Actor, now: datetime, **changed: str) -> Guest:
    terms = {"channel": channel, "name": "外部 花子", "address": ADDRESSES[channel]} | changed
    return add_guest(**terms, actor=maker, now=now)


@transaction.atomic
def words_at(channel: Channel, version: int = 0) -> Words:
    words = text_of(SLOTS[PLACES[channel]], version)
    assert words
    return words


def send(channel: Channel, to: str, maker: Actor, now: datetime) -> Trial:
    return send_trial(words=words_at(channel), to=to, actor=maker, now=now)


@transaction.atomic
def again(trial: Trial) -> Trial:
    found: Trial = Trial.objects.get(pk=trial.pk)
    return found


@pytest.mark.parametrize("channel", list(PLACES))
def test_a_guest_gets_the_text_by_the_real_way_marked_as_a_test(
    channel: Channel, maker: Actor, weather: Weather, now: datetime
) -> None:
    guest = guest_on(channel, maker, now)
    before = {m["id"] for m in weather.messages(channel.lower())}
    trial = send(channel, f"guest-{guest.pk}", maker, now)
    assert trial.status == Trial.Status.ACCEPTED
    [message] = [m for m in weather.messages(channel.lower()) if m["id"] not in before]
    assert message["to"] == guest.address
    said = f"{message.get('subject') or ''}{message['text']}"
    assert said.startswith("[テスト]")
    assert "あさなぎ銀行" in said
    assert ("テスト配信です" in said) == (channel != Channel.SMS)


def test_staff_get_a_mail_at_their_own_address_and_whoever_asks_stands_first(
    bank: Tenant, maker: Actor, officer: User, approver: User, weather: Weather, now: datetime
) -> None:
    with transaction.atomic():
        found = recipients_for(Channel.EMAIL, user_id=officer.pk)
    assert [one.key for one in found] == [f"staff-{officer.pk}", f"staff-{approver.pk}"]
    trial = send(Channel.EMAIL, f"staff-{approver.pk}", maker, now)
    assert (trial.status, trial.staff_reference, trial.guest_reference) == ("ACCEPTED", approver.pk, None)
    assert weather.messages("email")[0]["to"] == approver.email


def test_a_test_is_counted_nowhere_but_in_the_providers_allowance(bank: Tenant, maker: Actor, now: datetime) -> None:
    guest = guest_on(Channel.SMS, maker, now)
    trial = send(Channel.SMS, f"guest-{guest.pk}", maker, now)
    assert count(DeliveryAttempt) == count(Notice) == 0
    with transaction.atomic():
        assert delivery_counts([trial.pk]) == {}
        assert tried_since(account_of(Channel.SMS), day_of(now)) == 1
        assert tried_since(account_of(Channel.LINE), day_of(now)) == 0


def test_nothing_goes_to_an_address_that_is_typed_or_to_a_guest_of_another_channel(
    maker: Actor, weather: Weather, now: datetime
) -> None:
    on_mail = guest_on(Channel.EMAIL, maker, now)
    before = len(weather.messages())
    for to in ("", "+819012345678", "090-1234-5678", f"guest-{uuid4()}", f"guest-{on_mail.pk}", "staff-1"):
        with pytest.raises(TrialRefused, match="from the list"):
            send(Channel.SMS, to, maker, now)
    assert (len(weather.messages()), count(Trial)) == (before, 0)


def test_a_customers_address_is_neither_taken_nor_kept_in_use(
    bank: Tenant, maker: Actor, make_customer: MakeCustomer, now: datetime
) -> None:
    make_customer(PHONE="+819077770009")
    with pytest.raises(GuestRefused, match="is a customer"):
        guest_on(Channel.SMS, maker, now, address="090-7777-0009")
    guest = guest_on(Channel.SMS, maker, now)  # positive control
    make_customer(PHONE="+819077770001")  # the guest became a customer
    with pytest.raises(TrialRefused, match="is a customer"):
        send(Channel.SMS, f"guest-{guest.pk}", maker, now)


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("SMS", "03-1234-5678"),
        ("SMS", "x"),
        ("EMAIL", "nobody"),
        ("LINE", "@asanagi"),
        ("POST", "x"),
        ("LINE", ""),
    ],
)
def test_an_address_that_is_none_is_refused(maker: Actor, now: datetime, channel: str, address: str) -> None:
    with pytest.raises(GuestRefused):
        add_guest(channel=channel, name="x", address=address, actor=maker, now=now)
    assert count(Guest) == 0


def test_the_list_seals_names_and_addresses_and_forgets_who_leaves(
    bank: Tenant, maker: Actor, superuser: Any, now: datetime
) -> None:
    guest = guest_on(Channel.EMAIL, maker, now)
    with pytest.raises(GuestRefused, match="already"):
        guest_on(Channel.EMAIL, maker, now, address="GUEST@elsewhere.example")
    row = superuser.execute("SELECT t::text FROM channels_guest t").fetchone()[0]
    assert "elsewhere" not in row
    assert "花子" not in row
    remove_guest(guest=guest, actor=maker, now=now)
    assert count(Guest) == 0
    with transaction.atomic():
        acts = AuditEvent.objects.filter(event__startswith="guest.", kind=AuditEvent.Kind.ACT).order_by("id")
        assert [act.event for act in acts] == ["guest.added", "guest.removed"]
        assert all("elsewhere" not in str(act.data) for act in acts)


def test_every_brake_holds_a_test_back(bank: Tenant, maker: Actor, weather: Weather, now: datetime) -> None:
    """S14: nothing leaves while the channel, the institution or the hour says no."""
    to = f"guest-{guest_on(Channel.SMS, maker, now).pk}"
    before = len(weather.messages())

    def refused(match: str, at: datetime = now) -> None:
        with pytest.raises(TrialRefused, match=match):
            send(Channel.SMS, to, maker, at)

    with transaction.atomic():
        change_rules(changes={"quiet_from": None, "quiet_until": None}, actor=SYSTEM, now=now)
        pause_account(account=account_of(Channel.SMS), reason="x", actor=SYSTEM, now=now)
    refused("stopped")
    with transaction.atomic():
        type(account_of(Channel.SMS)).objects.update(is_paused=False)
        change_limits(account=account_of(Channel.SMS), limits={"per_day": 0}, actor=SYSTEM, now=now)
    refused("allowance")
    with transaction.atomic():
        change_limits(account=account_of(Channel.SMS), limits={"per_day": None, "per_minute": 1}, actor=SYSTEM, now=now)
    refused("busy")  # a new bucket is empty
    with transaction.atomic():
        change_limits(account=account_of(Channel.SMS), limits={"per_minute": None}, actor=SYSTEM, now=now)
        quiet = (now - timedelta(hours=1), now + timedelta(hours=1))
        hours = [at.astimezone(day_of(now).tzinfo).time() for at in quiet]
        change_rules(changes={"quiet_from": hours[0], "quiet_until": hours[1]}, actor=SYSTEM, now=now)
    refused("this hour")
    with transaction.atomic():
        change_rules(changes={"quiet_from": None, "quiet_until": None}, actor=SYSTEM, now=now)
        pause_tenant(reason="x", actor=SYSTEM, now=now)
    refused("stopped")
    assert (len(weather.messages()), count(Trial)) == (before, 0)


def test_a_day_holds_so_many_tests_and_no_more(bank: Tenant, maker: Actor, now: datetime) -> None:
    to = f"guest-{guest_on(Channel.SMS, maker, now).pk}"
    terms = {"channel": "SMS", "purpose": "REQUEST", "language": "ja", "version": 0, "digest": "x", "sent_by": 1}
    with transaction.atomic():
        for _ in range(A_DAY - 1):
            Trial.objects.create(**terms, sent_at=now)
        Trial.objects.create(**terms, sent_at=now - timedelta(days=1))
    send(Channel.SMS, to, maker, now)  # the last of the day
    with pytest.raises(TrialRefused, match="today"):
        send(Channel.SMS, to, maker, now)
    send(Channel.SMS, to, maker, now + timedelta(days=1))  # positive control


def test_only_who_writes_texts_sends_them(bank: Tenant, maker: Actor, approver: User, now: datetime) -> None:
    to = f"guest-{guest_on(Channel.SMS, maker, now).pk}"
    with pytest.raises(TrialRefused, match="role"):
        send(Channel.SMS, to, Actor.user(approver.pk), now)
    with pytest.raises(GuestRefused, match="role"):
        guest_on(Channel.LINE, Actor.user(approver.pk), now)


def test_a_draft_is_sent_as_it_stands_but_not_with_errors(
    bank: Tenant, maker: Actor, weather: Weather, now: datetime
) -> None:
    to = f"guest-{guest_on(Channel.SMS, maker, now).pk}"
    draft = draft_template(slot=SLOTS["sms-request-ja"], actor=maker, now=now)
    body = "【{金融機関名}】下書きの文面です。期限{期限（短）}\n受付番号{受付番号}\n電話{電話番号}\n{リンク}"
    write_template(template=draft, subject="", body=body + "暗証番号を教えてください", actor=maker, now=now)
    with pytest.raises(TrialRefused, match="errors"):
        send_trial(words=words_at(Channel.SMS, 1), to=to, actor=maker, now=now)
    write_template(template=draft, subject="", body=body, actor=maker, now=now)
    trial = send_trial(words=words_at(Channel.SMS, 1), to=to, actor=maker, now=now)
    assert weather.messages("sms")[0]["text"].startswith("[テスト]【あさなぎ銀行】下書きの文面です。")
    assert (trial.version, trial.digest) == (1, words_at(Channel.SMS, 1).digest)


def test_what_the_provider_refuses_is_said_with_its_reason_and_stops_nothing(
    bank: Tenant, maker: Actor, weather: Weather, now: datetime
) -> None:
    weather.set(recipient={"sms": {"21614": 1}})
    to = f"guest-{guest_on(Channel.SMS, maker, now).pk}"
    trial = send(Channel.SMS, to, maker, now)
    assert (trial.status, trial.failure_code) == ("FAILED", "21614")
    assert "telephone number" in reason_of(trial)[0]
    with transaction.atomic():
        account = account_of(Channel.EMAIL)
        account.credentials = {**account.credentials, "password": "wrong"}
        account.options = {**account.options, "security": "starttls"}
        account.save()
    mail = f"guest-{guest_on(Channel.EMAIL, maker, now).pk}"
    refused = send(Channel.EMAIL, mail, maker, now)
    assert (refused.status, refused.failure_kind) == ("FAILED", FailureKind.CONFIGURATION)
    assert account_of(Channel.EMAIL).is_paused is False


def test_an_answer_that_never_came_is_unknown_until_a_report_comes(
    bank: Tenant, maker: Actor, weather: Weather, now: datetime
) -> None:
    weather.set(request={"sms": {"fail_after": 1}})
    trial = send(Channel.SMS, f"guest-{guest_on(Channel.SMS, maker, now).pk}", maker, now)
    assert (trial.status, trial.failure_kind) == ("UNKNOWN", FailureKind.AMBIGUOUS)
    assert reason_of(trial)
    report = Report(trial.pk, Outcome.DELIVERED)
    assert note_report(report=report, actor=SYSTEM, now=now)
    assert note_report(report=report, actor=SYSTEM, now=now)  # a repeat changes nothing
    late = Report(trial.pk, Outcome.FAILED, failure_kind=FailureKind.PERMANENT, code="30005")
    assert note_report(report=late, actor=SYSTEM, now=now)
    assert again(trial).status == "DELIVERED"


def test_the_providers_own_report_of_a_test_is_read_and_not_set_aside(
    bank: Tenant, listener: Listener, weather: Weather, maker: Actor, client: Client, now: datetime
) -> None:
    trial = send(Channel.SMS, f"guest-{guest_on(Channel.SMS, maker, now).pk}", maker, now)
    calls = [call for call in listener.wait(2) if str(trial.pk) in call[0]]
    assert all(post_raw(client, *call) < 300 for call in calls)
    assert process_inbox(now=now) >= 2
    assert again(trial).status == "DELIVERED"


def test_the_pages_send_a_test_and_say_what_became_of_it(
    bank: Tenant, officer: User, auditor: User, staff_client: SignIn, weather: Weather
) -> None:
    with transaction.atomic():
        change_rules(changes={"quiet_from": None, "quiet_until": None}, actor=SYSTEM, now=timezone.now())
    client = staff_client(english(officer))
    entered = {"channel": "EMAIL", "name": "外部 花子", "address": "guest@elsewhere.example"}
    refused = client.post(reverse("template-guests"), entered)
    assert refused.status_code == 422
    assert "Ask the person first" in refused.content.decode()
    page = client.post(reverse("template-guests"), {**entered, "has_agreed": "on"}, follow=True).content.decode()
    assert "g●●●@elsewhere.example" in page
    assert "guest@elsewhere.example" not in page
    place = reverse("template-place", args=["email-request-ja"])
    assert "外部 花子" in client.get(place).content.decode()
    with transaction.atomic():
        guest = Guest.objects.get()
    address = reverse("template-test", args=["email-request-ja", 0])
    sent = client.post(address, {"to": f"guest-{guest.pk}"}, follow=True).content.decode()
    assert "The test was sent." in sent
    assert "Accepted by the provider" in sent
    assert weather.messages("email")[0]["subject"].startswith("[テスト] ")
    nobody = client.post(address, {"to": "guest@elsewhere.example"}, follow=True).content.decode()
    assert "from the list" in nobody
    reader = staff_client(english(auditor))
    assert reader.post(address, {"to": f"guest-{guest.pk}"}).status_code == 403
    assert reader.get(reverse("template-guests")).status_code == 403
    assert address not in reader.get(place).content.decode()
    client.post(reverse("template-guest-remove", args=[guest.pk]))
    gone = client.get(place).content.decode()
    assert "外部 花子" not in gone
    assert "Accepted by the provider" in gone


def test_going_back_begins_a_new_version_with_an_earlier_text(
    bank: Tenant, officer: User, staff_client: SignIn, now: datetime
) -> None:
    maker = Actor.user(officer.pk)
    first = draft_template(slot=SLOTS["sms-request-ja"], actor=maker, now=now)
    write_template(template=first, subject="", body="最初の文面", actor=maker, now=now)
    client = staff_client(english(officer))
    again_address = reverse("template-draft", args=["sms-request-ja"])
    busy = client.post(again_address, {"version": "0"}, follow=True).content.decode()
    assert "already" in busy
    client.post(reverse("template-discard", args=[first.pk]))
    page = client.get(reverse("template", args=[first.pk])).content.decode()
    assert "Go back to this text" in page
    client.post(again_address, {"version": "1"})
    with transaction.atomic():
        newest = MessageTemplate.objects.get(version=2)
        assert (newest.body, newest.status) == ("最初の文面", "DRAFT")
    assert client.post(again_address, {"version": "99"}).status_code == 302
    assert count(MessageTemplate) == 2
