"""Returned mail: an RFC 3464 report (or what follows no rule) to the envelope's sender."""

import asyncio
import re
import smtplib
from collections.abc import Mapping
from datetime import UTC
from email import policy
from email.message import EmailMessage, MIMEPart
from email.utils import format_datetime, make_msgid

from sandbox import mail_words
from sandbox.store import Message, utc_now
from sandbox.world import World

BOUNCE_LIMIT = 20_000
MTA = "mx.sandbox.example"
TEXTS = {
    "5.1.1": "550 5.1.1 User unknown",
    "5.2.2": "552 5.2.2 Mailbox full",
    "4.4.1": "421 4.4.1 Connection timed out",
}


def _cleaned(text: str) -> str:
    return re.sub(r"[\r\n]", "", text)


def _header_block(**fields: str) -> MIMEPart:
    block = MIMEPart()
    for name, value in fields.items():
        block[name.replace("_", "-")] = _cleaned(value)
    return block


def delivery_report(message: Message, *, status: str, options: Mapping[str, str], message_id: str) -> EmailMessage:
    """multipart/report; report-type=delivery-status about one recipient."""
    diagnostic = TEXTS.get(status, f"550 {status} Delivery failed")
    mail = EmailMessage()
    mail["From"] = f"Mail Delivery System <MAILER-DAEMON@{MTA}>"
    mail["To"] = _cleaned(message.details["return_path"])
    mail["Subject"] = "Undelivered Mail Returned to Sender"
    mail["Date"] = format_datetime(utc_now().astimezone(UTC))
    mail["Message-ID"] = make_msgid(domain=MTA)
    mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(f"This is the mail system at host {MTA}.\n\n<{message.recipient}>: {diagnostic}\n")
    mail.make_mixed()
    report = MIMEPart()
    report["Content-Type"] = "message/delivery-status"
    about_message = {"Reporting_MTA": f"dns; {MTA}", "Arrival_Date": format_datetime(message.at.astimezone(UTC))}
    if options.get("ENVID"):
        about_message["Original_Envelope_Id"] = options["ENVID"]
    report.set_payload(
        [
            _header_block(**about_message),
            _header_block(
                Final_Recipient=f"rfc822; {message.recipient}",
                Original_Recipient=(options.get("ORCPT") or f"rfc822;{message.recipient}").replace(";", "; ", 1),
                Action="failed",
                Status=status,
                Remote_MTA=f"dns; {MTA}",
                Diagnostic_Code=f"smtp; {diagnostic}",
            ),
        ]
    )
    mail.attach(report)  # type: ignore[arg-type]  # the stubs want the class of the old API
    original = MIMEPart()
    headers = f"Message-ID: {_cleaned(message_id)}\r\nTo: {_cleaned(message.recipient)}\r\n"
    original.set_content(headers)
    original.replace_header("Content-Type", "text/rfc822-headers")
    mail.attach(original)  # type: ignore[arg-type]  # the stubs want the class of the old API
    mail.set_type("multipart/report")
    mail.set_param("report-type", "delivery-status")
    return mail


def return_mail(world: World, message: Message, *, fate: str, options: Mapping[str, str], message_id: str) -> None:
    """Marks the message as bounced and returns it to the envelope's sender, if there is one."""
    status = fate.partition(":")[2]
    message.become("bounced", reason=TEXTS.get(status, status) or "550 5.1.1 Host unknown")
    message.arrived = False
    if not message.details.get("return_path"):
        return
    if fate == "bounce_plain":
        raw = mail_words.plain_report(message)
    else:
        report = delivery_report(message, status=status, options=options, message_id=message_id)
        raw = report.as_bytes(policy=policy.SMTP)
    post_back(world, message, raw, to=message.details["return_path"])


def answer_mail(world: World, message: Message, *, fate: str, message_id: str) -> None:
    """What comes back of a mail that did arrive: a holiday note, or a complaint to the mailbox for complaints."""
    path = message.details.get("return_path", "")
    if fate == "out_of_office" and path:
        post_back(world, message, mail_words.out_of_office(message), to=path)
    elif path:
        raw = mail_words.complaint(message, message_id=message_id)
        post_back(world, message, raw, to="complaints@" + path.rpartition("@")[2])


def post_back(world: World, message: Message, raw: bytes, *, to: str) -> None:
    """Keeps a returned mail for who asks, and gives it to the mail server that the scenario names."""
    shown = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    world.bounces.append({"id": str(message.number), "to": to, "at": utc_now().isoformat(), "raw": shown})
    del world.bounces[:-BOUNCE_LIMIT]
    relay = world.scenario.document.get("bounce_smtp")
    if relay:
        task = asyncio.ensure_future(_deliver(str(relay), raw, to))
        world.errands.add(task)
        task.add_done_callback(world.errands.discard)


async def _deliver(relay: str, raw: bytes, to: str) -> None:
    """Tries again for some seconds, as mail servers do for days."""
    for wait in (0.5, 1, 2, 4, 8, 0):
        if await asyncio.to_thread(_send, relay, raw, to):
            return
        await asyncio.sleep(wait)


def _send(relay: str, raw: bytes, to: str) -> bool:
    """False if it is worth trying again."""
    host, _, port = relay.rpartition(":")
    try:
        with smtplib.SMTP(host, int(port), timeout=10) as server:
            server.sendmail("", [to], raw)
    except smtplib.SMTPRecipientsRefused as refused:
        return all(code >= 500 for code, _ in refused.recipients.values())
    except smtplib.SMTPResponseException as refused:
        return refused.smtp_code >= 500
    except (OSError, smtplib.SMTPException):
        return False
    return True
