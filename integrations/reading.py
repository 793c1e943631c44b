"""Whether the return file has a place for an institution's own attribute."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from customers.facts.readers import Reader, register_readers
from integrations.returns.layouts import MARK
from integrations.returns.selectors import current_layout


def readers(key: str) -> Iterator[Reader]:
    """The layout in force."""
    layout = current_layout()
    if layout is not None and any(cell.get("what") in (key, MARK + key) for cell in layout.document.get("body", ())):
        yield Reader(gettext("Version %(version)s of the layout of return files") % {"version": layout.version})


def register() -> None:
    """Called when the apps are ready."""
    register_readers(readers)
