"""Choosing the institution and the language."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tenants.binding import for_any_institution
from tenants.middleware import SESSION_TENANT, LanguageMiddleware, StaffRequest
from tenants.models import User


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
