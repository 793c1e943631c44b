"""What staff enter about sending: why it stops, when it rests, how much may leave."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from channels.models import ProviderAccount, SendingRules
from tenants.forms import StaffForm

LONGEST_LIST = 200


class PauseForm(StaffForm):
    """Why nothing may leave."""

    reason = forms.CharField(
        label=_("Why you stop sending"),
        help_text=_("No names, addresses or numbers of customers."),
        max_length=80,
        error_messages={"required": _("Write down why you stop sending.")},
    )


class WishForm(StaffForm):
    """What a customer told a member of staff, and how."""

    reason = forms.CharField(
        label=_("How the customer told us"),
        help_text=_("Such as “at the counter of the branch”. No names, addresses or numbers of customers."),
        max_length=80,
        error_messages={"required": _("Write down how the customer told us.")},
    )


class TimeInput(forms.TimeInput):
    """The browser's own clock control."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class RulesForm(StaffForm):
    """When a tenant's messages rest, and how many one person gets."""

    quiet_from = forms.TimeField(
        label=_("No messages from"),
        help_text=_("LINE, SMS and e-mail, Japan's time. Leave both times empty for no quiet hours."),
        required=False,
        widget=TimeInput(),
        error_messages={"invalid": _("Enter a time such as 21:00.")},
    )
    quiet_until = forms.TimeField(
        label=_("No messages until"),
        required=False,
        widget=TimeInput(),
        error_messages={"invalid": _("Enter a time such as 08:00.")},
    )
    sms_rests = forms.BooleanField(label=_("No SMS on Sundays and holidays"), required=False)
    holidays = forms.CharField(
        label=_("Holidays"),
        help_text=_("One date a line, such as 2027-01-01. The Cabinet Office publishes the list every February."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    budget = forms.IntegerField(
        label=_("Messages to one person at most"),
        help_text=_("Over all campaigns. What is more waits. 0 for any number."),
        min_value=0,
        max_value=100,
        error_messages={"required": _("Enter a number.")},
    )
    budget_days = forms.IntegerField(
        label=_("within how many days"),
        min_value=1,
        max_value=90,
        error_messages={"required": _("Enter a number.")},
    )
    budget_counts_letters = forms.BooleanField(label=_("Letters count too"), required=False)

    @classmethod
    def of(cls, rules: SendingRules) -> RulesForm:
        """The form with what is in force."""
        kept = {name: getattr(rules, name) for name in cls.base_fields}
        return cls(initial={**kept, "holidays": "\n".join(rules.holidays)})

    def clean_holidays(self) -> list[str]:
        """ISO dates in order, each once."""
        words = self.cleaned_data["holidays"].split()
        try:
            days = sorted({date.fromisoformat(word).isoformat() for word in words})
        except ValueError:
            raise forms.ValidationError(_("Enter dates such as 2027-01-01, one a line.")) from None
        if len(days) > LONGEST_LIST:
            raise forms.ValidationError(_("Enter 200 dates at most."))
        return days

    def clean(self) -> dict[str, Any]:
        """Quiet hours need both ends."""
        found = super().clean() or self.cleaned_data
        begins, ends = found.get("quiet_from"), found.get("quiet_until")
        if (begins is None) != (ends is None) and not self.errors:
            self.add_error("quiet_until" if ends is None else "quiet_from", _("Enter both times, or neither."))
        elif begins is not None and begins == ends:
            self.add_error("quiet_until", _("Enter another time than the first."))
        return found


def _limit(label: Any, help_text: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, help_text=help_text, required=False, min_value=1, max_value=100_000_000)


class LimitsForm(StaffForm):
    """What the contract with a provider allows."""

    per_minute = _limit(_("Messages a minute"), _("Leave a field empty for no limit."))
    batches_at_once = forms.IntegerField(
        label=_("Batches at once"),
        help_text=_("Each has 64 messages, or 100 letters."),
        required=False,
        min_value=1,
        max_value=1000,
    )
    per_day = _limit(_("Messages a day"), "")
    per_month = _limit(_("Messages a month"), "")

    @classmethod
    def of(cls, account: ProviderAccount) -> LimitsForm:
        """The form with what is in force."""
        return cls(initial={name: getattr(account, name) for name in cls.base_fields})
