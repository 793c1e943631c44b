"""What staff enter to have a certificate obtained, and what they transcribe from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from companies.certificates.models import RegistryCertificate
from companies.certificates.rules import OFFICERS, officers_in, read_capital, read_company_number, read_officers
from customers.facts.catalogue import FACTS
from customers.importing import stray_in
from customers.parsing import Invalid
from customers.wording import sentence
from tenants.forms import DateInput, StaffForm

# What stands on the paper in another way than in files.
_READERS: Mapping[str, Callable[[str], Any]] = {"corporate_number": read_company_number, "capital": read_capital}
_DAY_ERRORS: Mapping[str, Any] = {
    "required": _("Enter the day."),
    "invalid": _("Enter a date, such as 2027-01-31."),
}


class RequestForm(StaffForm):
    """Who obtains a certificate, and until when."""

    assigned_to = forms.TypedChoiceField(
        label=_("Who obtains it"),
        coerce=int,
        error_messages={"required": _("Choose who obtains it."), "invalid_choice": _("Choose who obtains it.")},
    )
    due_on = forms.DateField(label=_("Until"), widget=DateInput(), error_messages=_DAY_ERRORS)
    why = forms.CharField(
        label=_("What it is needed for"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, people: Mapping[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["assigned_to"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(people.items())


class TranscriptionForm(StaffForm):
    """What the paper says, in its order. Everything is read as the same fact in a file is."""

    kind = forms.ChoiceField(
        label=_("Kind of certificate"),
        choices=RegistryCertificate.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the kind of certificate."),
            "invalid_choice": _("Choose the kind of certificate."),
        },
    )
    issued_on = forms.DateField(
        label=_("Day of the certificate"),
        help_text=_("The day on which it was issued, or the information taken."),
        widget=DateInput(),
        error_messages=_DAY_ERRORS,
    )
    number = forms.CharField(
        label=_("Number of the certificate"),
        help_text=_("Its reference number, or the inquiry number (照会番号) of the online service."),
        max_length=40,
        required=False,
    )
    corporate_number = forms.CharField(
        label=_("Number of the company"),
        help_text=_("The twelve digits of the certificate (会社法人等番号), or the corporate number."),
        max_length=20,
        error_messages={"required": _("Enter the number of the company.")},
    )
    name = forms.CharField(
        label=_("Company name (商号)"), max_length=200, error_messages={"required": _("Enter the company name.")}
    )
    address = forms.CharField(
        label=_("Head office (本店)"), max_length=200, error_messages={"required": _("Enter the head office.")}
    )
    postal_code = forms.CharField(
        label=_("Postal code of the head office"),
        help_text=_("It is not on the paper. If the address is taken over without it, the file has none."),
        max_length=10,
        required=False,
    )
    representative = forms.CharField(
        label=_("Representative (代表者)"), max_length=200, error_messages={"required": _("Enter the representative.")}
    )
    officers = forms.CharField(
        label=_("Officers (役員)"),
        help_text=_("One a line, the office before the name: 取締役 山田太郎"),
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=4_000,
        required=False,
    )
    business = forms.CharField(
        label=_("Objects of the company (目的)"),
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=4_000,
        required=False,
    )
    capital = forms.CharField(label=_("Capital in yen (資本金の額)"), max_length=40, required=False)
    established_on = forms.CharField(
        label=_("Established on (会社成立の年月日)"),
        help_text=_("As on the paper, such as 平成20年4月1日."),
        max_length=40,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """What is typed as the file keeps it; a wrong value is named at its field."""
        cleaned = super().clean() or self.cleaned_data
        for name in (
            "name",
            "corporate_number",
            "address",
            "postal_code",
            "representative",
            "established_on",
            "capital",
        ):
            if name in cleaned:
                self._read(name, cleaned)
        if OFFICERS in cleaned:
            try:
                cleaned[OFFICERS] = [[one.office, one.name] for one in read_officers(cleaned[OFFICERS])]
            except Invalid as invalid:
                self.add_error(OFFICERS, _officer_error(invalid))
        return cleaned

    def _read(self, name: str, cleaned: dict[str, Any]) -> None:
        text = cleaned[name]
        if stray := stray_in(text):
            self.add_error(name, sentence(*stray))
            return
        try:
            cleaned[name] = _READERS.get(name, FACTS[name].read)(text)
        except Invalid as invalid:
            self.add_error(name, sentence(invalid.code, invalid.params))

    @property
    def said(self) -> dict[str, Any]:
        """What is to be sealed; what the paper does not say is left out."""
        values = {name: value for name, value in self.cleaned_data.items() if name not in ("kind", "issued_on")}
        return {name: value for name, value in values.items() if value not in (None, "", [])}


class CheckForm(forms.Form):
    """What of the differences goes into the file, and whose office ends."""

    seen_at = forms.CharField(max_length=40)
    take = forms.MultipleChoiceField(required=False)
    end = forms.TypedMultipleChoiceField(required=False, coerce=UUID)

    def __init__(self, *args: Any, keys: list[str], leaving: list[UUID], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, known in (("take", keys), ("end", leaving)):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = [(str(one), str(one)) for one in known]


class BackForm(StaffForm):
    """What is to be corrected."""

    reason = forms.CharField(
        label=_("What is to be corrected"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
        error_messages={"required": _("Say what is to be corrected.")},
    )


class CancelForm(StaffForm):
    """Why it is not needed."""

    reason = forms.CharField(
        label=_("Why it is not needed any more"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=300,
        error_messages={"required": _("Say in a few words why it is not needed.")},
    )


def initial_of(certificate: RegistryCertificate) -> dict[str, Any]:
    """What the form shows of an earlier transcription."""
    said = certificate.said or {}
    officers = "\n".join(f"{one.office} {one.name}" for one in officers_in(said))
    return {**said, OFFICERS: officers, "kind": certificate.kind, "issued_on": certificate.issued_on}


def _officer_error(invalid: Invalid) -> str:
    if invalid.code == "officer_line":
        return gettext("Line %(line)s: write the office, a space and the name.") % invalid.params
    return sentence(invalid.code, invalid.params)
