"""Whose host was asked: the service's own, where everything is, or an institution's, where its customers' pages are."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import split_domain_port, validate_host
from django.urls import set_urlconf
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from tenants.domains.serving import tenant_at
from tenants.scoping import confined_to

OWN_URLCONF = "cdd.own_urls"
_HSTS = "Strict-Transport-Security"


class OwnHosts:
    """Lets requests to an institution's own host in, to its customers' pages and to no scope but its own.

    Every other host but those of ALLOWED_HOSTS is left to Django, which answers 400. Stands before whatever asks for
    the host. ``X-Forwarded-Host`` is never looked at.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        raw = request.META.get("HTTP_HOST", "")
        host, _port = split_domain_port(raw)
        if not host or validate_host(host, settings.ALLOWED_HOSTS):
            return self.get_response(request)
        tenant_id = tenant_at(host)
        if tenant_id is None:
            return self.get_response(request)
        request.own_tenant_id = tenant_id  # type: ignore[attr-defined]  # read by tenants.domains.serving
        # ALLOWED_HOSTS is fixed when the process starts; this host has been looked up instead.
        request.get_host = lambda: raw  # type: ignore[method-assign]  # one request answers to it
        request.urlconf = OWN_URLCONF  # Django's own way of giving one request other addresses
        set_urlconf(OWN_URLCONF)
        with confined_to(tenant_id):
            response = self.get_response(request)
        if _HSTS in response.headers:
            # What else is on the institution's domain, and whether browsers list it, is not ours to promise.
            response.headers[_HSTS] = f"max-age={settings.SECURE_HSTS_SECONDS}"
        return response


@require_GET
@never_cache
def may_have_certificate(request: HttpRequest) -> HttpResponse:
    """For the proxy that ends TLS: 200 if it may get a certificate for ``?domain=``, 404 if not.

    Answers only what comes from a private address and through no proxy, so nobody outside can ask it.
    """
    host = request.GET.get("domain", "").lower()
    is_known = _is_from_inside(request) and tenant_at(host) is not None
    return HttpResponse(status=200 if is_known else 404, content_type="text/plain")


def _is_from_inside(request: HttpRequest) -> bool:
    if any(name in request.META for name in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_private
    except ValueError:
        return False
