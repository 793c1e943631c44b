"""Receives large uploads without leaving them on disk in clear: an unnamed file, sealed with a key kept in memory."""

from __future__ import annotations

import io
import os
import tempfile
from typing import IO, Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

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
        self._file.write(self._cipher.encrypt(number.to_bytes(12, "big"), data, None))

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


class SealedUploadHandler(FileUploadHandler):
    """For what is too large for `MemoryFileUploadHandler`, which stands before this one.

    What goes beyond IMPORT_MAX_BYTES is counted, so that it can be refused with a sentence, and not kept.
    """

    spool: SealedSpool
    received: int

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self.spool = SealedSpool()
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take the next bytes."""
        self.received += len(raw_data)
        if self.received <= settings.IMPORT_MAX_BYTES:
            self.spool.append(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        """Hand the file over, at its beginning."""
        self.spool.finish()
        # A file that is not a path: Django's own subclass for large files insists on a name on disk.
        return UploadedFile(
            file=io.BufferedReader(self.spool, FRAME),
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )

    def upload_interrupted(self) -> None:
        """The sender hung up."""
        if spool := self.__dict__.get("spool"):
            spool.close()
