"""S/MIME (RFC 8551): a signature that a customer's mail program checks, by the bank's own certificate.

It has no signed attributes, because a time of signing would make every try another mail, and only RSA keys, because a
signature of theirs is always the same.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KEY_BITS = 2048
WARN_BEFORE = timedelta(days=30)
KEY_LINE = b"PRIVATE KEY-----"
OPTIONS = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.NoAttributes, pkcs7.PKCS7Options.Binary]


class BadCertificate(ValueError):
    """A file that nothing can be signed with; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Signer:
    """A certificate, those above it but the root, and its key."""

    certificate: x509.Certificate
    chain: Sequence[x509.Certificate]
    key: rsa.RSAPrivateKey = field(repr=False)

    @property
    def ends_at(self) -> datetime:
        """The last moment at which the certificate is good, in UTC."""
        return self.certificate.not_valid_after_utc


def read_signer(data: bytes, password: str = "") -> Signer:
    """From a file: PKCS #12 (.p12, .pfx), or PEM with the certificates and the key. ``password`` opens it.

    Raises:
        BadCertificate: smime_unreadable, smime_key, smime_chain.
    """
    try:
        certificates, key = _of_pem(data, password) if b"-----BEGIN" in data else _of_pkcs12(data, password)
    except (ValueError, TypeError) as error:  # a wrong password, too
        raise BadCertificate("smime_unreadable") from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < KEY_BITS:
        raise BadCertificate("smime_key")
    own = [one for one in certificates if one.public_key() == key.public_key()]
    if not own:
        raise BadCertificate("smime_key")
    return Signer(own[0], _chain(own[0], certificates), key)


def sealed(signer: Signer) -> dict[str, str]:
    """As it is kept among an account's credentials."""
    pem = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (signer.certificate, *signer.chain))
    der = signer.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {"certificates": pem.decode(), "key": base64.b64encode(der).decode()}


def load_signer(kept: Mapping[str, str]) -> Signer:
    """What ``sealed`` made.

    Raises:
        KeyError, ValueError: it is not that.
    """
    certificate, *chain = x509.load_pem_x509_certificates(kept["certificates"].encode())
    key = serialization.load_der_private_key(base64.b64decode(kept["key"]), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise BadCertificate("smime_key")
    return Signer(certificate, chain, key)


def problem_of(signer: Signer, *, sender: str, now: datetime) -> str:
    """Why nothing may be signed with it now: smime_sender, smime_usage, smime_not_yet, smime_expired; "" if it may."""
    if sender.casefold() not in {address.casefold() for address in addresses_of(signer.certificate)}:
        return "smime_sender"
    if not _may_sign_mail(signer.certificate):
        return "smime_usage"
    if now < signer.certificate.not_valid_before_utc:
        return "smime_not_yet"
    return "smime_expired" if now > signer.ends_at else ""


def ends_soon(signer: Signer, *, now: datetime) -> bool:
    """Whether it is time to ask for the next one."""
    return signer.ends_at - now < WARN_BEFORE


def addresses_of(certificate: x509.Certificate) -> list[str]:
    """Whose certificate it is."""
    names = [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)]
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return names
    return [*names, *found.value.get_values_for_type(x509.RFC822Name)]


def smime_signed(mail: bytes, signer: Signer) -> bytes:
    """The mail (CRLF lines) as multipart/signed; what it said of its content is signed with the content."""
    head, _, body = mail.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    inner = [one for one in fields if one.lower().startswith(b"content-")]
    part = b"\r\n".join(inner) + b"\r\n\r\n" + body
    boundary = b"signed-" + hashlib.sha256(part).hexdigest()[:32].encode()
    said = (
        b'Content-Type: multipart/signed; protocol="application/pkcs7-signature";\r\n micalg=sha-256; boundary="'
        + boundary + b'"'
    )  # fmt: skip
    outer = [*(one for one in fields if one not in inner), said]
    signature = base64.encodebytes(_signature(part, signer)).replace(b"\n", b"\r\n")
    return b"".join(
        [
            b"\r\n".join(outer) + b"\r\n\r\n",
            b"--" + boundary + b"\r\n" + part + b"\r\n",
            b"--" + boundary + b'\r\nContent-Type: application/pkcs7-signature; name="smime.p7s"\r\n',
            b"Content-Transfer-Encoding: base64\r\n",
            b'Content-Disposition: attachment; filename="smime.p7s"\r\n\r\n' + signature,
            b"--" + boundary + b"--\r\n",
        ]
    )


def _signature(part: bytes, signer: Signer) -> bytes:
    builder = pkcs7.PKCS7SignatureBuilder().set_data(part)
    builder = builder.add_signer(signer.certificate, signer.key, hashes.SHA256())
    for one in signer.chain:
        builder = builder.add_certificate(one)
    return builder.sign(serialization.Encoding.DER, OPTIONS)


def _of_pem(data: bytes, password: str) -> tuple[list[x509.Certificate], object]:
    lines = data.splitlines()
    ends = [at for at, line in enumerate(lines) if line.strip().endswith(KEY_LINE)]
    if len(ends) != 2:
        raise BadCertificate("smime_unreadable")
    key = b"\n".join(lines[ends[0] : ends[1] + 1]) + b"\n"
    opens = password.encode() if b"ENCRYPTED" in key else None
    return x509.load_pem_x509_certificates(data), serialization.load_pem_private_key(key, opens)


def _of_pkcs12(data: bytes, password: str) -> tuple[list[x509.Certificate], object]:
    key, certificate, more = pkcs12.load_key_and_certificates(data, password.encode() if password else None)
    return [*([certificate] if certificate else []), *more], key


def _chain(certificate: x509.Certificate, others: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """From the certificate upwards as far as the file goes; a root is left to those who trust it."""
    line = [certificate]
    while line[-1].issuer != line[-1].subject:
        above = next((one for one in others if one.subject == line[-1].issuer and one not in line), None)
        if above is None:
            break
        line.append(above)
    try:
        for below, above in pairwise(line):
            below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise BadCertificate("smime_chain") from error
    return [one for one in line[1:] if one.issuer != one.subject]


def _may_sign_mail(certificate: x509.Certificate) -> bool:
    extensions = certificate.extensions
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        if not (usage.digital_signature or usage.content_commitment):
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        purposes = set(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return True
    return bool(purposes & {ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})
