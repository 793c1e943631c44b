"""What staff write of a question on the help pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from outreach.faq.standard import AUDIENCES, TOPICS
from tenants.forms import StaffForm

LANGUAGES = ("ja", "ja-easy", "en", "zh-hans", "vi", "pt-br", "ne")
LANGUAGE_NAMES = {
    "ja": _("Japanese"),
    "ja-easy": _("Easy Japanese"),
    "en": _("English"),
    "zh-hans": "简体中文",
    "vi": "Tiếng Việt",
    "pt-br": "Português",
    "ne": "नेपाली",
}
LONGEST_ASK, LONGEST_ANSWER = 120, 600


class EntryForm(StaffForm):
    """One question and its answer, in as many languages as there are words for."""

    topic = forms.ChoiceField(label=_("Topic"), choices=list(TOPICS.items()))
    audiences = forms.MultipleChoiceField(
        label=_("Shown to"),
        choices=list(AUDIENCES.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose one at least.")},
    )
    place = forms.IntegerField(
        label=_("Position in the list"),
        help_text=_("The product's own questions stand at 10, 20, 30 …; a smaller number comes first."),
        min_value=1,
        max_value=999,
    )
    is_hidden = forms.BooleanField(label=_("Do not show it to customers"), required=False)

    def __init__(self, *args: Any, is_standard: bool, may_hide: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_standard:  # where and for whom it stands is the product's
            del self.fields["topic"], self.fields["audiences"]
        if not may_hide:
            del self.fields["is_hidden"]
        for language in LANGUAGES:
            name = LANGUAGE_NAMES[language]
            self.fields[f"ask_{language}"] = forms.CharField(
                label=_("Question (%(language)s)") % {"language": name},
                max_length=LONGEST_ASK,
                required=False,
                widget=forms.TextInput(attrs={"class": "input", "lang": language}),
            )
            self.fields[f"answer_{language}"] = forms.CharField(
                label=_("Answer (%(language)s)") % {"language": name},
                max_length=LONGEST_ANSWER,
                required=False,
                widget=forms.Textarea(attrs={"rows": 3, "class": "textarea", "lang": language}),
            )

    def said(self, kind: str) -> dict[str, str]:
        """What was written, by language; ``kind``: "ask" or "answer"."""
        return {language: self.cleaned_data[f"{kind}_{language}"] for language in LANGUAGES}
