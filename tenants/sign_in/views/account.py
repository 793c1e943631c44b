"""One's own account: second factors, recovery codes, password, sessions, and proving once more who one is."""

from __future__ import annotations

import json
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from tenants.middleware import BOUND_TENANT
from tenants.sign_in import sessions
from tenants.sign_in.factors import factor_summary
from tenants.sign_in.reauthentication import recent
from tenants.sign_in.views.entrance import Refusing


class Security(mfa.IndexView):  # type: ignore[misc]  # allauth is untyped
    """What the person signs in with."""

    template_name = "staff/sign_in/security.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """As a summary without secrets."""
        request = self.request
        summary = factor_summary(request.user.pk)
        has_factor = bool(summary["app"] or summary["passkeys"])
        return {
            **summary,
            "has_factor": has_factor,
            "must_set_up": summary["is_required"] and not has_factor,
            "is_bound": BOUND_TENANT in request.session,
            "session_count": len(sessions.open_sessions(request.user.pk, request.session.session_key)),
        }


class SetUpApp(Refusing, totp.ActivateTOTPView):  # type: ignore[misc]  # as above
    """The picture to scan, and the first code."""

    template_name = "staff/sign_in/app.html"


class RemoveApp(totp.DeactivateTOTPView):  # type: ignore[misc]  # as above
    """Ask before the application is taken off the account."""

    template_name = "staff/sign_in/app_remove.html"


class AddPasskey(Refusing, webauthn.AddWebAuthnView):  # type: ignore[misc]  # as above
    """A new passkey: the browser makes it, the form brings it."""

    template_name = "staff/sign_in/passkey.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what the browser needs; allauth forgets the form it is given, and with it what was wrong."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, **kwargs, "options": json.dumps(context["js_data"]["creation_options"])}


class RenamePasskey(webauthn.EditWebAuthnView):  # type: ignore[misc]  # as above
    """Another name."""

    template_name = "staff/sign_in/passkey_name.html"

    def get_success_url(self) -> str:
        """Back to the list."""
        return reverse("mfa_index")


class RemovePasskey(webauthn.RemoveWebAuthnView):  # type: ignore[misc]  # as above
    """Ask before a passkey is taken off the account."""

    template_name = "staff/sign_in/passkey_remove.html"

    def get_success_url(self) -> str:
        """Back to the list."""
        return reverse("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        """Not the last factor where one is required; allauth asks this of applications only."""
        from allauth.mfa.adapter import get_adapter

        adapter = get_adapter()
        if not adapter.can_delete_authenticator(self.get_object()):
            messages.error(self.request, str(adapter.error_messages["cannot_delete_authenticator"]))
            return redirect("mfa_index")
        response: HttpResponse = super().form_valid(form)
        return response


class Codes(codes.ViewRecoveryCodesView):  # type: ignore[misc]  # as above
    """The recovery codes, once."""

    template_name = "staff/sign_in/codes.html"


class RenewCodes(codes.GenerateRecoveryCodesView):  # type: ignore[misc]  # as above
    """Ask before the old codes become worthless."""

    template_name = "staff/sign_in/codes_renew.html"


class ChangePassword(Refusing, account.PasswordChangeView):  # type: ignore[misc]  # as above
    """The present one and the new one."""

    template_name = "staff/sign_in/password.html"


class ConfirmByPassword(Refusing, account.ReauthenticateView):  # type: ignore[misc]  # as above
    """Who are you, by password."""

    template_name = "staff/sign_in/confirm.html"


class ConfirmByCode(Refusing, mfa.ReauthenticateView):  # type: ignore[misc]  # as above
    """Who are you, by code."""

    template_name = "staff/sign_in/confirm.html"


class ConfirmByPasskey(webauthn.ReauthenticateWebAuthnView):  # type: ignore[misc]  # as above
    """Who are you, by passkey."""

    template_name = "staff/sign_in/confirm_passkey.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what the browser needs to ask for a passkey."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "options": json.dumps(context["js_data"]["request_options"])}

    def form_invalid(self, form: Any) -> HttpResponse:
        """Try again, here."""
        messages.error(self.request, _("The passkey could not be used. Try again, or choose another way."))
        return redirect(self.request.get_full_path())


@require_safe
def no_password(request: HttpRequest) -> HttpResponse:
    """Who never had a password is not given one here: an administrator invites them to."""
    raise Http404


@never_cache
@require_http_methods(["GET", "POST"])
def session_list(request: HttpRequest) -> HttpResponse:
    """Where the account is signed in; end one, or all but this."""
    user_id, this = int(request.user.pk or 0), request.session.session_key
    if request.method == "POST":
        if not recent(request):
            return redirect(f"{reverse('account_reauthenticate')}?next={request.path}")
        _end(request, user_id, this)
        return redirect("sessions")
    shown = sessions.open_sessions(user_id, this)
    return render(request, "staff/sign_in/sessions.html", {"sessions": shown})


def _end(request: HttpRequest, user_id: int, this: str | None) -> None:
    chosen = request.POST.get("session", "")
    if chosen == "others":
        count = sessions.end_others(user_id, this)
        text = ngettext("%(count)d session was ended.", "%(count)d sessions were ended.", count)
        messages.success(request, text % {"count": count})
    elif chosen.isdecimal() and sessions.end_one(user_id, int(chosen)):
        messages.success(request, _("The session was ended."))
    else:
        raise Http404
