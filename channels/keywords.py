"""What a customer who answers a short message asks for: to be left alone, or to hear from us again."""

from __future__ import annotations

import unicodedata
from enum import StrEnum


class Wish(StrEnum):
    """The two answers that we act on."""

    STOP = "stop"
    START = "start"


# The words that Twilio and carriers act on themselves, and the Japanese ones that nobody but us understands.
_STOP = frozenset(["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"]) | {
    "停止", "配信停止", "送信停止", "拒否", "受信拒否", "ストップ",
}  # fmt: skip
_START = frozenset(("START", "YES", "UNSTOP", "再開", "配信再開", "送信再開", "スタート"))


def wish_of(text: str) -> Wish | None:
    """What a whole text asks for, whatever its width and case. A word inside a sentence asks for nothing."""
    word = unicodedata.normalize("NFKC", text).strip().strip("。.!「」\"'").upper()
    if word in _STOP:
        return Wish.STOP
    return Wish.START if word in _START else None
