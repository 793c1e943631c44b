"""What a mail that came back says: reports by the rules, carriers' own words, complaints, and what means nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import Message
from enum import StrEnum

MAILBOX_FULL = "5.2.2"
# Enhanced status codes (RFC 3463) that speak of the address itself: no such user, no such domain, moved, disabled.
DEAD_ADDRESS = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# An answer of a mail server quoted in a bounce that is not written by the rules.
QUOTED_STATUS = re.compile(r"\b[45]\d\d[ -]([45]\.\d{1,3}\.\d{1,3})\b")
QUOTED_REPLY = re.compile(r"(?:^|[\s:>(])(4[25]\d|55[0-4])[ -](?=\D)", re.MULTILINE)
# What mail servers and the mobile carriers write, most telling first. Full is asked before unknown, because "this
# user's mailbox is full" names the user as well.
WORDS = tuple(
    (code, re.compile(pattern, re.IGNORECASE))
    for code, pattern in (
        ("5.2.2", r"over ?quota|quota exceeded|mailbox (?:is )?full|exceeded.{0,20}quota|insufficient.{0,20}storage"),
        ("5.2.2", r"容量(?:を|が)?(?:超|オーバー)|(?:受信|メール)ボックスが(?:一杯|いっぱい|満杯)"),
        ("4.2.1", r"temporarily (?:limited|disabled|suspended|unavailable)|一時的に(?:利用|停止|受信)"),
        ("5.2.1", r"account is (?:disabled|inactive|suspended)|利用停止|解約"),
        ("5.1.1", r"user unknown|unknown user|no such (?:user|mailbox|recipient)|invalid recipient|user not found"),
        ("5.1.1", r"(?:user|recipient|mailbox|address) (?:does not|doesn.t) exist|address rejected"),
        ("5.1.1", r"(?:[あ宛]て?先|アドレス|ユーザー?)(?:の[^。\n]{0,12})?[がは](?:見つか|見付か|存在し)"),
        ("5.1.2", r"host unknown|unknown host|host (?:or domain )?(?:name )?not found|ドメイン名?が(?:見つか|存在し)"),
        ("5.7.1", r"refused by.{0,40}(?:setting|filter|policy)|message filtered|受信拒否|拒否設定|迷惑メール"),
        ("4.4.7", r"not delivered within|delivery time.{0,4}expired|retry time.{0,12}exceeded|再送.{0,10}期限"),
        ("4.4.1", r"connection (?:timed out|refused)|could not connect|混み合って"),
    )
)
MAILER = re.compile(r"mailer-daemon|postmaster|mail-?daemon|mail delivery|mail administrator", re.IGNORECASE)
RETURNED = re.compile(
    r"undeliver|returned|delivery (?:status|failure|has failed|notification)|failure notice|mail system error"
    r"|could not be delivered|配信(?:不能|できません|エラー)|送信できません|不達|エラーメール|戻り",
    re.IGNORECASE,
)
AUTOMATIC = re.compile(
    r"out of (?:the )?office|auto(?:matic)?[- ]?(?:reply|response|responder)|vacation"
    r"|自動(?:返信|応答|送信|配信)|不在(?:通知|のお知らせ|にして|です)|休暇中|受付(?:完了|いたしました)",
    re.IGNORECASE,
)
# From here on a bounce quotes our own mail.
QUOTED_MAIL = re.compile(
    r"^-{2,}.{0,12}(?:original|returned|undelivered|元の|返送|送信した).*$|^(?:Received|Message-ID):\s", re.I | re.M
)
DELAYED, RELAYED = "delayed", ("relayed", "expanded")


class Meaning(StrEnum):
    """What a returned mail is."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    NOTHING = "nothing"  # an automatic answer, or a mail server that is still trying
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Returned:
    """``status`` is an enhanced status code (RFC 3463), made up from the words where the mail has none."""

    meaning: Meaning
    status: str = ""

    @property
    def is_soft(self) -> bool:
        """The address may work another day."""
        return self.status.startswith("4.") or self.status == MAILBOX_FULL

    @property
    def is_dead_address(self) -> bool:
        """The address itself is wrong."""
        return self.status in DEAD_ADDRESS


def read_returned(raw: bytes) -> Returned:
    """What a mail that came to a return path means. Never raises: what cannot be read says so."""
    mail = message_from_bytes(raw, policy=policy.compat32)
    parts = list(_own_parts(mail))
    kinds = {part.get_content_type() for part in parts}
    if "message/feedback-report" in kinds:
        return _complaint(next(p for p in parts if p.get_content_type() == "message/feedback-report"))
    if "message/delivery-status" in kinds:
        report = next(p for p in parts if p.get_content_type() == "message/delivery-status")
        said = _delivery_report(report)
        if said is not None:
            return said
    words = "\n".join(text_of(part) for part in parts if part.get_content_maintype() == "text")
    return _own_words(mail, words)


