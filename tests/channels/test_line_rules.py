"""LINE's rules for messages, held against what LINE (the sandbox) refuses, and the bank's template notices."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.db import transaction

from channels.line_rules import message_problems, reply_problems, template_problems, text_problems, units
from channels.protocols import Channel
from channels.rendering import CannotRender
from channels.services import expire_unconfirmed, send_due
from channels.wording.remarks import REMARKS
from channels.wording.selectors import Slot, Words, remarks_on, sample_wording
from tenants.models import Tenant, tenant_in_scope
from tests.channels.conftest import Queue, Weather, again
from tests.channels.test_line_linking import offer

TEXT: dict[str, Any] = {"type": "text", "text": "ご登録内容の確認のお願い"}


def card(
    uri: str = "https://asanagi.example/r/1/", label: str = "回答する", alt: str = "確認のお願い"
) -> dict[str, Any]:
    button = {"type": "button", "action": {"type": "uri", "label": label, "uri": uri}}
    body = {"type": "box", "layout": "vertical", "contents": [button]}
    return {"type": "flex", "altText": alt, "contents": {"type": "bubble", "footer": body}}


@pytest.mark.parametrize(
    ("messages", "codes"),
    [
        ([TEXT], []),
        ([card()], []),
        ([TEXT] * 5, []),
        ([TEXT] * 6, ["number_of_messages"]),
        ([], ["number_of_messages"]),
        ([{"type": "text", "text": "𠮷" * 2_500}], []),
        ([{"type": "text", "text": "𠮷" * 2_500 + "a"}], ["too_long"]),
        ([{"type": "text", "text": " "}], ["empty"]),
        ([{"type": "image", "originalContentUrl": "https://a.example/1.png"}], ["type"]),
        ([card(alt="")], ["empty"]),
        ([card(alt="あ" * 1_501)], ["too_long"]),
    ],
)
def test_what_line_refuses_is_found_before_and_nothing_else(
    weather: Weather, messages: list[dict[str, Any]], codes: list[str]
) -> None:
    """Lengths in UTF-16 units, number, kind, alternative text: the same verdict as the validation endpoint's."""
    assert [problem.code for problem in message_problems(messages)] == codes
    answer = httpx.post(
        f"{weather.sandbox.url}/line/v2/bot/message/validate/push",
        json={"messages": messages},
        headers={"Authorization": "Bearer sandbox-line-asanagi"},
    )
    is_picture = "type" in codes  # LINE takes pictures in pushes; notices of ours hold none
    assert (answer.status_code == 200) is (not codes or is_picture)


@pytest.mark.parametrize(
    ("uri", "label", "codes"),
    [
        ("http://asanagi.example/", "回答する", ["uri_scheme"]),
        ("https://asanagi.example/確認", "回答する", ["uri_encoding"]),
        ("https://asanagi.example/a b", "回答する", ["uri_encoding"]),
        ("https://asanagi.example/" + "a" * 1_000, "回答する", ["too_long"]),
        ("https://asanagi.example/", "あ" * 21, ["too_long"]),
        ("tel:0120000101", "電話する", []),
        ("{リンク}", "回答する", []),
    ],
)
def test_addresses_and_labels_of_buttons_are_looked_at_however_deep(uri: str, label: str, codes: list[str]) -> None:
    assert [problem.code for problem in message_problems([card(uri, label)])] == codes


def test_notification_messages_carry_no_advertising() -> None:
    words = "ただいまキャンペーン中です。"
    assert text_problems(words) == []
    (problem,) = text_problems(words, is_notification=True)
    assert (problem.code, problem.word) == ("advertising", "キャンペーン")


@pytest.mark.parametrize("text", ["こちら https://a.example/", "www.asanagi.example へ", "asanagi.co.jp/toi"])
def test_a_reply_never_holds_a_link(text: str) -> None:
    assert [problem.code for problem in reply_problems(text)] == ["link_in_reply"]
    assert reply_problems("お電話は 0120-000-101（平日 9:00〜17:00）へ。") == []


