"""Asking again who it is before something dangerous: proof must not be older than fifteen minutes."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from tenants.middleware import BOUND_TENANT

SIGNED_IN_AT = "signed_in_at"


def last_proof(request: HttpRequest) -> float | None:
    """When the person last proved who they are in this session, in Unix seconds."""
    user: Any = request.user
    if not user.is_authenticated:
        return None
    moments = [float(record["at"]) for record in get_authentication_records(request, user)]
    moments.append(float(request.session.get(SIGNED_IN_AT, 0)))
    return max(moments)


def recent(request: HttpRequest) -> bool:
    """Whether that was recently enough for a dangerous act. Templates ask before they show its form."""
    proof = last_proof(request)
    return proof is not None and time.time() - proof < settings.REAUTHENTICATION_SECONDS


def confirm_address(request: HttpRequest, back: str) -> str:
    """Where the person proves it: here, or, if they came through their institution's provider, there again."""
    place = reverse("account_reauthenticate")
    if BOUND_TENANT in request.session:
        tenant: Any = getattr(request, "tenant", None)
        place = reverse("sign-in-institution", args=[tenant.slug]) if tenant else reverse("sign-in")
    return f"{place}?{urlencode({'next': back})}"


def ask_again(request: HttpRequest, back: str) -> HttpResponseBase:
    """Send the person to prove who they are; they come back to ``back``, an address of ours."""
    address = confirm_address(request, back)
    if "HX-Request" in request.headers:
        return HttpResponseClientRedirect(address)
    return redirect(address)


def requires_recent_sign_in[R: HttpRequest, **P](
    back: Callable[..., str] | None = None,
) -> Callable[[Callable[Concatenate[R, P], HttpResponseBase]], Callable[Concatenate[R, P], HttpResponseBase]]:
    """Guard a dangerous view. What was posted is not kept: afterwards the person stands before the form again.

    ``back`` gives the address of that form from the view's arguments; without it, it is the view's own address.
    """

    def decorate(
        view: Callable[Concatenate[R, P], HttpResponseBase],
    ) -> Callable[Concatenate[R, P], HttpResponseBase]:
        @wraps(view)
        def guarded(request: R, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.user.is_authenticated and not recent(request):
                return ask_again(request, back(*args, **kwargs) if back else request.path)
            return view(request, *args, **kwargs)

        guarded.requires_recent_sign_in = True  # type: ignore[attr-defined]  # read by the route table's test
        return guarded

    return decorate
