"""Where books are fetched from, which and when, and what then: as an administrator enters it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.models import FixedLayout
from integrations.pickups.folders import steps_of
from integrations.pickups.models import AgainReason, PickupSource
from integrations.pickups.rules import LAST, read_times
from integrations.pickups.sftp import read_host_key
from integrations.pickups.wording import WEEKDAYS, nth_words
from tenants.forms import StaffForm

EVERY = (5, 10, 15, 30, 60, 120, 240)
_HOST = re.compile(r"(?!-)[A-Za-z0-9.:-]{1,255}")
_MARKER = re.compile(r"\.[A-Za-z0-9_]{1,11}")
_LOWEST_OPEN_PORT = 1024
_SSH = 22
_NUMBER = {"class": "input input--short", "inputmode": "numeric"}


def _nth_choices() -> list[tuple[int, str]]:
    return [*((nth, nth_words(nth)) for nth in range(1, 16)), (LAST, nth_words(LAST))]


class SourceForm(StaffForm):
    """One source; ``values`` is what `services.save_source` wants of a valid form."""

    name = forms.CharField(label=_("Name of the pick-up"), max_length=60)
    kind = forms.ChoiceField(label=_("Place"), choices=PickupSource.Kind.choices, widget=forms.RadioSelect)
    folder = forms.CharField(
        label=_("Folder"),
        max_length=200,
        required=False,
        help_text=_("Empty: the folder that the institution was given, or where one arrives on the server."),
    )
    host = forms.CharField(label=_("Host name"), max_length=255, required=False)
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65_535, widget=forms.NumberInput(attrs=_NUMBER))
    username = forms.CharField(label=_("User name"), max_length=64, required=False)
    host_key = forms.CharField(
        label=_("Host key of the server"),
        required=False,
        max_length=2_000,
        help_text=_(
            "Its public key as whoever runs it gives it, such as “ssh-ed25519 AAAA…”. A server that shows another one"
            " is never spoken to."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "class": "textarea mono", "spellcheck": "false"}),
    )
    pattern = forms.CharField(
        label=_("Names of the files"),
        max_length=80,
        help_text=_("* stands for any characters, ? for one: CIF_*.csv. Large and small letters differ."),
        widget=forms.TextInput(attrs={"class": "input mono"}),
    )
    marker = forms.CharField(
        label=_("Ending of the file that says it is complete"),
        max_length=12,
        required=False,
        help_text=_(
            "Such as .done, if an empty file CIF.csv.done is put beside CIF.csv at the end. Without it a file counts as"
            " complete when it has not changed for a minute."
        ),
        widget=forms.TextInput(attrs={"class": "input input--short mono"}),
    )
    layout = forms.ChoiceField(label=_("Layout of the files"), required=False)
    afterwards = forms.ChoiceField(label=_("What becomes of a fetched file"), choices=PickupSource.Afterwards.choices)
    schedule = forms.ChoiceField(
        label=_("When to look"),
        choices=[("every", _("At intervals")), ("times", _("At certain times of day"))],
        widget=forms.RadioSelect,
    )
    every_minutes = forms.TypedChoiceField(
        label=_("Interval"), coerce=int, choices=[(minutes, _("%d minutes") % minutes) for minutes in EVERY]
    )
    times = forms.CharField(
        label=_("Times of day"),
        max_length=200,
        required=False,
        help_text=_("On Japan's clock, parted by commas: 06:00, 18:30"),
    )
    expected_by = forms.TimeField(
        label=_("A file must have come by"),
        required=False,
        help_text=_("If none has, it stands on the home page and officers are written to. Empty: nobody is told."),
        widget=forms.TimeInput(format="%H:%M", attrs={"class": "input input--short", "type": "time"}),
    )
    expected_days = forms.ChoiceField(label=_("On which days"), choices=PickupSource.Days.choices)
    expected_weekdays = forms.TypedMultipleChoiceField(
        label=_("If on certain days of the week: which"),
        coerce=int,
        choices=list(WEEKDAYS.items()),
        required=False,
        help_text=_("On a holiday of the rules of sending, the next banking day takes the place."),
        widget=forms.CheckboxSelectMultiple,
    )
    expected_nth = forms.TypedChoiceField(
        label=_("If once a month: on which banking day"),
        coerce=int,
        choices=_nth_choices,
        required=False,
        empty_value=None,
    )
    takes_in = forms.ChoiceField(
        label=_("After the trial"),
        choices=[
            ("", _("A person looks at what would change and takes the file in")),
            ("1", _("The file is taken in by itself below the limits; a second person approves this first")),
        ],
        required=False,
        widget=forms.RadioSelect,
    )
    max_changed = forms.IntegerField(
        label=_("Customers entered or changed, at most (% of the rows)"),
        min_value=0,
        max_value=100,
        widget=forms.NumberInput(attrs=_NUMBER),
    )
    max_rejected = forms.IntegerField(
        label=_("Rows not taken, at most (% of the rows)"),
        min_value=0,
        max_value=100,
        widget=forms.NumberInput(attrs=_NUMBER),
    )

    def __init__(self, *args: Any, layouts: Sequence[FixedLayout], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._layouts = {str(layout.pk): layout for layout in layouts}
        layout = self.fields["layout"]
        assert isinstance(layout, forms.ChoiceField)
        layout.choices = [
            ("", _("With titles in the first line (CSV, Excel)")),
            *((key, found.name) for key, found in self._layouts.items()),
        ]

    @staticmethod
    def initial_of(source: PickupSource | None) -> dict[str, Any]:
        """What the form shows of a source, or begins with."""
        if source is None:
            return {"port": _SSH, "schedule": "every", "every_minutes": 15, "max_changed": 10, "max_rejected": 1}
        plain = ("name", "kind", "folder", "host", "port", "username", "host_key", "pattern", "marker", "afterwards")
        more = ("expected_by", "expected_days", "expected_weekdays", "max_changed", "max_rejected")
        return {
            **{name: getattr(source, name) for name in (*plain, *more)},
            "layout": str(source.layout_id or ""),
            "schedule": "every" if source.every_minutes else "times",
            "every_minutes": source.every_minutes or 15,
            "times": ", ".join(source.times),
            "takes_in": "1" if source.takes_in else "",
            "expected_nth": 1 if source.expected_nth is None else source.expected_nth,
        }

    @property
    def values(self) -> dict[str, Any]:
        """Of a valid form."""
        given = dict(self.cleaned_data)
        is_every = given.pop("schedule") == "every"
        given["every_minutes"] = given["every_minutes"] if is_every else None
        given["times"] = [] if is_every else read_times(given["times"])
        given["layout"] = self._layouts.get(given["layout"])
        given["takes_in"] = bool(given["takes_in"])
        days = given["expected_days"]
        given["expected_weekdays"] = sorted(given["expected_weekdays"]) if days == PickupSource.Days.WEEKDAYS else []
        given["expected_nth"] = given["expected_nth"] if days == PickupSource.Days.MONTHLY else None
        if given["kind"] == PickupSource.Kind.FOLDER:
            given.update(host="", port=_SSH, username="", host_key="")
        return given

    def clean_pattern(self) -> str:
        """Names alone, no folders."""
        pattern: str = self.cleaned_data["pattern"]
        if "/" in pattern or "\\" in pattern or pattern.startswith("."):
            raise forms.ValidationError(_("Only the name of the file, without a folder."))
        return pattern

    def clean_marker(self) -> str:
        """An ending, with its dot."""
        marker: str = self.cleaned_data["marker"]
        if marker and not _MARKER.fullmatch(marker):
            raise forms.ValidationError(_("A dot and up to 11 letters or digits, such as .done"))
        return marker

    def clean_port(self) -> int:
        """That of SSH, or one that anybody may listen on."""
        port: int = self.cleaned_data["port"]
        if port != _SSH and port < _LOWEST_OPEN_PORT:
            raise forms.ValidationError(_("22, or a port from 1024 on."))
        return port

    def clean(self) -> dict[str, Any]:
        """What belongs to the kind of place and to the kind of schedule."""
        given = super().clean() or {}
        if given.get("kind") == PickupSource.Kind.SFTP:
            self._clean_server(given)
        if given.get("kind") == PickupSource.Kind.FOLDER and steps_of(given.get("folder", "")) is None:
            self.add_error("folder", _("Names of folders parted by “/”, below the institution's own folder."))
        if given.get("schedule") == "times" and read_times(given.get("times", "")) is None:
            self.add_error("times", _("Enter times as 06:00, 18:30."))
        days = given.get("expected_days")
        if days == PickupSource.Days.WEEKDAYS and not given.get("expected_weekdays"):
            self.add_error("expected_weekdays", _("Choose at least one day."))
        if days == PickupSource.Days.MONTHLY and given.get("expected_nth") is None:
            self.add_error("expected_nth", _("Choose which banking day it is."))
        return given

    def _clean_server(self, given: dict[str, Any]) -> None:
        if not _HOST.fullmatch(given.get("host", "")):
            self.add_error("host", _("Enter the server's host name."))
        if not given.get("username"):
            self.add_error("username", _("Enter the user name that the server knows us by."))
        key = read_host_key(given.get("host_key", ""))
        if key is None:
            self.add_error("host_key", _("Enter the public key as in “ssh-ed25519 AAAA…”."))
        else:
            given["host_key"] = key


class AgainForm(StaffForm):
    """Why a file is to be fetched that is dealt with already."""

    reason = forms.ChoiceField(label=_("Reason"), choices=AgainReason.choices, widget=forms.RadioSelect)
