"""No notice loads anything from anywhere, and none leads anywhere but to the bank and to us: every text there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from email import message_from_bytes
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from channels.models import ChannelKind, Notice
from channels.protocols import Channel, Message
from channels.providers.smtp import SmtpProvider
from channels.rendering import TEMPLATES, Bank, Sheet, Wording, default_words, letter_html, render_text
from channels.variables import VARIABLES

OURS = "kakunin.asanagi.example"
BANK = Bank(
    name="あさなぎ銀行",
    name_en="Asanagi Bank",
    kind_word="当行",
    phone="0120-000-101",
    phone_hours="平日 9:00〜17:00",
    official_site="https://asanagi.example/",
    address="〒100-0001 東京都千代田区1",
    sms_senders="050-5000-0000",
)
WORDING = Wording(
    bank=BANK,
    purpose="request",
    language="ja",
    url=f"https://{OURS}/r/0123456789ABCDEFGHJKMNPQRSTVWXYZ/",
    deadline_on=date(2027, 1, 15),
    number="ABCDE-FGHJK",
    check_page=f"https://{OURS}/check/asanagi/",
)
ALLOWED = {OURS, "asanagi.example"}
PIXEL = '<img src="https://pixel.example/o.gif?c=1" width="1" height="1" alt="">'
# Attributes by which a page makes its reader's machine fetch something.
LOADS = {"src", "srcset", "background", "poster", "data", "action", "formaction", "ping", "code", "archive", "cite"}
CSS_URL = re.compile(r"url\(\s*[\"']?([^)\"']+)|@import\s+[\"']?([^;\"'\s]+)|image-set\(([^)]*)", re.IGNORECASE)
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s<>\"'、。）]+", re.IGNORECASE)


class _Page(HTMLParser):
    """What a page would load, where it leads, and which elements do more than show text."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads: list[str] = []
        self.active: list[str] = []
        self.in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.in_style = tag == "style"
        if tag in {"script", "iframe", "object", "embed", "link", "form", "video", "audio", "base", "svg"}:
            self.active.append(tag)
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.active.append("refresh")
        self.active += [name for name in given if name.startswith("on")]
        self.loads += [value for name, value in given.items() if name in LOADS]
        self.loads += css_loads(given.get("style", ""))
        if "href" in given:
            self.leads.append(given["href"])

    def handle_data(self, data: str) -> None:
        if self.in_style:
            self.loads += css_loads(data)

    def handle_endtag(self, tag: str) -> None:
        self.in_style = False


def css_loads(css: str) -> list[str]:
    return ["".join(found) for found in CSS_URL.findall(css)]


def faults_of_html(html: str) -> list[str]:
    """Everything that is loaded from outside, every active element, every link to somebody else."""
    page = _Page()
    page.feed(html)
    outside = [load for load in page.loads if not load.startswith("data:image/svg+xml;base64,")]
    return outside + page.active + foreign(page.leads)


def foreign(addresses: list[str]) -> list[str]:
    return [one for one in addresses if urlsplit(one).scheme != "https" or urlsplit(one).hostname not in ALLOWED]


def variants() -> Iterator[tuple[Channel, str, str, bool]]:
    """Channel, purpose, language, without links or not."""
    for kind, purpose, language in product(ChannelKind.values, Notice.Purpose.values, ("ja", "en")):
        if (kind, purpose) == (Channel.POST, Notice.Purpose.REPLY):
            continue  # that an inquiry was answered is not said by letter
        for is_link_free in (False, True) if kind != Channel.POST else (False,):
            yield Channel(kind), purpose.lower(), language, is_link_free


def wording_of(channel: Channel, purpose: str, language: str, *, is_link_free: bool = False, more: str = "") -> Wording:
    words = default_words(channel, purpose, language, is_link_free=is_link_free) + more
    return replace(WORDING, purpose=purpose, language=language, words=words)


def sheet_of(wording: Wording) -> Sheet:
    return Sheet(wording, "山田 節子", False, "1680064", "東京都杉並区永福1丁目2-3", "0" * 18, date(2026, 11, 24))


