"""The addresses of customers' pages that stand in notices: on the institution's own domain while it has one in use."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from tenants.models import Tenant


def base_of(tenant: Tenant) -> str:
    """Where the institution's customers are led to, without a slash at the end."""
    return base_at(tenant.own_host) if tenant.own_host else settings.PUBLIC_BASE_URL


def base_at(host: str) -> str:
    """The same of an own host: reached as the service itself is."""
    service = urlsplit(settings.PUBLIC_BASE_URL)
    return f"{service.scheme}://{host}" + (f":{service.port}" if service.port else "")


def entry_page(tenant: Tenant) -> str:
    """Where customers answer with the number of a notice instead of its link: on an own domain, its first page."""
    path = "/" if tenant.own_host else reverse("entering:number", args=[tenant.slug])
    return base_of(tenant) + path


def check_page(tenant: Tenant) -> str:
    """Where customers ask whether the institution sent a notice."""
    path = "/check/" if tenant.own_host else reverse("authenticity", args=[tenant.slug])
    return base_of(tenant) + path


def moved_to_service(text: str, host: str, tenant: Tenant) -> str:
    """A text whose addresses on ``host``, which is no longer served, lead to the same pages of the service itself."""
    base, service = base_at(host), settings.PUBLIC_BASE_URL
    for path in ("/r/", "/b/", f"/check/{tenant.slug}/"):
        text = text.replace(f"{base}{path}", f"{service}{path}")
    text = text.replace(f"{base}/check/", service + reverse("authenticity", args=[tenant.slug]))
    return text.replace(f"{base}/", service + reverse("entering:number", args=[tenant.slug]))
