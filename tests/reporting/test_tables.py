"""Tables of the staff pages become lists on a phone, where each cell says the name of its column."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

LABEL = re.compile(r'data-label="((?:\{[%{].*?[%}]\}|[^"])*)"')
HEAD = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
TABLES = sorted(
    path
    for path in (ROOT / "templates" / "staff").rglob("*.html")
    if "data-label=" in (text := path.read_text()) and "<thead" in text
)


def misnamed(text: str) -> set[str]:
    """The cells of a template whose names are no column's; what is named by a value is not looked at."""
    columns = {re.sub(r"<[^>]+>", " ", head).replace("'", '"').strip() for head in HEAD.findall(text)}
    return {label for label in LABEL.findall(text) if "{{" not in label and label.replace("'", '"') not in columns}


@pytest.mark.parametrize("path", TABLES, ids=lambda path: str(path.relative_to(ROOT / "templates" / "staff")))
def test_a_cell_is_called_what_its_column_is_called(path: Path) -> None:
    assert misnamed(path.read_text()) == set()


def test_a_cell_with_another_name_is_noticed() -> None:
    """Positive control."""
    table = '<th scope="col">{% translate "Day" %}</th><td data-label="{% translate \'Published\' %}"></td>'
    assert misnamed(table) == {"{% translate 'Published' %}"}
    assert not misnamed(table.replace("Published", "Day"))
