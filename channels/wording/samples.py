"""How a text looks where it arrives: whom it comes from, how many parts it is charged as, LINE's own card, a letter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from channels.line_templates import filled_template
from channels.models import ProviderAccount
from channels.protocols import Channel
from channels.rendering import CannotRender, Sheet, Wording
from channels.segments import cost_yen, count_segments, length_of, read_price
from channels.senders import in_a_line, numbers_of
from channels.wording.selectors import Words, preview_of

type Accounts = Mapping[str, ProviderAccount]


@dataclass(frozen=True, slots=True)
class Card:
    """A template notification message: LINE lays it out, the bank fills in the items."""

    key: str
    emphasized: Mapping[str, str] | None
    items: tuple[Mapping[str, str], ...]
    buttons: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One notice as its reader sees it. ``yen`` is what sending it once costs, None if no price is entered."""

    channel: str
    language: str
    subject: str
    text: str
    sender: str = ""
    card: Card | None = None
    is_card_broken: bool = False
    by_number: bool = False  # LINE: it also goes to telephone numbers, as a notification message
    yen: Decimal | None = None

    @property
    def length(self) -> int:
        """As carriers and LINE count: UTF-16 units."""
        return length_of(self.text)

    @property
    def parts(self) -> int:
        """What a short message is charged as."""
        return count_segments(self.text)


def accounts_by_channel() -> dict[str, ProviderAccount]:
    """The institution's accounts. One query."""
    return {account.channel: account for account in ProviderAccount.objects.all()}


def sample_of(words: Words, wording: Wording, accounts: Accounts) -> Sample | None:
    """None where the text cannot be written."""
    text = preview_of(words, wording)
    if text is None:
        return None
    channel, language = words.slot.channel, words.slot.language
    account = accounts.get(channel)
    options: Mapping[str, Any] = account.options if account else {}
    template = options.get("notification_template") if channel == Channel.LINE else None
    card, is_broken = _card(template, wording) if template else (None, False)
    return Sample(
        channel=channel,
        language=language,
        subject=text.subject,
        text=text.text,
        sender=_sender(channel, options, wording, language),
        card=card,
        is_card_broken=is_broken,
        by_number=channel == Channel.LINE and bool(options.get("notification_messages")),
        yen=_yen(channel, options, text.text),
    )


def sample_sheet(words: Words, wording: Wording, accounts: Accounts, *, today: date) -> Sheet:
    """The letter to an invented customer."""
    return Sheet(
        wording=letter_wording(words, wording, accounts),
        name="見本 太郎",
        is_company=False,
        postal_code="1000001",
        address="東京都千代田区千代田一丁目1番1号",
        return_id="0" * 18,
        issued_on=today,
    )


def letter_wording(words: Words, wording: Wording, accounts: Accounts) -> Wording:
    """What a letter says: the text, and the numbers that short messages come from."""
    sms = accounts.get(Channel.SMS)
    senders = in_a_line(numbers_of(sms.options), words.slot.language) if sms else ""
    return replace(wording, bank=replace(wording.bank, sms_senders=senders), words=words.whole)


def _sender(channel: Channel, options: Mapping[str, Any], wording: Wording, language: str) -> str:
    bank = wording.bank.name if language == "ja" else wording.bank.name_en
    match channel:
        case Channel.EMAIL if options.get("sender"):
            return f"{options.get('sender_name') or bank} <{options['sender']}>"
        case Channel.SMS:
            numbers = numbers_of(options)
            return numbers[0].number if numbers else bank
        case Channel.LINE:
            return str(options.get("account_name") or bank)
    return bank


def _card(template: Mapping[str, Any], wording: Wording) -> tuple[Card | None, bool]:
    try:
        said = json.loads(filled_template(template, wording))
    except CannotRender:
        return None, True
    body = said.get("body") or {}
    items, buttons = tuple(body.get("items") or ()), tuple(body.get("buttons") or ())
    return Card(said["templateKey"], body.get("emphasizedItem"), items, buttons), False


def _yen(channel: Channel, options: Mapping[str, Any], text: str) -> Decimal | None:
    """A price for the whole message stands before that of its parts."""
    whole = read_price(options.get("yen"))
    part = read_price(options.get("segment_yen")) if channel == Channel.SMS else None
    return whole if whole is not None or part is None else cost_yen(text, part)
