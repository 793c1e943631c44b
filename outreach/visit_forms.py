"""The steps of a visit's record, each a small form of its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.forms import StaffForm

PLACE = [("yes", _("Yes, it is the address on file")), ("no", _("No, it is somewhere else or not to be found"))]
SIGNBOARD = [
    ("same", _("Yes, with the customer's name")),
    ("other", _("Yes, with another name")),
    ("none", _("There is neither")),
]
CHECKLIST = [
    ("nameplate", _("The name is on the door or the letter box")),
    ("lived_in", _("Somebody lives or works there")),
    ("fits_business", _("The place fits the business that was stated")),
    ("document_seen", _("An identity document was shown")),
    ("neighbours", _("Neighbours or the caretaker were asked")),
]


class PlaceForm(StaffForm):
    """Where it is."""

    address_confirmed = forms.ChoiceField(
        label=_("Are you at the registered address?"),
        choices=PLACE,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one."), "invalid_choice": _("Choose one.")},
    )
    latitude = forms.FloatField(required=False, min_value=-90, max_value=90, widget=forms.HiddenInput)
    longitude = forms.FloatField(required=False, min_value=-180, max_value=180, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Four decimals are ten metres, which is enough."""
        data = super().clean() or {}
        for name in ("latitude", "longitude"):
            if data.get(name) is not None:
                data[name] = round(data[name], 4)
        return data


class HouseForm(StaffForm):
    """What is there."""

    signboard = forms.ChoiceField(
        label=_("Is there a signboard or a nameplate?"),
        choices=SIGNBOARD,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one."), "invalid_choice": _("Choose one.")},
    )
    checklist = forms.MultipleChoiceField(
        label=_("What you saw"), choices=CHECKLIST, widget=forms.CheckboxSelectMultiple, required=False
    )


class PhotoForm(StaffForm):
    """A photograph of the signboard or the house."""

    file = forms.FileField(
        label=_("Photograph"),
        help_text=_("Of the signboard or the house. No people, and no house next door. JPEG, PNG or WebP."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        required=False,
        allow_empty_file=True,  # the reader of pictures says what is wrong with it
    )
