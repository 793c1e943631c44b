"""The form in which an officer edits a customer: every fact as it is read in files, and the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from customers.codes import COUNTRY_CODES, in_groups, label_of, options_of
from customers.editing.reasons import EditReason
from customers.editing.rules import editable_facts
from customers.facts.shape import Fact, Type
from customers.forms import read_matter
from customers.importing import inconsistencies, stray_in
from customers.parsing import Invalid
from customers.presenting import label, say
from customers.segments.selectors import branch_names
from customers.wording import sentence
from tenants.forms import DateInput, StaffForm

_GROUPS: tuple[tuple[Promise | str, tuple[str, ...]], ...] = (
    (
        _("Who the customer is"),
        (
            "name", "kana", "former_name", "common_name", "latin_name", "birth_on", "corporate_number", "legal_form",
            "representative", "established_on", "capital",
        ),
    ),
    (_("Contact"), ("postal_code", "address", "phone", "email", "language")),
    (
        _("Nationality, stay and taxes"),
        (
            "nationality", "country_of_residence", "residence_status", "residence_expires_on", "residence_applied_on",
            "tax_residences", "is_us_person",
        ),
    ),
    (
        _("Work and transactions"),
        (
            "occupation", "employer", "industry", "purpose", "source_of_funds", "is_foreign_pep", "handles_cash",
            "sends_abroad",
        ),
    ),
)  # fmt: skip
_REST = _("Account, branch and others")
_YES, _NO = "1", "0"


def typed(fact: Fact, value: Any) -> str:
    """A value as somebody would type or choose it; `Fact.read` reads it again."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _YES if value else _NO
    if isinstance(value, list) and (codes := fact.list_of_codes()):
        return "、".join(label_of(codes, code) for code in value)
    return say(fact.key, value) if fact.type in (Type.PHONE, Type.POSTAL_CODE) else str(value)


class EditForm(StaffForm):
    """Every fact that may be edited; what is left as it was shown is not looked at, however old its rules are."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=EditReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the reason."), "invalid_choice": _("Choose the reason.")},
    )
    matter = forms.CharField(
        label=_("Number of the matter"),
        help_text=_("The number of the request, the ledger or the inquiry. No names."),
        max_length=20,
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        kind: str,
        shown: Mapping[str, Any],
        wanted: Mapping[str, Any] | None = None,
        today: date,
        **kwargs: Any,
    ) -> None:
        """``shown`` is on file, by `customers.editing.services.editable_of`; ``wanted`` was typed before."""
        super().__init__(*args, **kwargs)
        self._kind, self._shown, self._today = kind, shown, today
        self._facts = {fact.key: fact for fact in editable_facts(kind)}
        for key, fact in self._facts.items():
            field = _field(fact, shown.get(key))
            field.widget.attrs["class"] = "select" if isinstance(field, forms.ChoiceField) else "input"
            self.fields[key] = field
            self.initial[key] = typed(fact, {**shown, **(wanted or {})}.get(key))
        self.wanted: dict[str, Any] = {}

    def groups(self) -> Iterator[tuple[str, list[BoundField]]]:
        """The facts by what they are about, with the titles of the groups."""
        left = dict.fromkeys(self._facts)
        for title, keys in _GROUPS:
            there = [key for key in keys if key in left]
            for key in there:
                del left[key]
            if there:
                yield str(title), [self[key] for key in there]
        if left:
            yield str(_REST), [self[key] for key in left]

    def clean_matter(self) -> str:
        """Only what a number is made of, so that no name reaches the trail."""
        return read_matter(self.cleaned_data["matter"]) if self.cleaned_data["matter"] else ""

    def clean(self) -> dict[str, Any]:
        """What is typed as the file keeps it, and nothing wrong between facts that was not wrong before."""
        cleaned = super().clean() or self.cleaned_data
        for key, fact in self._facts.items():
            if key in cleaned and cleaned[key] != typed(fact, self._shown.get(key)):
                self._read(fact, cleaned[key])
        before = set(inconsistencies(_dated(self._shown, self._kind), self._today))
        after = {**self._shown, **self.wanted}
        for key, code in inconsistencies(_dated(after, self._kind), self._today):
            if key in self._facts and ((key, code) not in before or key in self.wanted):
                self.add_error(key, sentence(code, {}))
        if not self.wanted and not self.errors:
            self.add_error(None, gettext("Nothing was changed."))
        return cleaned

    def _read(self, fact: Fact, text: str) -> None:
        if stray := stray_in(text):
            self.add_error(fact.key, sentence(*stray))
            return
        try:
            value = fact.read(text)
        except Invalid as invalid:
            self.add_error(fact.key, sentence(invalid.code, invalid.params))
        else:
            if value != self._shown.get(fact.key):
                self.wanted[fact.key] = value


def _field(fact: Fact, value: Any) -> forms.Field:
    title = label(fact.key)
    if choices := _choices(fact, value):
        offered = in_groups(fact.list_of_codes() or {}, choices)
        return forms.ChoiceField(label=title, choices=[("", gettext("Not known")), *offered], required=False)
    widget = DateInput() if fact.type is Type.DAY else forms.TextInput(attrs={"autocomplete": "off"})
    return forms.CharField(label=title, required=False, strip=False, widget=widget)


def _choices(fact: Fact, value: Any) -> list[tuple[str, str]]:
    """What a fact of few values may be; its present value stays one of them."""
    if fact.type is Type.ANSWER:
        return [(_YES, gettext("Yes")), (_NO, gettext("No"))]
    codes, said = fact.list_of_codes(), get_language() or "ja"
    if fact.key == "branch_code":
        found = [(code, f"{code} {name}") for code, name in branch_names().items()]
    elif codes and fact.type not in (Type.COUNTRIES, Type.CODES):
        found = options_of(codes, said)
        if fact.type is Type.COUNTRY:
            found += [(code, code) for code in sorted(COUNTRY_CODES.difference(codes))]
    else:
        return []
    is_there = value is None or value in dict(found)
    return found if is_there else [*found, (value, label_of(codes or {}, str(value), said))]


def _dated(values: Mapping[str, Any], kind: str) -> dict[str, Any]:
    born = values.get("birth_on")
    return {**values, "kind": kind, "birth_on": date.fromisoformat(born) if born else None}
