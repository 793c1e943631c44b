"""What customers type on pages of help: read, forgiven what can be forgiven, and kept when something is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from questionnaires import reading
from questionnaires.messages import sentence
from questionnaires.reading import Unreadable

LONGEST = 2_000


@dataclass
class Typed:
    """The fields of one form as typed, and what is wrong with them in the order of the page."""

    data: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def token(self) -> UUID:
        """What makes a form that was sent twice one."""
        try:
            return UUID(self.data.get("token", ""))
        except ValueError:
            return uuid4()

    def chosen(self, name: str, among: Collection[str], words: str) -> str:
        """One of the choices; ``words`` says what to do where none was made."""
        value = self.data.get(name, "")
        if value not in among:
            self.errors[name] = words
            return ""
        return value

    def text(self, name: str, label: str, *, required: str = "", longest: int = LONGEST) -> str:
        """Words of the customer's own; ``required`` says what to do where there are none."""
        typed = self.data.get(name, "")
        if not typed.strip():
            if required:
                self.errors[name] = required
            return ""
        try:
            return reading.read_lines(typed, longest=longest)
        except Unreadable as error:
            self.errors[name] = sentence((error.code, error.params), label)
            return ""

    def phone(self, name: str, *, required: bool) -> str:
        """A telephone number, typed in any width and with any dashes."""
        typed = self.data.get(name, "")
        if not typed.strip():
            if required:
                self.errors[name] = _("Enter a telephone number.")
            return ""
        try:
            return reading.read_phone(typed[: reading.LONGEST_INPUT])
        except Unreadable as error:
            self.errors[name] = sentence((error.code, error.params), _("Telephone number"))
            return ""

    @property
    def context(self) -> dict[str, Any]:
        """For the page: what was typed, and the errors beside the fields and above them."""
        return {"data": self.data, "errors": list(self.errors.items()), "error_of": self.errors}
