"""A form belongs to the institution it was shown for: sent while its sender works for another, it is refused.

Whoever works for two institutions in two tabs has one session, whose last choice would win. So every form carries,
signed, whom it was made for; `{% csrf_token %}` writes it (`tenants.templatetags.binding`), so none can be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from tenants.models import Tenant

FIELD = "working-for"
HEADER = "Working-For"
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}

_signer = signing.Signer(salt="tenants.binding")


def mark_of(request: HttpRequest) -> str:
    """What a form shown to this request must bring back; "" where nobody works for an institution."""
    membership: Any = getattr(request, "membership", None)
    return _signer.sign(f"{membership.tenant_id}:{request.user.pk}") if membership is not None else ""


def for_any_institution[**P, R](view: Callable[P, R]) -> Callable[P, R]:
    """Exempt a view that does the same whichever institution its form was shown for."""
    view.for_any_institution = True  # type: ignore[attr-defined]  # read by the middleware
    return view


class FormTenantMiddleware:
    """Stands after the CSRF middleware, and exempts what that exempts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Let the view run, or say whom the form was for.

        Raises:
            PermissionDenied: the form does not say, or somebody wrote that themselves.
        """
        if request.method not in CHANGING or not mark_of(request):
            return None
        if getattr(view, "csrf_exempt", False) or getattr(view, "for_any_institution", False):
            return None
        brought = request.headers.get(HEADER) or request.POST.get(FIELD, "")
        # Django's test client, by default, fills in forms without looking at them.
        if not brought and getattr(request, "_dont_enforce_csrf_checks", False):
            return None
        return None if brought == mark_of(request) else _refuse(request, brought)


def _refuse(request: HttpRequest, brought: str) -> HttpResponse:
    try:
        tenant_id, _, user_id = _signer.unsign(brought).partition(":")
    except signing.BadSignature:
        raise PermissionDenied("The form does not say which institution it is for.") from None
    if user_id != str(request.user.pk):
        raise PermissionDenied("The form was shown to another account.")
    memberships: Any = getattr(request, "memberships", [])
    is_member = any(str(membership.tenant_id) == tenant_id for membership in memberships)
    meant = Tenant.objects.get(pk=tenant_id) if is_member else None
    response = render(request, "staff/other_institution.html", {"meant": meant}, status=409)
    if "HX-Request" in request.headers:
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "body", "innerHTML"
    return response
