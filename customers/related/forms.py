"""What staff enter about the people and companies behind a customer, and about papers that name owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.codes import LEGAL_FORMS, options_of
from customers.flags.selectors import POSTAL_CODE
from customers.models import OwnerPaper, RelatedParty
from customers.ownership.graph import NotAShare, read_share
from customers.parsing import Invalid, read_postal_code
from customers.related.selectors import COMPANY, Details, Known
from customers.wording import sentence
from tenants.forms import DateInput, StaffForm

Kind, Role = RelatedParty.Kind, RelatedParty.Role

ROLES_OF_COMPANIES = (
    Role.REPRESENTATIVE, Role.OFFICER, Role.IN_CHARGE, Role.HOLDER, Role.INFLUENCE, Role.DECLARED_OWNER, Role.AGENT,
)  # fmt: skip
ROLES_OF_PERSONS = (Role.GUARDIAN, Role.AGENT)
_PERSONS_ONLY = {Role.REPRESENTATIVE, Role.OFFICER, Role.IN_CHARGE, Role.GUARDIAN}
_TEXTS = ("name", "kana", "postal_code", "address", "authority", "no_will_because")


class PartyForm(StaffForm):
    """One person or company behind a customer."""

    name = forms.CharField(label=_("Name"), max_length=100, error_messages={"required": _("Enter the name.")})
    kana = forms.CharField(label=_("Kana"), max_length=100, required=False)
    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=Kind.choices,
        initial=Kind.PERSON,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what it is."), "invalid_choice": _("Choose what it is.")},
    )
    roles = forms.MultipleChoiceField(
        label=_("Relation to the customer"), widget=forms.CheckboxSelectMultiple, required=False
    )
    authority = forms.CharField(
        label=_("How the authority was confirmed"),
        help_text=_("For whoever carries out transactions: a letter of attorney, registration as an officer, a call."),
        max_length=200,
        required=False,
    )
    birth_on = forms.DateField(
        label=_("Date of birth"),
        widget=DateInput(),
        required=False,
        error_messages={"invalid": _("Enter a date, such as 2027-01-31.")},
    )
    postal_code = forms.CharField(
        label=_("Postal code"),
        help_text=_("7 digits. A guardian is written to only where it is known."),
        max_length=10,
        required=False,
    )
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    share = forms.CharField(
        label=_("Share held of the customer"),
        help_text=_("In percent, such as 33.4, or as votes of all votes, such as 400/1200. Own shares are not votes."),
        max_length=40,
        required=False,
    )
    no_will_because = forms.CharField(
        label=_("Why it clearly has no will or ability to control"),
        help_text=_("Only where that is clear, such as a trust bank that holds for others. Leave it empty otherwise."),
        max_length=200,
        required=False,
    )

    def __init__(
        self, *args: Any, is_company: bool, companies: Sequence[tuple[str, str]] = (), today: date, **kwargs: Any
    ) -> None:
        """``companies``: the parties of which this one may hold shares too, as (party, name)."""
        super().__init__(*args, **kwargs)
        self.today = today
        self.held = {"share": COMPANY}
        roles = self.fields["roles"]
        assert isinstance(roles, forms.MultipleChoiceField)
        roles.choices = [(role.value, role.label) for role in (ROLES_OF_COMPANIES if is_company else ROLES_OF_PERSONS)]
        if not is_company:
            for name in ("kind", "share", "no_will_because"):
                del self.fields[name]
            self.held = {}
            return
        for number, (party, name) in enumerate(companies):
            field = forms.CharField(label=_("Share held of %(name)s") % {"name": name}, max_length=40, required=False)
            field.widget.attrs["class"] = "input"
            self.fields[f"share_{number}"] = field
            self.held[f"share_{number}"] = party
        self.order_fields([*(name for name in self.fields if name not in (*self.held, "no_will_because")), *self.held])

    def clean_postal_code(self) -> str:
        """Seven digits that Japan Post has."""
        try:
            return read_postal_code(self.cleaned_data["postal_code"]) or ""
        except Invalid as invalid:
            raise forms.ValidationError(sentence(invalid.code, invalid.params)) from invalid

    def clean(self) -> dict[str, Any]:
        """What the fields say together: who can have which role, and shares that can be."""
        cleaned = super().clean() or self.cleaned_data
        roles, kind = set(cleaned.get("roles", [])), cleaned.get("kind", Kind.PERSON)
        for name in self.held:
            self._check_share(name, cleaned.get(name, ""))
        if kind != Kind.PERSON and roles & _PERSONS_ONLY:
            self.add_error("roles", _("Representatives, officers and persons in charge are natural persons."))
        if kind not in (Kind.PERSON, Kind.PUBLIC) and Role.INFLUENCE in roles:
            self.add_error("roles", _("Enter the natural person who has the influence."))
        if Role.IN_CHARGE in roles and not cleaned.get("authority"):
            self.add_error("authority", _("Enter how the authority was confirmed."))
        address = str(cleaned.get("address") or "").strip()
        has_code = cleaned.get("postal_code") or "postal_code" in self.errors or POSTAL_CODE.fullmatch(address)
        if Role.GUARDIAN in roles and address and not has_code:
            self.add_error("postal_code", _("Enter the postal code, so that letters reach the guardian."))
        if not roles and not any(cleaned.get(name) for name in self.held):
            self.add_error("roles", _("Choose the relation, or enter a share."))
        if (born := cleaned.get("birth_on")) and born > self.today:
            self.add_error("birth_on", _("Enter a day that is not in the future."))
        return cleaned

    def _check_share(self, name: str, text: str) -> None:
        if not text:
            return
        try:
            is_possible = 0 < read_share(text) <= 1
        except NotAShare:
            self.add_error(name, _("Enter a percentage such as 33.4, or votes of all votes such as 400/1200."))
        else:
            if not is_possible:
                self.add_error(name, _("A share is more than nothing and not more than 100%."))

    @property
    def kind_chosen(self) -> str:
        """The kind; people behind a person are persons."""
        return str(self.cleaned_data.get("kind", Kind.PERSON))

    @property
    def roles_chosen(self) -> list[str]:
        """The roles; whoever holds a share is a holder."""
        roles = set(self.cleaned_data["roles"])
        return sorted(roles | {Role.HOLDER.value} if self.details["holds"] else roles)

    @property
    def details(self) -> Details:
        """What is to be sealed."""
        cleaned = self.cleaned_data
        born = cleaned.get("birth_on")
        return {
            **{name: cleaned.get(name, "") for name in _TEXTS},
            "birth_on": born.isoformat() if born else "",
            "holds": [{"of": held, "share": cleaned[name]} for name, held in self.held.items() if cleaned.get(name)],
        }


def initial_of(known: Known, companies: Sequence[tuple[str, str]]) -> Mapping[str, Any]:
    """What the form shows of a party that is on record."""
    holds = dict(known.holds)
    shares = {f"share_{number}": holds.get(party, "") for number, (party, _name) in enumerate(companies)}
    share = holds.get(COMPANY, "")
    return {**known.details, **shares, "share": share, "kind": known.row.kind, "roles": known.row.roles}


class LegalFormForm(StaffForm):
    """What a company is for the rule."""

    legal_form = forms.ChoiceField(
        label=_("Legal form"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the legal form."), "invalid_choice": _("Choose the legal form.")},
    )

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["legal_form"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = options_of(LEGAL_FORMS, language)


class PaperForm(StaffForm):
    """A paper that names a company's owners on a day."""

    kind = forms.ChoiceField(
        label=_("Kind of paper"),
        choices=OwnerPaper.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the kind of paper."), "invalid_choice": _("Choose the kind of paper.")},
    )
    as_of_on = forms.DateField(
        label=_("Day of which it speaks"),
        widget=DateInput(),
        error_messages={"required": _("Enter the day."), "invalid": _("Enter a date, such as 2027-01-31.")},
    )
    filed_on = forms.DateField(
        label=_("Day on which it was filed or declared"),
        widget=DateInput(),
        error_messages={"required": _("Enter the day."), "invalid": _("Enter a date, such as 2027-01-31.")},
    )
    office = forms.CharField(label=_("Registry office"), max_length=60, required=False)
    number = forms.CharField(label=_("Number of the paper"), max_length=40, required=False)
    parties = forms.MultipleChoiceField(
        label=_("Owners it names"),
        help_text=_("Whoever is missing here is entered as a related party first."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose whom the paper names."),
            "invalid_choice": _("Choose whom the paper names."),
        },
    )

    def __init__(self, *args: Any, persons: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["parties"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(persons)

    @property
    def details(self) -> Details:
        """What is to be sealed."""
        return {name: self.cleaned_data[name] for name in ("office", "number", "parties")}
