"""The agency's downloadable files: a ZIP with one CSV in it, in UTF-8 or CP932, read line by line."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO, cast

# The whole of Japan is some 1.3 GB unpacked.
MAX_UNPACKED = 16 * 1024**3
MAX_LINE = 64 * 1024
_HEAD = 1024 * 1024
_DAY = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")


class FileRefused(Exception):
    """The file is not one of the agency's; ``code`` says why, ``line`` where, if it is known."""

    def __init__(self, code: str, line: int = 0) -> None:
        super().__init__(f"{code} (line {line})" if line else code)
        self.code = code
        self.line = line


def sha256_of(path: Path) -> str:
    """Of the file as it was downloaded."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def day_in_name(name: str) -> date | None:
    """The day in a name such as ``00_zenkoku_all_20261130.zip`` or ``diff_20261124.zip``."""
    found = _DAY.search(name)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def rows_in(path: Path, *, max_unpacked: int = MAX_UNPACKED) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each line, the first of which is 1; constant memory, however long the file.

    Raises:
        FileRefused: no ZIP or CSV, broken, too large, or a line that cannot be decoded.
    """
    line = 0
    try:
        with _opened(path, max_unpacked) as stream:
            reader = csv.reader(_Lines(stream, _encoding_of(stream.peek(_HEAD)[:_HEAD])), strict=True)
            for cells in reader:
                line = reader.line_num
                yield line, cells
    except csv.Error:
        raise FileRefused("csv", line + 1) from None
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise FileRefused("broken", line) from None


class _Lines:
    """Lines as text, decoded one by one so that a character that cannot be read has its line."""

    def __init__(self, stream: io.BufferedReader, encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._line = 0

    def __iter__(self) -> Iterator[str]:
        while raw := self._stream.readline(MAX_LINE):
            self._line += 1
            if len(raw) == MAX_LINE and not raw.endswith(b"\n"):
                raise FileRefused("line_too_long", self._line)
            if b"\0" in raw:
                raise FileRefused("nul", self._line)
            try:
                text = raw.decode(self._encoding)
            except UnicodeDecodeError:
                raise FileRefused("encoding", self._line) from None
            yield text.removeprefix("\ufeff") if self._line == 1 else text


def _encoding_of(head: bytes) -> str:
    """UTF-8 if the beginning is, otherwise CP932."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp932"
    return "utf-8"


@contextmanager
def _opened(path: Path, max_unpacked: int) -> Iterator[io.BufferedReader]:
    if not zipfile.is_zipfile(path):
        if path.suffix.lower() == ".zip":
            raise FileRefused("broken")
        with path.open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if info.filename.lower().endswith(".csv")]
        if len(members) != 1:
            raise FileRefused("not_one_csv")
        if members[0].file_size > max_unpacked:
            raise FileRefused("too_large")
        if members[0].flag_bits & 1:
            raise FileRefused("encrypted")
        with archive.open(members[0]) as member:
            yield io.BufferedReader(cast(io.RawIOBase, cast(BinaryIO, member)), buffer_size=_HEAD)
