"""The cells of an XLSForm workbook to a document of ours, and everything that is wrong on the way, all at once.

No Django, no clock. What cannot be said in our documents is refused with sheet, row and column, and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from questionnaires.faults import faults_of
from questionnaires.schema import Kind
from questionnaires.xlsform import columns, expressions
from questionnaires.xlsform.expressions import Bound, Of, Unreadable
from questionnaires.xlsform.findings import Finding
from questionnaires.xlsform.tables import Cells, Row, Tables

MOST_FINDINGS = 200
# Stands where a form that was made elsewhere does not say why it asks.
WHY: Mapping[str, str] = {
    "ja": "お客さまのご登録内容を、最新の状態に保つためにおうかがいします。",
    "ja-easy": "お{客|きゃく}さまのことを、{正|ただ}しく{知|し}っておくためです。",
    "en": "We ask so that what we have on file about you stays up to date.",
    "zh-hans": "为了使您的登记信息保持最新，请您回答。",
    "vi": "Chúng tôi hỏi để thông tin đăng ký của quý khách luôn chính xác.",
    "pt-br": "Perguntamos para manter o seu cadastro atualizado.",
    "ne": "तपाईंको दर्ता विवरण अद्यावधिक राख्न हामी सोध्छौं।",
}
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_BOUNDS = {
    ("value", ">="): ("min", 0), ("value", ">"): ("min", 1), ("value", "<="): ("max", 0), ("value", "<"): ("max", -1),
    ("day", ">="): ("earliest", 0), ("day", ">"): ("earliest", 1),
    ("day", "<="): ("latest", 0), ("day", "<"): ("latest", -1),
    ("length", ">="): ("min_length", 0), ("length", ">"): ("min_length", 1),
    ("length", "<="): ("max_length", 0), ("length", "<"): ("max_length", -1),
    ("chosen", ">="): ("min_chosen", 0), ("chosen", ">"): ("min_chosen", 1),
    ("chosen", "<="): ("max_chosen", 0), ("chosen", "<"): ("max_chosen", -1),
}  # fmt: skip

type Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The document, None where something is wrong; what was found, errors first; the row of each page and question."""

    document: Document | None
    findings: tuple[Finding, ...]
    rows: Mapping[str, int]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.is_error)


def document_of(sheets: Mapping[str, Cells], *, pyxform: str = "") -> Outcome:
    """The document in a workbook. ``pyxform``: what it had against the workbook."""
    reader = _Reader()
    document = reader.document(sheets)
    if not reader.has_errors and pyxform:
        reader.find("survey", 0, "", "pyxform", said=pyxform)
    if not reader.has_errors:
        reader.judge(document)
    found = sorted(reader.findings, key=lambda one: (not one.is_error, _place(one)))[:MOST_FINDINGS]
    return Outcome(None if reader.has_errors else document, tuple(found), reader.rows)


def _place(one: Finding) -> tuple[int, int, int]:
    order = {"settings": 0, "choices": 1, "survey": 2}
    return order.get(one.sheet, 3), one.row, one.at


