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
from channels.afterwards import LETTER_IS_LOST, RULES, Asks, Point, Way, fate_of
from channels.sending import BEGINS_WITHIN, KEY_LIFE, LEASE, SUSPECT, WAVE
from channels.settling import MAX_TRIES

DOCS: Path = settings.BASE_DIR / "docs"
STATES = DOCS / "states.md"
SENDING = DOCS / "sending.md"
GLOSSARY = DOCS / "glossary.md"

# | `Case.OPEN` | To be decided | 判断待ち | An officer is to judge the discrepancies. |
_STATUS_ROW = re.compile(r"^\| `(?P<status>\w+\.[A-Z_]+)` \| (?P<label>[^|]+) \| (?P<japanese>[^|]+) \|", re.MULTILINE)

_HEADING = """# States

Which status may follow which, drawn from the `TRANSITIONS` of the models; the Japanese is the glossary's.
Written by `manage.py write_docs`: change the models or [glossary.md](glossary.md), then run it again.
"""

_SENDING = """# What a crash leaves

A worker takes a batch out of the queue (the claim, one short transaction), hands each message to its provider with no
transaction open, and writes down the answers (the settling, another). It may die at any point between; the database and
the broker may die as well. What then becomes of a message follows from the channel, because providers differ in what
they can tell afterwards. Written by `manage.py write_docs` from `channels/afterwards.py`, which the sweeper goes by;
`tests/channels/test_crashes.py` stops a worker at each point on each channel. `bin/manage chaos send` kills workers,
PostgreSQL and Valkey at random and accounts for every message.

Of e-mail and of LINE's notification messages nobody can be asked afterwards whether they were taken. They leave in
waves of {wave}: the transaction that settles one wave notes which messages the next begins with, and what a dead worker
had claimed but not begun was certainly not sent. All other messages begin with the claim. A worker that was held up
begins nothing more after {begins} seconds.

After a restore the database has forgotten what left since the backup. The workers keep the last claim outside of it,
find it missing, stop all sending and doubt whatever was due; then a person resumes. A letter in doubt cannot be asked
about, for its job is forgotten too, and is given up after {letter} days. `bin/manage chaos restore` does this with
pg_dump and pg_restore; `bin/manage chaos fair` lets one bank queue for hours and another for ten messages.

A dead worker's messages are found when its lease of {lease} seconds ends, by the database's clock. A message that
{suspect} workers died over goes alone from then on, so that no other falls with it again; after {tries} more it is set
aside as `poison` for a person. A push that may have been taken is asked for under its key, however often LINE answers
with an error, until it is known or the key is {key} hours old.
"""


class Command(BaseCommand):
    help = "Writes docs/states.md and docs/sending.md from the code; with --check, only says whether they are current."

    def add_arguments(self, parser: CommandParser) -> None:
        """One switch."""
        parser.add_argument("--check", action="store_true", help="change nothing; fail when the page is stale")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Write or compare.

        Raises:
            CommandError: a page is stale, or a status is missing from the glossary.
        """
        for page, wanted in ((STATES, states_page()), (SENDING, sending_page())):
            name = f"docs/{page.name}"
            if page.exists() and page.read_text(encoding="utf-8") == wanted:
                self.stdout.write(f"{name} is current.")
            elif check:
                raise CommandError(f"{name} is stale: run `bin/manage write_docs` and commit it.")
            else:
                page.write_text(wanted, encoding="utf-8")
                self.stdout.write(f"Wrote {name}.")


def states_page() -> str:
    """The text of docs/states.md."""
    japanese = {status: row["japanese"] for status, row in glossary_statuses().items()}
    return _HEADING + "".join("\n" + "\n".join(_section(model, japanese)) + "\n" for model in stateful_models())


def sending_page() -> str:
    """The text of docs/sending.md."""
    heading = _SENDING.format(
        lease=int(LEASE.total_seconds()),
        begins=int(BEGINS_WITHIN.total_seconds()),
        wave=WAVE,
        suspect=SUSPECT,
        tries=MAX_TRIES,
        key=int(KEY_LIFE.total_seconds() / 3600),
        letter=LETTER_IS_LOST.days,
    )
    return heading + "".join("\n" + "\n".join(_afterwards(way)) + "\n" for way in Way)


def _afterwards(way: Way) -> Iterator[str]:
    rule = RULES[way]
    yield f"## {way}"
    yield ""
    yield f"Afterwards {rule.asks} can be asked: {rule.why}." if rule.asks != Asks.NOBODY else _sentence(rule.why)
    if rule.given_up_after is not None:
        hours = rule.given_up_after.total_seconds() / 3600
        wait = f"{hours:.0f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
        yield f"An unknown one moves on to `{rule.given_up_to}` after {wait}, if nothing was heard."
    yield ""
    yield "| the worker dies | found as | then | taken by the provider |"
    yield "|---|---|---|---|"
    for point in Point:
        fate = fate_of(way, point)
        path = " → ".join(f"`{status}`" for status in fate.path)
        yield f"| {point} | `{fate.found}` | {path} | {'once' if fate.sends else 'not at all'} |"


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."


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
