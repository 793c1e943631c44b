"""From the bytes of a bank's file to its records: encoding, delimiter, header, quoting, refusals."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from customers.facts.catalogue import COLUMNS as COLUMNS
from customers.facts.catalogue import HEADER as HEADER
from customers.facts.catalogue import USUAL
from customers.folding import fold
from customers.formats import tape
from customers.formats.lines import Lines
from tenants.cells import original_cell

MAX_LINE = 16_384
MAX_COLUMNS = 1_000
MAX_LINES_IN_RECORD = 40
SNIFF_BYTES = 65_536

_COLUMN_BY_NAME = {fold(name).replace(" ", ""): key for key, names in COLUMNS.items() for name in (key, *names)}
_DELIMITERS = ",\t;|"
_ERROR_FILE = frozenset(("行", "列", "理由", "Line", "Column", "Reason"))
_END_OF_FILE = "\x1a"  # DOS hosts still close their files with it
_BLANK = b"\r\n\t ,;|\0\x1a"
_ENCODINGS = ("utf-8", "cp932")
_FOREIGN_ENCODINGS = {
    "euc_jp": "EUC-JP",
    "iso2022_jp": "ISO-2022-JP (JIS)",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
}
_SIGNATURES = {
    b"PK\x03\x04": "Excel (xlsx) / ZIP",
    b"PK\x05\x06": "ZIP",
    b"\xd0\xcf\x11\xe0": "Excel (xls)",
    b"%PDF": "PDF",
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"\x7fELF": "ELF",
    b"MZ": "Windows",
    b"<!DO": "HTML",
    b"<htm": "HTML",
    b"<?xm": "XML",
}
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class FileRefused(Exception):
    """The file as a whole cannot be imported; `code` and `params` make the sentence at the edge."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read one file: for each position a key of the catalogue, or None for a column we don't know."""

    encoding: str
    delimiter: str
    columns: tuple[str | None, ...]
    titles: tuple[str, ...]

    @property
    def is_tape(self) -> bool:
        """Whether the file is kept as the rows of a workbook or of a fixed-length file (formats.tape)."""
        return self.delimiter == tape.UNIT

    @property
    def unknown(self) -> tuple[str, ...]:
        """Titles of columns that we don't know; those that our own error file adds are not among them."""
        named = zip(self.titles, self.columns, strict=True)
        return tuple(title for title, key in named if not key and title and title not in _ERROR_FILE)


class Record(NamedTuple):
    """One record: the physical line it starts on, its own text, and its fields or what is wrong.

    `marks`: what some fields were in a sheet (formats.tape.DATE or UNREAD), by their index.
    """

    line: int
    text: str
    fields: list[str]
    problem: str = ""
    marks: Mapping[int, str] = MappingProxyType({})


def layout_of(head: bytes) -> Layout:
    """Read encoding, delimiter and header from the first bytes of a file (SNIFF_BYTES of them are enough).

    Raises FileRefused for anything that is not a customer file.
    """
    layout = header_of(head)
    check_columns(layout)
    return layout


def header_of(head: bytes) -> Layout:
    """As `layout_of`, but whatever the columns are: some may be missing, unknown or there more than once.

    Raises FileRefused for anything that is not a text file with a heading, nor a tape.
    """
    if head.startswith(tape.MAGIC.encode()):
        source, row = tape.header_of(_first_line(head, tape.ENCODING))
        return _layout_in(source, tape.UNIT, row.cells)
    if not head.strip():
        raise FileRefused("empty")
    for signature, kind in _SIGNATURES.items():
        if head.startswith(signature):
            raise FileRefused("not_csv", kind=kind)
    bom = next((encoding for mark, encoding in _BOMS.items() if head.startswith(mark)), None)
    if head.startswith(_UTF32):
        raise FileRefused("encoding", encoding="UTF-32")
    if bom:
        return _guessed(bom, _first_line(head, bom))
    if b"\0" in head:
        _refuse_nul(head)
    candidates = [_try_header(head, encoding) for encoding in _ENCODINGS]
    readable = [line for line in candidates if line is not None]
    encoding, line = max(readable, key=lambda found: _known(found[1]), default=(None, ""))
    if encoding is None or not _known(line):
        _refuse_foreign(head)
    if encoding is None:
        raise FileRefused("header_unreadable", byte=_first_bad_byte(head))
    return _guessed(encoding, line)


