"""What a bank sets for its short messages: sender numbers that customers can compare, no links, and the price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from channels.costs import sms_yen
from channels.linting import Severity
from channels.models import DeliveryAttempt, MessageTemplate
from channels.posting import sheet_of
from channels.protocols import Channel
from channels.providers.twilio import TwilioProvider
from channels.registry import forget_providers, provider_of
from channels.rendering import letter_html, render_letters
from channels.selectors import sender_numbers
from channels.senders import SenderNumber, in_a_line, numbers_of
from channels.sending import message_of
from channels.services import ensure_accounts, reconcile_unknown, send_due
from channels.wording.authenticity import official_senders
from channels.wording.selectors import (
    LANGUAGES,
    default_of,
    digests_in_force,
    in_force,
    remarks_on,
    sample_wording,
    slot_for,
    words_of,
)
from tenants.models import Tenant
from tests.channels.conftest import PHONE, SYSTEM, Queue, Weather, account_of, again

Status = DeliveryAttempt.Status
CARRIERS = [
    {"carrier": "NTTドコモ・au・ソフトバンク", "number": "0005-50000"},
    {"carrier": "楽天モバイル", "number": "050-5000-0000"},
]


@pytest.fixture
def now() -> datetime:
    """The sandbox lives by the real clock."""
    return datetime.now(UTC)


def set_options(now: datetime, **options: Any) -> None:
    """Other settings of the bank's short messages."""
    with transaction.atomic():
        account = account_of(Channel.SMS)
        terms = {"provider": account.provider, "credentials": account.credentials}
        kept = {name: value for name, value in account.options.items() if name != "sender_numbers"}
    ensure_accounts(accounts={"SMS": {**terms, "options": {**kept, **options}}}, actor=SYSTEM, now=now)


@pytest.fixture
def link_free(bank: Tenant, now: datetime) -> Iterator[Tenant]:
    """A bank that promised its customers never to send links by SMS."""
    set_options(now, link_free=True)
    yield bank
    forget_providers()


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ({"sender": "21010"}, [("", "21010")]),
        ({"sender": "MG" + "b" * 32}, []),
        ({"sender": "21010", "sender_numbers": CARRIERS}, [(c["carrier"], c["number"]) for c in CARRIERS]),
        ({"sender_numbers": [{"carrier": "au"}, "rubbish", {"number": 12}]}, [("", "12")]),
        ({"sender_numbers": "rubbish"}, []),
        ({}, []),
    ],
)
def test_customers_are_told_the_numbers_that_they_see(options: dict[str, Any], numbers: list[tuple[str, str]]) -> None:
    """A messaging service's id says nothing to anybody."""
    assert numbers_of(options) == [SenderNumber(*number) for number in numbers]


def test_more_numbers_than_a_line_holds_are_left_to_the_page() -> None:
    assert in_a_line([SenderNumber("au", "1"), SenderNumber("", "2")], "ja") == "auは1、2"
    assert in_a_line([SenderNumber("au", "1"), SenderNumber("", "2")], "en") == "au 1, 2"
    assert in_a_line([SenderNumber("au", "0" * 30)] * 3, "ja") == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_letters_and_the_page_of_authenticity_name_the_numbers(
    bank: Tenant, queue: Queue, now: datetime, language: str
) -> None:
    set_options(now, sender_numbers=CARRIERS)
    attempt = again(queue(Channel.POST))
    sheet = sheet_of(attempt)
    with transaction.atomic():
        assert sender_numbers() == [SenderNumber(**one) for one in CARRIERS]
        shown = [value for _, value in official_senders()]
    bank_said = replace(sheet.wording.bank, sms_senders=in_a_line(sender_numbers_of(CARRIERS), language))
    sheet = replace(sheet, wording=replace(sheet.wording, language=language, bank=bank_said))
    for one in CARRIERS:
        assert one["number"] in letter_html(sheet)
        assert f"{one['number']} {one['carrier']}" in shown
    assert len(render_letters([sheet])) == 1
    silent = replace(sheet.wording.bank, sms_senders="")
    assert "SMS" not in letter_html(replace(sheet, wording=replace(sheet.wording, bank=silent)))


def sender_numbers_of(entered: list[dict[str, str]]) -> list[SenderNumber]:
    """As the options hold them."""
    return numbers_of({"sender_numbers": entered})


def test_a_letter_freezes_the_numbers_of_its_day(bank: Tenant, queue: Queue, now: datetime) -> None:
    set_options(now, sender_numbers=CARRIERS)
    attempt = queue(Channel.POST)
    set_options(now, sender_numbers=[{"carrier": "", "number": "other"}])
    assert "0005-50000" in sheet_of(again(attempt)).wording.bank.sms_senders


def test_a_link_free_bank_sends_a_number_to_ask_by_instead(link_free: Tenant, queue: Queue, now: datetime) -> None:
    attempt = again(queue(Channel.SMS))
    text = attempt.snapshot["text"]
    assert "http" not in text
    assert ".example" not in text
    assert attempt.snapshot["mark"] in text
    assert attempt.snapshot["mark"]
    assert link_free.phone in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", ["REQUEST", "REMINDER"])
