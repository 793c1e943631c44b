"""Guards of the pages that belong to a person rather than to an institution."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from tenants.middleware import BOUND_TENANT
from tenants.sign_in.reauthentication import requires_recent_sign_in

type AnyView = Callable[..., HttpResponseBase]


def own_account(view: AnyView) -> AnyView:
    """Whoever is signed in, for themselves."""
    guard: AnyView = login_required(view)
    guard.own_account = True  # type: ignore[attr-defined]  # read by the route table's test
    return guard


def own_factors(view: AnyView) -> AnyView:
    """Changing what one signs in with: proven recently, and by oneself.

    An institution's identity provider speaks for that institution only. If it could add a passkey to an account,
    it could sign in to the person's other institutions.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if BOUND_TENANT in request.session:
            raise PermissionDenied("The institution's provider answers for this sign-in.")
        return view(request, *args, **kwargs)

    return own_account(requires_recent_sign_in()(guarded))
