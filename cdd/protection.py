"""What every answer carries and no request may exceed, whichever address it is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from tenants.permissions import body_limit_of

# Of everything a browser could offer a page, the product uses passkeys.
_OFF = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "gamepad",
    "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi",
    "payment", "picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
_PASSKEYS = "publickey-credentials-get=(self), publickey-credentials-create=(self)"

HEADERS = {
    # For what is no page of ours and so has no policy of its own: files, redirects, refusals of the framework.
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _OFF) + f", {_PASSKEYS}",
    # Static files say themselves how long they keep; whatever else we answer may be about a person.
    "Cache-Control": "no-store",
}


class HeadersMiddleware:
    """First of all, so that no answer gets past it: not a file, not a redirect, not a refusal before any view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        for feature in getattr(response, "features", ()):  # what this one page needs of the browser
            policy = response.headers["Permissions-Policy"]
            response.headers["Permissions-Policy"] = policy.replace(f"{feature}=()", f"{feature}=(self)")
        return response


class BodySizeMiddleware:
    """Refuses a body by its announced length, before a byte of it is read or put into a temporary file.

    Stands before the CSRF middleware, whose look at the form would read the body. A view raises its limit by
    ``takes_body_of``; whoever may not use that view is held to the ordinary one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Let the view run, or answer 413."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = max(settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0, body_limit_of(view, request))
        if length.isdecimal() and int(length) <= limit:
            return None
        response = render(request, "413.html", status=413)
        response.headers["Connection"] = "close"
        return response
