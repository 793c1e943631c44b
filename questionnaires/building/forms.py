"""What staff enter about a questionnaire: its heading, a page, a question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Customer
from questionnaires.building.naming import KINDS, LANGUAGES, language_name, part_name
from questionnaires.building.parts import Document, Part
from questionnaires.schema import Accepted, Kind, NamePart, Side
from questionnaires.shaping import CHOSEN, CONSTRAINTS
from tenants.forms import StaffForm

_ID = r"[a-z][a-z0-9_]{0,39}"
_LONGEST = 2_000
# Turns the direction of what follows, controls a terminal, or is what this product marks texts with.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]"
)
_DAYS = frozenset({"earliest", "latest"})
_AUTOCOMPLETE = ("name", "street-address", "postal-code", "tel", "email", "bday", "organization", "organization-title")
_PARTS = {
    NamePart.FULL: gettext_lazy("In full"),
    NamePart.KANA: gettext_lazy("In katakana"),
    NamePart.LATIN: gettext_lazy("In Roman letters"),
}
_PERSON = {
    "name": gettext_lazy("Name"),
    "birth_on": gettext_lazy("Date of birth"),
    "share_percent": gettext_lazy("Share"),
    "is_pep": gettext_lazy("Public office in another country"),
    "position": gettext_lazy("Position"),
}
_ACCEPTED = {Accepted.PHOTO: gettext_lazy("Photos"), Accepted.PDF: gettext_lazy("PDF")}
_SIDES = {Side.FRONT: gettext_lazy("Front"), Side.BACK: gettext_lazy("Back")}


def refuse_hidden(text: str) -> None:
    """Words that customers read hold nothing that they cannot see. Raises ValidationError."""
    if found := _HIDDEN.search(text):
        said = _("It holds a sign that nobody sees (U+%(code)s). Type the words anew instead of pasting them.")
        raise forms.ValidationError(said % {"code": f"{ord(found[0]):04X}"})


class NewQuestionnaireForm(StaffForm):
    """Something that is to be asked and has no version yet."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    name_en = forms.CharField(label=gettext_lazy("Name in English"), max_length=80)
    key = forms.RegexField(
        r"^[a-z][a-z0-9-]{1,39}$",
        label=gettext_lazy("Short name for files"),
        help_text=gettext_lazy("Small letters, digits and hyphens; it never changes. Example: residence-card"),
    )
    audience = forms.ChoiceField(label=gettext_lazy("For"), choices=Customer.Kind.choices)


class WordsForm(StaffForm):
    """Texts in every language of a document; a field of one is called by its part and language."""

    def __init__(
        self, document: Document, parts: Mapping[str, bool], held: Mapping[str, Any], *args: Any, **more: Any
    ) -> None:
        """``parts``: the texts, each with whether the default language must have it."""
        super().__init__(*args, **more)
        self.document, self.parts, self.held = document, parts, held
        for part, is_needed in parts.items():
            for language in document["languages"]:
                is_default = language == document["default_language"]
                rows = 2 if part in ("label", "title") else 3
                name = f"{part}-{language}"
                self.fields[name] = forms.CharField(
                    label=f"{part_name(part)}（{language_name(language)}）",
                    max_length=_LONGEST,
                    required=False,
                    validators=[refuse_hidden],
                    widget=forms.Textarea(
                        attrs={"rows": rows, "class": "textarea textarea--short", "lang": _tag(language)}
                    ),
                    initial=(held.get(part) or {}).get(language, ""),
                )
                if is_needed and is_default:
                    self.fields[name].help_text = _("Cannot be published without it.")

    def texts(self) -> dict[str, dict[str, str]]:
        """The texts by part. Words of languages that the document does not speak now are kept."""
        found = {}
        for part, is_needed in self.parts.items():
            others = {
                key: value
                for key, value in (self.held.get(part) or {}).items()
                if key not in self.document["languages"]
            }
            said = {key: self.cleaned_data[f"{part}-{key}"].strip() for key in self.document["languages"]}
            words = others | {key: value for key, value in said.items() if value}
            if words or is_needed:
                found[part] = words or {self.document["default_language"]: ""}
        return found


