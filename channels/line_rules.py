"""LINE's rules for messages, and ours for what is written there: what would be refused, before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MESSAGES = 5
TEXT, ALT_TEXT, URI, LABEL = 5_000, 1_500, 1_000, 20
SCHEMES = ("https://", "tel:")
TYPES = {"text", "flex", "template"}
# Notification messages reach people who never became friends: service messages alone, without pictures.
ADVERTISING = (
    "キャンペーン",
    "クーポン",
    "プレゼント",
    "割引",
    "特典",
    "お得",
    "抽選",
    "新商品",
    "今だけ",
    "期間限定",
    "友だち追加",
)
ITEMS, BUTTONS, EMPHASIZED, CONTENT = 15, 2, 15, 300
# Each begins where no part of one can go on before it, so that no long word is tried again from every letter.
_URL = re.compile(
    r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://\S+|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.)+[a-z]{2,}(?:/\S*)?",
    re.IGNORECASE | re.ASCII,
)
_PLACEHOLDER = re.compile(r"\{[^{}]+\}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing LINE or its review would refuse; `channels.wording.remarks` says it in words."""

    code: str
    place: str = ""  # as LINE names it: messages[0].text
    limit: int = 0
    word: str = ""


def units(text: str) -> int:
    """How LINE counts: UTF-16 code units, so that 𠮷 is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def text_problems(text: str, *, is_notification: bool = False) -> list[Problem]:
    """Of one message of text, as `words` writes them."""
    return message_problems([{"type": "text", "text": text}], is_notification=is_notification)


def message_problems(messages: Sequence[Mapping[str, Any]], *, is_notification: bool = False) -> list[Problem]:
    """Of messages as the Messaging API takes them. ``is_notification``: sent to a telephone number."""
    problems = []
    if not 1 <= len(messages) <= MESSAGES:
        problems.append(Problem("number_of_messages", "messages", MESSAGES))
    for position, message in enumerate(messages):
        place = f"messages[{position}]"
        problems += _message(message, place)
        if is_notification:
            problems += _advertising(message, place)
    return problems


def template_problems(template: Mapping[str, Any]) -> list[Problem]:
    """Of a template notification message without its recipient: {"templateKey", "body"}."""
    problems = []
    if not re.fullmatch(r"[a-z0-9_]+", str(template.get("templateKey") or "")):
        problems.append(Problem("template_key", "templateKey"))
    body = template.get("body") or {}
    items, buttons = list(body.get("items") or []), list(body.get("buttons") or [])
    emphasized = body.get("emphasizedItem")
    if len(items) > ITEMS:
        problems.append(Problem("number_of_items", "body.items", ITEMS))
    if len(buttons) > BUTTONS:
        problems.append(Problem("number_of_buttons", "body.buttons", BUTTONS))
    keys = [item.get("itemKey") for item in [*items, *([emphasized] if emphasized else [])]]
    if len(set(keys)) != len(keys) or not all(keys):
        problems.append(Problem("item_keys", "body.items"))
    if emphasized:
        problems += _length(str(emphasized.get("content") or ""), "body.emphasizedItem.content", EMPHASIZED)
    for position, item in enumerate(items):
        problems += _length(str(item.get("content") or ""), f"body.items[{position}].content", CONTENT)
    for position, button in enumerate(buttons):
        problems += _uri(str(button.get("url") or ""), f"body.buttons[{position}].url")
    return problems + list(_advertising(body, "body"))


def reply_problems(text: str) -> list[Problem]:
    """Of an automatic reply: LINE's own rules, and never a link."""
    problems = text_problems(text)
    if _URL.search(text):
        problems.append(Problem("link_in_reply", "text"))
    return problems


def _message(message: Mapping[str, Any], place: str) -> Iterator[Problem]:
    kind = message.get("type")
    if kind not in TYPES:
        yield Problem("type", f"{place}.type")
    elif kind == "text":
        yield from _length(str(message.get("text") or ""), f"{place}.text", TEXT)
        for found in _URL.findall(str(message.get("text") or "")):
            if "://" in found and not found.startswith("https://"):
                yield Problem("uri_scheme", f"{place}.text")
    else:
        yield from _length(str(message.get("altText") or ""), f"{place}.altText", ALT_TEXT)
        yield from _actions(message, place)


def _actions(value: Any, place: str) -> Iterator[Problem]:
    """The addresses and labels of every button, however deep."""
    if isinstance(value, Mapping):
        if value.get("type") == "uri" and "uri" in value:
            yield from _uri(str(value["uri"]), f"{place}.uri")
            yield from _length(str(value.get("label") or ""), f"{place}.label", LABEL)
        else:
            for name, inner in value.items():
                yield from _actions(inner, f"{place}.{name}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for position, inner in enumerate(value):
            yield from _actions(inner, f"{place}[{position}]")


def _uri(uri: str, place: str) -> Iterator[Problem]:
    bare = _PLACEHOLDER.sub("", uri)  # a variable, filled before it is sent
    if not uri.startswith(SCHEMES) and not _PLACEHOLDER.match(uri):
        yield Problem("uri_scheme", place)
    if not bare.isascii() or re.search(r"\s", bare):
        yield Problem("uri_encoding", place)
    if len(uri) > URI:
        yield Problem("too_long", place, URI)


def _length(text: str, place: str, limit: int) -> Iterator[Problem]:
    if not text.strip():
        yield Problem("empty", place)
    elif units(text) > limit:
        yield Problem("too_long", place, limit)


def _advertising(value: Any, place: str) -> Iterator[Problem]:
    words = " ".join(_strings(value))
    for word in ADVERTISING:
        if word in words:
            yield Problem("advertising", place, word=word)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _strings(inner)
