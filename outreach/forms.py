"""What staff enter about a call or a visit."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from outreach.models import OutreachKind, OutreachTry
from outreach.outcomes import offered
from outreach.proving import NEEDED, Said
from questionnaires import reading
from questionnaires.reading import Unreadable
from tenants.forms import StaffForm

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class MomentInput(forms.DateTimeInput):
    """The browser's own control for a day and a time."""

    input_type = "datetime-local"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", **kwargs)


class TryForm(StaffForm):
    """What came of it."""

    outcome = forms.ChoiceField(
        label=_("What came of it"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what came of it."), "invalid_choice": _("Choose what came of it.")},
    )
    call_back_at = forms.DateTimeField(
        label=_("Time agreed for the next contact"),
        help_text=_("Only if another time was agreed."),
        widget=MomentInput(),
        required=False,
        error_messages={"invalid": _("Enter a day and a time.")},
    )
    note = forms.CharField(
        label=_("Note"),
        help_text=_("What a colleague has to know. Sealed with the customer's own key."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1_000,
        required=False,
    )
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, kind: str, *args: Any, is_question: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"token": uuid4()})
        super().__init__(*args, **kwargs)
        words = dict(OutreachTry.Outcome.choices)
        field = self.fields["outcome"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(outcome, words[outcome]) for outcome in offered(kind, is_question=is_question)]


class IdentityForm(StaffForm):
    """What the person says, typed as they say it. What is on file is shown to nobody."""

    birth_on = forms.CharField(
        label=_("Date of birth"),
        help_text=_("The Western year or a Japanese era. Examples: 1949-05-03, 昭和24年5月3日"),
        max_length=40,
        required=False,
    )
    last_digits = forms.CharField(
        label=_("Last 4 digits of the account number"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    phone_digits = forms.CharField(
        label=_("Last 4 digits of the registered phone number"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    address = forms.CharField(
        label=_("Registered address"),
        help_text=_("In full, from the prefecture on."),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["phone_digits" if kind == Customer.Kind.INDIVIDUAL else "birth_on"]
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"

    def clean_birth_on(self) -> object:
        """A date, in either calendar."""
        typed = self.cleaned_data["birth_on"]
        try:
            return reading.read_date(typed) if typed.strip() else None
        except Unreadable:
            raise forms.ValidationError(_("Enter the date as year, month and day.")) from None

    def clean(self) -> dict[str, Any]:
        """Two facts at least."""
        data = super().clean() or {}
        if not self.errors and self.said.count < NEEDED:
            raise forms.ValidationError(_("Ask for two of these at least, and enter what the person says."))
        return data

    @property
    def said(self) -> Said:
        """What was typed, read."""
        data = self.cleaned_data
        return Said(**{name: data[name] for name in self.fields if data.get(name)})


class AssignForm(StaffForm):
    """Who is to do it."""

    assignee = forms.TypedChoiceField(
        label=_("Who is to do it"),
        coerce=int,
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": _("This person makes no calls and visits. Choose somebody else.")},
    )

    def __init__(self, people: list[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["assignee"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Nobody yet")), *people]


class AssignManyForm(AssignForm):
    """Who is to do the tasks that were ticked."""

    @property
    def task_ids(self) -> list[UUID]:
        """The tasks."""
        ids: list[UUID] = self.cleaned_data["tasks"]
        return ids

    def clean(self) -> dict[str, Any]:
        """One task at least; of what is no task's name nothing is kept."""
        data = super().clean() or {}
        given = self.data.getlist("task") if isinstance(self.data, QueryDict) else []
        data["tasks"] = [UUID(value) for value in given if _UUID.fullmatch(value)]
        if not data["tasks"]:
            raise forms.ValidationError(_("Tick the tasks that are to be assigned."))
        return data


class KindForm(StaffForm):
    """How to reach the customer."""

    kind = forms.ChoiceField(
        label=_("How to reach the customer"),
        choices=OutreachKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one."), "invalid_choice": _("Choose one.")},
    )


class QuestionForm(KindForm):
    """What a reviewer wants to know."""

    why = forms.CharField(
        label=_("What is to be asked"),
        help_text=_("Whoever calls or visits reads this. Sealed with the customer's own key."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=1_000,
        error_messages={"required": _("Write down what is to be asked.")},
    )


class CapacityForm(StaffForm):
    """How much a day holds."""

    kind = forms.ChoiceField(label=_("Call or visit"), choices=OutreachKind.choices)
    person = forms.TypedChoiceField(
        label=_("Person"),
        help_text=_("Only for the number of one person."),
        coerce=int,
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": _("This person makes no calls and visits. Choose somebody else.")},
    )
    branch_code = forms.RegexField(
        r"^[0-9A-Za-z]{1,8}$",
        label=_("Branch code"),
        help_text=_("Leave it empty for one person's number, or for every branch that has no number of its own."),
        required=False,
        error_messages={"invalid": _("Enter the branch code in digits and letters.")},
    )
    tasks = forms.IntegerField(
        label=_("Tasks a day"),
        min_value=1,
        max_value=1_000,
        error_messages={
            name: _("Enter a number from 1 to 1,000.") for name in ("required", "invalid", "min_value", "max_value")
        },
    )

    def __init__(self, people: list[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("A branch, not a person")), *people]

    def clean(self) -> dict[str, Any]:
        """A branch or a person, not both."""
        data = super().clean() or {}
        if data.get("person") and data.get("branch_code"):
            raise forms.ValidationError(_("Choose a person or enter a branch, not both."))
        return data
