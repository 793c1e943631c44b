"""Where checkpoints live outside the database, the keys that sign them, and the keys that are trusted.

The place is a small port, so that an object store with a retention lock can take a directory's part. Nothing
in it is ever overwritten or removed by us: what was once said of a tree cannot be unsaid.
"""

from __future__ import annotations

import base64
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

from audit.notes import raw_key

_NOTE, _STAMP, _HEAD = ".checkpoint", ".tsr", ".head"
_READ_ONLY = 0o444
_PRIVATE = 0o600


class AlreadySaidOtherwise(Exception):
    """Another checkpoint of the same tree and size was published before: the database's history was changed."""


class KeyTrouble(Exception):
    """The signing key or the trusted keys cannot be used; the message says what to do."""


class Checkpoints(Protocol):
    """A place outside the database that only ever gains."""

    def publish(self, tenant_id: int, size: int, note: str) -> None:
        """Keep a checkpoint; the same one again changes nothing.

        Raises:
            AlreadySaidOtherwise: another one of this size is there.
        """

    def publish_timestamp(self, tenant_id: int, size: int, head: str, response: bytes) -> None:
        """Keep, beside a checkpoint, what an authority said of it and the text it said it of."""

    def latest_size(self, tenant_id: int) -> int:
        """The largest size published; 0 when none is."""

    def of(self, tenant_id: int) -> Iterator[tuple[int, str]]:
        """Every size and note of a tenant, from the smallest."""

    def tenant_ids(self) -> list[int]:
        """The tenants of which there is anything."""


class CheckpointDirectory:
    """Create-only files, a directory a tenant: `7/00000000000000000120.checkpoint`, with `.head` and `.tsr`."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._latest: dict[int, int] = {}

    def publish(self, tenant_id: int, size: int, note: str) -> None:
        """See `Checkpoints`."""
        self._create(tenant_id, f"{size:020d}{_NOTE}", note.encode())
        self._latest[tenant_id] = max(size, self.latest_size(tenant_id))

    def publish_timestamp(self, tenant_id: int, size: int, head: str, response: bytes) -> None:
        """See `Checkpoints`."""
        self._create(tenant_id, f"{size:020d}{_HEAD}", head.encode())
        self._create(tenant_id, f"{size:020d}{_STAMP}", response)

    def latest_size(self, tenant_id: int) -> int:
        """See `Checkpoints`. Looked up once: of what another process publishes meanwhile it may not know."""
        if tenant_id not in self._latest:
            self._latest[tenant_id] = max((int(path.stem) for path in self._notes(tenant_id)), default=0)
        return self._latest[tenant_id]

    def of(self, tenant_id: int) -> Iterator[tuple[int, str]]:
        """See `Checkpoints`."""
        for path in sorted(self._notes(tenant_id)):
            yield int(path.stem), path.read_text(encoding="utf-8", errors="replace")

    def tenant_ids(self) -> list[int]:
        """See `Checkpoints`."""
        if not self.place.is_dir():
            return []
        return sorted(int(path.name) for path in self.place.iterdir() if path.name.isdecimal() and path.is_dir())

    def _notes(self, tenant_id: int) -> Iterator[Path]:
        return (self.place / str(tenant_id)).glob(f"[0-9]*{_NOTE}")

    def _create(self, tenant_id: int, name: str, content: bytes) -> None:
        """All of it or nothing, on the disk when this returns."""
        folder = self.place / str(tenant_id)
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            _sync(self.place)
        final = folder / name
        descriptor, draft = tempfile.mkstemp(dir=folder, prefix=".")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, final)
        except FileExistsError:
            if final.read_bytes() != content:
                raise AlreadySaidOtherwise(f"{final} says something else.") from None
        finally:
            os.unlink(draft)
        final.chmod(_READ_ONLY)
        _sync(folder)


def checkpoint_directory() -> CheckpointDirectory | None:
    """The place that AUDIT_CHECKPOINTS names, if it does."""
    return CheckpointDirectory(Path(settings.AUDIT_CHECKPOINTS)) if settings.AUDIT_CHECKPOINTS else None


def signing_key(path: Path, *, make: bool) -> Ed25519PrivateKey:
    """The key in a PEM file that is closed to other accounts; made there when it does not exist and ``make`` says so.

    Raises:
        KeyTrouble: with what to do about it.
    """
    if not path.exists():
        if not make:
            raise KeyTrouble(
                f"{path} does not exist, but checkpoints have been signed. Bring the key back; if it is lost, "
                "make a new one with --new-key, which the trusted keys then need too."
            )
        _write_new_key(path)
    if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXO | stat.S_IWGRP):
        raise KeyTrouble(f"{path} is open to other accounts of this machine: chmod 0400 it.")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise KeyTrouble(f"{path} holds no readable private key.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyTrouble(f"{path} holds a key of another kind than Ed25519.")
    return key


def trust(path: Path, key: Ed25519PublicKey) -> None:
    """Add a public key to the file of trusted ones, unless it is there."""
    if path.exists() and raw_key(key) in [raw_key(known) for known in trusted_keys(path)]:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="ascii") as file:
        file.write(base64.b64encode(raw_key(key)).decode() + "\n")


def trusted_keys(path: Path) -> Sequence[Ed25519PublicKey]:
    """The public keys in a file: one a line, the 32 bytes in base64; what follows a blank is a remark.

    Raises:
        KeyTrouble: the file cannot be read or a line is no key.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise KeyTrouble(f"{path}, the file of trusted keys, cannot be read: {error.strerror}.") from error
    words = [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]
    try:
        return [Ed25519PublicKey.from_public_bytes(base64.b64decode(word, validate=True)) for word in words]
    except ValueError as error:
        raise KeyTrouble(f"{path} has a line that is no public key.") from error


def _write_new_key(path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "xb", opener=_private) as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, _PRIVATE)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
