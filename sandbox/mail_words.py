"""Mail that comes back without following any rule: mobile carriers' own words, automatic answers, and complaints."""

import re
from datetime import UTC
from email import policy
from email.message import EmailMessage, MIMEPart
from email.utils import format_datetime

from sandbox.store import Message, utc_now

MTA = "mx.sandbox.example"
# Domain of the customer -> sender, subject, encoding, words. In the manner of each carrier, not its exact letters.
CARRIERS = {
    "docomo.ne.jp": (
        "mailer-daemon@docomo.ne.jp",
        "Mail System Error - Returned Mail",
        "iso-2022-jp",
        "メッセージをお届けできませんでした。\n送信先メールアドレスが見つかりませんでした。ご確認ください。\n<{to}>\n",
    ),
    "ezweb.ne.jp": (
        "Postmaster@ezweb.ne.jp",
        "Mail System Error - Returned Mail",
        "us-ascii",
        "The user(s) account is temporarily over quota.\n\n<{to}>\n",
    ),
    "softbank.ne.jp": (
        "MAILER-DAEMON@softbank.ne.jp",
        "=?shift_jis?B?g4GBW4OLgqqRl5BNgsWCq4LcgrmC8YLFgrWCvQ==?=",
        "shift_jis",
        "ご指定の宛先（{to}）は、お客さまの迷惑メール設定により受信拒否されました。\n",
    ),
}
HOST_UNKNOWN = (
    f"Mail Administrator <Postmaster@{MTA}>",
    "Mail System Error - Returned Mail",
    "utf-8",
    "次のあて先へのメッセージはエラーのため送信できませんでした。\n<{to}>\n550 5.1.1 Host unknown\n",
)


def plain_report(message: Message) -> bytes:
    """What a carrier sends instead of a report: words only, in the encoding it is used to."""
    sender, subject, charset, words = CARRIERS.get(message.recipient.rpartition("@")[2].lower(), HOST_UNKNOWN)
    head = (
        f"From: {sender}\r\nTo: {_cleaned(message.details['return_path'])}\r\nSubject: {subject}\r\nDate: {_now()}\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    body = words.format(to=_cleaned(message.recipient)).replace("\n", "\r\n")
    return head.encode() + body.encode(charset)


def plain_words(message: Message) -> str:
    """The words of such a bounce alone."""
    words = CARRIERS.get(message.recipient.rpartition("@")[2].lower(), HOST_UNKNOWN)[3]
    return words.format(to=_cleaned(message.recipient))


def out_of_office(message: Message) -> bytes:
    """The answer of somebody on holiday."""
    mail = EmailMessage()
    mail["From"] = _cleaned(message.recipient)
    mail["To"] = _cleaned(message.details["return_path"])
    mail["Subject"] = f"自動返信: {_cleaned(message.subject)}"
    mail["Date"] = _now()
    mail["Auto-Submitted"] = "auto-replied"
    mail.set_content("ただいま休暇をいただいております。\n")
    return mail.as_bytes(policy=policy.SMTP)


def complaint(message: Message, *, message_id: str) -> bytes:
    """A feedback report (RFC 5965): the customer pressed the button for spam."""
    mail = EmailMessage()
    mail["From"] = f"Complaints <fbl@{MTA}>"
    mail["To"] = "complaints@" + _cleaned(message.details["return_path"]).rpartition("@")[2]
    mail["Subject"] = "FW: complaint"
    mail["Date"] = _now()
    mail.set_content("This is an email abuse report.\n")
    mail.make_mixed()
    report = MIMEPart()
    report["Content-Type"] = "message/feedback-report"
    facts = MIMEPart()
    facts["Feedback-Type"] = "abuse"
    facts["User-Agent"] = "sandbox/1"
    facts["Version"] = "1"
    facts["Original-Mail-From"] = f"<{_cleaned(message.details['return_path'])}>"
    report.set_payload([facts])
    mail.attach(report)  # type: ignore[arg-type]  # the stubs want the class of the old API
    original = MIMEPart()
    original.set_content(f"Message-ID: {_cleaned(message_id)}\r\n")
    original.replace_header("Content-Type", "text/rfc822-headers")
    mail.attach(original)  # type: ignore[arg-type]  # as above
    mail.set_type("multipart/report")
    mail.set_param("report-type", "feedback-report")
    return mail.as_bytes(policy=policy.SMTP)


def _now() -> str:
    return format_datetime(utc_now().astimezone(UTC))


def _cleaned(text: str) -> str:
    return re.sub(r"[\r\n]", "", text)
