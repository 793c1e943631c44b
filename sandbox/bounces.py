"""Returned mail: an RFC 3464 report (or a carrier's plain text) to the envelope's sender."""

import asyncio
import contextlib
import re
import smtplib
from collections.abc import Mapping
from datetime import UTC
from email import policy
from email.message import EmailMessage, MIMEPart
from email.utils import format_datetime, make_msgid

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
                Action="delayed" if status.startswith("4") else "failed",
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


def plain_report(message: Message) -> EmailMessage:
    """What some Japanese carriers send instead of a report: words only."""
    mail = EmailMessage()
    mail["From"] = f"Mail Administrator <Postmaster@{MTA}>"
    mail["To"] = _cleaned(message.details["return_path"])
    mail["Subject"] = "Mail System Error - Returned Mail"
    mail["Date"] = format_datetime(utc_now().astimezone(UTC))
    mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(
        f"次のあて先へのメッセージはエラーのため送信できませんでした。\n<{message.recipient}>\n550 5.1.1 Host unknown\n"
    )
    return mail


def return_mail(world: World, message: Message, *, fate: str, options: Mapping[str, str], message_id: str) -> None:
    """Marks the message as bounced and returns it to the envelope's sender, if there is one."""
    status = fate.partition(":")[2]
    message.become("bounced", reason=TEXTS.get(status, status) or "550 5.1.1 Host unknown")
    message.arrived = False
    if not message.details.get("return_path"):
        return
    if fate == "bounce_plain":
        mail = plain_report(message)
    else:
        mail = delivery_report(message, status=status, options=options, message_id=message_id)
    world.bounces.append(
        {
            "id": str(message.number),
            "to": message.details["return_path"],
            "at": utc_now().isoformat(),
            "raw": mail.as_string(),
        }
    )
    del world.bounces[:-BOUNCE_LIMIT]
    relay = world.scenario.document.get("bounce_smtp")
    if relay:
        task = asyncio.ensure_future(asyncio.to_thread(_send, str(relay), mail, message.details["return_path"]))
        world.errands.add(task)
        task.add_done_callback(world.errands.discard)


def _send(relay: str, mail: EmailMessage, to: str) -> None:
    host, _, port = relay.rpartition(":")
    with contextlib.suppress(OSError, smtplib.SMTPException), smtplib.SMTP(host, int(port), timeout=10) as server:
        server.sendmail("", [to], mail.as_bytes(policy=policy.SMTP))
