"""`write_docs`: the pages of docs/ that follow from the code, so that they cannot rot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.transitions import Stateful

DOCS: Path = settings.BASE_DIR / "docs"
STATES = DOCS / "states.md"
GLOSSARY = DOCS / "glossary.md"

# | `Case.OPEN` | To be decided | 判断待ち | An officer is to judge the discrepancies. |
_STATUS_ROW = re.compile(r"^\| `(?P<status>\w+\.[A-Z_]+)` \| (?P<label>[^|]+) \| (?P<japanese>[^|]+) \|", re.MULTILINE)

_HEADING = """# States

Which status may follow which, drawn from the `TRANSITIONS` of the models; the Japanese is the glossary's.
Written by `manage.py write_docs`: change the models or [glossary.md](glossary.md), then run it again.
"""


class Command(BaseCommand):
    help = "Writes docs/states.md from the models; with --check, only says whether it is current."

    def add_arguments(self, parser: CommandParser) -> None:
        """One switch."""
        parser.add_argument("--check", action="store_true", help="change nothing; fail when the page is stale")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Write or compare.

        Raises:
            CommandError: the page is stale, or a status is missing from the glossary.
        """
        wanted = states_page()
        if STATES.exists() and STATES.read_text(encoding="utf-8") == wanted:
            self.stdout.write("docs/states.md is current.")
        elif check:
            raise CommandError("docs/states.md is stale: run `bin/manage write_docs` and commit it.")
        else:
            STATES.write_text(wanted, encoding="utf-8")
            self.stdout.write("Wrote docs/states.md.")


def states_page() -> str:
    """The text of docs/states.md."""
    japanese = {status: row["japanese"] for status, row in glossary_statuses().items()}
    return _HEADING + "".join("\n" + "\n".join(_section(model, japanese)) + "\n" for model in stateful_models())


def stateful_models() -> list[type[Stateful]]:
    """Every model with declared transitions, in the order of the apps."""
    return [model for model in apps.get_models() if issubclass(model, Stateful)]


def glossary_statuses() -> dict[str, dict[str, str]]:
    """The status rows of the glossary by ``Model.STATUS``: what stands on screen, and the Japanese."""
    rows = _STATUS_ROW.finditer(GLOSSARY.read_text(encoding="utf-8"))
    return {row["status"]: {name: text.strip() for name, text in row.groupdict().items()} for row in rows}


def _section(model: Any, japanese: dict[str, str]) -> Iterator[str]:
    field = model._meta.get_field("status")
    codes = [str(code) for code, _ in field.choices]
    name = model.__name__
    yield f"## {name}"
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    for code in codes:
        try:
            yield f'    state "{japanese[f"{name}.{code}"]}<br>{code}" as {code}'
        except KeyError:
            raise CommandError(f"{name}.{code} is not in docs/glossary.md.") from None
    yield f"    [*] --> {field.default}"
    moves = {str(was): {str(to) for to in ends} for was, ends in model.TRANSITIONS.items()}
    for was in codes:
        ends = [to for to in codes if to in moves.get(was, ())]
        yield from (f"    {was} --> {to}" for to in ends or ["[*]"])
    yield "```"
