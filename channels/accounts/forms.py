"""The form of an account, made of the table of options."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from channels.accounts.checks import one_line
from channels.accounts.documents import value_at
from channels.accounts.options import Kind, Option, Provider, Secret
from channels.models import ProviderAccount
from tenants.forms import StaffForm, dress

SECRET = "secret-"  # noqa: S105  # what their controls' names begin with
_LONGEST = {Kind.TEXT: 300, Kind.YEN: 12, Kind.LONG: 500, Kind.PAIRS: 4_000, Kind.NUMBERS: 1_000, Kind.JSON: 8_000}
_ROWS = {Kind.LONG: 4, Kind.PAIRS: 5, Kind.NUMBERS: 3, Kind.JSON: 8}


class AccountForm(StaffForm):
    """Everything that can be entered of one account. Credentials are only ever entered."""

    def __init__(self, provider: Provider, account: ProviderAccount, *args: Any, **kwargs: Any) -> None:
        self.provider, self.account = provider, account
        kwargs["initial"] = {one.name: _shown(one, value_at(account.options, one.name)) for one in provider.options}
        super().__init__(*args, **kwargs)
        for option in provider.options:
            self.fields[option.name] = _field(option)
        for secret in provider.secrets:
            self.fields[SECRET + secret.name] = _secret_field(secret)
        dress(self)

    def clean(self) -> dict[str, Any]:
        """Each value as it is kept; None where nothing is entered."""
        cleaned = super().clean() or self.cleaned_data
        for option in self.provider.options:
            if option.name in cleaned:
                try:
                    cleaned[option.name] = _kept(option, cleaned[option.name])
                except forms.ValidationError as error:
                    self.add_error(option.name, error)
        return cleaned

    @property
    def options_changed(self) -> dict[str, Any]:
        """What differs from what is in force, by dotted name."""
        now = {one.name: value_at(self.account.options, one.name) for one in self.provider.options}
        is_on = {one.name: one.is_on for one in self.provider.options if one.kind == Kind.YES_NO}
        now |= {name: now[name] if now[name] is not None else default for name, default in is_on.items()}
        return {name: self.cleaned_data[name] for name in now if self.cleaned_data[name] != now[name]}

    @property
    def credentials_entered(self) -> dict[str, str]:
        """What was typed into the fields of credentials."""
        typed = {secret.name: self.cleaned_data[SECRET + secret.name] for secret in self.provider.secrets}
        return {name: value for name, value in typed.items() if value}

    def sections(self) -> Iterator[tuple[bool, list[forms.BoundField]]]:
        """Whether a second person is needed, and the fields: those first, the credentials among them."""
        second = [one.name for one in self.provider.options if one.needs_second]
        second += [SECRET + secret.name for secret in self.provider.secrets]
        at_once = [one.name for one in self.provider.options if not one.needs_second]
        for needs_second, names in ((True, second), (False, at_once)):
            if names:
                yield needs_second, [self[name] for name in names]


def in_words(option: Option, value: object) -> str:
    """A value as it is read on a page; a dash for nothing."""
    if option.kind == Kind.YES_NO:
        return _("Yes") if (option.is_on if value is None else value) else _("No")
    if option.kind == Kind.CHOICE:
        return str(dict(option.choices).get(str(value or ""), value))
    return _shown(option, value) or "—"


def _field(option: Option) -> forms.Field:
    common: dict[str, Any] = {"label": option.label, "help_text": option.help, "required": option.is_required}
    if option.is_required:
        common["error_messages"] = {"required": _("The provider needs it.")}
    match option.kind:
        case Kind.YES_NO:
            return forms.BooleanField(**{**common, "required": False})
        case Kind.CHOICE:
            return forms.ChoiceField(choices=option.choices, **common)
        case Kind.TEXT | Kind.YEN:
            return forms.CharField(max_length=_LONGEST[option.kind], **common)
        case _:
            widget = forms.Textarea(attrs={"rows": _ROWS[option.kind]})
            return forms.CharField(max_length=_LONGEST[option.kind], widget=widget, **common)


def _secret_field(secret: Secret) -> forms.Field:
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    widget: forms.Widget = forms.PasswordInput(attrs=attrs)
    if secret.is_long:
        widget = forms.Textarea(attrs={**attrs, "rows": 3})
    common: dict[str, Any] = {"label": secret.label, "help_text": secret.help}
    return forms.CharField(**common, required=False, max_length=4_000, widget=widget)


def _shown(option: Option, value: Any) -> Any:
    """What stands in the control."""
    if option.kind == Kind.YES_NO:
        return option.is_on if value is None else bool(value)
    if not value:
        return ""
    match option.kind:
        case Kind.PAIRS:
            return "\n".join(f"{a} = {b}" for a, b in value.items()) if isinstance(value, Mapping) else ""
        case Kind.NUMBERS:
            rows = [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
            return "\n".join(": ".join(filter(None, (one.get("carrier"), str(one.get("number"))))) for one in rows)
        case Kind.JSON:
            return json.dumps(value, ensure_ascii=False, indent=2)
        case _:
            return str(value)


def _kept(option: Option, typed: Any) -> Any:
    """What is kept of what was typed. Raises ValidationError."""
    if option.kind == Kind.YES_NO:
        return bool(typed)
    if not typed.strip():
        return None
    value: Any = _READ.get(option.kind, lambda text: text.replace("\r\n", "\n").strip())(typed)
    return option.check(value) if option.check else value


def _yen(typed: str) -> str:
    try:
        price = Decimal(typed.strip())
    except InvalidOperation:
        raise forms.ValidationError(_("Enter an amount such as 12 or 3.5.")) from None
    if not price.is_finite() or not 0 <= price <= 100_000:
        raise forms.ValidationError(_("Enter an amount such as 12 or 3.5."))
    return f"{price:f}"


def _pairs(typed: str) -> dict[str, str]:
    pairs = [line.partition("=") for line in typed.splitlines() if line.strip()]
    if not all(equals and left.strip() for left, equals, _right in pairs):
        raise forms.ValidationError(_("Write one pair a line, with = between its two words."))
    return {left.strip(): right.strip() for left, _equals, right in pairs}


def _numbers(typed: str) -> list[dict[str, str]]:
    found = []
    for line in filter(None, (line.strip() for line in typed.splitlines())):
        carrier, colon, number = line.replace("：", ":").rpartition(":")
        digits = sum(sign.isdigit() for sign in number)
        if not 3 <= digits <= 15 or len(number.strip()) > 24 or len(carrier) > 60:
            raise forms.ValidationError(_("Write one number a line, such as: docomo: 050-1234-5678."))
        found.append({"carrier": carrier.strip() if colon else "", "number": number.strip()})
    return found


def _document(typed: str) -> Any:
    try:
        return json.loads(typed)
    except ValueError:
        raise forms.ValidationError(_("This is not JSON.")) from None


_READ = {
    Kind.TEXT: lambda typed: one_line(typed.strip()),
    Kind.YEN: _yen,
    Kind.PAIRS: _pairs,
    Kind.NUMBERS: _numbers,
    Kind.JSON: _document,
}