def test_our_texts_without_links_pass_our_own_rules(link_free: Tenant, purpose: str, language: str) -> None:
    """With the control that our texts with links do not, at this bank."""
    slot = slot_for(Channel.SMS, purpose, language)
    with transaction.atomic():
        words = in_force()[slot]
        wording = sample_wording(slot, link_free, date(2027, 11, 15))
        found = {one.code for one in remarks_on(words, wording) if one.severity is Severity.ERROR}
        usual = {one.code for one in remarks_on(default_of(slot), wording) if one.severity is Severity.ERROR}
    assert found == set()
    assert "link_free" in usual


def give_up_links(channel: str, now: datetime) -> None:
    """As two people do on the page of the account."""
    with transaction.atomic():
        account = account_of(Channel(channel))
        terms = {"provider": account.provider, "credentials": account.credentials}
        options = {**account.options, "link_free": True}
    ensure_accounts(accounts={channel: {**terms, "options": options}}, actor=SYSTEM, now=now)


@pytest.mark.parametrize("channel", [Channel.LINE, Channel.EMAIL])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", ["REQUEST", "REMINDER", "REPLY"])
def test_line_and_mail_without_links_name_the_number_and_pass_our_own_rules(
    bank: Tenant, now: datetime, channel: Channel, purpose: str, language: str
) -> None:
    """With the control that our texts with links do not, at this bank."""
    give_up_links(channel, now)
    slot = slot_for(channel, purpose, language)
    with transaction.atomic():
        words = in_force()[slot]
        wording = sample_wording(slot, bank, date(2027, 11, 15))
        found = {one.code for one in remarks_on(words, wording) if one.severity is Severity.ERROR}
        usual = {one.code for one in remarks_on(default_of(slot), wording) if one.severity is Severity.ERROR}
        others = in_force()[slot_for(Channel.SMS, purpose, language)]
    assert found == set()
    assert "link_free" in usual
    assert "受付番号" in words.body
    assert "リンク" in others.body, "the other channels keep theirs"
    forget_providers()


@pytest.mark.parametrize("channel", [Channel.LINE, Channel.EMAIL])
def test_every_step_of_the_ladder_honours_it(bank: Tenant, queue: Queue, now: datetime, channel: Channel) -> None:
    give_up_links(channel, now)
    snapshot = again(queue(channel)).snapshot
    assert not [part for part in (snapshot["text"], snapshot.get("html", "")) if "://" in part]
    assert snapshot["mark"] in snapshot["text"]
    forget_providers()


def test_a_text_approved_with_a_link_gives_way_once_links_are_given_up(bank: Tenant, now: datetime) -> None:
    """Nobody withdrew it; but what was promised to customers counts from that moment on."""
    slot = slot_for(Channel.SMS, "REQUEST", "ja")
    with transaction.atomic():
        template = MessageTemplate(
            channel=slot.channel, purpose=slot.purpose, language=slot.language, version=1, status="APPROVED",
            body="【{金融機関名}】{リンク} 受付番号{受付番号}", drafted_by=1, drafted_person="1", drafted_at=now,
            submitted_by=1, submitted_person="1", submitted_at=now,
            approved_by=2, approved_person="2", approved_at=now,
        )  # fmt: skip
        template.approved_hash = words_of(template).digest
        template.save()
        assert in_force()[slot].version == 1
    set_options(now, link_free=True)
    with transaction.atomic():
        assert in_force()[slot].version == 0
        assert "リンク" not in in_force()[slot].body
    forget_providers()


def test_giving_up_links_asks_for_a_new_approval(bank: Tenant, now: datetime) -> None:
    """S15: what customers read is another text."""
    with transaction.atomic():
        before = digests_in_force()
    set_options(now, link_free=True)
    with transaction.atomic():
        assert digests_in_force() != before


def test_a_lost_answer_is_found_without_a_link_and_never_taken_for_the_familys(
    link_free: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """S7c, S7d: two customers share a telephone; one message arrived, the other never left."""
    assert isinstance(adapter(), TwilioProvider)
    mother, son = queue(Channel.SMS), queue(Channel.SMS)
    weather.rule("sms", "fail_before", equals=PHONE)
    send_due(tenant_id=link_free.pk, channel=Channel.SMS, now=now)
    assert {again(mother).status, again(son).status} == {Status.UNKNOWN}
    weather.set(rules=[])
    adapter().send(message_of_attempt(mother))
    reconcile_unknown(now=now + timedelta(minutes=1))
    assert again(mother).status in (Status.ACCEPTED, Status.DELIVERED)
    assert again(son).status == Status.UNKNOWN
    reconcile_unknown(now=now + timedelta(minutes=17))
    assert again(son).status == Status.QUEUED


def adapter() -> Any:
    with transaction.atomic():
        return provider_of(account_of(Channel.SMS))


def message_of_attempt(attempt: DeliveryAttempt) -> Any:
    return message_of(again(attempt))


def test_a_message_costs_its_parts_at_the_banks_price(bank: Tenant, now: datetime) -> None:
    deadline = date(2027, 1, 15)
    with transaction.atomic():
        assert sms_yen(deadline_on=deadline) is None
    for entered in ("rubbish", -1, "NaN", None):
        set_options(now, segment_yen=entered)
        with transaction.atomic():
            assert sms_yen(deadline_on=deadline) is None
    set_options(now, segment_yen="8.8")
    with transaction.atomic():
        yen = sms_yen(deadline_on=deadline)
    assert yen is not None
    parts = yen / Decimal("8.8")
    assert parts == int(parts)
    assert 2 <= parts <= 3
