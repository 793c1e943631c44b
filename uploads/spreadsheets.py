"""What a workbook is made of, looked at before any reader of workbooks opens it.

An .xlsx file is a ZIP of XML. Its directory says how much is inside before anything is unpacked, and what it says is
then checked by unpacking into nothing, a piece at a time, never beyond the limits.
"""

from __future__ import annotations

import html
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

MAX_FILES = 200
MAX_TOTAL = 200 * 1024**2
MAX_RATIO = 100
MAX_SHEETS = 100
# Small files pack well without being bombs.
RATIO_FROM = 1024**2
PIECE = 64 * 1024

_END = b"PK\x05\x06"
_END_SIZE = 22
_LONGEST_COMMENT = 65_535
_DIRECTORY_ENTRY = 46
_LOCAL_HEADER = 30
_ENCRYPTED = 0x1
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_MACROS = re.compile(r"vbaproject|/macrosheets/|/activex/|/ctrlprops/", re.IGNORECASE)
_FOREIGN = re.compile(r"/externallinks/|/embeddings/|/connections\.xml|/querytables/|/webextensions/", re.IGNORECASE)
_TEXT = re.compile(r"\.(xml|rels|vml)$", re.IGNORECASE)
_DECLARED = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.-]+)", re.IGNORECASE)
_SHEET = re.compile(r"<(?:[\w.-]+:)?sheet\b")
# A value may hold ">" but never "<".
_RELATION = re.compile(r"<(?:[\w.-]+:)?Relationship\b(?:[^<>\"']++|\"[^<\"]*+\"|'[^<']*+')*+>")
_ATTRIBUTE = re.compile(r"(?<!\w)(\w++)\s*+=\s*+(\"[^\"]*+\"|'[^']*+')")


class WorkbookRefused(Exception):
    """A workbook that must not be opened; ``code`` makes the sentence at the edge."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def inspect_workbook(file: BinaryIO) -> None:
    """Look a workbook through; ``file`` is left at its beginning. At most 200 MB are unpacked, none of it is kept.

    Raises:
        WorkbookRefused: no workbook, or one with more inside than a list of customers needs.
    """
    file.seek(0)
    if file.read(8) == _OLD:
        raise WorkbookRefused("old_or_locked")
    try:
        _check_end(file)
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _check_directory(entries)
            _check_places(entries)
            for entry in entries:
                _check_content(archive, entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, UnicodeDecodeError) as error:
        raise WorkbookRefused("damaged") from error
    file.seek(0)


def _check_end(file: BinaryIO) -> None:
    """How many files the archive says it holds, read from its last bytes: the directory alone may be a bomb."""
    size = file.seek(0, 2)
    start = file.seek(max(0, size - _END_SIZE - _LONGEST_COMMENT))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or at + _END_SIZE > len(tail):
        raise WorkbookRefused("not_a_workbook")
    count, directory, offset = struct.unpack("<H2L", tail[at + 10 : at + 20])
    # Whatever number is claimed, each entry takes its 46 bytes and its name.
    if count > MAX_FILES or directory > MAX_FILES * (_DIRECTORY_ENTRY + 1_024):
        raise WorkbookRefused("too_many_files", limit=MAX_FILES)
    if offset + directory != start + at:
        raise WorkbookRefused("damaged")


def _check_directory(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if len(names) > MAX_FILES:
        raise WorkbookRefused("too_many_files", limit=MAX_FILES)
    if len({name.lower() for name in names}) < len(names) or any(map(_is_path, names)):
        raise WorkbookRefused("bad_names")
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise WorkbookRefused("old_or_locked")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise WorkbookRefused("damaged")
    if "[content_types].xml" not in {name.lower() for name in names} or "xl/workbook.xml" not in names:
        raise WorkbookRefused("not_a_workbook")
    if any(_MACROS.search("/" + name) for name in names):
        raise WorkbookRefused("macros")
    if any(_FOREIGN.search("/" + name) for name in names):
        raise WorkbookRefused("external")
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if total > MAX_TOTAL or (total > RATIO_FROM and total > MAX_RATIO * max(packed, 1)):
        raise WorkbookRefused("too_large", limit=MAX_TOTAL // 1024**2)


def _is_path(name: str) -> bool:
    parts = name.split("/")
    return not name or any(char in name for char in "\\:\0") or ".." in parts or "." in parts or "" in parts[:-1]


def _check_places(entries: list[zipfile.ZipInfo]) -> None:
    """No two files share bytes: by overlapping, ten kilobytes can be said to hold anything."""
    spans = sorted(
        (entry.header_offset, entry.header_offset + _LOCAL_HEADER + entry.compress_size) for entry in entries
    )
    if any(end > start for (_, end), (start, _) in pairwise(spans)):
        raise WorkbookRefused("damaged")


def _check_content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Unpack one file to its end, which proves its stated size and checksum, and read what its XML asks for."""
    name = entry.filename.lower()
    is_text = _TEXT.search(name) is not None
    kept = bytearray()
    seen, before = 0, b""
    for piece in _pieces(archive, entry):
        seen += len(piece)
        if seen > entry.file_size:
            raise WorkbookRefused("damaged")
        if is_text:
            _check_text(before + piece, at_start=seen == len(piece))
            before = piece[-16:]
        if name.endswith(".rels") or name in ("[content_types].xml", "xl/workbook.xml"):
            kept += piece
            if len(kept) > RATIO_FROM:
                raise WorkbookRefused("too_large", limit=MAX_TOTAL // 1024**2)
    if seen != entry.file_size:
        raise WorkbookRefused("damaged")
    if kept:
        _check_part(name, kept.decode("utf-8"))


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as content:
        while piece := content.read(PIECE):
            yield piece


def _check_text(piece: bytes, *, at_start: bool) -> None:
    """XML in UTF-8 without definitions of its own: these are how a few bytes ask for files, addresses or gigabytes."""
    if at_start:
        declared = _DECLARED.match(piece)
        if declared and declared[1].lower() not in (b"utf-8", b"us-ascii"):
            raise WorkbookRefused("definitions")
    if b"\0" in piece or b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
        raise WorkbookRefused("definitions")


def _check_part(name: str, text: str) -> None:
    if name == "[content_types].xml" and "macroenabled" in text.lower():
        raise WorkbookRefused("macros")
    if name == "xl/workbook.xml" and len(_SHEET.findall(text)) > MAX_SHEETS:
        raise WorkbookRefused("too_many_sheets", limit=MAX_SHEETS)
    for tag in _RELATION.findall(text) if name.endswith(".rels") else ():
        told = {key: html.unescape(value[1:-1]) for key, value in _ATTRIBUTE.findall(tag)}
        # A link that a person would have to click is no more than text; spreadsheets make one of every e-mail address.
        if told.get("TargetMode", "").lower() == "external" and not told.get("Type", "").endswith("/hyperlink"):
            raise WorkbookRefused("external")
