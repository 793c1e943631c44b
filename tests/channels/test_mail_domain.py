"""DKIM signatures that a stranger's verifier believes, and records asked for over real DNS."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import dkim
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from channels.mail_signing import dns_record, load_key, new_key
from channels.models import DeliveryAttempt
from channels.protocols import Channel, ConfigurationFailure, Message, TransientFailure
from channels.providers.smtp import SmtpProvider
from channels.registry import provider_of
from channels.services import send_due
from tenants.identifiers import uuid7
from tenants.models import Tenant
from tests.channels.conftest import Nameserver, Queue, account_of, again

SENDER, BOUNCES = "asanagi.example", "bounce.asanagi.example"
MESSAGE = Message(
    attempt_id=uuid7(), to="a@mail.example", text="本文 です \n\n", subject="件名" * 30, html="<p>本文  です</p>"
)
KEYS = [{"selector": "k1", "key": new_key()}, {"selector": "k2", "key": new_key()}]


@pytest.fixture
def now() -> datetime:
    """The sandbox lives by the real clock."""
    return datetime.now(UTC)


def provider(**more: Any) -> SmtpProvider:
    """Of a bank with a key."""
    values: dict[str, Any] = {"host": "127.0.0.1", "port": 9, "security": "", "secret": "x", "dkim": KEYS[:1], **more}
    return SmtpProvider(sender=f"kakunin@{SENDER}", sender_name="あさなぎ銀行", bounce_domain=BOUNCES, **values)


def believed(mail: bytes, key: str, selector: str = "k1") -> bool:
    """By dkimpy, which asks us what DNS says."""
    records = {f"{selector}._domainkey.{SENDER}.": dns_record(load_key(key))}
    return dkim.verify(mail, dnsfunc=lambda name, timeout=5: records.get(name.decode(), "").encode())  # type: ignore[no-any-return]  # it has no types


def test_a_signature_is_believed_and_the_same_on_every_try() -> None:
    mail = provider().sign(provider().compose(MESSAGE))
    assert mail == provider().sign(provider().compose(MESSAGE))
    assert believed(mail, KEYS[0]["key"])
    assert not believed(mail, KEYS[1]["key"])


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"To: a@", b"To: b@"),
        (b"From: ", b"From: thief@evil.example\r\nFrom: "),
        (b"\r\n--part", b"\r\nmore\r\n--part"),
        (b"Message-ID: <", b"Message-ID: <0"),
    ],
)
def test_an_altered_mail_is_not_believed(was: bytes, becomes: bytes) -> None:
    """Positive control: blanks that relays add on their way change nothing."""
    mail = provider().sign(provider().compose(MESSAGE))
    assert not believed(mail.replace(was, becomes, 1), KEYS[0]["key"])
    assert believed(mail.replace(b"To: a@", b"To:   a@") + b"\r\n\r\n", KEYS[0]["key"])


def ready() -> dict[tuple[str, str], list[str]]:
    """What a bank that has done all its steps publishes."""
    return {
        (BOUNCES, "MX"): ["10 mx.asanagi.example."],
        (BOUNCES, "TXT"): ['"v=spf1 include:spf.relay.example -all"'],
        (f"k1._domainkey.{SENDER}", "TXT"): [_pieces(dns_record(load_key(KEYS[0]["key"])))],
        (f"_dmarc.{SENDER}", "TXT"): ['"v=DMARC1; p=reject"'],
    }


def _pieces(text: str) -> str:
    return " ".join(f'"{text[i : i + 200]}"' for i in range(0, len(text), 200))


@pytest.fixture
def zone(nameserver: Nameserver) -> Nameserver:
    """A name server that knows what such a bank publishes, and nothing else."""
    nameserver.records.update(ready())
    return nameserver


@pytest.mark.parametrize(
    ("place", "said", "missing"),
    [
        ((BOUNCES, "MX"), [], "mail_bounce_mx"),
        ((BOUNCES, "TXT"), [], "mail_spf"),
        ((BOUNCES, "TXT"), ['"v=spf1 include:other.example -all"'], "mail_spf"),
        ((BOUNCES, "TXT"), ['"v=spf1 include:spf.relay.example +all"'], "mail_spf"),
        ((BOUNCES, "TXT"), ['"v=spf1 include:spf.relay.example -all"', '"v=spf1 -all"'], "mail_spf"),
        ((f"k1._domainkey.{SENDER}", "TXT"), [], "mail_dkim"),
        ((f"k1._domainkey.{SENDER}", "TXT"), [_pieces(dns_record(load_key(KEYS[1]["key"])))], "mail_dkim"),
        ((f"_dmarc.{SENDER}", "TXT"), [], "mail_dmarc"),
        ((f"_dmarc.{SENDER}", "TXT"), ['"v=DMARC1; p=none"'], "mail_dmarc"),
    ],
)
def test_nothing_leaves_before_the_domain_is_ready(
    zone: Nameserver, place: tuple[str, str], said: list[str], missing: str
) -> None:
    """Positive control: with all records the mail gets as far as the relay, which is not there."""
    settings = {"dns_servers": [zone.address], "spf": "include:spf.relay.example"}
    with pytest.raises(TransientFailure, match="no_connection"):
        provider(**settings).send(MESSAGE)
    zone.records[place] = said
    with pytest.raises(ConfigurationFailure, match=missing):
        provider(**settings).send(MESSAGE)
    found = {finding.code: finding.is_ok for finding in provider(**settings).check_setup()}
    assert (found[missing], found["account_reachable"]) == (False, False)
    with pytest.raises(TransientFailure, match="no_connection"):
        provider(**settings, require_ready_domain=False).send(MESSAGE)


def test_a_name_server_that_fails_only_delays(zone: Nameserver) -> None:
    zone.records[BOUNCES, "MX"] = ["SERVFAIL"]
    with pytest.raises(TransientFailure, match="dns"):
        provider(dns_servers=[zone.address]).send(MESSAGE)


def test_keys_are_turned_over_without_a_gap(bank: Tenant, queue: Queue, now: datetime) -> None:
    """The first signs; the second waits to be published; the old one is dropped last."""
    account = account_of(Channel.EMAIL)

    def call(*arguments: str) -> list[str]:
        out = StringIO()
        call_command("mail_key", account.public_id, *arguments, stdout=out)
        return [line.partition(".")[0] for line in out.getvalue().splitlines()]

    assert call() == []
    assert call("--add", "k1") == ["k1"]
    assert call("--add", "k2") == ["k1", "k2"]
    for wrong in (("--add", "k3"), ("--drop", "k1"), ("--use", "k9")):
        with pytest.raises(CommandError):
            call(*wrong)
    assert call("--use", "k2") == ["k2", "k1"]
    assert call("--drop", "k1") == ["k2"]
    with transaction.atomic():
        adapter: Any = provider_of(account_of(Channel.EMAIL))
    signed = adapter.sign(adapter.compose(MESSAGE))
    assert b"s=k2;" in signed
    attempt = queue(Channel.EMAIL)
    send_due(tenant_id=bank.pk, channel=Channel.EMAIL, now=now)
    assert again(attempt).status == DeliveryAttempt.Status.ACCEPTED
