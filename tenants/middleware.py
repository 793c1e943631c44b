"""From the signed-in person to their tenant: opens the scope that every staff view works in."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import translation

from audit.acting import acting
from audit.services import Actor
from tenants.domains.serving import own_tenant_id
from tenants.keys import KeysUnavailable, PersonShredded
from tenants.lookups import MembershipOf, memberships_of
from tenants.models import Role, Tenant, User
from tenants.reach import Reach, within_reach
from tenants.scoping import tenant_context

log = structlog.get_logger(__name__)

SESSION_TENANT = "tenant"
# Set when the person came in through this tenant's identity provider: its word counts for no other tenant.
BOUND_TENANT = "bound_tenant"
BOUND_PROVIDER = "bound_provider"
# There the tenant comes from the link, whoever else is signed in to the same browser.
CUSTOMER_PAGES = "/r/"
# There the tenant, if any, is the one whose provider is asked, whoever is signed in.
ENTRANCE = "/sign-in/"
# There it is the one who invites.
JOINING = "/join/"
_SEE_EVERYTHING = (Role.ADMINISTRATOR, Role.OFFICER, Role.APPROVER, Role.AUDITOR)


class StaffRequest(HttpRequest):
    """A request of a member of staff, as the middleware leaves it."""

    user: User
    tenant: Tenant
    membership: MembershipOf
    memberships: list[MembershipOf]
    actor: Actor


def reach_of(user_id: int, membership: MembershipOf) -> Reach | None:
    """How far the member sees; None is everything. A role that is not named here sees only what it was given."""
    if membership.role in _SEE_EVERYTHING:
        return None
    branch_code = membership.branch_code if membership.role == Role.BRANCH_STAFF else ""
    return Reach(user_id=user_id, branch_code=branch_code, is_operator=membership.role == Role.OPERATOR)


class ActingMiddleware:
    """Gives each request an identifier of ours, in its log lines and in the trail, and an actor until one is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = uuid4().hex
        with (
            structlog.contextvars.bound_contextvars(request_id=request_id),
            acting(Actor.system("web"), request_id=request_id),
        ):
            return self.get_response(request)


class TenantMiddleware:
    """Sets ``tenant``, ``membership``, ``memberships`` and ``actor``, and opens the tenant's scope.

    The tenant comes from the person's memberships and the choice kept in their session, never from
    an address, a header or a body.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith((CUSTOMER_PAGES, ENTRANCE, JOINING)) or own_tenant_id(request) is not None:
            return self.get_response(request)
        if not request.user.is_authenticated:
            return self.get_response(request)
        memberships = memberships_of(request.user.pk)
        bound = request.session.get(BOUND_TENANT)
        if bound is not None:
            memberships = [m for m in memberships if m.tenant_id == bound]
        if not memberships:
            return self.get_response(request)
        chosen = request.session.get(SESSION_TENANT)
        membership = next((m for m in memberships if m.tenant_id == chosen), memberships[0])
        request.membership = membership  # type: ignore[attr-defined]  # see StaffRequest
        request.memberships = memberships  # type: ignore[attr-defined]  # as above
        request.tenant = Tenant.objects.get(pk=membership.tenant_id)  # type: ignore[attr-defined]  # as above
        request.actor = actor = Actor.user(request.user.pk)  # type: ignore[attr-defined]  # as above
        with (
            tenant_context(membership.tenant_id),
            acting(actor),
            within_reach(reach_of(request.user.pk, membership)),
        ):
            return self.get_response(request)


class KeysMiddleware:
    """Says in words that personal data cannot be opened now, or never again, wherever a page ran into it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """503 while the keys are out of reach, 410 for somebody who was shredded."""
        if isinstance(exception, KeysUnavailable):
            log.error("keys.unavailable", error=str(exception))
            return render(request, "503.html", status=503)
        if isinstance(exception, PersonShredded):
            return render(request, "410.html", status=410)
        return None


class LanguageMiddleware:
    """The language a person chose: staff by their account, everybody else by cookie, Japanese otherwise."""

    COOKIE = "language"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = getattr(request.user, "language", None) or request.COOKIES.get(self.COOKIE, "ja")
        language = chosen if chosen in dict(settings.LANGUAGES) else "ja"
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response
