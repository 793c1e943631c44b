"""What django-allauth asks us: who may come in, what is sealed, what counts as proven, what is said."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.stagekit import clear_login
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tenants.lookups import memberships_of
from tenants.models import User
from tenants.sign_in import lockout, recording, sealing
from tenants.sign_in.provider_adapter import PENDING_PROVIDER
from tenants.sign_in.reauthentication import recent

PREVIOUS = "previous_sign_in"


def too_many_attempts(error: lockout.Locked) -> ValidationError:
    """The sentence for a lock, the same whether anybody has the address or not."""
    minutes = max(1, -(-int((error.until - timezone.now()).total_seconds()) // 60))
    message = ngettext(
        "There were too many failed attempts. Try again in %(minutes)d minute, or ask your administrator.",
        "There were too many failed attempts. Try again in %(minutes)d minutes, or ask your administrator.",
        minutes,
    )
    return ValidationError(message % {"minutes": minutes}, code="too_many_login_attempts")


def network_of(request: HttpRequest) -> bytes:
    """The counter of the network a request came from. The address itself is kept nowhere."""
    return lockout.network_key(get_client_ip(request) or "")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Accounts: no public sign-up, attempts counted in rows, acts recorded."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        "incorrect_password": _("The password is not right."),
        "incorrect_code": _("This code is not right, or it has been used already."),
        "enter_current_password": _("The present password is not right."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: people are invited."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The account behind e-mail and password, when it works for an institution.

        Raises:
            ValidationError: there have been too many attempts; the password was not looked at.
        """
        email, now = str(credentials.get("email", "")), timezone.now()
        try:
            network = lockout.count_attempt(network_of(request), limit=lockout.NETWORK_LIMIT, now=now)
            attempt = lockout.count_attempt(lockout.account_key(email), limit=lockout.ACCOUNT_LIMIT, now=now)
        except lockout.Locked as error:
            raise too_many_attempts(error) from error
        user = authenticate(request, **credentials)
        AuthenticationBackend.unstash_authenticated_user()
        if user is None or not memberships_of(user.pk):
            recording.record_attempt(recording.SIGN_IN_REFUSED, email=email, now=now)
            if attempt.locks_now:
                recording.record_attempt(recording.LOCKED, email=email, now=now)
            return None
        request.session[PREVIOUS] = {
            "at": user.last_login.isoformat() if user.last_login else "",
            "failures": attempt.failures - 1,
        }
        lockout.forget(attempt.key)
        lockout.give_back(network)
        return user

    def reauthenticate(self, user: Any, password: str) -> bool:
        """Whether this is the person's password; counted like a sign-in."""
        found = self.authenticate(self.request, email=user.email, password=password)
        self.request.session.pop(PREVIOUS, None)
        return found is not None and found.pk == user.pk

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Refuse, before any second factor is asked for, an account that is closed or works for nobody."""
        if user.is_active and memberships_of(user.pk):
            through = (kwargs.get("signal_kwargs") or {}).get("sociallogin")
            if through is not None:
                request.session[PENDING_PROVIDER] = through.account.provider
            return None
        clear_login(request)
        return self.respond_user_inactive(request, user)

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Back to the door, in the words of every refusal."""
        self.add_message(request, 40, message=self.error_messages["email_password_mismatch"])
        return redirect("sign-in")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """One rule for allauth's dangerous acts and for ours."""
        return not recent(self.request)

    def get_client_ip(self, request: HttpRequest) -> str:
        """allauth would write the address into its list of sessions; we keep none."""
        return "0.0.0.0"  # noqa: S104 - nothing is bound to it

    def is_ajax(self, request: HttpRequest) -> bool:
        """Only the passkey module asks for JSON, and only there."""
        return request.headers.get("Accept") == "application/json" and request.path == reverse("mfa_login_webauthn")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to the account's page."""
        return reverse("mfa_index")

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The audit trail and the page after signing in tell what happened."""

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Only what we word ourselves is shown; allauth's own remarks would come beside ours."""
        if kwargs.get("message"):
            super().add_message(request, level, *args, **kwargs)


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # as above
    """Second factors: sealed at rest, named in the person's words."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is not right, or it has been used already."),
        "cannot_delete_authenticator": _("Your institution requires a second factor, so the last one stays."),
        "cannot_generate_recovery_codes": _("Set up a second factor first."),
    }

    def encrypt(self, text: str) -> str:
        """Seal what a factor is verified with."""
        return sealing.seal_text(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Open it. Raises CannotDecrypt."""
        return sealing.open_text(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last one where an institution requires one."""
        from tenants.sign_in.factors import may_remove

        return may_remove(authenticator)

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        """A passkey's name until its owner gives it one."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return str(_("Passkey %(number)d")) % {"number": count + 1}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        """What the authenticator shows when it offers the account."""
        return {**super().get_public_key_credential_user_entity(user), "display_name": user.name}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Who asks, as the authenticator shows it."""
        return {**super().get_public_key_credential_rp_entity(), "name": "Keizoku"}

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The audit trail and the page after signing in tell what happened."""