def signed_path_in(raw: bytes, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """Our return path as a complaint quotes it: what the complaint says itself first, then the mail it is about."""
    mail = message_from_bytes(raw, policy=policy.compat32)
    for part in mail.walk():
        headers: list[Message] = [part]
        if part.get_content_type() in ("message/feedback-report", "message/rfc822"):
            payload = part.get_payload()
            headers = [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []
        elif part.get_content_type() == "text/rfc822-headers":
            quoted = part.get_payload(decode=True)
            headers = [message_from_bytes(quoted)] if isinstance(quoted, bytes) else []
        for block in headers:
            for name in ("Original-Mail-From", "Return-Path"):
                found = pattern.search(str(block.get(name, "")))
                if found:
                    return found
    return None


def header_of(mail: Message, name: str) -> str:
    """A header as text, whatever it is encoded in."""
    value = mail.get(name)
    if value is None:
        return ""
    try:
        pieces = decode_header(value)
    except (ValueError, LookupError):
        return str(value)
    return "".join(p if isinstance(p, str) else decoded(p, charset or "") for p, charset in pieces)


def text_of(part: Message) -> str:
    """A part as text, by what it says of itself, else by what it looks like."""
    payload = part.get_payload(decode=True)
    return decoded(payload, str(part.get_content_charset() or "")) if isinstance(payload, bytes) else ""


def decoded(data: bytes, charset: str) -> str:
    """Text in one of the encodings of Japanese mail; a wrong or missing name does not hinder."""
    if b"\x1b$" in data or b"\x1b(" in data:
        order = ["iso2022_jp_ext", charset]
    else:
        order = [charset, "utf-8", "cp932", "euc_jp"]
    for name in order:
        if not name or name.lower() in ("us-ascii", "ascii", "unknown-8bit"):
            continue
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("ascii", "replace")


def _own_parts(mail: Message) -> Iterator[Message]:
    """Its parts, without those of our own mail when that is enclosed."""
    yield mail
    payload = mail.get_payload()
    enclosed = mail.get_content_type() in ("message/rfc822", "message/delivery-status", "message/feedback-report")
    if isinstance(payload, list) and not enclosed:
        for part in payload:
            if isinstance(part, Message):
                yield from _own_parts(part)


def _complaint(report: Message) -> Returned:
    payload = report.get_payload()
    blocks = payload if isinstance(payload, list) else []
    kind = next((str(b.get("Feedback-Type", "")).strip().lower() for b in blocks if isinstance(b, Message)), "")
    # "not-spam" takes a complaint back, "auth-failure" is DMARC's.
    is_one = kind in ("abuse", "fraud", "opt-out", "opt-out-list", "virus", "other")
    return Returned(Meaning.COMPLAINED if is_one else Meaning.NOTHING)


def _delivery_report(report: Message) -> Returned | None:
    blocks = report.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message):
            continue
        action = str(block.get("Action", "")).strip().lower()
        found = STATUS.search(str(block.get("Status", "")))
        if found is None:
            continue
        status = _narrowed(found[0], str(block.get("Diagnostic-Code", "")))
        if action == DELAYED or action in RELAYED:
            return Returned(Meaning.NOTHING)
        if action == "delivered" or status.startswith("2."):
            return Returned(Meaning.DELIVERED)
        return Returned(Meaning.BOUNCED, status)
    return None


def _narrowed(status: str, diagnostic: str) -> str:
    """A status that says nothing ("5.0.0") by what the other server answered."""
    if not status.endswith(".0.0"):
        return status
    found = QUOTED_STATUS.search(diagnostic)
    if found and found[1][0] == status[0]:
        return found[1]
    said = status_in(diagnostic)
    return said if said[:1] == status[0] else status


def _own_words(mail: Message, words: str) -> Returned:
    subject, sender = header_of(mail, "Subject"), header_of(mail, "From")
    if _is_automatic(mail, subject) and not MAILER.search(sender):
        return Returned(Meaning.NOTHING)
    cut = QUOTED_MAIL.search(words)
    words = words[: cut.start()] if cut and cut.start() > 0 else words
    if MAILER.search(sender) or RETURNED.search(subject) or QUOTED_STATUS.search(words):
        status = status_in(words) or status_in(subject)
        if status:
            return Returned(Meaning.BOUNCED, status)
    if (mail.get("Auto-Submitted") or "no").strip().lower() != "no" and not MAILER.search(sender):
        return Returned(Meaning.NOTHING)
    return Returned(Meaning.UNREADABLE)


def _is_automatic(mail: Message, subject: str) -> bool:
    precedence = str(mail.get("Precedence", "")).strip().lower()
    answers = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Autoresponder")
    return (
        precedence in ("auto_reply", "auto-reply", "junk")
        or any(name in mail for name in answers)
        or bool(AUTOMATIC.search(subject))
    )


def status_in(words: str) -> str:
    """The enhanced status code that a mail server's words hold or stand for; "" for none."""
    found = QUOTED_STATUS.search(words)
    if found:
        return found[1]
    for code, pattern in WORDS:
        if pattern.search(words):
            return code
    reply = QUOTED_REPLY.search(words)
    return f"{reply[1][0]}.0.0" if reply else ""
