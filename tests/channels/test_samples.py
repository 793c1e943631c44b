"""How texts look where they arrive: LINE's bubble and card, a telephone with parts and price, a mail's sender."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from channels.protocols import Channel
from channels.segments import count_segments
from channels.wording.samples import Sample, accounts_by_channel, sample_of
from channels.wording.selectors import SLOTS, in_force, sample_wording
from tenants.models import Tenant, User
from tests.channels.conftest import account_of
from tests.channels.test_templates import english

TEMPLATE = {
    "templateKey": "request_confirm",
    "body": {
        "emphasizedItem": {"itemKey": "date_001_ja", "content": "{期限（短）}まで"},
        "items": [
            {"itemKey": "name_010_ja", "content": "{金融機関名}"},
            {"itemKey": "number_001_ja", "content": "{受付番号}"},
        ],
        "buttons": [{"buttonKey": "check_001_ja", "url": "https://kakunin.asanagi.example/"}],
    },
}


@pytest.fixture(autouse=True)
def in_english(bank: Tenant) -> Iterator[None]:
    with translation.override("en"):
        yield


@transaction.atomic
def options(channel: Channel, **more: Any) -> None:
    account = account_of(channel)
    account.options = {**account.options, **more}
    account.save(update_fields=["options"])


@transaction.atomic
def sample(place: str, bank: Tenant) -> Sample:
    slot = SLOTS[place]
    found = sample_of(in_force()[slot], sample_wording(slot, bank, date(2027, 1, 15)), accounts_by_channel())
    assert found
    return found


def test_a_short_message_shows_its_sender_its_parts_and_what_they_cost(bank: Tenant) -> None:
    assert sample("sms-request-ja", bank).yen is None
    options(Channel.SMS, segment_yen="8.8")
    found = sample("sms-request-ja", bank)
    assert found.sender == "050-5000-0000"
    assert found.parts == count_segments(found.text) > 1
    assert found.yen == Decimal("8.8") * found.parts
    options(Channel.SMS, yen="15")
    assert sample("sms-request-ja", bank).yen == Decimal(15), "the price of a whole message stands first"


def test_a_mail_shows_whom_it_comes_from(bank: Tenant) -> None:
    assert sample("email-request-ja", bank).sender == "あさなぎ銀行 <kakunin@asanagi.example>"


def test_a_notification_message_by_template_is_drawn_with_its_items(
    bank: Tenant, officer: User, staff_client: Callable[[User], Client]
) -> None:
    assert sample("line-request-ja", bank).card is None
    options(Channel.LINE, notification_template=TEMPLATE)
    card = sample("line-request-ja", bank).card
    assert card
    assert [item["content"] for item in card.items] == ["あさなぎ銀行", "0000-0000-0000"]
    page = staff_client(english(officer)).get(reverse("template-place", args=["line-request-ja"])).content.decode()
    assert "bubble--card" in page
    assert "1/15まで" in page or "まで" in page
    assert "style=" not in page


def test_a_template_that_line_would_refuse_is_said_to_be_one(
    bank: Tenant, officer: User, staff_client: Callable[[User], Client]
) -> None:
    options(Channel.LINE, notification_template={**TEMPLATE, "templateKey": "NOT OK"})
    assert sample("line-request-ja", bank).is_card_broken
    page = staff_client(english(officer)).get(reverse("template-place", args=["line-request-ja"])).content.decode()
    assert "LINE would refuse the template" in page


def test_the_letter_of_a_version_is_a_pdf_and_other_channels_have_none(
    bank: Tenant, officer: User, staff_client: Callable[[User], Client]
) -> None:
    client = staff_client(english(officer))
    letter = client.get(reverse("template-letter", args=["post-request-ja", 0]))
    assert letter.content.startswith(b"%PDF")
    assert client.get(reverse("template-letter", args=["sms-request-ja", 0])).status_code == 302
    assert client.get(reverse("template-letter", args=["post-request-ja", 99])).status_code == 404
