"""The forms at the door: allauth's, in our words and clothes and with our counting."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import (
    ChangePasswordForm as AllauthChangePasswordForm,
)
from allauth.account.forms import LoginForm, ReauthenticateForm, ResetPasswordForm, ResetPasswordKeyForm
from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.forms import dress
from tenants.sign_in import lockout
from tenants.sign_in.adapters import network_of, too_many_attempts

RESET_LIMIT = 5


def plain(form: forms.BaseForm) -> None:
    """Our controls: no placeholders, which vanish when they are needed."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    dress(form)


def word_new_password(field: forms.Field) -> None:
    """The rules for a new password as one plain sentence each."""
    field.help_text = " ".join(password_validators_help_texts())


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth is untyped
    """E-mail and password; one answer for every way of being wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")
        self.fields["login"].widget = forms.EmailInput(attrs={"autocomplete": "username webauthn"})
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        plain(self)

    def add_prefix(self, field_name: str) -> str:
        """The control is called what password managers look for."""
        return "username" if field_name == "login" else str(super().add_prefix(field_name))


class ConfirmPasswordForm(ReauthenticateForm):  # type: ignore[misc]  # as above
    """The person's own password once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        plain(self)


class ChangePasswordForm(AllauthChangePasswordForm):  # type: ignore[misc]  # as above
    """The present password and the new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Present password")
        self.fields["oldpassword"].help_text = ""
        _new_password(self)

    def clean_oldpassword(self) -> str:
        """Counted like a sign-in: whoever sits down at an open session may not guess here either."""
        from allauth.account.adapter import get_adapter

        adapter = get_adapter()
        if not adapter.reauthenticate(self.user, self.cleaned_data["oldpassword"]):
            raise adapter.validation_error("enter_current_password")
        return str(self.cleaned_data["oldpassword"])


class NewPasswordForm(ResetPasswordKeyForm):  # type: ignore[misc]  # as above
    """The new password, for whoever came by the link in the mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _new_password(self)


def _new_password(form: Any) -> None:
    form.fields["password1"].label = _("New password")
    form.fields["password2"].label = _("New password once more")
    word_new_password(form.fields["password1"])
    plain(form)


class ForgottenPasswordForm(ResetPasswordForm):  # type: ignore[misc]  # as above
    """Asks for the mail. Whether anybody has the address shows neither in the answer nor in its time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        self.fields["email"].widget = forms.EmailInput(attrs={"autocomplete": "username"})
        plain(self)

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Leave the work to a task either way, so that both answers take as long."""
        from tenants.tasks import send_password_mail

        email, now = str(self.cleaned_data["email"]), timezone.now()
        try:
            lockout.count_attempt(lockout.reset_key(email), limit=RESET_LIMIT, now=now)
        except lockout.Locked:
            return email
        send_password_mail.delay(self.users[0].pk if self.users else 0)
        return email

    def clean(self) -> dict[str, Any]:
        """One network may ask only so often."""
        try:
            lockout.count_attempt(network_of(self.request()), limit=lockout.NETWORK_LIMIT, now=timezone.now())
        except lockout.Locked as error:
            raise too_many_attempts(error) from error
        return super().clean() or {}

    @staticmethod
    def request() -> HttpRequest:
        """The request that allauth keeps while it is answered."""
        from allauth.core import context

        request: HttpRequest = context.request
        return request
