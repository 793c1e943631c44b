"""Keeps a large file on its way in on disk, sealed: an unnamed file, under a key that is in memory alone."""

from __future__ import annotations

import errno
import io
import os
import tempfile
from typing import IO, Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

FRAME = 64 * 1024
_TAG = 16


class SealedSpool(io.RawIOBase):
    """Bytes written once, then read anywhere; what lies on disk is AES-256-GCM, a frame at a time.

    The frame's number is its nonce, which is safe because each spool has a key of its own.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR, buffering=0)  # noqa: SIM115  # closed by `close`
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._pending = bytearray()
        self._size = 0
        self._at = 0

    def append(self, data: bytes) -> None:
        """Add bytes at the end; before the first read."""
        self._size += len(data)
        self._pending += data
        while len(self._pending) >= FRAME:
            self._write_frame(self._pending[:FRAME])
            del self._pending[:FRAME]

    def finish(self) -> int:
        """Nothing follows; returns the size in bytes."""
        if self._pending:
            self._write_frame(self._pending)
            self._pending.clear()
        return self._size

    def _write_frame(self, data: bytes | bytearray) -> None:
        number = self._file.tell() // (FRAME + _TAG)
        sealed = self._cipher.encrypt(number.to_bytes(12, "big"), data, None)
        if self._file.write(sealed) != len(sealed):  # the last bytes of a disk that is about to be full
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the frame goes that the position is in."""
        number, offset = divmod(self._at, FRAME)
        sealed = os.pread(self._file.fileno(), FRAME + _TAG, number * (FRAME + _TAG))
        if not sealed:
            return 0
        data = self._cipher.decrypt(number.to_bytes(12, "big"), sealed, None)[offset : offset + len(buffer)]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the position; returns where it is."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def close(self) -> None:
        """The file has no name, so this is its end."""
        if not self.closed:
            self._file.close()
        super().close()
