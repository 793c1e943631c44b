"""What staff enter about a check between answers, and about a calculated value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from questionnaires.building.forms import WordsForm, id_field
from questionnaires.building.naming import part_name
from questionnaires.building.parts import Document, Part, name_of, questions_of
from questionnaires.building.renaming import fields_renamed
from questionnaires.schema import UNASKED, Working
from questionnaires.shaping import NUMBERS, SEVERAL
from tenants.forms import StaffForm

WORKINGS: Mapping[str, Promise] = {
    Working.HOLDS: gettext_lazy("Whether a condition holds"),
    Working.SUM: gettext_lazy("The sum of numbers or amounts"),
    Working.COUNT: gettext_lazy("How many were chosen, named or handed in"),
}


class CheckForm(WordsForm):
    """A check without its condition."""

    def __init__(self, document: Document, page: Part, check: Part, language: str, *args: Any, **more: Any) -> None:
        super().__init__(document, {"message": True}, check, *args, **more)
        asked = [question for question in page["questions"] if question["kind"] not in UNASKED]
        self.offered = [(question["id"], name_of(question, language)) for question in asked]
        self.fields_of_page = {field for one, _name in self.offered for field in fields_renamed(one, one)}
        held = self.data.get("at") if self.is_bound else check.get("at", "")
        choices = [("", _("— choose —")), *self.offered]
        if held and held not in dict(choices):
            choices.append((held, _("%(name)s (not on this page)") % {"name": held}))
        self.fields["at"] = forms.ChoiceField(
            label=_("Where it stops the customer"),
            choices=choices,
            initial=held,
            error_messages={"required": _("Choose the question at which the sentence is shown.")},
            widget=forms.Select(attrs={"class": "select"}),
        )
        self.order_fields(["at"])

    def clean_at(self) -> str:
        """A question of the page, or a part of one."""
        at: str = self.cleaned_data["at"]
        if at not in self.fields_of_page:
            raise forms.ValidationError(_("This page does not ask it any more. Choose another question."))
        return at

    def clean(self) -> dict[str, Any]:
        """Without a sentence nobody would know what to do."""
        cleaned: dict[str, Any] = super().clean() or {}
        name = f"message-{self.document['default_language']}"
        if name not in self.errors and not str(cleaned.get(name) or "").strip():
            self.add_error(name, _("Say to the customer what does not fit, and what to do."))
        return cleaned

    def part(self, holds: Mapping[str, Any]) -> Part:
        """The check as it is now."""
        return {"holds": dict(holds), "at": self.cleaned_data["at"], **self.texts()}


class CalculatedForm(StaffForm):
    """A calculated value without its condition; which fields there are follows from how it is worked out."""

    def __init__(
        self, document: Document, one: Part, working: str, facts: Mapping[str, str], language: str, data: Any = None
    ) -> None:
        """``facts``: what it may be kept as, by key in words."""
        super().__init__(data)
        self.working = working
        self.fields["id"] = id_field(one.get("id", ""))
        if working != Working.HOLDS:
            self._reads(document, one, language)
        held = one.get("maps_to", "")
        if facts or held:
            known = facts if held in facts or not held else {**facts, held: held}
            self.fields["maps_to"] = forms.ChoiceField(
                label=part_name("maps_to"),
                choices=[("", _("Not kept there: only conditions read it")), *known.items()],
                initial=held,
                required=False,
                widget=forms.Select(attrs={"class": "select"}),
            )

    def part(self, holds: Mapping[str, Any] | None) -> Part:
        """The value as it is now. ``holds``: its condition, where it has one."""
        said = self.cleaned_data
        worked = {self.working: dict(holds or {}) if self.working == Working.HOLDS else said[self.working]}
        return {"id": said["id"], **worked} | ({"maps_to": said["maps_to"]} if said.get("maps_to") else {})

    def _reads(self, document: Document, one: Part, language: str) -> None:
        fitting = NUMBERS if self.working == Working.SUM else SEVERAL
        asked = [(q["id"], name_of(q, language)) for _page, q in questions_of(document) if q["kind"] in fitting]
        held = one.get(self.working, [])
        gone = [name for name in ([held] if isinstance(held, str) and held else held) if name not in dict(asked)]
        offered = [*asked, *((name, _("%(name)s (cannot be read here)") % {"name": name}) for name in gone)]
        none = _("Choose at least one. If there is none, add a question of a fitting kind first.")
        if self.working == Working.SUM:
            self.fields["sum"] = forms.MultipleChoiceField(
                label=part_name("sum"),
                choices=offered,
                initial=held,
                widget=forms.CheckboxSelectMultiple,
                error_messages={"required": none},
            )
        else:
            self.fields["count"] = forms.ChoiceField(
                label=part_name("count"),
                choices=[("", _("— choose —")), *offered],
                initial=held,
                error_messages={"required": none},
                widget=forms.Select(attrs={"class": "select"}),
            )
        self.gone = gone

    def clean(self) -> dict[str, Any]:
        """What it reads must still be asked."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.working in cleaned and (gone := set(getattr(self, "gone", ())) & set(self._read(cleaned))):
            self.add_error(
                self.working,
                _("%(names)s: nothing asks it any more, or not as a number.") % {"names": ", ".join(sorted(gone))},
            )
        return cleaned

    def _read(self, cleaned: Mapping[str, Any]) -> list[str]:
        read = cleaned[self.working]
        return [read] if isinstance(read, str) else read


def working_of(one: Mapping[str, Any]) -> str:
    """How a calculated value is worked out."""
    return next((working for working in Working if working in one), Working.HOLDS)
