"""Signed checkpoints as text that other logs' tools can read: C2SP signed-note and tlog-checkpoint, Ed25519."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit.merkle import HASH

_ED25519 = b"\x01"
_KEY_ID = 4
_SIGNATURE = 64
_SIGNED_BY = "\u2014 "


class BadNote(ValueError):
    """A text is no checkpoint, or not signed by a key that is trusted; the message says which."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a note says: the tree named ``origin`` had this root when it had this size."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def origin_of(tenant_id: int) -> str:
    """The name of a tenant's tree, and of the key as it signs that tree."""
    return f"keizoku/{tenant_id}"


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The signed note."""
    signature = _key_id(checkpoint.origin, key.public_key()) + key.sign(checkpoint.body.encode())
    return f"{checkpoint.body}\n{_SIGNED_BY}{checkpoint.origin} {base64.b64encode(signature).decode()}\n"


def read(note: str) -> Checkpoint:
    """What a note says, whoever signed it.

    Raises:
        BadNote: it is not one.
    """
    return _parts(note)[0]


def opened(note: str, keys: Iterable[Ed25519PublicKey]) -> Checkpoint:
    """What a note says that one of ``keys`` has signed.

    Raises:
        BadNote: it is not one, or none of them has.
    """
    checkpoint, signature = _parts(note)
    for key in keys:
        if signature[:_KEY_ID] == _key_id(checkpoint.origin, key):
            try:
                key.verify(signature[_KEY_ID:], checkpoint.body.encode())
            except InvalidSignature:
                raise BadNote("the signature is not of this text") from None
            return checkpoint
    raise BadNote("it is signed by a key that is not trusted")


def verifier_key(origin: str, key: Ed25519PublicKey) -> str:
    """The public key in the form other tools take: name, key id and key."""
    return f"{origin}+{_key_id(origin, key).hex()}+{base64.b64encode(_ED25519 + raw_key(key)).decode()}"


def raw_key(key: Ed25519PublicKey) -> bytes:
    """The 32 bytes of a public key."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _key_id(origin: str, key: Ed25519PublicKey) -> bytes:
    return sha256(origin.encode() + b"\n" + _ED25519 + raw_key(key)).digest()[:_KEY_ID]


def _parts(note: str) -> tuple[Checkpoint, bytes]:
    try:
        origin, size, root, empty, signed, end = note.split("\n")
        dash, name, signature = signed.split(" ")
        checkpoint = Checkpoint(origin, int(size), base64.b64decode(root, validate=True))
        given = base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        raise BadNote("it is not written as a checkpoint") from None
    is_well_formed = (
        not empty
        and not end
        and f"{dash} " == _SIGNED_BY
        and name == origin
        and checkpoint.body == f"{origin}\n{size}\n{root}\n"
        and len(checkpoint.root) == HASH
        and len(given) == _KEY_ID + _SIGNATURE
    )
    if not is_well_formed:
        raise BadNote("it is not written as a checkpoint")
    return checkpoint, given
