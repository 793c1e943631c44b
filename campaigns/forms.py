"""What staff enter to plan a campaign, and why they stop or return one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.enclosing import Enclosing
from campaigns.planning import TELEPHONE, VISIT
from tenants.forms import DateInput, StaffForm

_ANSWERS = {"INDIVIDUAL": "individuals_answer", "COMPANY": "companies_answer"}
USUAL, REACHED = "USUAL", "REACHED"
_WRONG_NUMBER = ("invalid", "min_value", "max_value")


class PlanForm(StaffForm):
    """Whom to ask, by when."""

    name = forms.CharField(
        label=_("Name of the campaign"),
        max_length=80,
        help_text=_("Seen by staff only."),
        error_messages={"required": _("Give the campaign a name.")},
    )
    due_by = forms.DateField(
        label=_("Customers due by"),
        widget=DateInput(),
        help_text=_("Everybody whose next review falls on or before this day is taken in."),
        error_messages={
            "required": _("Enter the day up to which customers are due."),
            "invalid": _("Enter a date, such as 2027-01-31."),
        },
    )
    deadline_on = forms.DateField(
        label=_("Answers until"),
        widget=DateInput(),
        help_text=_("The day customers read as their deadline."),
        error_messages={
            "required": _("Enter the deadline for answers."),
            "invalid": _("Enter a date, such as 2027-01-31."),
        },
    )
    opens_on = forms.DateField(
        label=_("Answers from"),
        widget=DateInput(),
        required=False,
        help_text=_(
            "Leave it empty to take answers as soon as a notice arrives. Notices that leave before this day say from"
            " when answers are taken, and nobody is called meanwhile."
        ),
        error_messages={"invalid": _("Enter a date, such as 2027-01-31.")},
    )
    individuals_answer = forms.ChoiceField(
        label=_("What personal customers answer"),
        required=False,
        error_messages={"invalid_choice": _("Choose a questionnaire that is in force.")},
    )
    companies_answer = forms.ChoiceField(
        label=_("What companies answer"),
        help_text=_("The questionnaires in force, each in its newest version."),
        required=False,
        error_messages={"invalid_choice": _("Choose a questionnaire that is in force.")},
    )
    order = forms.ChoiceField(
        label=_("Order of channels"),
        help_text=_("To begin with what has reached the customer sends letters earlier, which costs more."),
        choices=[
            (USUAL, _("The usual order: LINE, short message, e-mail, post")),
            (REACHED, _("First the channels by which something has arrived before, then the others")),
        ],
        initial=USUAL,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose the order of channels.")},
    )
    encloses = forms.ChoiceField(
        label=_("Answer sheet with the letter"),
        help_text=_("On paper, with the reference number and a code on every page, to be filled in and sent back."),
        choices=[
            (Enclosing.NOBODY, _("With no letter")),
            (Enclosing.OFFLINE, _("With letters to whom nothing but post reaches, and from the age below")),
            (Enclosing.ALL, _("With every letter")),
        ],
        initial=Enclosing.NOBODY,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose with which letters the answer sheet goes.")},
    )
    encloses_from = forms.IntegerField(
        label=_("From the age of (years)"),
        help_text=_(
            "Also with the letters to people of that age, whatever reaches them; leave it empty to ask no age."
        ),
        required=False,
        min_value=18,
        max_value=120,
        error_messages={name: _("Enter an age from 18 to 120.") for name in _WRONG_NUMBER},
    )
    call_after = forms.IntegerField(
        label=_("Call who stays silent after (days)"),
        help_text=_("Counted from the last notice. High and medium risk only; leave it empty to call nobody."),
        initial=14,
        required=False,
        min_value=1,
        max_value=180,
        error_messages={name: _("Enter a number of days from 1 to 180.") for name in _WRONG_NUMBER},
    )
    visit_after = forms.IntegerField(
        label=_("Visit who stays silent after a call (days)"),
        help_text=_("Counted from the call. High risk only; leave it empty to visit nobody."),
        initial=14,
        required=False,
        min_value=1,
        max_value=180,
        error_messages={name: _("Enter a number of days from 1 to 180.") for name in _WRONG_NUMBER},
    )

    def __init__(self, *args: Any, offered: Mapping[str, Sequence[tuple[str, str]]], **kwargs: Any) -> None:
        """``offered``: by kind of customer, the questionnaires by key with their names."""
        super().__init__(*args, **kwargs)
        for kind, name in _ANSWERS.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = offered[kind]

    @property
    def plan(self) -> dict[str, Any]:
        """The arguments of `plan_campaign`."""
        data = dict(self.cleaned_data)
        days = {TELEPHONE: data.pop("call_after"), VISIT: data.pop("visit_after")}
        answers = {kind: data.pop(name) for kind, name in _ANSWERS.items()}
        data["questionnaires"] = {kind: key for kind, key in answers.items() if key}
        data["begins_with_reached"] = data.pop("order") == REACHED
        whom, from_age = data.pop("encloses") or Enclosing.NOBODY, data.pop("encloses_from")
        data["enclosing"] = {"whom": whom, "from_age": from_age if whom == Enclosing.OFFLINE else None}
        return {**data, "silence": {kind: after for kind, after in days.items() if after}}


class ReasonForm(StaffForm):
    """Why a campaign is returned."""

    reason = forms.CharField(
        label=_("Why you return it"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=400,
        error_messages={"required": _("Write down why you return the campaign.")},
    )


class ResendForm(StaffForm):
    """Why notices are to be sent again."""

    reason = forms.CharField(
        label=_("Why it is to be sent again"),
        max_length=200,
        help_text=_("For whoever approves it, and for the record. No names, addresses or numbers of customers."),
        error_messages={"required": _("Write down why it is to be sent again.")},
    )
