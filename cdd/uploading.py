"""Receives large uploads without leaving them on disk in clear."""

from __future__ import annotations

import io
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from uploads.spooling import FRAME, SealedSpool


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
