"""Conditions as sentences, so that whoever approves a questionnaire need not read JSONLogic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from customers.codes import COUNTRIES
from questionnaires.building.parts import Document, Part, questions_of, said
from questionnaires.building.renaming import fields_renamed
from questionnaires.conditions import Comparison, InvalidCondition, parse_condition
from questionnaires.formatting import yen
from questionnaires.marking import without_readings
from questionnaires.schema import Kind
from questionnaires.shaping import FLAGS

LANGUAGES = ("ja", "en")
_CHANGED = "changed:"
_MONEY = frozenset({Kind.AMOUNT, Kind.BAND})


def sentence_of(logic: object, document: Document, language: str) -> str:
    """When a condition holds, in Japanese or English; "" for what is no condition."""
    with override(language):
        try:
            parse_condition(logic)
        except InvalidCondition:
            return ""
        return _Reader(document, language).words(logic, is_inner=False)


def sentences_of(logic: object, document: Document) -> list[tuple[str, str]]:
    """The same in both languages, each with its code."""
    return [(language, sentence_of(logic, document, language)) for language in LANGUAGES]


def check_sentence(check: Mapping[str, Any], document: Document, language: str) -> str:
    """Where a check stops the customer, and what it says there, in Japanese or English."""
    with override(language):
        holds = sentence_of(check["holds"], document, language) or "—"
        words = {"holds": holds, "name": answer_name(document, check["at"], language)}
        stops = _("Unless %(holds)s, the customer stops at “%(name)s” and reads:") % words
        return f"{stops} {without_readings(said(check, 'message', language)) or '—'}"


def check_sentences(check: Mapping[str, Any], document: Document) -> list[tuple[str, str]]:
    """The same in both languages, each with its code."""
    return [(language, check_sentence(check, document, language)) for language in LANGUAGES]


def value_sentence(one: Mapping[str, Any], document: Document, language: str) -> str:
    """How a calculated value is worked out, in Japanese or English."""
    with override(language):
        if "holds" in one:
            return _("Whether %(condition)s") % {"condition": sentence_of(one["holds"], document, language) or "—"}
        if "count" in one:
            return _("How many were given at “%(name)s”") % {"name": answer_name(document, one["count"], language)}
        names = [_("“%(name)s”") % {"name": answer_name(document, name, language)} for name in one["sum"]]
        return _("The sum of %(names)s") % {"names": _(", ").join(names)}


def value_sentences(one: Mapping[str, Any], document: Document) -> list[tuple[str, str]]:
    """The same in both languages, each with its code."""
    return [(language, value_sentence(one, document, language)) for language in LANGUAGES]


def answer_name(document: Document, variable: str, language: str) -> str:
    """What an answer is called: its question's text, or its own name where no question gives it."""
    return _Reader(document, language).name(variable)


def value_name(document: Document, variable: str, value: object, language: str) -> str:
    """What a value is called that an answer is compared with."""
    with override(language):
        return _Reader(document, language).value(variable, value)


class _Reader:
    def __init__(self, document: Document, language: str) -> None:
        self.document, self.language = document, language
        self.questions = {question["id"]: question for _page, question in questions_of(document)}
        self.calculated = {one["id"]: one for one in document.get("calculated", ())}

    def words(self, logic: Any, *, is_inner: bool = True) -> str:
        """A condition that was checked."""
        [(operator, operands)] = logic.items()
        if operator in ("and", "or"):
            joint = pgettext("conditions", " and ") if operator == "and" else pgettext("conditions", " or ")
            joined = joint.join(self.words(part) for part in operands)
            return _("(%(words)s)") % {"words": joined} if is_inner and len(operands) > 1 else joined
        if operator == "!":
            [inner] = operands
            [one, *others] = parse_condition(inner).comparisons
            if not others and "!" not in inner and one.operator == "has":
                return _("“%(name)s” does not include “%(value)s”") % self.places(one)
            return _("it is not so that %(words)s") % {"words": self.words(inner)}
        [comparison] = parse_condition(logic).comparisons
        return self.comparison(comparison)

    def comparison(self, one: Comparison) -> str:
        if one.variable.startswith(_CHANGED) and isinstance(one.literal, bool):
            differs = one.literal is (one.operator == "===")
            said_of = _("“%(name)s” differs from the file") if differs else _("“%(name)s” is as the file has it")
            return said_of % self.places(one)
        patterns = {
            "===": _("“%(name)s” is “%(value)s”"),
            "!==": _("“%(name)s” is not “%(value)s”"),
            "<": _("“%(name)s” is less than %(value)s"),
            "<=": _("“%(name)s” is %(value)s or less"),
            ">": _("“%(name)s” is more than %(value)s"),
            ">=": _("“%(name)s” is %(value)s or more"),
            "in": _("“%(name)s” is one of “%(value)s”"),
            "has": _("“%(name)s” includes “%(value)s”"),
        }
        return patterns[one.operator] % self.places(one)

    def places(self, one: Comparison) -> Mapping[str, str]:
        values = one.literal if isinstance(one.literal, list) else [one.literal]
        named = _("; ").join(self.value(one.variable, value) for value in values)
        return {"name": self.name(one.variable), "value": named}

    def name(self, variable: str) -> str:
        bare = variable.removeprefix(_CHANGED)
        question = self.questions.get(bare) or self.giving(bare)
        return (said(question, "label", self.language) if question else "") or bare

    def giving(self, field: str) -> Part | None:
        """The question that gives a field beside its own, such as a postal code."""
        return next((one for name, one in self.questions.items() if field in fields_renamed(name, name)), None)

    def value(self, variable: str, value: object) -> str:
        question = self.questions.get(variable, {})
        kind = question.get("kind")
        if isinstance(value, bool):
            is_answer = kind in FLAGS
            return (_("Yes") if value else _("No")) if is_answer else (_("true") if value else _("not true"))
        if isinstance(value, int | float):
            is_money = kind in _MONEY or (variable in self.calculated and self._is_money(variable))
            return yen(int(value)) if is_money else number_format(value, force_grouping=True, use_l10n=True)
        if kind == Kind.COUNTRY and value in COUNTRIES:
            return COUNTRIES[str(value)].in_language(self.language)
        offered = self.document.get("choice_lists", {}).get(question.get("choices"), ())
        choice = next((one for one in offered if one["value"] == value), None)
        return (said(choice, "label", self.language) if choice else "") or str(value)

    def _is_money(self, name: str) -> bool:
        read = self.calculated[name].get("sum", ())
        return any(self.questions.get(one, {}).get("kind") in _MONEY for one in read)
