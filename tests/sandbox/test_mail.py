"""Mail over real SMTP, and the bounces that come back."""

import smtplib
from email import message_from_string, policy
from email.message import EmailMessage
from typing import Any

import pytest

from .conftest import Sandbox, wait_until

LINK = "https://notice.asanagi.example/r/0123456789ABCDEFGHJKMNPQRSTVWXYZ/"
RETURN_PATH = "bounce+01HX.abcdef@b.asanagi.example"
TO = "setsuko@example.com"


def letter(to: str = TO, html: bool = False) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "あさなぎ銀行 <oshirase@asanagi.example>"
    mail["To"] = to
    mail["Subject"] = "ご登録内容の確認のお願い"
    mail["Message-ID"] = "<01HX@asanagi.example>"
    if html:
        mail.set_content(f'<p>山田 髙子 さま</p><a href="{LINK}">内容を見る</a>', subtype="html")
    else:
        mail.set_content(f"山田 節子 さま\n\n内容を見る\n{LINK}\n")
    return mail


def send(sandbox: Sandbox, mail: EmailMessage, to: str = TO, login: tuple[str, str] | None = None) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as server:
        server.ehlo()
        if login:
            server.login(*login)
        options = ["RET=HDRS", "ENVID=01HX"] if server.has_extn("dsn") else []
        server.sendmail(
            RETURN_PATH, [to], mail.as_bytes(policy=policy.SMTP), options, ["NOTIFY=FAILURE", f"ORCPT=rfc822;{to}"]
        )


def bounces(sandbox: Sandbox) -> list[dict[str, str]]:
    found: list[dict[str, str]] = sandbox.control.get("/control/bounces").json()["bounces"]
    return found


@pytest.mark.parametrize("html", [False, True])
def test_a_mail_reaches_the_persons_mailbox(sandbox: Sandbox, html: bool) -> None:
    send(sandbox, letter(html=html))
    (message,) = sandbox.messages(owner="asanagi:C001")
    assert (message["subject"], message["link"], message["bank"]) == ("ご登録内容の確認のお願い", LINK, "asanagi")
    assert (message["state"], message["arrived"]) == ("delivered", True)
    assert "さま" in message["text"]


def test_a_login_names_the_bank_and_a_wrong_one_is_refused(sandbox: Sandbox) -> None:
    send(sandbox, letter(), login=("komorebi", "sandbox-smtp-komorebi"))
    assert sandbox.messages()[0]["bank"] == "komorebi"
    with pytest.raises(smtplib.SMTPAuthenticationError):
        send(sandbox, letter(), login=("komorebi", "sandbox-smtp-asanagi"))


@pytest.mark.parametrize(("outcome", "code"), [("reject:550", 550), ("defer:451", 451)])
def test_an_address_can_be_refused_for_good_or_for_now(sandbox: Sandbox, outcome: str, code: int) -> None:
    sandbox.rule({"provider": "email", "match": {"suffix": "@example.com"}, "outcome": outcome})
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(sandbox, letter())
    assert refused.value.recipients[TO][0] == code
    assert sandbox.messages() == []


def test_a_deferred_mail_is_taken_the_next_time(sandbox: Sandbox) -> None:
    sandbox.rule({"provider": "email", "match": {"equals": TO}, "outcome": "defer", "first": 1})
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(sandbox, letter())
    send(sandbox, letter())
    assert len(sandbox.messages()) == 1


@pytest.mark.parametrize(("outcome", "kept"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_connection_leaves_the_sender_unsure(sandbox: Sandbox, outcome: str, kept: int) -> None:
    """W3: mail has no idempotency key either."""
    sandbox.rule({"provider": "email", "match": {"equals": TO}, "outcome": outcome, "first": 1})
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(sandbox, letter())
    assert len(sandbox.messages()) == kept


def test_a_bounce_is_a_delivery_report_to_the_return_path(sandbox: Sandbox) -> None:
    sandbox.rule({"provider": "email", "match": {"equals": TO}, "outcome": "bounce:5.1.1"})
    send(sandbox, letter())
    wait_until(lambda: len(bounces(sandbox)) == 1)
    (bounce,) = bounces(sandbox)
    assert bounce["to"] == RETURN_PATH
    report = message_from_string(bounce["raw"], policy=policy.default)
    assert (report.get_content_type(), report.get_param("report-type")) == ("multipart/report", "delivery-status")
    words, status, original = report.iter_parts()
    blocks: Any = status.get_payload()
    about, recipient = blocks
    assert about["Original-Envelope-Id"] == "01HX"
    assert recipient["Final-Recipient"] == f"rfc822; {TO}"
    assert (recipient["Action"], recipient["Status"]) == ("failed", "5.1.1")
    assert original.get_content_type() == "text/rfc822-headers"
    assert TO in words.get_content()
    assert sandbox.messages()[0]["state"] == "bounced"


def test_some_bounces_are_only_words(sandbox: Sandbox) -> None:
    sandbox.rule({"provider": "email", "match": {"equals": TO}, "outcome": "bounce_plain"})
    send(sandbox, letter())
    wait_until(lambda: len(bounces(sandbox)) == 1)
    report = message_from_string(bounces(sandbox)[0]["raw"], policy=policy.default)
    assert report.get_content_type() == "text/plain"
    assert "550 5.1.1" in report.get_content()


def test_a_bounce_is_sent_by_smtp_when_the_scenario_names_a_relay(sandbox: Sandbox) -> None:
    sandbox.scenario({"bounce_smtp": f"127.0.0.1:{sandbox.smtp_port}"})
    sandbox.rule({"provider": "email", "match": {"equals": TO}, "outcome": "bounce:5.2.2"})
    send(sandbox, letter())
    wait_until(lambda: any(message["to"] == RETURN_PATH for message in sandbox.messages()))
    sandbox.scenario({"bounce_smtp": None})


def test_a_bounce_of_a_bounce_goes_nowhere(sandbox: Sandbox) -> None:
    sandbox.rule({"provider": "email", "match": {"equals": TO}, "outcome": "bounce:5.1.1"})
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as server:
        server.sendmail("", [TO], letter().as_bytes(policy=policy.SMTP))
    wait_until(lambda: sandbox.messages()[0]["state"] == "bounced")
    assert bounces(sandbox) == []