def pages_of(wording: Wording, channel: Channel) -> list[str]:
    """What of a notice is HTML."""
    if channel == Channel.POST:
        return [letter_html(sheet_of(wording))]
    return [html] if (html := render_text(channel, wording).html) else []


@pytest.mark.parametrize(("channel", "purpose", "language", "is_link_free"), list(variants()))
def test_a_notice_loads_nothing_and_leads_to_nobody_else(
    channel: Channel, purpose: str, language: str, is_link_free: bool
) -> None:
    wording = wording_of(channel, purpose, language, is_link_free=is_link_free)
    pages = pages_of(wording, channel)
    assert len(pages) == (channel in (Channel.EMAIL, Channel.POST))
    for page in pages:
        assert faults_of_html(page) == []
        assert foreign(ADDRESS.findall(re.sub(r"data:[^\"]+", "", page))) == []
    if channel != Channel.POST:
        text = render_text(channel, wording)
        found = ADDRESS.findall(text.text + text.subject)
        assert foreign(found) == []
        assert bool(found) == (not is_link_free)


def test_every_file_of_words_is_among_the_variants() -> None:
    files = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.txt")}
    names = {channel: channel.lower() for channel in Channel} | {Channel.POST: "letter"}
    named = {
        f"{language}/{names[channel]}.{purpose}{'.nolink' if free else ''}.txt"
        for channel, purpose, language, free in variants()
    }
    assert files == named


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.name))
def test_no_page_of_a_notice_names_an_address_of_its_own(path: Path) -> None:
    assert ADDRESS.findall(path.read_text(encoding="utf-8")) == []


def test_the_letters_style_loads_nothing_but_fonts_from_this_machine() -> None:
    loads = [load for path in TEMPLATES.rglob("*.css") for load in css_loads(path.read_text(encoding="utf-8"))]
    assert [load for load in loads if "//" in load] == []


@pytest.mark.parametrize(
    "planted",
    [
        PIXEL,
        '<div style="background:url(https://pixel.example/o.gif)">',
        "<style>@import 'https://pixel.example/x.css';</style>",
        '<a href="https://pixel.example/">x</a>',
        '<link rel="stylesheet" href="https://pixel.example/x.css">',
        '<p onmouseover="x()">',
        '<img src="cid:picture">',
    ],
)
def test_a_planted_pixel_would_be_found(planted: str) -> None:
    """Positive control."""
    html = pages_of(wording_of(Channel.EMAIL, "request", "ja"), Channel.EMAIL)[0]
    assert faults_of_html(html) == []
    assert faults_of_html(html.replace("</body>", f"{planted}</body>")) != []


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.POST])
def test_a_pixel_in_a_banks_own_words_is_shown_as_text_and_never_loaded(channel: Channel) -> None:
    for page in pages_of(wording_of(channel, "request", "ja", more=PIXEL), channel):
        assert faults_of_html(page) == []
        assert "&lt;img src=" in page


def test_a_pixel_in_a_value_is_shown_as_text_and_never_loaded() -> None:
    evil = replace(WORDING, bank=replace(BANK, **dict.fromkeys(("name", "phone", "phone_hours", "address"), PIXEL)))
    words = "題\n" + "\n\n".join(f"{{{name}}}" for name in VARIABLES)
    page = render_text(Channel.EMAIL, replace(evil, words=words)).html
    assert faults_of_html(page) == []
    assert page.count("&lt;img src=") >= 4


def test_a_mail_as_it_leaves_has_two_parts_of_text_and_nothing_beside_them() -> None:
    provider = SmtpProvider(
        host="127.0.0.1",
        port=1,
        sender="kakunin@asanagi.example",
        sender_name="あさなぎ銀行",
        bounce_domain="bounce.asanagi.example",
        secret="x" * 32,
        security="",
        require_ready_domain=False,
    )
    text = render_text(Channel.EMAIL, wording_of(Channel.EMAIL, "request", "ja"))
    written = provider.compose(
        Message(UUID("01930000-0000-7000-8000-000000000000"), "a@example.jp", text.text, text.subject, text.html)
    )
    mail = message_from_bytes(written)
    provider.close()
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert not [name for name in mail.keys() if "receipt" in name.lower() or "notification" in name.lower()]  # noqa: SIM118  # a mail's `in` asks for one name
