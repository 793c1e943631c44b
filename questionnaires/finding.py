"""A choice among hundreds: looked for by a word of it or by its group, and chosen among those found; without a script.

A drop-down of six hundred is no page for a cheap telephone: it weighs more than the rest together, and nobody scrolls
through it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from customers.folding import fold
from questionnaires.controls import find_control, group_control
from questionnaires.marking import as_read, unmarked, without_readings
from questionnaires.persons import Option
from questionnaires.schema import Kind, Question

# Bytes of choices that a page has room for beside the rest of it, as HTML.
ROOM = 6_000
# What HTML says around one choice: <option value=""></option>, and what ends the line.
_AROUND = 28


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked for, and what of it is shown. ``total``: how many there are, whether they have room or not."""

    find: str  # the controls, by name
    group: str
    typed: str
    groups: tuple[Option, ...]
    shown: tuple[Option, ...]
    total: int
    of: int  # among how many
    is_asked: bool

    @property
    def is_cut(self) -> bool:
        """Whether there are more than the page has room for."""
        return self.total > len(self.shown)


def weight_of(options: Sequence[Option]) -> int:
    """How many bytes of HTML the choices of a drop-down are."""
    return sum(_AROUND + len(option.value) + len(option.label.encode()) for option in options)


def is_looked_for(question: Question, options: Sequence[Option]) -> bool:
    """Whether a question offers more than a page has room for."""
    return question.kind is Kind.RADIO and weight_of(options) > ROOM


def found_among(question: Question, options: Sequence[Option], data: Mapping[str, str]) -> Found:
    """What fits both the word and the group, and what is chosen already, as far as there is room."""
    typed = data.get(find_control(question), "").strip()[:100]
    groups = list(dict.fromkeys(option.group for option in options if option.group))
    wanted = data.get(group_control(question), "")
    group = groups[int(wanted)] if wanted.isdecimal() and int(wanted) < len(groups) else ""
    fitting = [option for option in options if option.is_chosen]
    if typed or group:
        words = {choice.value: _words(choice.label.values()) for choice in question.choices} if typed else {}
        sought = fold(typed).replace(" ", "")
        fitting += [
            option
            for option in options
            if not option.is_chosen
            and (not group or option.group == group)
            and (not typed or sought in words.get(option.value, ""))
        ]
    return Found(
        find=find_control(question),
        group=group_control(question),
        typed=typed,
        groups=tuple(Option(str(place), words, words == group) for place, words in enumerate(groups)),
        shown=tuple(_with_room(fitting)),
        total=len(fitting),
        of=len(options),
        is_asked=bool(typed or group),
    )


def _words(texts: Iterable[str]) -> str:
    """Everything that a choice is called, in any language and as it is read."""
    names = [name for text in texts for name in (unmarked(without_readings(text)), as_read(text))]
    return "\n".join(fold(name).replace(" ", "") for name in names)


def _with_room(options: Sequence[Option]) -> list[Option]:
    shown: list[Option] = []
    room = ROOM
    for option in options:
        room -= weight_of([option])
        if room < 0:
            break
        shown.append(option)
    return shown
