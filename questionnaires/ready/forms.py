"""What staff enter to begin a questionnaire as a ready one."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.forms import StaffForm


class BeginForm(StaffForm):
    """What the new questionnaire is called."""

    name = forms.CharField(
        label=_("Name in Japanese"),
        max_length=80,
        help_text=_("Seen by staff only."),
        error_messages={"required": _("Give the questionnaire a name.")},
    )
    name_en = forms.CharField(
        label=_("Name in English"),
        max_length=80,
        error_messages={"required": _("Give the questionnaire a name.")},
    )


class UpdateForm(forms.Form):
    """Which questionnaire, and whether all, pieces or nothing of the news is taken over."""

    questionnaire = forms.UUIDField()
    act = forms.ChoiceField(choices=[("draft", ""), ("pieces", ""), ("note", "")])
