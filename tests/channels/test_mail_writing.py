"""Our mails beside those of the standard library: the same for everybody who reads them."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage

import pytest

from channels.protocols import Message
from channels.providers.smtp import SmtpProvider
from tenants.identifiers import uuid7

SENDER = Address(display_name="あさなぎ銀行　お客様情報係", addr_spec="kakunin@asanagi.example")
LONG = "【重要】お客様情報のご確認のお願い（ご回答期限：令和9年1月15日）――第2回のご案内🏦" * 3
ADDRESSES = [
    "taro@mail.example", "a..b.@docomo.example", '"q uoted"@mail.example', f"{'long.' * 12}x@{'sub.' * 12}mail.example",
]  # fmt: skip
SUBJECTS = ["件名", LONG, "plain", "", "=?utf-8?q?no?=", " leading", "a" * 70, "漢" * 14, "漢" * 15]
TEXTS = ["本文", "一行目\n二行目\r\n\r三\n", "", "a" * 500, ".\n..\nFrom here\n", "終わり\n\n\n"]


def library(message: Message, html: str) -> EmailMessage:
    """As the standard library writes it."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = SENDER, message.to, message.subject
    mail.set_content(message.text, cte="base64")
    if html:
        mail.add_alternative(html, subtype="html", cte="base64")
        mail.set_boundary(f"part-{message.attempt_id.hex}")
    return mail


def provider() -> SmtpProvider:
    return SmtpProvider(
        host="127.0.0.1", port=9, sender=SENDER.addr_spec, sender_name=SENDER.display_name, bounce_domain="b.example",
        secret="x",
    )  # fmt: skip


@pytest.mark.parametrize("to", ADDRESSES)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_fields_say_what_the_librarys_would(to: str, subject: str) -> None:
    message = Message(attempt_id=uuid7(), to=to, text="本文", subject=subject)
    ours = message_from_bytes(provider().compose(message), policy=policy.SMTP)
    theirs = message_from_bytes(library(message, "").as_bytes(), policy=policy.SMTP)
    assert [ours[name] for name in ("From", "To")] == [theirs[name] for name in ("From", "To")]
    assert ours["Subject"] == subject
    assert not ours.defects
    assert ours["Message-ID"] == f"<{message.attempt_id}@asanagi.example>"


@pytest.mark.parametrize("html", ["", "<p>本文</p>\n" * 40])
@pytest.mark.parametrize("text", TEXTS)
def test_the_parts_are_the_librarys(text: str, html: str) -> None:
    message = Message(attempt_id=uuid7(), to="a@mail.example", text=text, subject="s", html=html)
    ours = message_from_bytes(provider().compose(message), policy=policy.SMTP)
    theirs = message_from_bytes(library(message, html).as_bytes(), policy=policy.SMTP)
    assert [part.get_content_type() for part in ours.walk()] == [part.get_content_type() for part in theirs.walk()]
    for part, other in zip(ours.walk(), theirs.walk(), strict=True):
        assert part.is_multipart() or part.get_payload() == other.get_payload()
        assert not part.defects


def test_no_line_is_longer_than_mail_allows() -> None:
    message = Message(attempt_id=uuid7(), to="a@mail.example", text=LONG * 20, subject=LONG, html=LONG)
    assert max(len(line) for line in provider().compose(message).split(b"\r\n")) <= 83
