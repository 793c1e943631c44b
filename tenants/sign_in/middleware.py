"""What every request of a signed-in person passes: the session's two clocks, and the second factor it may lack."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from tenants.middleware import BOUND_TENANT
from tenants.models import Tenant
from tenants.sign_in import sessions
from tenants.sign_in.factors import has_factor
from tenants.sign_in.reauthentication import SIGNED_IN_AT

TOUCH_SECONDS = 60
# All that is open to a person who still lacks the second factor that their institution requires.
SET_UP_PAGES = frozenset(
    {
        "sign-out",
        "language",
        "switch-tenant",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "account_reauthenticate",
        "mfa_reauthenticate",
        "alive",
        "ready",
    }
)


class SessionLifeMiddleware:
    """Ends a session some hours after it began and some minutes after it was last used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            now = time.time()
            began = float(request.session.get(SIGNED_IN_AT, 0))
            seen = float(request.session.get(sessions.SEEN_AT, began))
            if now - began > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_SECONDS:
                logout(request)
                messages.info(request, _("Your session has ended. Please sign in again."))
            elif now - seen > TOUCH_SECONDS and not _is_by_itself(request):
                request.session[sessions.SEEN_AT] = now
                sessions.touch(request.session.session_key, timezone.now())
        return self.get_response(request)


class FactorMiddleware:
    """Leads a person without a second factor to the page that sets one up, where the institution requires it.

    By the view, not by the address, so no spelling of an address leads around it. Whoever came in through the
    institution's own provider has met that provider's second factor.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Before any view of the institution's is run."""
        tenant: Tenant | None = getattr(request, "tenant", None)
        if tenant is None or tenant.mfa_policy != Tenant.MfaPolicy.REQUIRED:
            return None
        match = request.resolver_match
        if match is not None and match.url_name in SET_UP_PAGES:
            return None
        if request.session.get(BOUND_TENANT) == tenant.pk or has_factor(int(request.user.pk or 0)):
            return None
        if "HX-Request" in request.headers:
            return HttpResponseClientRedirect(reverse("mfa_index"))
        return redirect("mfa_index")


def _is_by_itself(request: HttpRequest) -> bool:
    """A page that asks again while nobody looks does not keep a session alive."""
    return request.method == "GET" and "HX-Request" in request.headers
