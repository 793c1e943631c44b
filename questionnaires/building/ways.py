"""Which pages follow which, under which conditions, and which no answer ever leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product

from questionnaires.building.parts import Document, name_of
from questionnaires.building.readout import sentence_of
from questionnaires.conditions import Comparison, Condition
from questionnaires.schema import Calculation, Kind, Page, Question, Questionnaire, Working

_MOST_TRIED = 20_000
_CHANGED = "changed:"
_NOT_SAID = "\N{BULLET}"  # a text that no condition names


@dataclass(frozen=True, slots=True)
class Step:
    """From one page to another. ``number`` of the page; one more than there are pages: the answers are checked."""

    number: int
    name: str
    when: str  # "" always


@dataclass(frozen=True, slots=True)
class Stop:
    """One page of the map. ``when``: what has to hold for it to be asked, "" always."""

    number: int
    id: str
    name: str
    when: str
    questions: int
    steps: tuple[Step, ...]


def stops_of(document: Document, language: str, *, end: str) -> list[Stop]:
    """The map, in the order of the document. ``end``: what the step after the last page is called."""
    pages = document["pages"]
    whens = [sentence_of(page["show_if"], document, language) if "show_if" in page else "" for page in pages]
    always = ["show_if" not in page for page in pages]
    names = [*(name_of(page, language) for page in pages), end]
    return [
        Stop(
            number=at + 1,
            id=page["id"],
            name=names[at],
            when=whens[at],
            questions=len(page["questions"]),
            steps=tuple(_steps(at, [*whens, ""], [*always, True], names)),
        )
        for at, page in enumerate(pages)
    ]


def unreachable(questionnaire: Questionnaire) -> list[str]:
    """The ids of pages that are asked whatever anybody answers: never. A page that may be asked is never named.

    A condition that reads an answer which may be missing leads to its page; of sums and counts nothing is claimed.
    """
    always = {name for page in questionnaire.pages if page.show_if is None for name in page.fields}
    asked = {name: question for question in questionnaire.questions() for name in question.fields}
    worked = {one.id: one for one in questionnaire.calculated}
    return [page.id for page in questionnaire.pages if page.show_if and _never(page, asked, worked, always)]


def _steps(at: int, whens: Sequence[str], always: Sequence[bool], names: Sequence[str]) -> Iterator[Step]:
    for goal in range(at + 1, len(names)):
        yield Step(goal + 1, names[goal], whens[goal])
        if always[goal]:
            return


def _never(page: Page, asked: Mapping[str, Question], worked: Mapping[str, Calculation], always: set[str]) -> bool:
    assert page.show_if is not None
    conditions = [page.show_if, *_calculated_in(page.show_if, worked)]
    compared = [one for condition in conditions for one in condition.comparisons]
    read = {one.variable for one in compared}
    if any(name in worked and worked[name].working is not Working.HOLDS for name in read):
        return False
    tried: dict[str, list[object]] = {}
    for name in sorted(read - worked.keys()):
        values = _values_of(name, [one for one in compared if one.variable == name], asked, always)
        if values is None:
            return False
        tried[name] = values
    total = 1
    for values in tried.values():
        total *= len(values)
    if total > _MOST_TRIED:
        return False
    flags = [one for one in worked.values() if one.holds is not None]
    return all(
        _is_skipped(page.show_if, dict(zip(tried, values, strict=True)), flags) for values in product(*tried.values())
    )


def _is_skipped(condition: Condition, answers: dict[str, object], flags: Sequence[Calculation]) -> bool:
    for one in flags:
        answers[one.id] = one.of(answers)
    return condition.holds(answers) is False


def _calculated_in(condition: Condition, worked: Mapping[str, Calculation]) -> Iterator[Condition]:
    for name in condition.reads:
        if name in worked and (inner := worked[name].holds) is not None:
            yield inner
            yield from _calculated_in(inner, worked)


def _values_of(
    name: str, compared: Sequence[Comparison], asked: Mapping[str, Question], always: set[str]
) -> list[object] | None:
    """One answer of each sort that the comparisons tell apart; None where the answer may be missing, or is endless."""
    bare = name.removeprefix(_CHANGED)
    question = asked.get(bare)
    if question is None or bare not in always:
        return None
    if name != bare:
        return [True, False]
    if not question.required or bare != question.id:
        return None
    literals = [item for one in compared for item in (one.literal if isinstance(one.literal, list) else [one.literal])]
    return answers_to(question, literals)


def answers_to(question: Question, literals: Sequence[object]) -> list[object] | None:
    """One answer of each sort that comparisons with the literals tell apart; None where there is no end of them."""
    match question.kind:
        case Kind.YES_NO:
            return [True, False]
        case Kind.DECLARATION:
            return [True]
        case Kind.RADIO:
            return [choice.value for choice in question.choices]
        case Kind.CHECKBOXES:
            return _selections(question, literals)
        case Kind.BAND:
            return list(question.bands)
        case Kind.NUMBER | Kind.AMOUNT:
            return _numbers(question, literals)
        case Kind.PEOPLE | Kind.FILE | Kind.EKYC | Kind.INFORMATION:
            return None
        case _:
            return [*literals, _NOT_SAID]


def _numbers(question: Question, literals: Sequence[object]) -> list[object]:
    limits = question.limits
    near = {int(one) + step for one in literals if isinstance(one, int | float) for step in (-1, 0, 1)}
    near |= {bound for bound in (limits.min, limits.max) if bound is not None}
    low, high = limits.min, limits.max
    return [one for one in sorted(near) if (low is None or one >= low) and (high is None or one <= high)]


def _selections(question: Question, literals: Sequence[object]) -> list[object] | None:
    named = [choice for choice in question.choices if choice.value in literals]
    others = [choice for choice in question.choices if choice.value not in literals]
    offered = [*named, *others[:1]]
    if len(offered) > 10:
        return None
    every = chain.from_iterable(combinations(offered, count) for count in range(1, len(offered) + 1))
    return [
        [choice.value for choice in chosen]
        for chosen in every
        if len(chosen) == 1 or not any(choice.is_exclusive for choice in chosen)
    ]
