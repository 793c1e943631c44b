"""What staff enter about the access to gBizINFO, and choose of an answer."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from companies.gbiz.models import USUAL_MOST
from companies.gbiz.selectors import KEYS
from customers.editing.reasons import EditReason
from tenants.forms import StaffForm

_COUNT_ERRORS = dict.fromkeys(("required", "invalid", "min_value", "max_value"), _("Enter a number from 1 to 10,000."))


class AccessForm(StaffForm):
    """The token and the most questions."""

    token = forms.CharField(
        label=_("API token"),
        help_text=_(
            "As gBizINFO sent it to your institution. It is sealed and never shown again; empty keeps what is there."
        ),
        max_length=200,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    most_a_day = forms.IntegerField(
        label=_("Questions in a day at most"),
        initial=USUAL_MOST,
        min_value=1,
        max_value=10_000,
        error_messages=_COUNT_ERRORS,
    )

    def clean_token(self) -> str:
        """It goes into a header, so it is of visible ASCII characters."""
        token: str = self.cleaned_data["token"].strip()
        if not all("!" <= char <= "~" for char in token):
            raise forms.ValidationError(_("A token has only letters, digits and signs, without spaces."))
        return token


class TakeForm(StaffForm):
    """What goes into the file, and why."""

    seen_at = forms.CharField(max_length=40)
    take = forms.MultipleChoiceField(choices=[(key, key) for key in KEYS], required=False)
    reason = forms.ChoiceField(
        label=_("Why it is changed"),
        choices=EditReason.choices,
        initial=EditReason.PUBLIC_SOURCE,
        error_messages={"required": _("Choose why."), "invalid_choice": _("Choose why.")},
    )
