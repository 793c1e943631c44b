"""What staff enter of a list: its name, one entry, a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.codes import LANGUAGES, Label
from customers.lists.content import LONGEST, Content, Entry, Words
from customers.lists.files import BETWEEN
from customers.lists.wording import part_name
from tenants.forms import StaffForm

REFUSE, RETIRE = "refuse", "retire"


class NewListForm(StaffForm):
    """A list of the institution's own making."""

    name_ja = forms.CharField(label=_("Name in Japanese"), max_length=LONGEST)
    name_en = forms.CharField(label=_("Name in English"), max_length=LONGEST)
    key = forms.RegexField(
        r"^[a-z][a-z0-9_]{1,39}$",
        label=_("Code of the list"),
        help_text=_("By which questionnaires and files call it, such as trade_area. It cannot be changed later."),
        error_messages={"invalid": _("Up to 40 small letters, digits and underscores, a letter first.")},
    )


class EntryForm(StaffForm):
    """One choice. ``is_fixed``: its code stands in a published version."""

    def __init__(self, *args: Any, entry: Entry | None, place: int, is_fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entry = entry or Entry("", {})
        self.fields["code"] = forms.RegexField(
            r"^[A-Za-z0-9][A-Za-z0-9_]{0,23}$",
            label=_("Code"),
            help_text=_("What files and risk rules call it: up to 24 letters, digits and underscores."),
            initial=self.entry.code,
            disabled=is_fixed,
            error_messages={"invalid": _("1 to 24 letters, digits and underscores, a letter or digit first.")},
        )
        for language in LANGUAGES:
            self.fields[language] = forms.CharField(
                label=part_name(language),
                required=language == "ja",
                max_length=LONGEST,
                initial=self.entry.words.get(language, ""),
            )
        self.fields["ja-easy"].help_text = _("Readings are written {漢字|かんじ}.")
        self.fields["group"] = forms.CharField(
            label=pgettext_lazy("of choices", "Group"),
            help_text=_("In Japanese. Choices with the same group are offered under it."),
            required=False,
            max_length=LONGEST,
            initial=self.entry.group,
        )
        self.fields["also"] = forms.CharField(
            label=_("Other names"),
            help_text=_("What else files and people call it, one a line. A file that says one of them means this."),
            required=False,
            max_length=2_200,
            initial="\n".join(self.entry.also),
            widget=forms.Textarea(attrs={"rows": 3, "class": "textarea textarea--short"}),
        )
        self.fields["place"] = forms.IntegerField(
            label=_("Place in the list"), min_value=1, max_value=10_000, initial=place
        )
        self.fields["is_offered"] = forms.BooleanField(
            label=pgettext_lazy("of choices", "Offered"),
            help_text=_("What is offered no more keeps its words for older files, and nobody can choose it."),
            required=False,
            initial=self.entry.is_offered,
        )
        for field in self.fields.values():
            if isinstance(field.widget, forms.TextInput | forms.NumberInput):
                field.widget.attrs.setdefault("class", "input")

    @property
    def made(self) -> Entry:
        """Of a valid form."""
        said = self.cleaned_data
        lines = said["also"].replace(BETWEEN, "\n").splitlines()
        return Entry(
            said["code"],
            {language: said[language] for language in LANGUAGES if said[language]},
            said["group"],
            tuple(dict.fromkeys(filter(None, map(str.strip, lines)))),
            said["is_offered"],
        )


class NamesForm(StaffForm):
    """What the list is called, and its groups in the other languages."""

    def __init__(self, *args: Any, content: Content, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.content = content
        for name, said in (("name_ja", content.name.ja), ("name_en", content.name.en)):
            label = _("Name in Japanese") if name == "name_ja" else _("Name in English")
            self.fields[name] = forms.CharField(label=label, max_length=LONGEST, initial=said)
        for number, words in enumerate(content.groups):
            for language in LANGUAGES:
                if language != "ja":
                    self.fields[f"{number}-{language}"] = forms.CharField(
                        label=part_name(language),
                        required=False,
                        max_length=LONGEST,
                        initial=words.get(language, ""),
                    )
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "input")

    def of_groups(self) -> list[tuple[str, list[BoundField]]]:
        """Each group with its fields."""
        languages = [language for language in LANGUAGES if language != "ja"]
        return [
            (words["ja"], [self[f"{number}-{language}"] for language in languages])
            for number, words in enumerate(self.content.groups)
        ]

    @property
    def name(self) -> Label:
        return Label(self.cleaned_data["name_ja"], self.cleaned_data["name_en"])

    @property
    def groups(self) -> list[Words]:
        """The groups with their words, of a valid form."""
        return [
            {"ja": words["ja"]}
            | {one: said for one in LANGUAGES if one != "ja" and (said := self.cleaned_data[f"{number}-{one}"])}
            for number, words in enumerate(self.content.groups)
        ]


class UploadForm(StaffForm):
    """A file in the place of the draft's entries."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or an Excel workbook (xlsx), up to 2 MB, with the columns of the file that is downloaded."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
        allow_empty_file=True,
        error_messages={"required": _("Choose the file."), "missing": _("Choose the file.")},
    )
    missing = forms.ChoiceField(
        label=_("Choices that the file does not name"),
        choices=(
            (REFUSE, _("are a mistake: refuse the file if one that was published is missing")),
            (RETIRE, _("are offered no more, and keep their words for older files")),
        ),
        initial=REFUSE,
        widget=forms.RadioSelect,
    )


class ReturnForm(StaffForm):
    """Why a draft goes back."""

    reason = forms.CharField(label=_("Reason"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}))
