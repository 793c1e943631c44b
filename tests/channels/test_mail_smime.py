"""S/MIME signatures that OpenSSL believes, around them DKIM, and certificates that are refused or end."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from io import StringIO
from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.core.management import CommandError, call_command
from django.db import transaction

from audit.models import AuditEvent
from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels.mail_signing import dns_record, load_key, new_key
from channels.mail_smime import BadCertificate, load_signer, read_signer, sealed
from channels.models import ProviderAccount
from channels.protocols import Channel, ConfigurationFailure, Message, TransientFailure
from channels.providers.smtp import SmtpProvider
from channels.services import ensure_accounts, send_due
from tenants.identifiers import uuid7
from tenants.models import Tenant
from tests.channels.conftest import SYSTEM, Nameserver, Queue, Weather, account_of, again, count

type Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
SENDER = "kakunin@asanagi.example"
TODAY = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)
MESSAGE = Message(
    attempt_id=uuid7(), to="a@mail.example", text="本文 です \n.\n", subject="件名" * 30, html="<p>本文</p>"
)


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


@dataclass
class Authority:
    """A root, one below it, and keys made once."""

    root_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65_537, 2048))
    middle_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65_537, 2048))
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65_537, 2048))
    other_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65_537, 2048))

    def __post_init__(self) -> None:
        self.root = self.signed("root", "root", self.root_key, self.root_key, is_authority=True)
        self.middle = self.signed("middle", "root", self.middle_key, self.root_key, is_authority=True)

    def signed(
        self,
        subject: str,
        issuer: str,
        key: Key,
        by: rsa.RSAPrivateKey,
        *,
        is_authority: bool = False,
        address: str = SENDER,
        until: datetime = TODAY + 400 * DAY,
        since: datetime = TODAY - DAY,
        purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder(
            name(issuer), name(subject), key.public_key(), x509.random_serial_number(), since, until
        ).add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        if not is_authority:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        return builder.sign(by, hashes.SHA256())

    def own(self, **more: Any) -> x509.Certificate:
        return self.signed("あさなぎ銀行", "middle", self.key, self.middle_key, **more)

    def pem(self, *certificates: x509.Certificate, key: Key | None = None) -> bytes:
        """A file as an authority gives it, in no particular order."""
        parts = [one.public_bytes(serialization.Encoding.PEM) for one in certificates]
        clear = serialization.NoEncryption()
        pkcs8 = serialization.PrivateFormat.PKCS8
        return b"".join([*parts, (key or self.key).private_bytes(serialization.Encoding.PEM, pkcs8, clear)])

    def file(self, **more: Any) -> bytes:
        return self.pem(self.root, self.middle, self.own(**more))


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


DKIM_KEY = {"selector": "k1", "key": new_key()}


def provider(file: bytes, *, at: datetime = TODAY, **more: Any) -> SmtpProvider:
    """Of a bank with a certificate and a DKIM key, on some day."""
    values: dict[str, Any] = {"host": "127.0.0.1", "port": 9, "security": "", "secret": "x", "dkim": [DKIM_KEY], **more}
    return SmtpProvider(
        sender=SENDER,
        sender_name="あさなぎ銀行",
        bounce_domain="bounce.asanagi.example",
        smime=sealed(read_signer(file)),
        require_ready_domain=False,
        clock=at.timestamp,
        **values,
    )


def signed_mail(adapter: SmtpProvider) -> bytes:
    return adapter.sign(adapter.compose(MESSAGE))


def openssl_believes(mail: bytes, root: x509.Certificate, place: Path) -> bytes | None:
    """By OpenSSL, which knows the root alone; what it says was signed."""
    (place / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (place / "mail.eml").write_bytes(mail)
    told: list[str | Path] = [
        "-in",
        place / "mail.eml",
        "-CAfile",
        place / "root.pem",
        "-attime",
        str(int(TODAY.timestamp())),
    ]
    done = subprocess.run(
        ["openssl", "cms", "-verify", *told, "-purpose", "smimesign"], capture_output=True, check=False
    )
    return done.stdout if done.returncode == 0 else None


def test_openssl_believes_the_signature_and_finds_the_mail_inside(authority: Authority, tmp_path: Path) -> None:
    """The chain goes with it, so that the root is all a reader must know; DKIM is around the whole."""
    file = authority.file()
    mail = signed_mail(provider(file))
    assert mail == signed_mail(provider(file, at=TODAY + DAY)), "the same on every try, on any day"
    inside = openssl_believes(mail, authority.root, tmp_path)
    assert inside is not None
    text = message_from_bytes(inside, policy=policy.default).get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines() == ["本文 です ", "."]
    outside = message_from_bytes(mail, policy=policy.default)
    assert (outside.get_content_type(), outside["Subject"]) == ("multipart/signed", "件名" * 30)
    assert [part.get_content_type() for part in outside.iter_parts()][1] == "application/pkcs7-signature"
    assert outside.get_param("micalg") == "sha-256"
    record = dns_record(load_key(DKIM_KEY["key"])).encode()
    assert dkim.verify(mail, dnsfunc=lambda name, timeout=5: record)
    assert all(len(line) <= 998 and b"\n" not in line for line in mail.split(b"\r\n"))


@pytest.mark.parametrize("was", ["44GT", "text/html", "micalg"])
def test_openssl_does_not_believe_what_was_altered(authority: Authority, tmp_path: Path, was: str) -> None:
    """Positive control: a header that a relay adds outside changes nothing."""
    mail = signed_mail(provider(authority.file()))
    assert openssl_believes(b"Received: by relay\r\n" + mail, authority.root, tmp_path) is not None
    altered = {
        "44GT": lambda: mail.replace(b"base64\r\n\r\n", b"base64\r\n\r\nAAAA", 1),
        "text/html": lambda: mail.replace(b"Content-Type: text/html", b"Content-Type: text/plain", 1),
        "micalg": lambda: mail.replace(b"application/pkcs7-signature; name", b"text/plain; name", 1),
    }[was]()
    assert altered != mail
    assert openssl_believes(altered, authority.root, tmp_path) is None


def test_openssl_believes_nobody_below_another_root(authority: Authority, tmp_path: Path) -> None:
    stranger = authority.signed("root", "root", authority.other_key, authority.other_key, is_authority=True)
    mail = signed_mail(provider(authority.file()))
    assert openssl_believes(mail, stranger, tmp_path) is None
    without = signed_mail(provider(authority.pem(authority.own())))
    assert openssl_believes(without, authority.root, tmp_path) is None, "the one in between is missing"


def test_files_of_both_kinds_are_read(authority: Authority) -> None:
    own = authority.own()
    locked = serialization.BestAvailableEncryption("秘密".encode())
    p12 = pkcs12.serialize_key_and_certificates(b"x", authority.key, own, [authority.root, authority.middle], locked)
    from_p12, from_pem = read_signer(p12, "秘密"), read_signer(authority.pem(authority.middle, own, authority.root))
    assert from_p12.certificate == from_pem.certificate == own
    assert list(from_p12.chain) == list(from_pem.chain) == [authority.middle], "the root is left out"
    assert load_signer(sealed(from_p12)).ends_at == TODAY + 400 * DAY
    closed = authority.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    assert read_signer(own.public_bytes(serialization.Encoding.PEM) + closed, "秘密").certificate == own
    for file, password in ((p12, "falsch"), (p12, ""), (b"", ""), (b"-----BEGIN nothing", ""), (b"\x30\x80", "")):
        with pytest.raises(BadCertificate, match="smime_unreadable"):
            read_signer(file, password)


def test_files_that_cannot_sign_are_refused(authority: Authority) -> None:
    own, weak = authority.own(), ec.generate_private_key(ec.SECP256R1())
    curve = authority.signed("curve", "middle", weak, authority.middle_key)
    forged = authority.signed("x", "middle", authority.key, authority.other_key)
    for file, code in (
        (authority.pem(own, key=authority.other_key), "smime_key"),
        (authority.pem(curve, key=weak), "smime_key"),
        (authority.pem(forged, authority.middle), "smime_chain"),
    ):
        with pytest.raises(BadCertificate, match=code):
            read_signer(file)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"until": TODAY - timedelta(hours=1), "since": TODAY - 9 * DAY}, "smime_expired"),
        ({"since": TODAY + DAY}, "smime_not_yet"),
        ({"address": "info@asanagi.example"}, "smime_sender"),
        ({"purpose": ExtendedKeyUsageOID.SERVER_AUTH}, "smime_usage"),
    ],
)
def test_nothing_leaves_with_a_certificate_that_readers_would_not_believe(
    authority: Authority, nameserver: Nameserver, terms: dict[str, Any], code: str
) -> None:
    """Positive control: with a good one the mail gets as far as the relay, which is not there."""
    with pytest.raises(TransientFailure, match="no_connection"):
        provider(authority.file()).send(MESSAGE)
    adapter = provider(authority.file(**terms), dns_servers=[nameserver.address])
    with pytest.raises(ConfigurationFailure, match=code):
        adapter.send(MESSAGE)
    assert code in [finding.code for finding in adapter.check_setup() if not finding.is_ok]


def test_the_end_is_told_thirty_days_before(authority: Authority, nameserver: Nameserver) -> None:
    file = authority.file()

    def found(days: float) -> list[tuple[bool, str]]:
        adapter = provider(file, at=TODAY + (400 - days) * DAY, dns_servers=[nameserver.address])
        return [(f.is_ok, f.detail) for f in adapter.check_setup() if f.code == "mail_smime"]

    assert found(30.1) == [(True, "2027-12-27")]
    assert found(29.9) == [(False, "2027-12-27")]


@pytest.fixture
def now() -> datetime:
    """The sandbox lives by the real clock."""
    return datetime.now(UTC)


@pytest.fixture
def put(bank: Tenant, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Calls the command with a file."""

    def call(*arguments: str, file: bytes | None = None, password: str = "") -> str:
        out = StringIO()
        monkeypatch.setenv("CERTIFICATE_PASSWORD", password)
        if file is not None:
            (tmp_path / "file").write_bytes(file)
            arguments = ("--put", str(tmp_path / "file"))
        call_command("mail_certificate", account_of(Channel.EMAIL).public_id, *arguments, stdout=out)
        return out.getvalue().strip()

    return call