class _Reader(Tables):
    """Reads one workbook, noting what is wrong instead of stopping."""

    def __init__(self) -> None:
        super().__init__()
        self.lists: dict[str, list[Document]] = {}
        self.names: dict[str, Of] = {}
        self.calculations: set[str] = set()
        # the row of each name: of all that may be spoken of, and of all that our document names
        self.named: dict[str, int] = {}
        self.rows: dict[str, int] = {}

    def document(self, sheets: Mapping[str, Cells]) -> Document:
        settings = next(iter(self.table("settings", sheets.get("settings", ()))), None)
        survey = self.table("survey", sheets.get("survey", ()))
        choices = self.table("choices", sheets.get("choices", ()))
        self.speak(settings, survey, choices)
        self.read_choices(choices)
        self.name(survey)
        pages, calculated = self.read_survey(survey)
        document: Document = {**self.head(settings), "pages": pages}
        if self.lists:
            document["choice_lists"] = self.lists
        if calculated:
            document["calculated"] = calculated
        if settings and (masters := self.json("settings", settings, columns.LISTS)):
            document["lists"] = masters
        if not pages:
            self.find("survey", 0, "", "nothing_asked")
        return document

    def head(self, settings: Row | None) -> Document:
        title: dict[str, str] = {}
        name = "imported"
        if settings:
            title = {one: words for one in self.languages if (words := settings.cells.get((columns.TITLE, one), ""))}
            title.setdefault(self.default, settings.cells.get(("form_title", ""), ""))
            said = settings.get("form_id")
            name = re.sub(r"[^a-z0-9-]+", "-", said.lower()).strip("-0123456789")[:60].strip("-") or name
        if not title.get(self.default, "").strip():
            self.find("settings", settings or 0, "form_title", "no_title")
        return {"id": name, "title": title, "languages": self.languages, "default_language": self.default}

    def read_choices(self, rows: list[Row]) -> None:
        for row in rows:
            name, value = row.get("list_name"), row.get("name")
            if not name and not value:
                continue
            if name == columns.YES_NO_LIST:
                continue
            if not _ID.fullmatch(name):
                self.find("choices", row, "list_name", "bad_name", said=name[:40])
                continue
            if not _VALUE.fullmatch(value):
                self.find("choices", row, "name", "bad_value", said=value[:40])
            choices = self.lists.setdefault(name, [])
            if any(choice["value"] == value for choice in choices):
                self.find("choices", row, "name", "value_twice", said=value[:40], list=name)
            choice: Document = {"value": value, "label": self.label("choices", row)}
            for column, key in ((columns.EXCLUSIVE, "exclusive"), (columns.ASKS_MORE, "more")):
                if (flag := self.flag("choices", row, column)) is not None:
                    choice[key] = flag
            if group := self.json("choices", row, columns.GROUP):
                choice["group"] = group
            choices.append(choice)

    def name(self, rows: list[Row]) -> None:
        """The names that expressions may speak of, and the row of each."""
        for row in rows:
            kind, listed = _type(row)
            name = row.get("name")
            if kind in ("begin group", "end group") or kind in columns.METADATA or not name:
                continue
            if name in self.named:
                self.find("survey", row, "name", "name_twice", said=name[:40], other=self.named[name])
                continue
            self.named[name] = row.number
            self.names[name] = self.of(row, kind, listed)
            if kind == "calculate":
                self.calculations.add(name)

    def of(self, row: Row, kind: str, listed: str) -> Of:
        if kind == "calculate":
            said = row.get("calculation")
            more = self.json("survey", row, columns.MORE)
            is_flag = "holds" in more or not (
                {"sum", "count"} & more.keys() or expressions.summed(said) or expressions.counted(said)
            )
            return Of.FLAG if is_flag else Of.NUMBER
        return {
            Kind.NUMBER: Of.NUMBER, Kind.AMOUNT: Of.NUMBER, Kind.BAND: Of.NUMBER, Kind.CHECKBOXES: Of.SEVERAL,
            Kind.PEOPLE: Of.SEVERAL, Kind.FILE: Of.SEVERAL, Kind.YES_NO: Of.YES_NO, Kind.DECLARATION: Of.DECLARATION,
        }.get(self.kind(row, kind, listed) or Kind.TEXT, Of.TEXT)  # fmt: skip

    def kind(self, row: Row, kind: str, listed: str) -> Kind | None:
        """What kind of question it is; None where we have none like it."""
        if said := row.get(columns.KIND):
            return Kind(said) if said in Kind else None
        found = columns.KIND_OF.get(kind)
        if found is Kind.TEXT and "multiline" in row.get("appearance"):
            return Kind.PARAGRAPH
        if found is Kind.RADIO:
            values = {choice["value"] for choice in self.lists.get(listed, ())}
            return Kind.YES_NO if listed == columns.YES_NO_LIST or values == {"yes", "no"} else Kind.RADIO
        return found

    def read_survey(self, rows: list[Row]) -> tuple[list[Document], list[Document]]:
        pages: list[Document] = []
        calculated: list[Document] = []
        page: Document | None = None
        opened: Row | None = None
        known: set[str] = set()
        for row in rows:
            kind, listed = _type(row)
            if not kind:
                self.find("survey", row, "type", "no_type")
            elif kind == "begin group":
                if opened:
                    self.find("survey", row, "type", "group_in_group", other=opened.number)
                else:
                    page, opened = self.page(row, known), row
            elif kind == "end group":
                self.close(row, page, opened, pages)
                page = opened = None
            elif kind == "calculate":
                calculated += self.calculation(row)
            elif kind in columns.METADATA:
                self.find("survey", row, "type", "metadata", is_error=False, said=kind)
            else:
                self.ask(row, kind, listed, page, pages, known)
                known.add(row.get("name"))
        if opened:
            self.find("survey", opened, "type", "group_not_closed")
        return pages, calculated

    def close(self, row: Row, page: Document | None, opened: Row | None, pages: list[Document]) -> None:
        if page is None or opened is None:
            self.find("survey", row, "type", "no_group_open")
            return
        if page["questions"]:
            pages.append(page)
        else:
            self.find("survey", opened, "name", "empty_group")

    def page(self, row: Row, known: set[str]) -> Document:
        name = self.identifier(row)
        self.rows.setdefault(name, row.number)
        page: Document = {"id": name, "title": self.label("survey", row), "why": self.words(row, "hint")}
        if not page["why"].get(self.default):
            self.find("survey", row, "hint", "no_why", is_error=False)
            page["why"] = {one: WHY[one] for one in self.languages}
        page["questions"] = []
        if show_if := self.relevant(row, known):
            page["show_if"] = show_if
        page |= self.json("survey", row, columns.MORE)
        return page

    def identifier(self, row: Row) -> str:
        name = row.get("name")
        if not _ID.fullmatch(name):
            self.find("survey", row, "name", "bad_name", said=name[:40])
        return name

    def ask(
        self, row: Row, type_: str, listed: str, page: Document | None, pages: list[Document], known: set[str]
    ) -> None:
        kind = self.kind(row, type_, listed)
        if kind is None:
            self.find("survey", row, "type", "unknown_type", said=(row.get(columns.KIND) or row.get("type"))[:60])
            return
        if type_ == "decimal":
            self.find("survey", row, "type", "whole_numbers", is_error=False)
        question = self.question(row, kind, type_, listed)
        own = self.relevant(row, known)
        if page is None:
            pages.append(self.page_of(row, question, own))
        else:
            if own:
                self.find("survey", row, "relevant", "relevant_in_group")
            page["questions"].append(question)
        self.constrain(row, question, page or pages[-1], known)

    def page_of(self, row: Row, question: Document, show_if: Any) -> Document:
        """A question that stands in no group is a page of its own."""
        why = {one: WHY[one] for one in self.languages}
        page: Document = {"id": f"page_{question['id']}"[:40], "title": question["label"], "why": why}
        self.rows.setdefault(page["id"], row.number)
        self.find("survey", row, "type", "page_of_its_own", is_error=False)
        return {**page, "questions": [question], **({"show_if": show_if} if show_if else {})}

    def question(self, row: Row, kind: Kind, type_: str, listed: str) -> Document:
        name = self.identifier(row)
        self.rows[name] = row.number
        question: Document = {"id": name, "kind": str(kind), "label": self.label("survey", row)}
        if hint := self.words(row, "hint"):
            question["hint"] = hint
        if (required := self.flag("survey", row, "required")) is not None:
            question["required"] = required
        if kind in (Kind.RADIO, Kind.CHECKBOXES):
            question["choices"] = listed
            if listed not in self.lists:
                self.find("survey", row, "type", "no_such_list", said=listed[:40])
        for column, key in ((columns.MAPS_TO, "maps_to"), (columns.SENSITIVITY, "sensitivity")):
            if said := row.get(column):
                question[key] = said
        if type_ in ("image", "photo") and not row.get(columns.KIND):
            question["accepts"] = ["photo"]
        more = self.json("survey", row, columns.MORE)
        if clash := question.keys() & more.keys():
            self.find("survey", row, columns.MORE, "said_twice", said=", ".join(sorted(clash)))
        question |= more
        return question

    def relevant(self, row: Row, known: set[str]) -> Any:
        return self.expression(row, "relevant", known)

    def expression(self, row: Row, column: str, known: set[str]) -> Any:
        """The condition of a cell; it reads only what was asked before."""
        if not (said := row.get(column)):
            return None
        try:
            found = expressions.condition(said, self.names)
        except Unreadable as wrong:
            self.find("survey", row, column, wrong.code, said=wrong.what[:60])
            return None
        self.check_order(row, column, said, known)
        return found

    def check_order(self, row: Row, column: str, said: str, known: set[str]) -> None:
        read = re.findall(r"\$\{([^{}]+)\}", said)
        for name in dict.fromkeys(name.strip() for name in read):
            if name not in known and name not in self.calculations:
                self.find("survey", row, column, "asked_later", said=name)

    def constrain(self, row: Row, question: Document, page: Document, known: set[str]) -> None:
        """What a cell asks of the answer: limits of its kind, or a check between answers."""
        said = row.get("constraint")
        if not said:
            return
        try:
            found = expressions.read(said, self.names)
        except Unreadable as wrong:
            self.find("survey", row, "constraint", wrong.code, said=wrong.what[:60])
            return
        clauses = expressions.bounds(found)
        if clauses is not None:
            limits = dict(self.limits(row, clauses))
            question["constraints"] = {**question.get("constraints", {}), **limits}
        elif expressions.has_bound(found):
            self.find("survey", row, "constraint", "mixed_constraint")
        else:
            self.check_order(row, "constraint", said, known | {question["id"]})
            message = self.label("survey", row, "constraint_message")
            page.setdefault("checks", []).append({"holds": found, "at": question["id"], "message": message})

    def limits(self, row: Row, clauses: Sequence[Bound]) -> Iterator[tuple[str, Any]]:
        for clause in clauses:
            if (clause.of, clause.operator) not in _BOUNDS:
                self.find("survey", row, "constraint", "bad_bound", said=clause.operator)
                continue
            name, step = _BOUNDS[clause.of, clause.operator]
            yield name, _moved(clause.value, step)

    def calculation(self, row: Row) -> Iterator[Document]:
        name = self.identifier(row)
        self.rows[name] = row.number
        made: Document = {"id": name}
        if said := row.get(columns.MAPS_TO):
            made["maps_to"] = said
        more = self.json("survey", row, columns.MORE)
        text = row.get("calculation")
        if not {"holds", "sum", "count"} & more.keys():
            if names := expressions.summed(text):
                made["sum"] = names
            elif counted := expressions.counted(text):
                made["count"] = counted
            else:
                found = self.expression(row, "calculation", set(self.named))
                if found is None:
                    if not text:
                        self.find("survey", row, "calculation", "no_calculation")
                    return
                made["holds"] = found
        yield made | more

    def judge(self, document: Document) -> None:
        """What only the whole document shows, as far as possible at the row of what is wrong."""
        for fault in faults_of(document):
            number = self.rows.get(fault.question) or self.rows.get(fault.page, 0)
            reason = fault.reason or str(fault)
            self.find("survey", number, "", "invalid", reason=reason, params=dict(fault.params))


def _type(row: Row) -> tuple[str, str]:
    """The type and, of choices, the list's name."""
    said = " ".join(row.get("type").split())
    lowered = said.lower().replace("begin_group", "begin group").replace("end_group", "end group")
    for start in ("select_one ", "select one ", "select_multiple ", "select multiple "):
        if lowered.startswith(start):
            return start.strip(), said[len(start) :].strip()
    return lowered, ""


def _moved(value: object, step: int) -> object:
    if not step or value == "today":
        return value if not step else f"today{'+' if step > 0 else '-'}1d"
    if isinstance(value, int):
        return value + step
    return (date.fromisoformat(str(value)) + timedelta(days=step)).isoformat()
