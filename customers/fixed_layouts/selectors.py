"""Reading fixed-length layouts, and files by them."""

from __future__ import annotations

from itertools import islice

from django.db.models import QuerySet

from customers.fixed_layouts.models import FixedLayout
from customers.formats.fixed import FixedTable, first_rows, table_from
from customers.imports.showing import cover
from customers.presenting import say
from customers.wording import column_title

ROWS = 3


def layouts() -> QuerySet[FixedLayout]:
    """All of them, by name."""
    return FixedLayout.objects.order_by("name")


def table_of(layout: FixedLayout) -> FixedTable:
    """The layout as files are read by it."""
    return table_from(layout.document)


def sample_of(head: bytes, table: FixedTable, *, masked: bool) -> list[tuple[int, list[tuple[str, str]]]]:
    """The first customers of a file as the layout cuts them: the record's number, and each column's title and text.

    ``head`` is the file's beginning; a record that is cut off at its end is left out. Raises FileRefused.
    """
    columns = [(each.column, column_title(each.column)) for each in table.fields]
    shown = []
    for row in islice(first_rows(head, table), ROWS):
        cells = zip(columns, map(_printable, row.cells), strict=False)
        shown.append((row.number, [(title, _said(key, text, masked=masked)) for (key, title), text in cells]))
    return shown


def _said(key: str, text: str, *, masked: bool) -> str:
    """Covered whole for whoever may not see it: they might call a name whatever is shown open."""
    return cover(None, text) if masked else text or say(key, "")


def _printable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
