"""The questionnaire on paper: every question of a published version as boxes and lines, with the reference number.

Nothing on the sheet is about the customer but the number: what is on file is not printed, and the sheet may be lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from channels.barcodes import qr_svg
from channels.enclosing import STYLE
from channels.numbers import written
from channels.rendering import image, render_pages
from channels.wording.selectors import bank_of
from questionnaires.building.readout import sentence_of
from questionnaires.files.wording import side_in_words
from questionnaires.formatting import era_name
from questionnaires.marking import rendered
from questionnaires.models import QuestionnaireVersion
from questionnaires.persons import person_labels
from questionnaires.reading import ERAS
from questionnaires.saying import options_of
from questionnaires.schema import UNASKED, Kind, NamePart, Question, Questionnaire, Text
from questionnaires.selectors import questionnaire_of
from tenants.models import Tenant

# Longer than this a list is written in, not ticked: nobody prints two hundred countries.
MOST_BOXES = 60
_ROWS_OF_PEOPLE = 4
_DIGITS = {Kind.NUMBER: 9, Kind.AMOUNT: 12}
_BOXES = frozenset({Kind.RADIO, Kind.CHECKBOXES, Kind.YES_NO, Kind.BAND, Kind.COUNTRY})
_PLAIN = {
    Kind.DATE: "date",
    Kind.ADDRESS: "address",
    Kind.DECLARATION: "declaration",
    Kind.INFORMATION: "information",
    Kind.EKYC: "information",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it is printed. ``shape``: which block of the template; the rest is what that block needs."""

    number: int
    shape: str
    label: str
    hint: str
    is_required: bool
    boxes: tuple[str, ...] = ()
    columns: int = 1
    more: bool = False
    lines: int = 1
    digits: int = 0
    unit: str = ""
    parts: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    is_several: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of the questionnaire. ``only_if``: when it is asked at all, as a sentence."""

    title: str
    why: str
    only_if: str
    can_confirm: bool
    questions: tuple[Asked, ...]


def answer_sheet(
    *, tenant: Tenant, version: QuestionnaireVersion, number: str, language: str, is_company: bool
) -> bytes:
    """The questionnaire as a PDF to be filled in by hand. ``number``: on every page, and in the code to scan.

    Raises:
        channels.rendering.CannotRender: something would be missing on it.
    """
    return render_pages(
        sheet_page(tenant=tenant, version=version, number=number, language=language, is_company=is_company),
        style=STYLE,
    )


def sheet_page(*, tenant: Tenant, version: QuestionnaireVersion, number: str, language: str, is_company: bool) -> str:
    """The sheet as HTML, every value escaped. ``number``: "" for one on which each customer's is put afterwards."""
    questionnaire = questionnaire_of(version)
    spoken = questionnaire.language(language)
    with override(spoken):
        bank = bank_of(tenant)
        context = {
            "language": spoken,
            "bank": bank.name if spoken.startswith("ja") else bank.name_en,
            "address": bank.address,
            "phone": bank.phone,
            "phone_hours": bank.phone_hours,
            "title": questionnaire.title[spoken],
            "number": written(number) if number else "",
            "code": image(qr_svg(number, module=0.62)) if number else "",
            "is_company": is_company,
            "sheets": list(_sheets(version.document, questionnaire, spoken)),
            "eras": _eras(),
        }
        return rendered(render_to_string("portal/paper/sheet.html", context))


def heads_page(*, version: QuestionnaireVersion, numbers: Sequence[str], language: str) -> str:
    """One page for each number, where it stands on a sheet and nothing else."""
    spoken = questionnaire_of(version).language(language)
    with override(spoken):
        shown = [(written(number), image(qr_svg(number, module=0.62))) for number in numbers]
        context = {"language": spoken, "numbers": shown}
        return rendered(render_to_string("portal/paper/heads.html", context))


def numbers_on_sheet(questionnaire: Questionnaire) -> dict[str, int]:
    """By id, the number that each question has on the printed sheet; what asks nothing has none."""
    asked = [question.id for question in questionnaire.questions() if question.kind not in UNASKED]
    return {one: number for number, one in enumerate(asked, start=1)}


def _sheets(document: Mapping[str, Any], questionnaire: Questionnaire, language: str) -> Iterator[Sheet]:
    numbers = numbers_on_sheet(questionnaire)
    raw = {page["id"]: page for page in document["pages"]}
    for page in questionnaire.pages:
        asked = [_asked(question, numbers.get(question.id, 0), language) for question in page.questions]
        logic = raw[page.id].get("show_if")
        read_in = "ja" if language.startswith("ja") else "en"
        yield Sheet(
            title=page.title[language],
            why=_words(page.why, language),
            only_if=sentence_of(logic, dict(document), read_in) if logic else "",
            can_confirm=page.block,
            questions=tuple(asked),
        )


def _asked(question: Question, number: int, language: str) -> Asked:
    shape, particulars = _shape_of(question, language)
    return Asked(
        number=number,
        shape=shape,
        label=_words(question.label, language),
        hint=_words(question.hint, language),
        is_required=question.required,
        **particulars,
    )


def _shape_of(question: Question, language: str) -> tuple[str, dict[str, Any]]:
    if question.kind in _BOXES:
        return _boxes(question, language)
    if question.kind in _DIGITS:
        return "digits", {
            "digits": _DIGITS[question.kind],
            "unit": _("yen") if question.kind is Kind.AMOUNT else "",
        }
    match question.kind:
        case Kind.NAME:
            return "name", {"parts": tuple(map(_name_part, question.parts))}
        case Kind.PARAGRAPH:
            return "lines", {"lines": 4}
        case Kind.PEOPLE:
            labels = person_labels()
            rows = tuple(range(1, min(question.limits.max_people, _ROWS_OF_PEOPLE) + 1))
            return "people", {"parts": tuple(labels[part] for part in question.person_fields), "rows": rows}
        case Kind.FILE:
            return "file", {"boxes": tuple(filter(None, map(side_in_words, question.sides)))}
        case _:
            return _PLAIN.get(question.kind, "lines"), {}


def _boxes(question: Question, language: str) -> tuple[str, dict[str, Any]]:
    boxes = tuple(options_of(question, lambda text: _words(text, language)).values())
    if len(boxes) > MOST_BOXES:
        return "lines", {}
    longest = max(map(len, boxes), default=0)
    columns = 1 if longest > 22 or len(boxes) < 4 else 3 if longest <= 12 else 2
    is_several = question.kind is Kind.CHECKBOXES
    return "boxes", {"boxes": boxes, "columns": columns, "more": bool(question.more), "is_several": is_several}


def _words(text: Text, language: str) -> str:
    return text[language] if text else ""


def _name_part(part: NamePart) -> str:
    return {
        NamePart.FULL: pgettext("answer sheet", "Name"),
        NamePart.KANA: _("In katakana"),
        NamePart.LATIN: _("In Roman letters"),
    }[part]


def _eras() -> list[str]:
    return [era_name(name) for name in ("western", *(era.name for era in ERAS[:4]))]
