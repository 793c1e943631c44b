"""The door: e-mail and password, the second step, the way to a new password, and the way out."""

from __future__ import annotations

import json
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as factors
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from audit.services import Actor
from tenants.binding import for_any_institution
from tenants.sign_in.recording import record_sign_out


class Refusing:
    """A form that was not accepted is answered as such."""

    def form_invalid(self, form: Any) -> Any:
        """422: read by scripts and by the story."""
        response = super().form_invalid(form)  # type: ignore[misc]  # mixed into allauth's views
        response.status_code = 422
        return response


class SignIn(Refusing, account.LoginView):  # type: ignore[misc]  # allauth is untyped
    """E-mail and password. A fragment that finds the session gone sends the whole page here."""

    template_name = "staff/sign_in/entrance.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show the form."""
        if "HX-Request" in request.headers:
            return HttpResponseClientRedirect(request.path)
        response: HttpResponseBase = super().get(request, *args, **kwargs)
        return response


class SecondStep(factors.AuthenticateView):  # type: ignore[misc]  # as above
    """The code or the passkey."""

    template_name = "staff/sign_in/second_step.html"

    def form_invalid(self, form: Any) -> Any:
        """Show what was wrong: allauth would build both forms anew."""
        return self.render_to_response(self.get_context_data(), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what the browser needs to ask for a passkey."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "options": json.dumps(context["js_data"]["request_options"])}


class ForgottenPassword(Refusing, account.PasswordResetView):  # type: ignore[misc]  # as above
    """Asks for the mail."""

    template_name = "staff/sign_in/forgotten.html"


class NewPassword(Refusing, account.PasswordResetFromKeyView):  # type: ignore[misc]  # as above
    """Where the link in the mail leads."""

    template_name = "staff/sign_in/new_password.html"


@for_any_institution
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Close the session."""
    membership = getattr(request, "membership", None)
    if membership is not None:
        record_sign_out(membership=membership, actor=Actor.user(str(request.user.pk)), now=timezone.now())
    logout(request)
    response = redirect("sign-in")
    # Pages themselves were never allowed into the browser's cache.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response