def test_an_operator_puts_it_in_and_mail_is_signed(
    bank: Tenant, authority: Authority, put: Callable[..., str], queue: Queue, weather: Weather, now: datetime
) -> None:
    """It stays when the account is set up anew, and what came before stays when a file is refused."""
    today = {"since": now - DAY, "until": now + 300 * DAY}
    assert put() == "No certificate: mail is not signed by S/MIME."
    assert put(file=authority.file(**today)) == f"{SENDER} until {now + 300 * DAY:%Y-%m-%d}"
    for wrong in (authority.file(until=now - timedelta(hours=1), since=now - 9 * DAY), b"nothing"):
        with pytest.raises(CommandError):
            put(file=wrong)
    accounts = channel_accounts(BANKS[0], sandbox_url=weather.sandbox.url, sandbox_smtp=weather.sandbox.smtp)
    ensure_accounts(accounts={Channel.EMAIL: accounts[Channel.EMAIL]}, actor=SYSTEM, now=now)
    attempt = queue(Channel.EMAIL)
    send_due(tenant_id=bank.pk, channel=Channel.EMAIL, now=now)
    assert again(attempt).status == "ACCEPTED"
    assert weather.messages("email")[0]["text"].count("ご回答") > 0, "any reader reads it"
    assert put("--drop") == "No certificate: mail is not signed by S/MIME."
    with pytest.raises(CommandError):
        put("--drop")
    assert count(AuditEvent, event="provideraccount.mail_certificate_put") == 1
    assert count(AuditEvent, event="provideraccount.mail_certificate_dropped") == 1


def test_the_key_is_sealed(
    bank: Tenant, authority: Authority, put: Callable[..., str], superuser: Any, now: datetime
) -> None:
    """Positive control: the options of the same row are in clear."""
    put(file=authority.file(since=now - DAY, until=now + 90 * DAY))
    with transaction.atomic():
        kept = ProviderAccount.objects.get(channel=Channel.EMAIL).credentials["smime"]
    rows = superuser.execute("select t::text from channels_provideraccount t where channel = 'EMAIL'").fetchall()
    assert kept["key"][:60] not in str(rows)
    assert SENDER in str(rows)