def _first_line(head: bytes, encoding: str) -> str:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    line = io.StringIO(text, newline=None).readline(MAX_LINE + 1)
    if len(line) > MAX_LINE:
        raise FileRefused("line_too_long", line=1, limit=MAX_LINE)
    return line.rstrip("\n")


def _try_header(head: bytes, encoding: str) -> tuple[str, str] | None:
    first = head.partition(b"\n")[0].partition(b"\r")[0][: MAX_LINE * 4]
    try:
        first.decode(encoding)
    except UnicodeDecodeError:
        return None
    return encoding, _first_line(head, encoding)


def _known(line: str) -> int:
    return max(sum(_key(title) is not None for title in _titles(line, mark)) for mark in _DELIMITERS)


def _key(title: str) -> str | None:
    return _COLUMN_BY_NAME.get(fold(title).replace(" ", ""))


def _titles(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _guessed(encoding: str, line: str) -> Layout:
    """The delimiter that makes the most of our columns; of those that make none, the one there is most of."""
    known = {mark: sum(map(bool, map(_key, _titles(line, mark)))) for mark in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda mark: (known[mark], line.count(mark)))
    return _layout_in(encoding, delimiter, _titles(line, delimiter))


def _layout_in(encoding: str, delimiter: str, titles: Sequence[str]) -> Layout:
    if len(titles) > MAX_COLUMNS:
        raise FileRefused("too_many_columns", found=len(titles), limit=MAX_COLUMNS)
    return Layout(encoding, delimiter, tuple(map(_key, titles)), tuple(title.strip() for title in titles))


def check_columns(layout: Layout) -> None:
    """Refuse a file whose columns are not ours, each usual one of them, and each once."""
    columns = layout.columns
    if not any(columns):
        raise FileRefused("no_header", expected=HEADER)
    named = zip(layout.titles, columns, strict=True)
    if twice := {title for title, key in named if key and columns.count(key) > 1}:
        raise FileRefused("duplicate_columns", columns=sorted(twice))
    if missing := tuple(COLUMNS[key][0] for key in USUAL if key not in columns):
        raise FileRefused("missing_columns", columns=missing)


def _refuse_nul(head: bytes) -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        if _known(head[: len(head) // 2 * 2].decode(encoding, "replace").splitlines()[0]):
            raise FileRefused("encoding", encoding=_FOREIGN_ENCODINGS[encoding])
    raise FileRefused("nul_byte", line=head[: head.index(b"\0")].count(b"\n") + 1)


def _refuse_foreign(head: bytes) -> None:
    for encoding in ("euc_jp", "iso2022_jp"):
        first = head.partition(b"\n")[0].decode(encoding, "replace")
        if _known(first):
            raise FileRefused("encoding", encoding=_FOREIGN_ENCODINGS[encoding])
    control = sum(byte < 9 or 13 < byte < 27 for byte in head[:4096])
    if control > len(head[:4096]) // 100:
        raise FileRefused("not_csv", kind="binary")


def _first_bad_byte(head: bytes) -> int:
    try:
        head.partition(b"\n")[0].decode("cp932")
    except UnicodeDecodeError as error:
        return error.start + 1
    return 1


class StreamCheck:
    """Watches a whole file go by: refuses NUL bytes and excess, says in the end whether it was UTF-8."""

    def __init__(self, layout: Layout, limit: int) -> None:
        self.lines = 0
        self._limit = limit
        self.size = 0
        self._layout = layout
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._is_utf8 = True
        self._in_header = True
        self._has_data = False

    def watch(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > self._limit:
            raise FileRefused("too_large", limit=self._limit // 1024**2)
        if b"\0" in piece and self._layout.encoding != "utf-16":
            raise FileRefused("nul_byte", line=self.lines + piece[: piece.index(b"\0")].count(b"\n") + 1)
        self.lines += piece.count(b"\n") or piece.count(b"\r")
        if not self._has_data:
            self._look_for_data(piece)
        if self._is_utf8:
            try:
                self._utf8.decode(piece)
            except UnicodeDecodeError:
                self._is_utf8 = False

    def _look_for_data(self, piece: bytes) -> None:
        if self._in_header:
            newline = b"\n" if b"\n" in piece else b"\r"
            _, found, piece = piece.partition(newline)
            self._in_header = not found
        self._has_data = not self._in_header and bool(piece.strip(_BLANK))

    def finish(self) -> None:
        """The file has ended: it must have had something below its header."""
        if not self._has_data:
            raise FileRefused("header_only")

    @property
    def encoding(self) -> str:
        """The file's encoding: a header in plain ASCII says nothing, so then the whole file decides."""
        ambiguous = self._layout.encoding == "utf-8" and all(title.isascii() for title in self._layout.titles)
        return "cp932" if ambiguous and not self._is_utf8 else self._layout.encoding


def records_of(pieces: Iterable[bytes], layout: Layout) -> Iterator[Record]:
    """The records after the header, blank lines left out; one that cannot be read carries a `problem`.

    Line numbers are physical lines of the file, as an editor shows them. Bytes that are not of the encoding
    arrive as lone surrogates (U+DC80 to U+DCFF), so a single bad byte costs one record and not the file.
    """
    errors = "replace" if layout.encoding == "utf-16" else "surrogateescape"
    encoding = tape.ENCODING if layout.is_tape else layout.encoding
    lines = Lines(pieces, encoding=encoding, errors=errors, limit=MAX_LINE)
    next(lines, None)
    for record in map(_taped, lines) if layout.is_tape else _written(lines, layout):
        if "'" in record.text:  # our own error file, corrected and sent back
            record = record._replace(fields=[original_cell(field) for field in record.fields])
        if record.problem:
            yield record
        elif any(record.fields) and record.text != _END_OF_FILE:
            yield record if len(record.fields) == len(layout.columns) else record._replace(problem="field_count")


def _taped(line: str) -> Record:
    row = tape.row_of(line)
    if len(line) > MAX_LINE:
        return Record(row.number, "\t".join(row.cells), [], "line_too_long")
    return Record(row.number, "\t".join(row.cells), list(row.cells), marks=row.marks)


def _written(lines: Lines, layout: Layout) -> Iterator[Record]:
    delimiter = layout.delimiter
    for line in lines:
        if len(line) > MAX_LINE:
            yield Record(lines.number, line[:MAX_LINE], [], "line_too_long")
        elif '"' in line:
            yield _quoted(line, lines, layout)
        else:
            body = line.rstrip("\r\n")
            yield Record(lines.number, body, body.split(delimiter))


def _quoted(first: str, lines: Lines, layout: Layout) -> Record:
    """A record with quotes. Lines are joined only if that makes a whole record: a quote that never closes
    would otherwise swallow the good rows below it."""
    start, taken = lines.number, [first]
    quotes = first.count('"')
    while quotes % 2 and len(taken) < MAX_LINES_IN_RECORD and (line := next(lines, None)) is not None:
        taken.append(line)
        quotes += line.count('"')
    fields = None if quotes % 2 else _fields("".join(taken), layout.delimiter)
    if len(taken) > 1 and (fields is None or len(fields) != len(layout.columns)):
        lines.give_back(taken[1:])
        return Record(start, first.rstrip("\r\n"), [], "unclosed_quote")
    body = "".join(taken).rstrip("\r\n")
    if fields is None:
        return Record(start, body, [], "unclosed_quote" if quotes % 2 else "bad_quoting")
    return Record(start, body, fields)


def _fields(text: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([text.rstrip("\r\n")], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None
