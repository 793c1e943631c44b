"""How a kept file is read: guessed from its first bytes, remembered by its header, or as a person said."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from audit.services import Actor
from customers.decoding import MAX_LINE, FileRefused, Layout, header_of, layout_of
from customers.facts.catalogue import INDISPENSABLE
from customers.facts.selectors import columns_in_use, own_facts_in_use
from customers.folding import fold
from customers.formats import tape
from customers.models import CustomerImport, ImportLayout
from tenants.keys import cipher

DELIMITERS = (",", "\t", ";", "|")
ENCODINGS = ("utf-8", "cp932")
_HEADER = "import-header"
# Refusals that a person can mend by saying what the columns are.
_MENDABLE = {"no_header", "missing_columns", "duplicate_columns"}
_SHORTEST_PART = 2


@dataclass(frozen=True, slots=True)
class Guess:
    """What is taken for the layout of a new file, and whether anybody has to look at it."""

    layout: Layout
    header_index: bytes
    is_remembered: bool


def guess_layout(head: bytes, *, encoding: str = "", delimiter: str = "") -> Layout:
    """As decoding.layout_of, but columns may be missing, unknown or there twice; a person says what they are.

    Raises FileRefused for what has no columns at all.
    """
    if not encoding and not delimiter:
        try:
            return _with_own(layout_of(head))
        except FileRefused as refused:
            if refused.code not in _MENDABLE:
                raise
            encoding = _encoding_of(head)
            guess = _layout(head, encoding, _widest(_first_line(head, encoding)))
            if len(guess.titles) < len(INDISPENSABLE):
                raise
            return guess
    encoding = encoding or _encoding_of(head)
    return _layout(head, encoding, delimiter or _widest(_first_line(head, encoding)))


def guess_columns(titles: Sequence[str]) -> tuple[str | None, ...]:
    """For each title the attribute it stands for, each at most once: by its whole name, else by a name inside it."""
    folded = [_folded(title) for title in titles]
    known = {key: [_folded(name) for name in (key, *names)] for key, names in columns_in_use().items()}
    found: dict[int, str] = {}
    for is_named in (_is_called, _has_inside):
        for key, names in known.items():
            free = (at for at in range(len(folded)) if at not in found)
            at = next((at for at in free if any(is_named(folded[at], name) for name in names)), None)
            if at is not None and key not in found.values():
                found[at] = key
    return tuple(found.get(at) for at in range(len(titles)))


def _is_called(title: str, name: str) -> bool:
    return title == name


def _has_inside(title: str, name: str) -> bool:
    return len(name) >= _SHORTEST_PART and name in title


def recall_layout(head: bytes) -> Guess:
    """The guess for a new file, or what was said of the last one with the same header. Raises FileRefused."""
    layout = guess_layout(head)
    # The same titles in another encoding, between other delimiters or in a workbook are read in another way.
    index = cipher().index(_HEADER, tape.UNIT.join((layout.encoding, layout.delimiter, *layout.titles)))
    said = ImportLayout.objects.filter(header_index=index).first()
    if said is None:
        return Guess(layout, index, is_remembered=False)
    titles = guess_layout(head, encoding=said.encoding, delimiter=said.delimiter).titles
    if len(titles) != len(said.columns):
        return Guess(layout, index, is_remembered=False)
    told = replace(layout, encoding=said.encoding, delimiter=said.delimiter, columns=tuple(said.columns), titles=titles)
    return Guess(told, index, is_remembered=True)


def remember_layout(customer_import: CustomerImport, *, actor: Actor, now: datetime) -> None:
    """Keep what a person said of a file for the next one with its header."""
    ImportLayout.objects.update_or_create(
        header_index=bytes(customer_import.header_index or b""),
        defaults={
            "encoding": customer_import.encoding,
            "delimiter": customer_import.delimiter,
            "columns": customer_import.columns,
            "set_by": int(actor.id) if actor.kind == "user" else 0,
            "set_at": now,
        },
    )


def layout_in_force(customer_import: CustomerImport, head: bytes) -> Layout:
    """How the kept file is to be read. Raises FileRefused."""
    layout = guess_layout(head)
    if customer_import.columns is not None:
        layout = replace(
            layout,
            delimiter=customer_import.delimiter,
            columns=tuple(customer_import.columns),
            titles=tuple(customer_import.titles),
        )
    in_use = columns_in_use()  # an attribute that somebody said a column is may be retired since
    columns = tuple(key if key in in_use else None for key in layout.columns)
    return replace(layout, encoding=customer_import.encoding, columns=columns)


def _with_own(layout: Layout) -> Layout:
    """With the institution's own columns, told by their whole names."""
    names = {_folded(name): key for key, fact in own_facts_in_use().items() for name in (key, *fact.titles)}
    found = [key or names.pop(_folded(title), None) for title, key in zip(layout.titles, layout.columns, strict=True)]
    return replace(layout, columns=tuple(key if key not in found[:at] else None for at, key in enumerate(found)))


def _layout(head: bytes, encoding: str, delimiter: str) -> Layout:
    if head.startswith(tape.MAGIC.encode()):
        taped = header_of(head)
        return replace(taped, columns=guess_columns(taped.titles))
    titles = tuple(title.strip() for title in _titles(_first_line(head, encoding), delimiter))
    return Layout(encoding, delimiter, guess_columns(titles), titles)


def _encoding_of(head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    first = head.partition(b"\n")[0]
    for encoding in ENCODINGS:
        try:
            first.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return ENCODINGS[-1]


def _first_line(head: bytes, encoding: str) -> str:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    return io.StringIO(text, newline=None).readline(MAX_LINE).rstrip("\n")


def _widest(line: str) -> str:
    return max(DELIMITERS, key=lambda mark: len(_titles(line, mark)))


def _titles(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _folded(title: str) -> str:
    return fold(title).replace(" ", "")
