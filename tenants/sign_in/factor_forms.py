"""The forms of second factors: every code is counted and good once; secrets are sealed even while they wait."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models import User
from tenants.sign_in import factors, lockout, recording, sealing
from tenants.sign_in.adapters import network_of, too_many_attempts
from tenants.sign_in.forms import plain

PENDING_STEP = "mfa.totp.step"


def pay_for_code(user: User) -> lockout.Counted:
    """Count one attempt at the account's second factor. Raises ValidationError when there were too many."""
    try:
        counted = lockout.count_attempt(lockout.codes_key(user.pk), limit=lockout.ACCOUNT_LIMIT, now=timezone.now())
    except lockout.Locked as error:
        raise too_many_attempts(error) from error
    return counted


class _CountedCode:
    """What the two forms for codes share: the code is judged by `factors.accept_code`, at a price."""

    user: User
    cleaned_data: dict[str, Any]
    authenticator: Any

    def clean_code(self) -> str:
        """The code, once it has been used up. Raises ValidationError."""
        counted = pay_for_code(self.user)
        code = str(self.cleaned_data["code"]).strip().replace(" ", "")
        factor = factors.accept_code(self.user.pk, code)
        if factor is None:
            now = timezone.now()
            recording.record_for_account(recording.SIGN_IN_REFUSED, user_id=self.user.pk, now=now, factor="code")
            if counted.locks_now:
                recording.record_for_account(recording.LOCKED, user_id=self.user.pk, now=now, factor="code")
            raise get_adapter().validation_error("incorrect_code")
        lockout.forget(counted.key)
        factor.user = self.user
        self.authenticator = factor
        return code


def _code_field(form: Any) -> None:
    form.fields["code"].label = _("Code")
    form.fields["code"].help_text = _("Six digits from your authenticator application, or a recovery code.")
    form.fields["code"].widget.attrs.update({"inputmode": "numeric", "autocomplete": "one-time-code"})
    plain(form)


class CodeForm(_CountedCode, AuthenticateForm):  # type: ignore[misc]  # allauth is untyped
    """The second step of signing in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code_field(self)


class ConfirmCodeForm(_CountedCode, ReauthenticateForm):  # type: ignore[misc]  # as above
    """A code before a dangerous act."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code_field(self)


class SetUpAppForm(ActivateTOTPForm):  # type: ignore[misc]  # as above
    """The first code of a new authenticator application. Until it is right the secret waits, sealed, in the session."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.pop("user")
        forms.Form.__init__(self, *args, **kwargs)
        session = context.request.session
        pending = session.get(SECRET_SESSION_KEY)
        # Kept while the page is looked at again, so that an application set up by the first picture still fits.
        self.secret = sealing.open_text(pending) if pending else generate_totp_secret()
        if not pending:
            session[SECRET_SESSION_KEY] = sealing.seal_text(self.secret)
        self.fields["code"].label = _("Code")
        self.fields["code"].help_text = _("The six digits the application shows now.")
        self.fields["code"].widget.attrs.update({"inputmode": "numeric", "autocomplete": "one-time-code"})
        plain(self)

    def clean_code(self) -> str:
        """The code, if the application was set up right."""
        counted = pay_for_code(self.user)
        code = str(self.cleaned_data["code"]).strip().replace(" ", "")
        step = factors.step_of(self.secret, code)
        if step is None:
            raise get_adapter().validation_error("incorrect_code")
        lockout.forget(counted.key)
        context.request.session[PENDING_STEP] = step
        return code


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # as above
    """A passkey and what its owner calls it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Display name")
        self.fields["name"].max_length = 40
        self.fields["name"].help_text = _("To tell it from others, such as the name of this computer.")
        # Each of our passkeys can sign in by itself, so each is protected by a PIN, a finger or a face.
        self.fields["passwordless"].widget = forms.HiddenInput()
        self.initial["passwordless"] = "on"
        plain(self)


class RenamePasskeyForm(EditWebAuthnForm):  # type: ignore[misc]  # as above
    """Another name for a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Display name")
        plain(self)


class PasskeyForm(AuthenticateWebAuthnForm):  # type: ignore[misc]  # as above
    """A passkey as the second step."""

    def clean_credential(self) -> Any:
        """The passkey, if it is one of this person's."""
        counted = pay_for_code(self.user)
        factor = super().clean_credential()
        lockout.forget(counted.key)
        return factor


class ConfirmPasskeyForm(ReauthenticateWebAuthnForm):  # type: ignore[misc]  # as above
    """A passkey before a dangerous act."""


class PasskeySignInForm(LoginWebAuthnForm):  # type: ignore[misc]  # as above
    """A passkey instead of address and password. Nothing can be guessed, so only the network is counted."""

    def clean_credential(self) -> Any:
        """The passkey, whoever's it is."""
        try:
            counted = lockout.count_attempt(
                network_of(context.request), limit=lockout.NETWORK_LIMIT, now=timezone.now()
            )
        except lockout.Locked as error:
            raise too_many_attempts(error) from error
        factor = super().clean_credential()
        lockout.give_back(counted)
        return factor
