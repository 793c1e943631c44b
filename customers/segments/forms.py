"""The builder: one control for each field a segment may ask, and the document they make together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.facts.selectors import own_asked
from customers.facts.shape import Type
from customers.segments.conditions import (
    ANSWERS,
    ASKED,
    CHOICES,
    DAYS,
    MOST_DAYS,
    MOST_NUMBER,
    NEEDS_DAY,
    NEEDS_DAYS,
    NOT_KNOWN,
    NUMERIC,
    AnyOf,
    Condition,
    Day,
    Number,
    SegmentInvalid,
    Way,
    document_of,
    legible_of,
)
from customers.segments.wording import WAYS, Branches, title_of, values_of
from tenants.forms import DateInput, StaffForm

# A checkbox for «not known» cannot have the empty value.
_UNKNOWN = "-"
# More values than these are folded away until one is chosen.
_FEW = 6
_ANSWERED = tuple(key for key in ASKED if key in ANSWERS)
_CHOSEN = tuple(key for key in ASKED if key not in (*ANSWERS, *DAYS))
_GROUPS: Sequence[tuple[Promise, Sequence[str]]] = (
    (_("Risk and due diligence"), ("risk_tier", "due_diligence", *_ANSWERED)),
    (_("Important dates"), DAYS),
    (
        _("Contact"),
        ("reachability", "has_channel", "lacks_channels", "channel_working", "channel_unreachable", "language"),
    ),
    (_("Accounts"), ("open_accounts", "has_product")),
    (_("Flags"), ("has_flag", "lacks_flags")),
    (_("Customer"), ("kind", "status", "branch_code", "department", *_CHOSEN)),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """What the page shows of one field."""

    title: str
    field: forms.BoundField
    is_day: bool = False
    is_long: bool = False
    chosen: int = 0
    days: forms.BoundField | None = None
    day: forms.BoundField | None = None
    until: forms.BoundField | None = None
    most: forms.BoundField | None = None
    or_missing: forms.BoundField | None = None


class SegmentForm(StaffForm):
    """Conditions, the name they are kept under, and for whom."""

    name = forms.CharField(
        label=_("Name of the filter"),
        help_text=_("Such as “High risk, period of stay ends soon”. No names of customers."),
        max_length=60,
        error_messages={"required": _("Give the filter a name.")},
    )
    is_shared = forms.BooleanField(label=_("Share it with everybody at the institution"), required=False)
    segment = forms.UUIDField(required=False, widget=forms.HiddenInput())

    def __init__(
        self, *args: Any, branches: Branches, may_share: bool = False, is_counting: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.is_counting = is_counting
        self.fields["name"].required = not is_counting
        if not may_share:
            del self.fields["is_shared"]
        self._own = {key: fact for key, fact in own_asked().items() if not fact.is_retired or key in self.initial}
        self._days = (*DAYS, *(key for key, fact in self._own.items() if fact.type is Type.DAY))
        self._numbers = tuple(key for key, fact in self._own.items() if fact.type in NUMERIC)
        self._choices = (*CHOICES, *(key for key in self._own if key not in (*self._days, *self._numbers)))
        for field in self._choices:
            choices = [(value or _UNKNOWN, words) for value, words in values_of(field, branches)]
            kept = [value or _UNKNOWN for value in self.initial.get(field, ())]
            gone = [(value, value) for value in kept if value not in dict(choices)]
            self.fields[field] = forms.MultipleChoiceField(
                label=title_of(field),
                choices=[*choices, *gone],
                required=False,
                initial=kept,
                widget=forms.CheckboxSelectMultiple(),
                error_messages={"invalid_choice": _("Choose from what is offered.")},
            )
            self.initial.pop(field, None)
        for field in self._days:
            self._add_day(field)
        for field in self._numbers:
            self._add_number(field)

    def _add_number(self, field: str) -> None:
        wrong = {name: _("Enter a whole number.") for name in ("invalid", "min_value", "max_value")}
        for name, words in ((field, _("at least")), (f"{field}_most", _("at most"))):
            self.fields[name] = forms.IntegerField(
                label=words, min_value=-MOST_NUMBER, max_value=MOST_NUMBER, required=False, error_messages=wrong
            )
            self.fields[name].widget.attrs["class"] = "input input--number input--medium"
        self.fields[f"{field}_or_missing"] = forms.BooleanField(label=_("or not on file"), required=False)

    def _add_day(self, field: str) -> None:
        wrong = {name: _("Enter a number of days from 0 to 3,650.") for name in ("invalid", "min_value", "max_value")}
        self.fields[field] = forms.ChoiceField(
            label=title_of(field), choices=[("", _("any")), *WAYS], required=False, widget=forms.Select()
        )
        self.fields[f"{field}_days"] = forms.IntegerField(
            label=_("Days"), min_value=0, max_value=MOST_DAYS, required=False, error_messages=wrong
        )
        for name, words in (("day", _("Date")), ("until", _("Second date"))):
            self.fields[f"{field}_{name}"] = forms.DateField(
                label=words,
                required=False,
                widget=DateInput(),
                error_messages={"invalid": _("Enter a date, such as 2027-01-31.")},
            )
            self.fields[f"{field}_{name}"].widget.attrs["class"] = "input input--medium"
        self.fields[f"{field}_or_missing"] = forms.BooleanField(label=_("or not on file"), required=False)
        self.fields[field].widget.attrs["class"] = "select"
        self.fields[f"{field}_days"].widget.attrs["class"] = "input input--number input--short"

    def clean(self) -> dict[str, Any]:
        """Every condition at once, so that each one that lacks something is named."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        conditions: list[Condition] = [
            AnyOf(field, tuple(NOT_KNOWN if value == _UNKNOWN else value for value in data[field]))
            for field in self._choices
            if data.get(field)
        ]
        conditions += [day for field in self._days if (day := self._day(field, data)) is not None]
        conditions += [number for field in self._numbers if (number := self._number(field, data)) is not None]
        if self.errors:
            return data
        if not conditions and not self.is_counting:
            raise forms.ValidationError(_("Choose at least one condition."))
        try:
            data["document"] = document_of(conditions, self._own)
        except SegmentInvalid as error:
            raise forms.ValidationError(_("These conditions cannot be used together. Choose fewer values.")) from error
        return data

    def _day(self, field: str, data: Mapping[str, Any]) -> Day | None:
        if not data.get(field):
            return None
        way = Way(data[field])
        days, day, until = (data.get(f"{field}_{name}") for name in ("days", "day", "until"))
        if way in NEEDS_DAYS and days is None:
            self._ask(f"{field}_days", str(_("Enter how many days.")))
        if way in NEEDS_DAY and day is None:
            self._ask(f"{field}_day", str(_("Enter the day.")))
        if way is Way.BETWEEN and until is None:
            self._ask(f"{field}_until", str(_("Enter the day.")))
        if way is Way.BETWEEN and day and until and until < day:
            self._ask(f"{field}_until", str(_("The second day comes before the first.")))
        or_missing = bool(data.get(f"{field}_or_missing")) and way is not Way.MISSING
        first, last = day if way in NEEDS_DAY else None, until if way is Way.BETWEEN else None
        return Day(field, way, days or 0, first, or_missing, last)

    def _number(self, field: str, data: Mapping[str, Any]) -> Number | None:
        least, most, or_missing = data.get(field), data.get(f"{field}_most"), bool(data.get(f"{field}_or_missing"))
        if least is None and most is None and not or_missing:
            return None
        if least is not None and most is not None and most < least:
            self._ask(f"{field}_most", str(_("The upper number is below the lower one.")))
        return Number(field, least, most, or_missing)

    def _ask(self, field: str, words: str) -> None:
        if field not in self.errors:
            self.add_error(field, words)

    def groups(self) -> Iterator[tuple[str, list[Row]]]:
        """The fields as the page shows them."""
        for title, fields in (*_GROUPS, (_("Own attributes"), tuple(self._own))):
            open_ones = (*self._days, *self._numbers)
            there = [field for field in fields if field in open_ones or self.fields[field].choices]  # type: ignore[attr-defined]  # a choice field
            if there:
                yield str(title), [self._row(field) for field in there]

    def _row(self, field: str) -> Row:
        title, bound = title_of(field), self[field]
        if field in self._days:
            days, day, until, or_missing = (self[f"{field}_{one}"] for one in ("days", "day", "until", "or_missing"))
            return Row(title, bound, is_day=True, days=days, day=day, until=until, or_missing=or_missing)
        if field in self._numbers:
            return Row(title, bound, most=self[f"{field}_most"], or_missing=self[f"{field}_or_missing"])
        choices: Any = self.fields[field].choices  # type: ignore[attr-defined]  # as above
        return Row(title, bound, is_long=len(choices) > _FEW, chosen=len(bound.value() or ()))


def initial_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the builder shows of a segment that is kept, as far as it can still be asked."""
    initial: dict[str, Any] = {}
    for condition in legible_of(document, own_asked())[0]:
        field = condition.field
        if isinstance(condition, AnyOf):
            initial[field] = list(condition.values)
            continue
        if isinstance(condition, Number):
            initial |= {field: condition.least, f"{field}_most": condition.most}
            initial[f"{field}_or_missing"] = condition.or_missing
            continue
        initial |= {
            field: condition.way.value,
            f"{field}_or_missing": condition.or_missing,
            f"{field}_day": condition.day,
            f"{field}_until": condition.until,
        }
        if condition.way in NEEDS_DAYS:
            initial[f"{field}_days"] = condition.days
    return initial
