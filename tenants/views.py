"""Signing in and out, choosing the institution and the language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from audit.services import Actor
from tenants.binding import for_any_institution
from tenants.forms import SignInForm
from tenants.middleware import SESSION_TENANT, LanguageMiddleware, StaffRequest
from tenants.models import User
from tenants.signing import SIGN_IN_REFUSED, SIGNED_IN, record_attempt, record_sign_out


class SignIn(LoginView):
    """E-mail and password. A fragment that finds the session gone sends the whole page here."""

    template_name = "staff/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    next_page = "home"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form."""
        if "HX-Request" in request.headers:
            return HttpResponseClientRedirect(request.path)
        return super().get(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Open the session and record it."""
        response = super().form_valid(form)
        record_attempt(SIGNED_IN, email=form.get_user().email, now=timezone.now())
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        """Say only that it was refused; record it where the account is known."""
        record_attempt(SIGN_IN_REFUSED, email=str(form.data.get("username", "")), now=timezone.now())
        response = super().form_invalid(form)
        response.status_code = 422
        return response


@for_any_institution
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Close the session."""
    membership = getattr(request, "membership", None)
    if membership is not None:
        record_sign_out(membership=membership, actor=Actor.user(str(request.user.pk)), now=timezone.now())
    logout(request)
    return redirect("sign-in")


@for_any_institution
@require_POST
@login_required
def switch_tenant(request: StaffRequest) -> HttpResponse:
    """Work for another institution the person belongs to."""
    chosen = request.POST.get("tenant", "")
    if chosen not in {str(membership.tenant_id) for membership in getattr(request, "memberships", [])}:
        raise Http404
    request.session[SESSION_TENANT] = int(chosen)
    return redirect("home")


@for_any_institution
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the language of the pages: with the account, or in a cookie before signing in."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        raise Http404
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    response.set_cookie(
        LanguageMiddleware.COOKIE,
        chosen,
        max_age=31_536_000,
        samesite="Lax",
        httponly=True,
        secure=request.is_secure(),
    )
    if isinstance(request.user, User):
        request.user.language = chosen
        request.user.save(update_fields=["language"])
    return response
