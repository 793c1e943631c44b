"""What staff enter about a domain."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.domains.models import LONGEST_HOST
from tenants.forms import StaffForm


class DomainForm(StaffForm):
    """The host; the service reads it."""

    host = forms.CharField(
        label=_("Name of the host"),
        max_length=2 * LONGEST_HOST,
        help_text=_("Best below the domain of your site, which customers know, such as kakunin.example-bank.co.jp."),
        error_messages={"required": _("Enter the name of the host.")},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )
