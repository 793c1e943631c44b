"""A document as an XLSForm workbook, so that reading it gives the same document back. No Django, no clock."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import xlsxwriter

from questionnaires.schema import Kind
from questionnaires.xlsform import columns, expressions
from questionnaires.xlsform.columns import heading
from questionnaires.xlsform.expressions import Of

type Document = Mapping[str, Any]
type Row = dict[str, str]

_OF_KIND: Mapping[Kind, Of] = {
    Kind.NUMBER: Of.NUMBER, Kind.AMOUNT: Of.NUMBER, Kind.BAND: Of.NUMBER, Kind.CHECKBOXES: Of.SEVERAL,
    Kind.PEOPLE: Of.SEVERAL, Kind.FILE: Of.SEVERAL, Kind.YES_NO: Of.YES_NO, Kind.DECLARATION: Of.DECLARATION,
}  # fmt: skip
# The kinds that a type alone stands for; of the others the column of ours says which it is.
_PLAIN_KINDS = frozenset(
    {Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.CHECKBOXES, Kind.DECLARATION, Kind.INFORMATION, Kind.FILE, Kind.YES_NO}
)
_NATIVE_LIMITS: Mapping[str, str] = {
    "min": ". >= {}", "max": ". <= {}", "earliest": ". >= {}", "latest": ". <= {}",
    "min_length": "string-length(.) >= {}", "max_length": "string-length(.) <= {}",
    "min_chosen": "count-selected(.) >= {}", "max_chosen": "count-selected(.) <= {}",
}  # fmt: skip
_NAMED = re.compile(r"\$\{([^{}]+)\}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# What has a column of its own.
_SAID = frozenset({"id", "kind", "label", "hint", "required", "choices", "maps_to", "sensitivity", "constraints"})
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WIDTHS = {"type": 24, "name": 22, "relevant": 34, "constraint": 28}


def workbook_of(document: Document) -> bytes:
    """An .xlsx file. Every cell is text, so that nothing in it is ever worked out as a formula."""
    sheets = sheets_of(document)
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True, "bg_color": "#E8F1FE", "text_wrap": True, "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        for name, (headings, rows) in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 2)
            for at, said in enumerate(headings):
                sheet.set_column(at, at, _WIDTHS.get(said, 30 if "::" in said else 18))
                sheet.write_string(0, at, said, bold)
            for number, row in enumerate(rows, start=1):
                for at, said in enumerate(headings):
                    if text := row.get(said, ""):
                        sheet.write_string(number, at, text, wrapped)
    return file.getvalue()


def sheets_of(document: Document) -> dict[str, tuple[list[str], list[Row]]]:
    """Headings and rows of the three sheets."""
    writer = _Writer(document)
    survey, choices = list(writer.survey()), list(writer.choices())
    translated = [heading(name, one) for name in ("label", "hint") for one in writer.languages]
    messages = [heading("constraint_message", one) for one in writer.languages]
    words = [heading("label", one) for one in writer.languages]
    return {
        "survey": (
            ["type", "name", *translated, "required", "relevant", "constraint", *messages, "calculation", "appearance",
             columns.KIND, columns.MAPS_TO, columns.SENSITIVITY, columns.MORE],
            survey,
        ),
        "choices": (["list_name", "name", *words, columns.EXCLUSIVE, columns.ASKS_MORE, columns.GROUP], choices),
        "settings": (
            ["form_title", "form_id", "default_language", *[heading(columns.TITLE, one) for one in writer.languages],
             columns.LISTS],
            [writer.settings()],
        ),
    }  # fmt: skip


class _Writer:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.languages: list[str] = list(document["languages"])
        self.default: str = document["default_language"]
        questions = [question for page in document["pages"] for question in page["questions"]]
        self.asks_yes_no = any(one["kind"] == Kind.YES_NO for one in questions)
        names = {one["id"]: _OF_KIND.get(Kind(one["kind"]), Of.TEXT) for one in questions}
        names |= {one["id"]: Of.FLAG if "holds" in one else Of.NUMBER for one in document.get("calculated", ())}
        # XLSForm cannot speak of a question that is called as a page is.
        pages = {page["id"] for page in document["pages"]}
        self.names = {name: kind for name, kind in names.items() if name not in pages}

    def words(self, name: str, said: Mapping[str, str] | None) -> Row:
        return {heading(name, one): _clean(text) for one, text in (said or {}).items() if one in self.languages}

    def spoken(self, said: Mapping[str, str]) -> dict[str, str]:
        return {one: said[one] for one in self.languages if one in said}

    def settings(self) -> Row:
        title = self.document["title"]
        named = f"{columns.LANGUAGES[self.default]} ({self.default})"
        return {
            "form_title": _clean(title[self.default]),
            "form_id": self.document["id"],
            "default_language": named,
            columns.LISTS: _json(self.document.get("lists", {})),
            **self.words(columns.TITLE, title),
        }

    def choices(self) -> Iterator[Row]:
        for name, offered in self.document.get("choice_lists", {}).items():
            for choice in offered:
                yield {
                    "list_name": name,
                    "name": choice["value"],
                    **self.words("label", choice["label"]),
                    columns.EXCLUSIVE: _flag(choice.get("exclusive")),
                    columns.ASKS_MORE: _flag(choice.get("more")),
                    columns.GROUP: _json(self.spoken(choice.get("group", {}))),
                }
        if self.asks_yes_no:
            for value, ja, en in (("yes", "はい", "Yes"), ("no", "いいえ", "No")):
                said = {one: ja if one.startswith("ja") else en for one in self.languages}
                yield {"list_name": columns.YES_NO_LIST, "name": value, **self.words("label", said)}

    def survey(self) -> Iterator[Row]:
        for page in self.document["pages"]:
            show_if = expressions.written(page["show_if"], self.names) if "show_if" in page else None
            more = {key: page[key] for key in ("block", "checks") if key in page}
            native = self.native_check(page)
            if native:
                del more["checks"]
            if "show_if" in page and show_if is None:
                more["show_if"] = page["show_if"]
            yield {
                "type": "begin group",
                "name": page["id"],
                **self.words("label", page["title"]),
                **self.words("hint", page["why"]),
                "relevant": show_if or "",
                columns.MORE: _json(more),
            }
            for question in page["questions"]:
                check = native if native and native["at"] == question["id"] else None
                yield self.question(question, check)
            yield {"type": "end group"}
        for one in self.document.get("calculated", ()):
            yield self.calculation(one)

    def native_check(self, page: Document) -> Document | None:
        """The page's one check, if XLSForm can say it beside the question it points at."""
        [check] = page.get("checks", ()) if len(page.get("checks", ())) == 1 else [None]
        said = expressions.written(check["holds"], self.names) if check else None
        if check is None or said is None:
            return None
        asked = [one["id"] for one in page["questions"]]
        pointed = next((one for one in page["questions"] if one["id"] == check["at"]), None)
        if pointed is None or pointed.get("constraints"):
            return None
        # It would speak of what is asked later.
        later = set(asked[asked.index(pointed["id"]) + 1 :])
        return None if later.intersection(_NAMED.findall(said)) else check

    def question(self, question: Document, check: Document | None) -> Row:
        kind = Kind(question["kind"])
        native, rest = _limits(question.get("constraints", {}))
        more = {key: value for key, value in question.items() if key not in _SAID}
        if rest or ("constraints" in question and not native):
            more["constraints"] = question["constraints"]
            native = ""
        constraint = (expressions.written(check["holds"], self.names) or "") if check else native
        type_ = columns.TYPE_OF[kind]
        if kind in (Kind.RADIO, Kind.CHECKBOXES):
            type_ = f"{type_} {question['choices']}"
        elif kind is Kind.YES_NO:
            type_ = f"{type_} {columns.YES_NO_LIST}"
        return {
            "type": type_,
            "name": question["id"],
            **self.words("label", question["label"]),
            **self.words("hint", question.get("hint")),
            "required": _flag(question.get("required")),
            "constraint": constraint,
            **self.words("constraint_message", check["message"] if check else None),
            "appearance": "multiline" if kind is Kind.PARAGRAPH else "",
            columns.KIND: "" if kind in _PLAIN_KINDS else str(kind),
            columns.MAPS_TO: question.get("maps_to", ""),
            columns.SENSITIVITY: question.get("sensitivity", ""),
            columns.MORE: _json(more),
        }

    def calculation(self, one: Document) -> Row:
        native, more = "", {}
        if "holds" in one:
            native = expressions.written(one["holds"], self.names) or ""
        elif "sum" in one:
            is_sayable = len(one["sum"]) > 1 and self.names.keys() >= set(one["sum"])
            native = " + ".join(f"${{{name}}}" for name in one["sum"]) if is_sayable else ""
        elif self.names.get(one["count"]) is Of.SEVERAL:
            native = f"count-selected(${{{one['count']}}})"
        if not native:
            more = {key: one[key] for key in ("holds", "sum", "count") if key in one}
        return {
            "type": "calculate",
            "name": one["id"],
            "calculation": native or "''",
            columns.MAPS_TO: one.get("maps_to", ""),
            columns.MORE: _json(more),
        }


def _limits(said: Mapping[str, Any]) -> tuple[str, bool]:
    """The limits as XPath, and whether any of them has no words there."""
    clauses = []
    for name, value in said.items():
        shown = _day(value) if name in ("earliest", "latest") else str(value)
        if name not in _NATIVE_LIMITS or not shown:
            return "", True
        clauses.append(_NATIVE_LIMITS[name].format(shown))
    return " and ".join(clauses), False


def _day(said: str) -> str:
    if said == "today":
        return "today()"
    try:
        return f"date('{date.fromisoformat(said).isoformat()}')" if _DAY.fullmatch(said) else ""
    except ValueError:
        return ""


def _flag(said: bool | None) -> str:
    return {None: "", True: "yes", False: "no"}[said]


def _json(said: Mapping[str, Any]) -> str:
    return _clean(json.dumps(said, ensure_ascii=False, sort_keys=True)) if said else ""


def _clean(text: str) -> str:
    """Without the signs that XML cannot hold."""
    return _UNPRINTABLE.sub("", text)
