"""Checks a document and gives it its shape: first by the published JSON Schema, then by what no schema can say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import date
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext_noop as _

from questionnaires.conditions import Comparison, Condition, InvalidCondition, parse_condition
from questionnaires.fitting import misfits
from questionnaires.limiting import day_of
from questionnaires.marking import with_readings, without_readings
from questionnaires.schema import (
    POSTAL_CODE,
    Accepted,
    Calculation,
    Check,
    Choice,
    InvalidQuestionnaire,
    Keep,
    Kind,
    Limits,
    NamePart,
    Page,
    Question,
    Questionnaire,
    Sensitivity,
    Side,
    Text,
    Working,
    digest_of,
    more_field,
    part_field,
    postal_field,
    variables_of,
)
from questionnaires.secrecy import asks_for_secret, secret_in

# Steps of the journey that are not pages of a document but share its address space.
_RESERVED = frozenset({"landing", "identity", "check", "ekyc", "done", "end", "line", "question", "display"})
FLAGS = frozenset({Kind.YES_NO, Kind.DECLARATION})
NUMBERS = frozenset({Kind.NUMBER, Kind.AMOUNT, Kind.BAND})
SEVERAL = frozenset({Kind.CHECKBOXES, Kind.PEOPLE, Kind.FILE})
CHOSEN = frozenset({Kind.RADIO, Kind.CHECKBOXES})
_PERSON = ("name", "birth_on", "share_percent", "is_pep")
# What constrains which kind of answer.
CONSTRAINTS: Mapping[Kind, frozenset[str]] = {
    **dict.fromkeys((Kind.TEXT, Kind.PARAGRAPH), frozenset({"min_length", "max_length"})),
    **dict.fromkeys((Kind.NAME, Kind.ADDRESS), frozenset({"max_length"})),
    **dict.fromkeys((Kind.NUMBER, Kind.AMOUNT), frozenset({"min", "max"})),
    Kind.DATE: frozenset({"earliest", "latest"}),
    Kind.CHECKBOXES: frozenset({"min_chosen", "max_chosen"}),
    Kind.PEOPLE: frozenset({"max_people"}),
    Kind.FILE: frozenset({"max_files"}),
}
# What only one kind of question may say.
_ONLY_OF = {"accepts": Kind.FILE, "sides": Kind.FILE, "methods": Kind.EKYC}
# What is not asked where the file's own data are shown to be confirmed.
_NEVER_IN_BLOCK = frozenset({Kind.FILE, Kind.EKYC})
_ASKING = frozenset({"label", "hint", "title"})
_LENGTHS = {Kind.PARAGRAPH: 1_000, Kind.NAME: 140}
_PART_FACTS = {NamePart.KANA: "kana", NamePart.LATIN: "latin_name"}


def parse(document: Mapping[str, Any], *, is_published: bool = False) -> Questionnaire:
    """Check a document and give it a shape. Raises InvalidQuestionnaire naming the place that is wrong.

    ``is_published``: what was let through once is not judged anew by what a later release thinks of its words.
    """
    if unfit := misfits(document):
        raise unfit[0]
    return Shaper(document, is_published).questionnaire()


def parse_json(document: bytes) -> Questionnaire:
    """As `parse`, from JSON text of a version that was published."""
    return parse(json.loads(document), is_published=True)


class Shaper:
    """Walks one document that fits the schema, keeping the place for the message."""

    def __init__(self, document: Mapping[str, Any], is_published: bool) -> None:
        self.document = document
        self.is_published = is_published
        self.place, self.at_page, self.at_question = "document", "", ""
        self.languages: tuple[str, ...] = tuple(document["languages"])
        self.default: str = document["default_language"]
        self.untranslated: list[tuple[str, str]] = []
        self.fields: dict[str, Question] = {}
        self.calculated: dict[str, Calculation] = {}
        self.pages: dict[str, Page] = {}

    def fail(self, reason: str, *, part: str = "", **params: object) -> InvalidQuestionnaire:
        """An error where the walk is. ``reason`` is marked for translation, with places for ``params``."""
        text = f"{self.place}: {reason % params}"
        return InvalidQuestionnaire(
            text, reason=reason, params=params, page=self.at_page, question=self.at_question, part=part
        )

    def questionnaire(self) -> Questionnaire:
        if self.default not in self.languages:
            raise self.fail(_("the default language must be one of the languages"))
        title = self.text(self.document, "title")
        self.walk()
        if strange := self.document.get("lists", {}).keys() - self.document.get("choice_lists", {}).keys():
            raise self.fail(_("there is no choice list %(name)s"), part="lists", name=repr(min(strange)))
        self.complete()
        return Questionnaire(
            id=self.document["id"],
            title=title,
            languages=self.languages,
            default_language=self.default,
            pages=tuple(self.pages.values()),
            digest=digest_of(self.document),
            calculated=tuple(self.calculated.values()),
            untranslated=tuple(self.untranslated),
            _pages=MappingProxyType(self.pages),
        )

    def complete(self) -> None:
        """Every calculation has been taken in."""
        left = {part["id"] for part in self.document.get("calculated", ())} - self.calculated.keys()
        if left:
            self.move(f"calculated {min(left)!r}", question=min(left))
            raise self.fail(_("it reads what no page asks"), part=min(left))

    def walk(self) -> None:
        """Take in page by page, and what can be worked out after each."""
        for part in self.document["pages"]:
            page = self.page(part)
            self.pages[page.id] = page
            self.calculate()

    def move(self, place: str, page: str = "", question: str = "") -> None:
        """Where errors are, from now on."""
        self.place, self.at_page, self.at_question = place, page, question

    def text(self, part: Mapping[str, Any], key: str) -> Text:
        """Words in every language; what is missing is noted, and the default's stand in."""
        if key not in part:
            return Text()
        words: Mapping[str, str] = part[key]
        said = words.get(self.default, "").strip()
        if not said:
            raise self.fail(_("'%(key)s' has no text in %(language)s"), part=key, key=key, language=self.default)
        if (
            not self.is_published
            and key in _ASKING
            and (found := next(filter(None, map(secret_in, map(without_readings, words.values()))), ""))
        ):
            raise self.fail(
                _("'%(key)s' speaks of a secret that no bank asks for (%(found)s)"), part=key, key=key, found=found
            )
        borrowed = [language for language in self.languages if not words.get(language, "").strip()]
        self.untranslated.extend((f"{self.place}: {key}", language) for language in borrowed)
        spoken = {language: words.get(language, "").strip() or said for language in self.languages}
        text = Text(spoken, default=self.default, borrowed=borrowed)
        text.update({one: with_readings(text[one]) for one in text if text.spoken_in(one) == "ja-easy"})
        return text

    def identifier(self, part: Mapping[str, Any], taken: Mapping[str, object]) -> str:
        name: str = part["id"]
        if name in _RESERVED or (not self.is_published and asks_for_secret(name)):
            raise self.fail(_("'%(name)s' can't be an id"), part="id", name=name)
        if name in taken:
            raise self.fail(_("the id '%(name)s' appears twice"), part="id", name=name)
        return name

    def page(self, part: Mapping[str, Any]) -> Page:
        self.move(f"page {part['id']!r}", part["id"])
        name = self.identifier(part, self.pages)
        show_if = self.condition(part, "show_if") if "show_if" in part else None
        title, why = self.text(part, "title"), self.text(part, "why")
        questions = tuple(self.questions(name, part["questions"]))
        self.move(f"page {name!r}", name)
        if part.get("block") and not any(question.maps_to for question in questions):
            raise self.fail(_("nothing on it is on file, so it cannot be shown as a block"), part="block")
        if part.get("block") and any(question.kind in _NEVER_IN_BLOCK for question in questions):
            raise self.fail(
                _("files and the identity check are asked on a page of their own, not in a block"), part="block"
            )
        checks = tuple(self.check(check, questions) for check in part.get("checks", ()))
        return Page(name, title, why, questions, show_if, bool(part.get("block", False)), checks)

    def questions(self, page: str, parts: Sequence[Mapping[str, Any]]) -> Iterator[Question]:
        """Those of one page."""
        for part in parts:
            yield self.question(page, part)

    def check(self, part: Mapping[str, Any], questions: tuple[Question, ...]) -> Check:
        if part["at"] not in {field for question in questions for field in question.fields}:
            raise self.fail(
                _("a check points at '%(name)s', which the page does not ask"), part="checks", name=part["at"]
            )
        return Check(self.condition(part, "holds"), part["at"], self.text(part, "message"))

    def condition(self, part: Mapping[str, Any], key: str) -> Condition:
        try:
            condition = parse_condition(part[key])
        except InvalidCondition as error:
            raise self.fail(_("%(key)s: %(why)s"), part=key, key=key, why=error) from error
        if unknown := self.unknown_to(condition):
            names = ", ".join(sorted(unknown))
            raise self.fail(_("%(key)s reads %(names)s, which no earlier page asks"), part=key, key=key, names=names)
        for comparison in condition.comparisons:
            if wrong := self.misfit(comparison):
                reason, params = wrong
                raise self.fail(reason, part=key, **params)
        return condition

    def unknown_to(self, condition: Condition) -> Set[str]:
        """What it reads that was not asked before."""
        return condition.reads - (variables_of([*self.fields]) | self.calculated.keys())

    def misfit(self, one: Comparison) -> tuple[str, Mapping[str, object]] | None:
        """What is wrong with comparing these, and the params of saying it."""
        question = self.fields.get(one.variable)
        calculation = self.calculated.get(one.variable)
        is_flag = question.kind in FLAGS if question else calculation is None or calculation.working is Working.HOLDS
        if is_flag:
            is_fit = one.operator in ("===", "!==") and isinstance(one.literal, bool)
        elif question is None or question.kind in NUMBERS:
            is_fit = one.operator not in ("in", "has") and type(one.literal) in (int, float)
        elif question.kind in SEVERAL:
            is_fit = one.operator == "has" and question.kind is Kind.CHECKBOXES
        else:
            is_fit = one.operator in ("===", "!==", "in") and not isinstance(one.literal, bool | int | float)
        if not is_fit:
            said = {"name": one.variable, "operator": one.operator, "literal": repr(one.literal)}
            return _("%(name)s cannot be compared so (%(operator)s %(literal)s)"), said
        if question and question.kind in CHOSEN and one.variable == question.id:
            offered = {choice.value for choice in question.choices}
            literals = set(one.literal) if isinstance(one.literal, list) else {one.literal}
            if strange := literals - offered:
                return _("%(name)s is never %(values)s"), {"name": one.variable, "values": ", ".join(sorted(strange))}
        return None

    def question(self, page: str, part: Mapping[str, Any]) -> Question:
        self.move(f"page {page!r}", page, part["id"])
        name = self.identifier(part, self.fields)
        self.move(f"question {name!r}", page, name)
        kind = Kind(part["kind"])
        if strange := set(part.get("constraints", ())) - CONSTRAINTS.get(kind, frozenset()):
            names = ", ".join(sorted(strange))
            raise self.fail(_("%(names)s constrain no answer of kind %(kind)s"), names=names, kind=kind)
        for key, owner in _ONLY_OF.items():
            if key in part and kind is not owner:
                raise self.fail(_("'%(key)s' belongs to questions of kind %(kind)s"), part=key, key=key, kind=owner)
        choices = self.choices(part) if kind in CHOSEN else ()
        parts = tuple(NamePart(one) for one in part.get("parts", ("full",)))
        question = Question(
            id=name,
            kind=kind,
            label=self.text(part, "label"),
            hint=self.text(part, "hint"),
            required=bool(part.get("required", False)) or kind is Kind.DECLARATION,
            facts=dict(_facts_of(part, kind, choices, parts)),
            autocomplete=part.get("autocomplete", ""),
            choices=choices,
            bands=self.bands(part) if kind is Kind.BAND else (),
            limits=self.limits(part, kind),
            parts=parts,
            person_fields=tuple(part.get("person_fields", _PERSON)) if kind is Kind.PEOPLE else (),
            sensitivity=Sensitivity(part.get("sensitivity", "normal")),
            accepts=tuple(map(Accepted, part.get("accepts", Accepted))) if kind is Kind.FILE else (),
            sides=tuple(map(Side, part.get("sides", ()))),
            methods=tuple(part.get("methods", ())),
            keep=self.keep(part, kind),
        )
        self.well_formed(question)
        if clash := self.fields.keys() & set(question.fields):
            raise self.fail(_("the answer %(names)s is asked twice"), part="id", names=", ".join(sorted(clash)))
        self.fields |= dict.fromkeys(question.fields, question)
        return question

    def well_formed(self, question: Question) -> None:
        limits = question.limits
        for least, most in (
            (limits.min_length, limits.max_length),
            (limits.min, limits.max),
            (limits.min_chosen, limits.max_chosen),
        ):
            if least is not None and most is not None and least > most:
                raise self.fail(_("no answer is between %(least)s and %(most)s"), least=least, most=most)
        try:
            for said in filter(None, (limits.earliest, limits.latest)):
                day_of(said, date(2000, 1, 1))
        except (OverflowError, ValueError):
            raise self.fail(_("there is no such day")) from None
        if question.kind is Kind.NAME and NamePart.FULL not in question.parts:
            raise self.fail(_("a name is asked in full, whatever else is asked of it"))
        if question.kind is Kind.PEOPLE and "name" not in question.person_fields:
            raise self.fail(_("persons are asked for their names"))
        if question.kind is Kind.FILE and len(question.sides) > limits.max_files:
            raise self.fail(_("there are more sides than files"))

    def keep(self, part: Mapping[str, Any], kind: Kind) -> Keep | None:
        if "keep_months" not in part and "keep_until" not in part:
            return None
        if kind in (Kind.INFORMATION, Kind.EKYC):
            raise self.fail(_("there is no answer to be kept for a time"))
        if part.get("maps_to"):
            raise self.fail(_("an answer that the file keeps is kept by the file's rule"))
        return Keep(part.get("keep_months"))

    def limits(self, part: Mapping[str, Any], kind: Kind) -> Limits:
        longest = {"max_length": _LENGTHS[kind]} if kind in _LENGTHS else {}
        return Limits(**{**longest, **part.get("constraints", {})})

    def bands(self, part: Mapping[str, Any]) -> tuple[int, ...]:
        bounds = part.get("bands")
        if bounds is None or bounds != sorted(bounds):
            raise self.fail(_("bands are lower bounds in yen, ascending"), part="bands")
        return tuple(bounds)

    def choices(self, part: Mapping[str, Any]) -> tuple[Choice, ...]:
        offered = self.document.get("choice_lists", {}).get(part.get("choices"))
        if offered is None:
            raise self.fail(_("there is no choice list %(name)s"), part="choices", name=repr(part.get("choices")))
        choices = tuple(
            Choice(
                item["value"],
                self.text(item, "label"),
                item.get("exclusive", False),
                item.get("more", False),
                self.text(item, "group"),
            )
            for item in offered
        )
        if len({choice.value for choice in choices}) != len(choices):
            raise self.fail(_("the choice list '%(name)s' repeats a value"), part="choices", name=part["choices"])
        return choices

    def calculate(self) -> None:
        """Take in the calculations whose answers have all been asked by now."""
        for part in self.document.get("calculated", ()):
            if part["id"] not in self.calculated and (found := self.calculation(part)):
                self.calculated[found.id] = found

    def calculation(self, part: Mapping[str, Any]) -> Calculation | None:
        """One of them; None while an answer it reads has not been asked."""
        self.move(f"calculated {part['id']!r}", question=part["id"])
        if part["id"] in self.fields:
            raise self.fail(_("the id '%(name)s' appears twice"), part="id", name=part["id"])
        return self.flag(part) if "holds" in part else self.figure(part)

    def flag(self, part: Mapping[str, Any]) -> Calculation | None:
        try:
            reads = parse_condition(part["holds"]).reads
        except InvalidCondition as error:
            raise self.fail(_("%(key)s: %(why)s"), part="holds", key="holds", why=error) from error
        if not reads <= variables_of([*self.fields]) | self.calculated.keys():
            return None
        holds = self.condition(part, "holds")
        return Calculation(part["id"], Working.HOLDS, tuple(reads), holds, part.get("maps_to", ""))

    def figure(self, part: Mapping[str, Any]) -> Calculation | None:
        working = Working.SUM if "sum" in part else Working.COUNT
        read = tuple(part["sum"]) if working is Working.SUM else (part["count"],)
        if not self.fields.keys() >= set(read):
            return None
        fitting = NUMBERS if working is Working.SUM else SEVERAL
        if any(self.fields[one].kind not in fitting for one in read):
            raise self.fail(_("%(working)s cannot be worked out of %(names)s"), working=working, names=", ".join(read))
        return Calculation(part["id"], working, read, None, part.get("maps_to", ""))


def _facts_of(
    part: Mapping[str, Any], kind: Kind, choices: tuple[Choice, ...], parts: tuple[NamePart, ...]
) -> Iterator[tuple[str, str]]:
    """The fields of a question, each with the fact it is kept as."""
    name, fact = part["id"], part.get("maps_to", "")
    if kind is Kind.ADDRESS:
        yield postal_field(name), POSTAL_CODE if fact else ""
    if kind is Kind.NAME:
        for one in parts:
            yield part_field(name, one), fact if one is NamePart.FULL else _PART_FACTS[one] if fact else ""
        return
    yield name, fact
    if any(choice.asks_more for choice in choices):
        yield more_field(name), ""
