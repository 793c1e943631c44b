"""The rows of a workbook's sheets by their headings, with what is wrong with them. No Django, no clock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from questionnaires.xlsform import columns
from questionnaires.xlsform.findings import Finding

YES = {"yes": True, "true": True, "true()": True, "1": True, "no": False, "false": False, "false()": False, "0": False}

type Cells = Sequence[tuple[int, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells by column, and, where a column has languages, by (column, language)."""

    number: int
    cells: Mapping[tuple[str, str], str]
    at: Mapping[tuple[str, str], int]

    def get(self, name: str) -> str:
        return self.cells.get((name, ""), "").strip()


class Tables:
    """Reads rows, noting what is wrong instead of stopping; knows which languages there are."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.languages: list[str] = []
        self.default = "ja"

    @property
    def has_errors(self) -> bool:
        return any(one.is_error for one in self.findings)

    def find(
        self, sheet: str, row: int | Row, column: str, code: str, *, is_error: bool = True, **params: object
    ) -> None:
        number, at = (row.number, row.at) if isinstance(row, Row) else (row, {})
        places = [place for (name, _), place in at.items() if name == column]
        self.findings.append(Finding(sheet, number, column, code, params, is_error, min(places, default=-1)))

    def table(self, sheet: str, cells: Cells) -> list[Row]:
        known = {"survey": columns.SURVEY, "choices": columns.CHOICES, "settings": columns.SETTINGS}[sheet]
        rows = iter(cells)
        number, first = next(rows, (0, ()))
        headings: list[tuple[str, str]] = []
        for at, said in enumerate(first):
            name, language = columns.read_heading(said) if said.strip() else ("", "")
            if language == "?" and name in columns.TRANSLATED | {columns.TITLE}:
                self.findings.append(Finding(sheet, number, said, "unknown_language", {"said": said[:40]}, True, at))
            elif name and name not in known:
                self.findings.append(Finding(sheet, number, said, "column_ignored", {"said": said[:40]}, False, at))
            elif name and (name, language) in headings:
                self.findings.append(Finding(sheet, number, said, "column_twice", {"said": said[:40]}, True, at))
            headings.append((name, language) if name in known else ("", ""))
        return [self.row(number, headings, said) for number, said in rows]

    def row(self, number: int, headings: Sequence[tuple[str, str]], said: Sequence[str]) -> Row:
        places = {heading: at for at, heading in enumerate(headings) if heading[0]}
        return Row(number, {heading: said[at] for heading, at in places.items() if at < len(said)}, places)

    def speak(self, settings: Row | None, survey: list[Row], choices: list[Row]) -> None:
        """Which languages there are: those of the headings, in their order; the default one is said or is the first."""
        headings = [heading for rows in (survey, choices) if rows for heading in rows[0].at]
        found = [language for name, language in headings if name == "label" and language not in ("", "?")]
        said = settings.get("default_language") if settings else ""
        default = columns.read_language(said) if said else ""
        if said and default == "?":
            assert settings is not None
            self.find("settings", settings, "default_language", "unknown_language", said=said[:40])
        self.default = default if default not in ("", "?") else next(iter(found), "ja")
        self.languages = list(dict.fromkeys(found)) or [self.default]
        if self.default not in self.languages:
            self.languages.insert(0, self.default)

    def words(self, row: Row, name: str) -> dict[str, str]:
        """The words of a column by language; without a language they are in the default one."""
        said = {language: row.cells.get((name, language), "") for language in self.languages}
        said[self.default] = said[self.default] or row.cells.get((name, ""), "")
        return {language: words for language, words in said.items() if words.strip()}

    def label(self, sheet: str, row: Row, name: str = "label") -> dict[str, str]:
        said = self.words(row, name)
        if not said.get(self.default):
            self.find(sheet, row, name, "no_words", language=self.default)
        return said

    def json(self, sheet: str, row: Row, name: str) -> Any:
        said = row.get(name)
        if not said:
            return {}
        try:
            found = json.loads(said)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            self.find(sheet, row, name, "bad_json")
            return {}
        return found

    def flag(self, sheet: str, row: Row, name: str) -> bool | None:
        said = row.get(name).lower()
        if said and said not in YES:
            self.find(sheet, row, name, "yes_or_no", said=said[:40])
        return YES.get(said)