def test_characters_are_counted_as_line_counts() -> None:
    assert [units(text) for text in ("あ", "𠮷", "👍🏽", "")] == [1, 2, 4, 0]


GOOD: dict[str, Any] = {
    "templateKey": "identity_confirmation_ja",
    "body": {
        "emphasizedItem": {"itemKey": "date_002_ja", "content": "{期限（短）}"},
        "items": [{"itemKey": "name_010_ja", "content": "{金融機関名}"}],
        "buttons": [{"buttonKey": "contact_ja", "url": "{リンク}"}],
    },
}


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (GOOD["body"], []),
        ({"items": [{"itemKey": "a", "content": "1"}] * 2}, ["item_keys"]),
        ({"items": [{"itemKey": str(n), "content": "1"} for n in range(16)]}, ["number_of_items"]),
        ({"buttons": [{"buttonKey": str(n), "url": "https://a.example/"} for n in range(3)]}, ["number_of_buttons"]),
        ({"emphasizedItem": {"itemKey": "a", "content": "あ" * 16}}, ["too_long"]),
        ({"items": [{"itemKey": "a", "content": "あ" * 301}]}, ["too_long"]),
        ({"items": [{"itemKey": "a", "content": "クーポン"}]}, ["advertising"]),
    ],
)
def test_template_notices_have_limits_of_their_own(body: dict[str, Any], codes: list[str]) -> None:
    assert [problem.code for problem in template_problems({**GOOD, "body": body})] == codes


def test_a_template_notice_is_filled_frozen_and_sent_by_number(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    offer(notification_template=GOOD)
    attempt = queue(Channel.LINE, "PHONE")
    frozen = json.loads(again(attempt).snapshot["template"])
    assert frozen["body"]["items"][0]["content"] == bank.name
    assert frozen["body"]["buttons"][0]["url"].startswith("https://")
    send_due(tenant_id=bank.pk, channel=Channel.LINE, now=now)
    assert again(attempt).status == "ACCEPTED"
    (message,) = weather.messages("pnp")
    assert bank.name in message["text"]
    pushed = queue(Channel.LINE)
    assert "template" not in again(pushed).snapshot


def test_a_template_that_line_would_refuse_is_not_queued(bank: Tenant, queue: Queue) -> None:
    offer(notification_template={**GOOD, "templateKey": ""})
    with pytest.raises(CannotRender) as refused:
        queue(Channel.LINE, "PHONE")
    assert refused.value.code == "line_template"


def test_the_linter_of_texts_knows_lines_rules(bank: Tenant) -> None:
    """What would be refused is said before approval, and in words."""
    with transaction.atomic():
        tenant = tenant_in_scope()
        slot = Slot(Channel.LINE, "REQUEST", "ja")
        wording = sample_wording(slot, tenant, date(2027, 1, 15))
        words = Words(slot, "", "キャンペーン http://asanagi.example/ {リンク}")
        codes = {remark.code for remark in remarks_on(words, wording)}
    assert {"line_advertising", "line_uri_scheme"} <= codes
    assert codes <= set(REMARKS)


def test_a_lapsed_key_is_not_used_even_before_the_sweeper_has_come(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """S5: after a standstill of a day the dispatcher may be first; a person decides, nothing is sent twice."""
    weather.rule("line", "fail_after", first=1)
    attempt = queue(Channel.LINE)
    send_due(tenant_id=bank.pk, channel=Channel.LINE, now=now)
    assert send_due(tenant_id=bank.pk, channel=Channel.LINE, now=now + timedelta(hours=24)) == 0
    assert len(weather.messages("line")) == 1
    expire_unconfirmed(now=now + timedelta(hours=24))
    assert (again(attempt).status, again(attempt).failure_code) == ("FAILED", "key_expired")
