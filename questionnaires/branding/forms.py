"""What staff say of how customers see the institution."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from questionnaires.branding.colouring import BLACK, WHITE, nearest, readable_words
from questionnaires.branding.models import SHOWN
from questionnaires.branding.wording import complaints_about, why_no_mark
from tenants.forms import StaffForm
from uploads.marks import MAX_BYTES, remake_mark
from uploads.pictures import PictureRefused

AUTOMATIC = "auto"
_COLOUR = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})")
_PHONE = re.compile(r"[0-9+][0-9()+\- ]{7,18}[0-9]")
_KANA = re.compile(r"[\u3040-\u30ff\u3000 ・ー]{1,120}")


class BrandingForm(StaffForm):
    """One version of the look. ``kept``: the picture of the mark that it had so far."""

    name = forms.CharField(
        label=_("Name in Japanese"), max_length=80, help_text=_("As customers read it on pages, e-mails and letters.")
    )
    name_kana = forms.CharField(
        label=_("Reading of the name"),
        max_length=120,
        required=False,
        help_text=_("In hiragana or katakana; stands over the name on pages in plain Japanese."),
    )
    name_en = forms.CharField(label=_("Name in English"), max_length=80, help_text=_("For all other languages."))
    brand_colour = forms.CharField(
        label=_("Main colour"),
        max_length=16,
        help_text=_("As six hexadecimal digits, such as #005f5b. The colours of dark pages are made from it."),
    )
    # The browser's own palette beside the digits, and what both began with: whichever was changed counts, and nobody
    # needs a script for that.
    brand_picked = forms.CharField(
        label=_("Main colour on a palette"),
        required=False,
        widget=forms.TextInput(attrs={"type": "color", "class": "look-picker"}),
    )
    brand_before = forms.CharField(required=False, widget=forms.HiddenInput)
    brand_words = forms.ChoiceField(
        label=_("Words on it"),
        choices=[(AUTOMATIC, _("White or black, whichever reads better")), (WHITE, _("White")), (BLACK, _("Black"))],
        initial=AUTOMATIC,
    )
    short_mark = forms.CharField(
        label=_("Short mark"),
        max_length=2,
        required=False,
        help_text=_("One or two letters, shown in the main colour beside the name when there is no picture."),
    )
    picture = forms.FileField(
        label=_("Mark as a picture"),
        required=False,
        help_text=_("PNG, 288 pixels wide or more, at most 500 KB. It is drawn anew and stands on white."),
        widget=forms.FileInput(attrs={"accept": "image/png"}),
    )
    without_picture = forms.BooleanField(label=_("Do without the picture"), required=False)
    phone = forms.CharField(
        label=_("Telephone number"), max_length=20, help_text=_("Where customers ask whether a notice is genuine.")
    )
    phone_hours = forms.CharField(label=_("Hours"), max_length=80)
    official_site = forms.URLField(
        label=_("Address of your web site"),
        assume_scheme="https",
        help_text=_("Customers compare the notice with what it says. Begins with https://"),
    )

    def __init__(self, *args: Any, kept: bytes | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mark = kept
        self.offered = ""

    @property
    def shown(self) -> dict[str, str]:
        """What `save_branding` takes."""
        return {name: self.cleaned_data[name] for name in SHOWN if name != "mark_digest"}

    def clean_name_kana(self) -> str:
        kana: str = self.cleaned_data["name_kana"]
        if kana and not _KANA.fullmatch(kana):
            raise forms.ValidationError(_("Write the reading in hiragana or katakana."))
        return kana

    def clean_brand_colour(self) -> str:
        typed: str = self.cleaned_data["brand_colour"]
        colour = _read(typed)
        if not colour:
            raise forms.ValidationError(_("Enter six hexadecimal digits, such as #005f5b."))
        return colour

    def clean_short_mark(self) -> str:
        mark: str = self.cleaned_data["short_mark"]
        if mark and not all(unicodedata.category(letter)[0] in "LN" for letter in mark):
            raise forms.ValidationError(_("Use one or two letters."))
        return mark

    def clean_phone(self) -> str:
        phone = unicodedata.normalize("NFKC", self.cleaned_data["phone"]).strip()
        if not _PHONE.fullmatch(phone):
            raise forms.ValidationError(_("Enter a telephone number, such as 0120-000-000."))
        return phone

    def clean_official_site(self) -> str:
        site: str = self.cleaned_data["official_site"]
        if not site.startswith("https://"):
            raise forms.ValidationError(_("Enter an address that begins with https://."))
        return site

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if colour := self._chosen(data):
            wanted = data.get("brand_words", AUTOMATIC)
            data["brand_words"] = words = readable_words(colour) if wanted == AUTOMATIC else wanted
            if complaints := complaints_about(colour, words):
                self.offered = nearest(colour, words)
                for complaint in complaints:
                    self.add_error("brand_colour", complaint)
        if data.get("without_picture"):
            self.mark = None
        if file := data.get("picture"):
            try:
                self.mark = remake_mark(file.read(MAX_BYTES + 1)).body
            except PictureRefused as refused:
                self.add_error("picture", why_no_mark(refused.code))
        return data

    def _chosen(self, data: dict[str, Any]) -> str:
        """The colour that was changed, as digits or on the palette; "" where there is none or it cannot be told."""
        typed, picked, before = (_read(data.get(f"brand_{name}") or "") for name in ("colour", "picked", "before"))
        if not typed or picked in ("", before, typed):
            return typed
        if typed != before:
            words = _("The digits say %(typed)s and the palette says %(picked)s. Set one of them to the other.")
            self.add_error("brand_colour", words % {"typed": typed, "picked": picked})
            return ""
        data["brand_colour"] = picked
        self.data = {**self.data, **dict.fromkeys(("brand_colour", "brand_before"), picked)}  # as it is shown again
        return picked


def _read(text: str) -> str:
    """A colour as CSS writes it; "" for what is none."""
    found = _COLOUR.fullmatch(unicodedata.normalize("NFKC", text).strip().lower())
    if not found:
        return ""
    digits = found[1]
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))
