"""What administrators enter about members, and what somebody who is invited enters about themselves."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.forms import DateInput, StaffForm
from tenants.models import Grant, Role, User


class PlaceForm(StaffForm):
    """A role, and what belongs to it. Nothing else of a member can be posted."""

    role = forms.ChoiceField(
        label=_("Role"), choices=[("", "—"), *Role.choices], error_messages={"required": _("Choose a role.")}
    )
    branch_code = forms.CharField(
        label=_("Branch code"),
        max_length=8,
        required=False,
        help_text=_("For branch staff: the three digits that the customer file uses."),
    )
    last_day = forms.DateField(
        label=_("Last day"),
        widget=DateInput(),
        required=False,
        help_text=_("For guests such as examiners; operators always have one. Empty: for good."),
        error_messages={"invalid": _("Enter a date, such as 2027-01-31.")},
    )

    def clean(self) -> dict[str, Any]:
        """Ask for what the role cannot be without."""
        data = super().clean() or {}
        role = data.get("role")
        code = (data.get("branch_code") or "").strip()
        data["branch_code"] = code.zfill(3) if role == Role.BRANCH_STAFF and code else ""
        if role == Role.BRANCH_STAFF and not (code.isascii() and code.isdigit()):
            self.add_error("branch_code", _("Enter the digits of the branch."))
        if role == Role.OPERATOR and not data.get("last_day"):
            self.add_error("last_day", _("Operators of the service are let in until a day."))
        data["valid_until"] = end_of(data["last_day"]) if data.get("last_day") else None
        if data["valid_until"] and data["valid_until"] <= timezone.localtime():
            self.add_error("last_day", _("Choose a day that has not passed."))
        return data

    @property
    def place(self) -> dict[str, Any]:
        """What services take."""
        return {name: self.cleaned_data[name] for name in ("role", "branch_code", "valid_until")}


class MemberForm(PlaceForm):
    """A member's place, and who they are."""

    staff_number = forms.CharField(
        label=_("Staff number"),
        max_length=20,
        help_text=_("One person, one number: nobody approves their own work under another account."),
        error_messages={"required": _("Enter the staff number.")},
    )
    field_order: tuple[str, ...] = ("staff_number", "role", "branch_code", "last_day")

    @property
    def place(self) -> dict[str, Any]:
        """What services take."""
        return {**super().place, "staff_number": self.cleaned_data["staff_number"].strip()}


class InvitationForm(MemberForm):
    """Whom to ask."""

    email = forms.EmailField(
        label=_("E-mail address"),
        error_messages={"required": _("Enter the e-mail address."), "invalid": _("Enter an e-mail address.")},
    )
    name = forms.CharField(label=_("Full name"), max_length=80, error_messages={"required": _("Enter the name.")})
    field_order = ("email", "name", "staff_number", "role", "branch_code", "last_day")

    @property
    def place(self) -> dict[str, Any]:
        """What services take."""
        person = {name: self.cleaned_data[name].strip() for name in ("email", "name")}
        return {**super().place, **person, "email": person["email"].lower()}


class BranchForm(StaffForm):
    """What a branch is called."""

    name = forms.CharField(
        label=_("Name of the branch"), max_length=40, error_messages={"required": _("Enter the name of the branch.")}
    )


class NewBranchForm(BranchForm):
    """A branch, by the code that the customer file uses."""

    code = forms.RegexField(
        r"^[0-9]{1,3}$",
        label=_("Branch code"),
        error_messages={
            "required": _("Enter the digits of the branch."),
            "invalid": _("Enter the digits of the branch."),
        },
    )
    field_order = ("code", "name")

    def clean_code(self) -> str:
        """Three digits, as in the file."""
        return str(self.cleaned_data["code"]).zfill(3)


class GrantForm(StaffForm):
    """One thing to show to a member, until a day."""

    thing = forms.ChoiceField(label=_("What to share"), error_messages={"required": _("Choose what to share.")})
    last_day = forms.DateField(
        label=_("Last day"),
        widget=DateInput(),
        error_messages={
            "required": _("Enter the last day."),
            "invalid": _("Enter a date, such as 2027-01-31."),
        },
    )

    def __init__(self, kinds: dict[str, type[Grant]], offers: dict[str, list[Any]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = [
            (kinds[name]._meta.verbose_name, [(f"{name}:{thing.pk}", name_of(thing)) for thing in things])
            for name, things in offers.items()
            if things
        ]
        self.fields["thing"].choices = [("", "—"), *groups]  # type: ignore[attr-defined]  # a ChoiceField, as declared above

    def clean_last_day(self) -> Any:
        """Not a day that has passed."""
        day = self.cleaned_data["last_day"]
        if end_of(day) <= timezone.localtime():
            raise forms.ValidationError(_("Choose a day that has not passed."))
        return day


class JoinForm(StaffForm):
    """A name and a password."""

    name = forms.CharField(label=_("Your name"), max_length=80, error_messages={"required": _("Enter your name.")})
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        help_text=_("At least 12 characters. A sentence that only you know is easy to remember."),
        error_messages={"required": _("Enter a password.")},
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_password(self) -> str:
        """By the same rules as everywhere."""
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self.email, name=self.cleaned_data.get("name", "")))
        return password


def name_of(thing: Any) -> str:
    """What a thing that can be given is called; a branch by its code and its name."""
    return " ".join(str(word) for word in (getattr(thing, "code", ""), getattr(thing, "name", "")) if word)


def end_of(day: Any) -> datetime:
    """The last moment of a day in Japan."""
    return timezone.make_aware(datetime.combine(day, time.max))
