"""The form in which an institution says what it wants to know beside the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from customers.codes import Label
from customers.facts.models import OwnAttribute
from customers.facts.own import Choice, Definition, Problem
from customers.facts.selectors import definition_of
from customers.lists.selectors import lists_named
from tenants.forms import StaffForm

LONGEST_KEPT = 600  # months
_FIXED = ("code", "type", "kinds", "sensitivity")
_SENTENCES: Mapping[str, Promise] = {
    "bad_code": _("Up to 30 small letters, digits and underscores, a letter first."),
    "code_of_ours": _("“%(what)s” is a fact of the product. Choose another code."),
    "code_taken": _("There is an attribute “%(what)s” already, perhaps a retired one. Choose another code."),
    "too_many": _("There are %(what)s attributes already, and no more can be kept."),
    "fixed": _("Code, kind of values, kind of customers and sensitivity stay as they were defined."),
    "bad_titles": _("Say what files call the column: 1 to %(what)s names of up to 60 characters."),
    "titles_twice": _("The same name stands here twice."),
    "title_taken": _("“%(what)s” is the name of another column already."),
    "no_choices": _("Values of this kind have no choices. Leave this empty."),
    "number_of_choices": _("Enter 2 to %(what)s choices."),
    "no_list": _("There is no list “%(what)s”. Choose another one."),
    "list_or_choices": _("Choose a list or write choices down, not both."),
    "bad_choice": _("“%(what)s” is not complete: code, Japanese, English. Codes are small letters and digits."),
    "choice_twice": _("The choice “%(what)s” cannot be told from another one."),
    "choice_in_use": _("Some customers have “%(what)s”. A choice in use stays; change its names if you like."),
    "choice_sealed": _(
        "Whether a customer has “%(what)s” cannot be told, because the values are sealed."
        " Choices that were offered stay."
    ),
    "bad_name": _("Names have up to %(what)s characters, in both languages."),
    "text_is_sealed": _("What is written freely may say anything about anybody, so it is kept sealed."),
    "risk_is_plain": _("Risk rules read only what stands plain."),
}


class AttributeForm(StaffForm):
    """A definition; what cannot be changed any more is shown and not taken."""

    name_ja = forms.CharField(label=_("Name in Japanese"), max_length=60)
    name_en = forms.CharField(label=_("Name in English"), max_length=60)
    code = forms.CharField(
        label=_("Code"),
        help_text=_("By which risk rules and questionnaires call it, such as member_rank. It cannot be changed later."),
        max_length=30,
    )
    type = forms.ChoiceField(label=_("Kind of values"), choices=OwnAttribute.Type.choices)
    choices = forms.CharField(
        label=_("Choices"),
        help_text=_("One a line: code, Japanese, English. For example: gold, ゴールド, Gold"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=20_000,
    )
    list_key = forms.ChoiceField(
        label=_("Or choices of a list"),
        help_text=_("The attribute follows the list: what is added to it can be chosen at once."),
        required=False,
    )
    kinds = forms.ChoiceField(label=_("Customers"), choices=OwnAttribute.Kinds.choices, widget=forms.RadioSelect())
    sensitivity = forms.ChoiceField(
        label=_("Sensitivity"),
        help_text=_("A sensitive attribute is put in use by a second person."),
        choices=OwnAttribute.Sensitivity.choices,
        widget=forms.RadioSelect(),
    )
    titles = forms.CharField(
        label=_("Column titles in files"),
        help_text=_("One a line, the usual one first. A file that has such a column is read with it at once."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1_000,
    )
    bears_on_risk = forms.BooleanField(label=_("Risk rules may read it"), required=False)
    asks_customers = forms.BooleanField(label=_("Questionnaires may ask customers for it"), required=False)

    def __init__(self, *args: Any, attribute: OwnAttribute | None = None, **kwargs: Any) -> None:
        initial = {"kinds": "EITHER", "sensitivity": "SEALED"} if attribute is None else _initial(attribute)
        super().__init__(*args, initial=initial, **kwargs)
        named = lists_named(get_language() or "ja")
        self.fields["list_key"].choices = [("", _("The choices written down above")), *named]  # type: ignore[attr-defined]  # a choice field
        for name in ("name_ja", "name_en", "code", "titles"):
            self.fields[name].error_messages["required"] = _("A value is required.")
        if attribute is not None:
            for name in _FIXED:
                self.fields[name].disabled, self.fields[name].required = True, False
            if attribute.type not in (OwnAttribute.Type.CODE, OwnAttribute.Type.CODES):
                del self.fields["choices"], self.fields["list_key"]
            if attribute.sensitivity != OwnAttribute.Sensitivity.PLAIN:
                del self.fields["bears_on_risk"]

    @property
    def definition(self) -> Definition:
        """Of a valid form."""
        data = self.cleaned_data
        return Definition(
            code=data["code"],
            type=data["type"],
            kinds=data["kinds"],
            sensitivity=data["sensitivity"],
            name=Label(data["name_ja"], data["name_en"]),
            titles=tuple(_lines(data["titles"])),
            choices=tuple(map(_choice, _lines(data.get("choices", "")))),
            list_key=data.get("list_key", ""),
            bears_on_risk=data.get("bears_on_risk", False),
            asks_customers=data.get("asks_customers", False),
        )

    def refuse(self, problems: Sequence[Problem]) -> None:
        """Say what is wrong, at the field concerned."""
        for problem in problems:
            field = {"name": "name_ja"}.get(problem.field, problem.field)
            self.add_error(
                field if field in self.fields else None, str(_SENTENCES[problem.code]) % {"what": problem.what}
            )


class KeepingForm(StaffForm):
    """How long values are kept; blank: as long as the customer."""

    after_set = forms.IntegerField(
        label=_("Months after the value was last set"), required=False, min_value=1, max_value=LONGEST_KEPT
    )
    after_end = forms.IntegerField(
        label=_("Months after the end of the contract"), required=False, min_value=1, max_value=LONGEST_KEPT
    )


def _initial(attribute: OwnAttribute) -> dict[str, Any]:
    said = definition_of(attribute)
    return {
        "code": said.code,
        "type": said.type,
        "kinds": said.kinds,
        "sensitivity": said.sensitivity,
        "name_ja": said.name.ja,
        "name_en": said.name.en,
        "titles": "\n".join(said.titles),
        "choices": "\n".join(", ".join(choice) for choice in said.choices),
        "list_key": said.list_key,
        "bears_on_risk": said.bears_on_risk,
        "asks_customers": said.asks_customers,
    }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _choice(line: str) -> Choice:
    """What is missing stays empty, and is refused with the rest."""
    parts = [part.strip() for part in line.replace("、", ",").replace("，", ",").split(",", 2)]
    code, ja, en = [*parts, "", ""][:3]
    return code, ja, en
