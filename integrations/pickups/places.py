"""What every place that books come from can do, and the ways in which it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from integrations.pickups.rules import Entry

PIECE = 1024 * 1024
MOST_ENTRIES = 10_000
ARCHIVE = "archive"


class PlaceFailed(Exception):
    """The place could not be looked at; ``code`` is one of integrations.pickups.wording, ``params`` are its own."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class FileVanished(Exception):
    """The file is gone, or no longer what it was when it was found. It is looked at anew next time."""


class Place(Protocol):
    """A folder that is open for one look. Every method may raise PlaceFailed."""

    def entries(self) -> list[Entry]:
        """The regular files in it, links and folders left out."""
        ...

    def read(self, entry: Entry) -> Iterator[bytes]:
        """A file's bytes, exactly as many as found. Raises FileVanished, at the latest at the end."""
        ...

    def archive(self, name: str, as_name: str) -> None:
        """Move a file into the folder ARCHIVE beside it, which is made if need be; nothing there is replaced."""
        ...


type OpenPlace = AbstractContextManager[Place]
