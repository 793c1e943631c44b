"""The layout of a bank's return file: which records it has, what stands in them and how it is written.

A layout is kept as JSON, such as::

    {"format": "fixed", "encoding": "cp932", "newline": "crlf", "titles": false,
     "header": [{"what": "text", "text": "1", "length": 1}, {"what": "batch_number", "length": 6, "fill": "zeros"}, …],
     "body": [{"what": "text", "text": "2", "length": 1}, {"what": "customer_number", "length": 10}, {"what": "phone",
              "length": 11, "form": "digits"}, {"what": "mark:phone", "length": 1}, …],
     "trailer": [{"what": "text", "text": "8", "length": 1}, {"what": "records", "length": 6, "fill": "zeros"}, …],
     "end": [{"what": "text", "text": "9", "length": 1}, …]}

Values stand one behind the other; `length` is their bytes in a fixed-length file. A record of the body has only what
changed, and `mark:` of a fact says so: 0 nothing, 1 a new value, 2 no value any more. A list of people has a place for
each part of each of them: `owners.2.birth_on`. A workbook (`xlsx`) has neither an encoding nor ends of lines to choose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from customers.facts.shape import Fact, Type

FORMATS = ("csv", "fixed", "xlsx")
ENCODINGS = {"csv": ("cp932", "utf-8-sig", "utf-8"), "fixed": ("cp932", "utf-8"), "xlsx": ("utf-8",)}
NEWLINES = {"crlf": "\r\n", "lf": "\n", "none": ""}
RECORDS = ("header", "body", "trailer", "end")
# as_is: as our own import reads it; digits: nothing but digits; half_kana, wide: the widths that old hosts want
FORMS = ("as_is", "digits", "half_kana", "wide")
FILLS = ("spaces", "wide_spaces", "zeros")

OF_CUSTOMER = ("customer_number", "kind", "branch_code")
OF_BATCH = ("batch_number", "batch_on")
TOTALS = ("records", "changes", "hash_total")
TEXT, POSITION, MARK = "text", "position", "mark:"
# Over a quarter of the votes have three at most, and whoever rules in fact comes beside them.
PLACES = 4
PARTS = ("name", "birth_on", "share_percent")
MAX_CELLS = 400
MAX_LENGTH = 4_000


class LayoutInvalid(Exception):
    """A layout that cannot be used; `code` and `params` make the sentence at the edge."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a record: what it is and how it is written.

    `values` turns our codes (also "true", "false", "INDIVIDUAL") into the host's; a code that it lacks is not written.
    """

    what: str
    title: str = ""
    text: str = ""
    length: int = 0
    fill: str = "spaces"
    form: str = "as_is"
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def marks(self) -> str:
        """The fact whose change this says, if it is a mark."""
        return self.what.removeprefix(MARK) if self.what.startswith(MARK) else ""

    @property
    def fact(self) -> str:
        """The fact whose value, or part of it, stands here, if it is one."""
        return self.what.partition(".")[0]

    @property
    def place(self) -> tuple[int, str] | None:
        """Of a list of people, whose part stands here: how many stand before them, and which part."""
        number, _, part = self.what.partition(".")[2].partition(".")
        return (int(number) - 1, part) if part else None


@dataclass(frozen=True, slots=True)
class ReturnForm:
    """How one bank wants its return file."""

    format: str
    encoding: str
    newline: str
    titles: bool
    header: tuple[Cell, ...]
    body: tuple[Cell, ...]
    trailer: tuple[Cell, ...]
    end: tuple[Cell, ...]
    # the facts that there are, the institution's own too
    known: Mapping[str, Fact] = field(default_factory=dict, compare=False, repr=False)

    @property
    def facts(self) -> frozenset[str]:
        """The facts that the file can carry."""
        own = (*OF_CUSTOMER, *OF_BATCH, POSITION, TEXT)
        return frozenset(cell.fact for cell in self.body if cell.what not in own and not cell.marks)

    def records(self) -> Iterator[tuple[str, tuple[Cell, ...]]]:
        """The kinds of records with their cells, in the order of the file; what is empty has none."""
        for name in RECORDS:
            cells = getattr(self, name)
            if cells:
                yield name, cells


def form_from(document: Any, *, facts: Mapping[str, Fact]) -> ReturnForm:
    """The layout that JSON describes, checked; ``facts`` are those that there are.

    Raises:
        LayoutInvalid: something is missing, unknown, of the wrong type, or the records do not fit together.
    """
    try:
        form = ReturnForm(
            format=_text(document["format"]),
            encoding=_text(document["encoding"]),
            newline=_text(document.get("newline", "crlf")),
            titles=bool(document.get("titles", False)),
            **{name: tuple(map(_cell_from, document.get(name) or [])) for name in RECORDS},
            known=facts,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LayoutInvalid("unreadable") from error
    if form.format == "xlsx":
        form = replace(form, encoding=ENCODINGS["xlsx"][0], newline="none")
    _check(form)
    return form


def document_of(form: ReturnForm) -> dict[str, Any]:
    """The layout as JSON, to be kept; `form_from` makes it a layout again."""
    return {
        "format": form.format,
        "encoding": form.encoding,
        "newline": form.newline,
        "titles": form.titles,
        **{name: [_document_of_cell(cell) for cell in cells] for name, cells in form.records()},
    }


def choices_for(record: str, *, facts: Mapping[str, Fact]) -> tuple[str, ...]:
    """What may stand in a record, in a steady order."""
    if record == "body":
        values = (what for key, fact in facts.items() for what in _places_of(key, fact))
        return (*OF_CUSTOMER, *values, *(MARK + fact for fact in facts), *OF_BATCH, POSITION, TEXT)
    return (*OF_BATCH, *TOTALS, TEXT) if record in ("trailer", "end") else (*OF_BATCH, TEXT)


def _places_of(key: str, fact: Fact) -> Iterator[str]:
    """Where its value may stand: a list of people in no one cell."""
    if fact.type is Type.OWNERS:
        yield from (f"{key}.{number}.{part}" for number in range(1, PLACES + 1) for part in PARTS)
    else:
        yield key


def _check(form: ReturnForm) -> None:
    if form.format not in FORMATS or form.newline not in NEWLINES:
        raise LayoutInvalid("unreadable")
    if form.encoding not in ENCODINGS[form.format]:
        raise LayoutInvalid("encoding")
    if form.format == "csv" and form.newline == "none":
        raise LayoutInvalid("newline")
    for name, cells in form.records():
        if len(cells) > MAX_CELLS:
            raise LayoutInvalid("too_many", record=name, limit=MAX_CELLS)
        for place, cell in enumerate(cells, 1):
            _check_cell(form, cell, name, place, choices_for(name, facts=form.known))
    if "customer_number" not in {cell.what for cell in form.body} or not form.facts:
        raise LayoutInvalid("nothing")
    if marked := {cell.marks for cell in form.body if cell.marks} - form.facts:
        raise LayoutInvalid("mark_alone", what=min(marked))
    if form.format == "fixed":
        _check_lengths(form)


def _check_cell(form: ReturnForm, cell: Cell, name: str, place: int, choices: Collection[str]) -> None:
    if cell.what not in choices:
        raise LayoutInvalid("unknown", record=name, place=place)
    if cell.form not in FORMS or cell.fill not in FILLS:
        raise LayoutInvalid("unreadable")
    if form.format == "fixed" and not 1 <= cell.length <= MAX_LENGTH:
        raise LayoutInvalid("length", record=name, place=place, limit=MAX_LENGTH)
    for text in (cell.text, cell.title, *cell.values.values()):
        if _cannot_write(text, form.encoding) or (form.format == "fixed" and _bytes(text, form) > MAX_LENGTH):
            raise LayoutInvalid("characters", record=name, place=place)
    if form.format == "fixed" and max(_bytes(text, form) for text in (cell.text, *cell.values.values())) > cell.length:
        raise LayoutInvalid("does_not_fit", record=name, place=place, limit=cell.length)


def _check_lengths(form: ReturnForm) -> None:
    """Every record of a fixed-length file is as long as the others: by that it is read."""
    whole = sum(cell.length for cell in form.body)
    for name, cells in form.records():
        if (length := sum(cell.length for cell in cells)) != whole:
            raise LayoutInvalid("lengths", record=name, length=length, expected=whole)
    wide = len("　".encode(form.encoding))
    for name, cells in form.records():
        for place, cell in enumerate(cells, 1):
            if cell.fill == "wide_spaces" and cell.length % wide:
                raise LayoutInvalid("wide", record=name, place=place)


def _bytes(text: str, form: ReturnForm) -> int:
    return len(text.encode(form.encoding.removesuffix("-sig")))


def _cannot_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return True
    return any(not char.isprintable() and char != "　" for char in text)


def _cell_from(document: Any) -> Cell:
    return Cell(
        what=_text(document["what"]),
        title=_text(document.get("title", "")),
        text=_text(document.get("text", "")),
        length=_whole(document.get("length", 0)),
        fill=_text(document.get("fill", "spaces")),
        form=_text(document.get("form", "as_is")),
        values={_text(key): _text(value) for key, value in document.get("values", {}).items()},
    )


def _document_of_cell(cell: Cell) -> dict[str, Any]:
    given = {
        "what": cell.what,
        "title": cell.title,
        "text": cell.text,
        "length": cell.length,
        "fill": cell.fill,
        "form": cell.form,
        "values": dict(cell.values),
    }
    return {key: value for key, value in given.items() if value not in ("", 0, {})}


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_LENGTH:
        raise TypeError(value)
    return value