class HeadingForm(WordsForm):
    """What the whole questionnaire is called, and its languages."""

    def __init__(self, document: Document, *args: Any, **more: Any) -> None:
        super().__init__(document, {"title": True}, document, *args, **more)
        offered = [
            (code, name)
            for code, name in LANGUAGES.items()
            if code in _known_languages() or code in document["languages"]
        ]
        self.fields["languages"] = forms.MultipleChoiceField(
            label=part_name("languages"),
            choices=offered,
            initial=document["languages"],
            widget=forms.CheckboxSelectMultiple,
            help_text=_("Words of a language that is left out are kept, and come back with it."),
        )
        self.fields["default_language"] = forms.ChoiceField(
            label=part_name("default_language"), choices=offered, initial=document["default_language"]
        )

    def clean(self) -> dict[str, Any]:
        """The language that stands in for others must be spoken."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("languages") and cleaned.get("default_language") not in cleaned["languages"]:
            self.add_error("default_language", _("It must be one of the languages."))
        return cleaned


class PageForm(WordsForm):
    """A page without its questions and conditions."""

    def __init__(self, document: Document, page: Part, *args: Any, **more: Any) -> None:
        super().__init__(document, {"title": True, "why": True}, page, *args, **more)
        self.fields["id"] = id_field(page["id"])
        self.fields["block"] = forms.BooleanField(
            label=part_name("block"),
            required=False,
            initial=bool(page.get("block")),
            help_text=_("Customers confirm it in one tap, or change just what differs."),
        )

    def part(self) -> Part:
        """The page as it is now, without conditions."""
        kept = {
            key: value
            for key, value in self.held.items()
            if key not in ("title", "why", "block", "questions", "id", "show_if")
        }
        block = {"block": True} if self.cleaned_data["block"] else {}
        return {"id": self.cleaned_data["id"], **self.texts(), **block, **kept}


class QuestionForm(WordsForm):
    """A question; which fields there are follows from its kind."""

    def __init__(
        self,
        document: Document,
        question: Part,
        facts: Mapping[str, str],
        *args: Any,
        lists: Sequence[tuple[str, str]] = (),
        **more: Any,
    ) -> None:
        """``facts``: what such an answer may be kept as, ``lists``: what choices may be taken from; by key in words."""
        self.lists = list(lists)
        super().__init__(document, {"label": True, "hint": False}, question, *args, **more)
        self.kind = question["kind"]
        self.fields["id"] = id_field(question["id"])
        kinds = [(key, str(words)) for key, words in KINDS.items()]
        self.fields["kind"] = forms.ChoiceField(
            label=part_name("kind"),
            choices=kinds,
            initial=self.kind,
            help_text=_("With another kind the page comes back with what that kind needs."),
        )
        if self.kind not in (Kind.INFORMATION, Kind.DECLARATION, Kind.EKYC):
            self._flag("required", bool(question.get("required")))
        self._kept(question, facts)
        self._of_kind(question)
        self._limits(question)
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.MultipleChoiceField):
                field.widget.attrs.setdefault("class", "select")
            elif isinstance(field.widget, forms.TextInput | forms.NumberInput):
                field.widget.attrs.setdefault("class", "input")

    def part(self) -> Part:
        """The question as it is now; what another kind cannot have is left out."""
        said = self.cleaned_data
        asked = {name.split("-")[0] for name in self.fields} | {"constraints"}
        part: Part = {key: value for key, value in self.held.items() if key not in asked}
        part |= {"id": said["id"], "kind": said["kind"], **self.texts()}
        plain = ("required", "maps_to", "autocomplete", "choices", "keep_months", "keep_until")
        for key in (*plain, "parts", "person_fields", "accepts", "sides", "bands"):
            if said.get(key):
                part[key] = said[key]
        if said.get("sensitivity"):
            part["sensitivity"] = "sensitive"
        limits = {key: said.get(f"limit-{key}") for key in CONSTRAINTS.get(Kind(self.kind), ())}
        if held := {key: value for key, value in limits.items() if value not in (None, "")}:
            part["constraints"] = held
        return _fitted(part) if said["kind"] != self.kind else part

    def _kept(self, question: Part, facts: Mapping[str, str]) -> None:
        if self.kind in (Kind.INFORMATION, Kind.EKYC):
            return
        if facts or question.get("maps_to"):
            held = question.get("maps_to", "")
            known = facts if held in facts or not held else {**facts, held: held}
            self.fields["maps_to"] = forms.ChoiceField(
                label=part_name("maps_to"),
                choices=[("", _("Not kept there: it stays with the answers")), *known.items()],
                initial=held,
                required=False,
            )
        if self.kind in (Kind.TEXT, Kind.NAME, Kind.TEL, Kind.EMAIL, Kind.ADDRESS):
            offered = sorted({*_AUTOCOMPLETE, question.get("autocomplete", "")} - {""})
            self.fields["autocomplete"] = forms.ChoiceField(
                label=part_name("autocomplete"),
                choices=[("", _("Nothing")), *((one, one) for one in offered)],
                initial=question.get("autocomplete", ""),
                required=False,
            )
        self._flag("sensitivity", question.get("sensitivity") == "sensitive")
        if not question.get("maps_to"):
            self.fields["keep_months"] = forms.IntegerField(
                label=part_name("keep_months"),
                required=False,
                min_value=1,
                max_value=240,
                initial=question.get("keep_months"),
            )
            self.fields["keep_until"] = forms.ChoiceField(
                label=_("Or kept until"),
                choices=[("", "—"), ("review", _("The review is closed"))],
                initial=question.get("keep_until", ""),
                required=False,
            )

    def _of_kind(self, question: Part) -> None:
        if self.kind in CHOSEN:
            lists = sorted({*self.document.get("choice_lists", {}), question.get("choices", "")} - {""})
            self.fields["choices"] = forms.ChoiceField(
                label=part_name("choices"),
                choices=[*((one, one) for one in lists), (_("Lists of your institution"), self.lists)],
                initial=question.get("choices", ""),
                required=False,
                help_text=_("Choices of a list of your institution stay as they are now until you take them anew."),
            )
        several: dict[str, tuple[str, Mapping[Any, Any]]] = {
            Kind.NAME: ("parts", _PARTS),
            Kind.PEOPLE: ("person_fields", _PERSON),
        }
        if self.kind in several:
            self._several(*several[self.kind], question)
        if self.kind == Kind.FILE:
            self._several("accepts", _ACCEPTED, question)
            self._several("sides", _SIDES, question)
        if self.kind == Kind.BAND:
            self.fields["bands"] = NumbersField(
                label=part_name("bands"),
                initial=question.get("bands", []),
                help_text=_("Ascending, apart by blanks or lines. Example: 0 1000000 3000000"),
            )

    def _several(self, key: str, words: Mapping[Any, Any], question: Part) -> None:
        self.fields[key] = forms.MultipleChoiceField(
            label=part_name(key),
            choices=[(str(value), name) for value, name in words.items()],
            initial=question.get(key, []),
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )

    def _limits(self, question: Part) -> None:
        held = question.get("constraints", {})
        for key in sorted(CONSTRAINTS.get(Kind(self.kind), ())):
            common: dict[str, Any] = {"label": part_name(key), "required": False, "initial": held.get(key)}
            if key in _DAYS:
                self.fields[f"limit-{key}"] = forms.RegexField(
                    r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|today(?:[+-][0-9]{1,3}[dmy])?)$",
                    help_text=_("2026-04-01, today, today-18y or today+3m"),
                    **common,
                )
            else:
                self.fields[f"limit-{key}"] = forms.IntegerField(**common)

    def _flag(self, key: str, initial: bool) -> None:
        self.fields[key] = forms.BooleanField(label=part_name(key), required=False, initial=initial)


class NumbersField(forms.CharField):
    """Whole numbers, one after another."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            required=False, widget=forms.TextInput(attrs={"class": "input", "inputmode": "numeric"}), **more
        )

    def prepare_value(self, value: Any) -> Any:
        """As they are typed."""
        return " ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """As the document has them."""
        try:
            return [int(one.replace(",", "")) for one in str(value or "").split()]
        except ValueError:
            raise forms.ValidationError(_("Whole numbers, apart by blanks.")) from None


class ReturnForm(StaffForm):
    """Why a draft goes back."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}))


def id_field(held: str) -> forms.RegexField:
    """How conditions and files call a part."""
    return forms.RegexField(
        f"^{_ID}$",
        label=part_name("id"),
        initial=held,
        widget=forms.TextInput(attrs={"class": "input input--medium", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("How conditions and files call it: small letters, digits and underscores."),
        error_messages={"invalid": _("A small letter first, then small letters, digits and underscores; at most 40.")},
    )


def _known_languages() -> list[str]:
    from questionnaires.fitting import json_schema

    known: list[str] = json_schema()["$defs"]["language"]["enum"]
    return known


def _fitted(part: Part) -> Part:
    """What every kind may have, and what the new kind cannot be without."""
    kept: Part = {key: part[key] for key in ("id", "kind", "label", "hint", "required") if key in part}
    if part["kind"] == Kind.BAND:
        kept["bands"] = [0, 1_000_000, 3_000_000, 10_000_000]
    if part["kind"] in CHOSEN and "choices" in part:
        kept["choices"] = part["choices"]
    return kept


def _tag(language: str) -> str:
    """The language for a browser, which knows no easy Japanese."""
    return {"ja-easy": "ja"}.get(language, language)
