"""Turns what was sent (LINE objects, plain text, mail) into blocks a reader sees, and finds the link to answer."""

import re
from collections.abc import Iterable, Iterator, Mapping
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

from sandbox.store import Block

ADDRESS = re.compile(r"https?://[^\s<>\"'）」】、。]+")
ANSWER_PATH = re.compile(r"^https?://[^/]+/(?:[^?#]*/)?r/[0-9A-Za-z]{16,64}(?:/|$|\?)")
DEPTH_LIMIT = 12


def addresses(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for found in ADDRESS.finditer(text):
            yield found[0].rstrip(".,)")


def answer_link(blocks: Iterable[Block]) -> str:
    """The first address of the form …/r/<token>/; else nothing."""
    texts = [part for block in blocks for part in (block.value, block.text)]
    return next((address for address in addresses(texts) if ANSWER_PATH.match(address)), "")


def blocks_of_line(messages: Iterable[Mapping[str, Any]]) -> list[Block]:
    blocks: list[Block] = []
    for message in messages:
        kind = message.get("type")
        if kind in {"text", "textV2"}:
            blocks.append(Block("text", str(message.get("text", ""))))
        elif kind == "flex":
            blocks.append(Block("title", str(message.get("altText", ""))))
            blocks.extend(_flex(message.get("contents"), 0))
        elif kind == "template":
            blocks.extend(_template(message))
        else:
            blocks.append(Block("text", f"[{kind}]"))
    return blocks


def _template(message: Mapping[str, Any]) -> Iterator[Block]:
    template = message.get("template")
    if not isinstance(template, Mapping):
        return
    yield Block("title", str(template.get("title") or message.get("altText", "")))
    yield Block("text", str(template.get("text", "")))
    for action in template.get("actions", []):
        if isinstance(action, Mapping):
            yield _button(action)


def _button(action: Mapping[str, Any]) -> Block:
    return Block("button", str(action.get("label", "")), str(action.get("uri", "")))


def _flex(node: Any, depth: int) -> Iterator[Block]:
    if depth > DEPTH_LIMIT or not isinstance(node, Mapping):
        return
    kind = node.get("type")
    if kind == "text":
        yield Block("text", _flex_text(node))
    elif kind == "button":
        yield _button(node.get("action") or {})
    elif kind == "box":
        yield from _box(node, depth)
    else:
        for part in ("header", "hero", "body", "footer"):
            yield from _flex(node.get(part), depth + 1)
        yield from _each(node.get("contents"), depth)


def _flex_text(node: Mapping[str, Any]) -> str:
    spans = node.get("contents")
    if isinstance(spans, list):
        return "".join(str(span.get("text", "")) for span in spans if isinstance(span, Mapping))
    return str(node.get("text", ""))


def _box(node: Mapping[str, Any], depth: int) -> Iterator[Block]:
    contents = node.get("contents")
    texts = [part for part in contents if isinstance(part, Mapping)] if isinstance(contents, list) else []
    flat = len(texts) == 2 and all(part.get("type") == "text" for part in texts)
    if flat and node.get("layout") in {"horizontal", "baseline"}:
        yield Block("row", _flex_text(texts[0]), _flex_text(texts[1]))
    else:
        yield from _each(contents, depth)


def _each(contents: Any, depth: int) -> Iterator[Block]:
    if isinstance(contents, list):
        for child in contents:
            yield from _flex(child, depth + 1)


def blocks_of_template_notice(body: Mapping[str, Any]) -> list[Block]:
    """A templated notification message: the key as title, its items as rows, its buttons."""
    blocks = [Block("title", str(body.get("templateKey", "")))]
    inner = body.get("body")
    if not isinstance(inner, Mapping):
        return blocks
    items = [inner["emphasizedItem"]] if inner.get("emphasizedItem") else []
    for item in [*items, *inner.get("items", [])]:
        blocks.append(Block("row", str(item.get("itemKey", "")), str(item.get("content", ""))))
    for button in inner.get("buttons", []):
        blocks.append(Block("button", str(button.get("buttonKey", "")), str(button.get("url", ""))))
    return blocks


class _TextOnly(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"style", "script", "head"}:
            self._skipped += 1
        elif tag in {"p", "br", "div", "tr", "li", "h1", "h2", "h3"}:
            self.parts.append("\n")
        if tag == "a":
            self.parts.append(f" {dict(attrs).get('href') or ''} ")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "script", "head"}:
            self._skipped -= 1

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.parts.append(data)


def text_of_mail(mail: EmailMessage) -> str:
    """The plain text a mail reader would show; HTML is reduced to its words and addresses."""
    part = mail.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        text = str(part.get_content())
    except (LookupError, UnicodeDecodeError, KeyError):
        return "（読めない文字です）"
    if part.get_content_subtype() != "html":
        return text
    reader = _TextOnly()
    reader.feed(text)
    return re.sub(r"\n\s*\n+", "\n\n", "".join(reader.parts)).strip()
