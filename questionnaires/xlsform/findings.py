"""What is wrong with a workbook, or worth knowing of it: where, and a code for the sentence. No Django, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """``row`` as a spreadsheet shows it, 0 where it is about the sheet; ``column`` the heading, "" for the row."""

    sheet: str
    row: int
    column: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict, compare=False)
    is_error: bool = True
    # where the column stands, from 0; -1 where there is none
    at: int = -1

    @property
    def cell(self) -> str:
        """As spreadsheets name it, such as B4; "" where no one cell is meant."""
        return f"{column_letters(self.at)}{self.row}" if self.row and self.at >= 0 else ""


def column_letters(at: int) -> str:
    """A for 0, AA for 26."""
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = LETTERS[rest] + letters
    return letters
