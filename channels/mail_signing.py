"""Signatures on mail: DKIM (RFC 6376) with the bank's own key. The same mail always gets the same bytes."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY_BITS = 2048
# What a reader sees and what tells mails apart. From is signed once more than it occurs, so that none can be added.
SIGNED_HEADERS = (
    "From", "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding",
)  # fmt: skip
WHITE = re.compile(rb"[ \t]+")


def new_key() -> str:
    """A private key, as text to be sealed: PKCS #8 in Base64."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return base64.b64encode(der).decode()


def load_key(text: str) -> rsa.RSAPrivateKey:
    """The key of ``new_key``.

    Raises:
        ValueError: it is none, or too short to be believed.
    """
    key = serialization.load_der_private_key(base64.b64decode(text), password=None)
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < KEY_BITS:
        raise ValueError("No RSA key of 2,048 bits.")
    return key


def public_part(key: rsa.RSAPrivateKey) -> str:
    """``p=`` of the DNS record."""
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def dns_record(key: rsa.RSAPrivateKey) -> str:
    """The text that the bank publishes under ``<selector>._domainkey.<domain>``."""
    return f"v=DKIM1; k=rsa; p={public_part(key)}"


def dkim_signed(mail: bytes, *, domain: str, selector: str, key: rsa.RSAPrivateKey) -> bytes:
    """The mail (CRLF lines) with its DKIM-Signature on top: rsa-sha256, relaxed/relaxed, no time in it."""
    head, _, body = mail.partition(b"\r\n\r\n")
    fields = _fields(head)
    present = {name.lower() for name, _ in fields}
    names = [name for name in SIGNED_HEADERS if name.lower().encode() in present]
    body_hash = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode()
    value = (
        f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={selector};\r\n"
        f" h={':'.join(names)};\r\n bh={body_hash};\r\n b="
    )
    unsigned = (b"DKIM-Signature", b" " + value.encode())
    # The signature's own field comes last, and without its line end.
    signed = b"".join(_picked(fields, names)) + relaxed_field(*unsigned).removesuffix(b"\r\n")
    signature = base64.b64encode(key.sign(signed, padding.PKCS1v15(), hashes.SHA256())).decode()
    folded = "\r\n ".join(signature[i : i + 72] for i in range(0, len(signature), 72))
    return f"DKIM-Signature: {value}{folded}\r\n".encode() + mail


def relaxed_field(name: bytes, value: bytes) -> bytes:
    """One header field by section 3.4.2."""
    flat = WHITE.sub(b" ", value.replace(b"\r\n", b"")).strip(b" \t")
    return name.strip().lower() + b":" + flat + b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    """A body by section 3.4.4."""
    lines = [WHITE.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def _fields(head: bytes) -> list[tuple[bytes, bytes]]:
    unfolded = re.split(rb"\r\n(?![ \t])", head)
    return [(name, value) for name, _, value in (line.partition(b":") for line in unfolded)]


def _picked(fields: Sequence[tuple[bytes, bytes]], names: Sequence[str]) -> list[bytes]:
    """The named fields, the last of a name first; a name more often asked for than present gives nothing."""
    left = list(fields)
    picked = []
    for wanted in names:
        at = next((i for i in reversed(range(len(left))) if left[i][0].lower() == wanted.lower().encode()), None)
        if at is not None:
            picked.append(relaxed_field(*left.pop(at)))
    return picked
