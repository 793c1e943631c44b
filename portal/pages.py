"""What every customer page has in common: its headers, its language, its ways to end."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from audit.acting import acting
from audit.services import Actor
from portal.hosting import host_here
from questionnaires.branding.sheets import address_of
from questionnaires.links import LOCK
from questionnaires.marking import tag
from tenants.models import Tenant

LANGUAGE_COOKIE = "portal_language"
SIZE_COOKIE = "portal_size"
# Each by its own name.
LANGUAGES = {
    "ja": "日本語",
    "ja-easy": "やさしい日本語",
    "en": "English",
    "zh-hans": "简体中文",
    "vi": "Tiếng Việt",
    "pt-br": "Português",
    "ne": "नेपाली",
}
SIZES = ("m", "l", "xl")
_NAMES = tuple((code, tag(code), name) for code, name in LANGUAGES.items())

type View = Callable[..., HttpResponse]

_POLICY: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.NONE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}


def customer_page(view: View, *, leads_away: bool = False) -> View:
    """A page for customers: no script, never stored, indexed or named in full as a referrer, no transaction of its own.

    `leads_away`: the page's form is redirected to a provider, which browsers count as a form target.
    """
    policy = {**_POLICY, "form-action": [CSP.SELF, "https:", *_sandbox()]} if leads_away else _POLICY

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override(language_of(request)), acting(Actor.system("portal")):
            response = view(request, *args, **kwargs)
            response.headers["Content-Language"] = tag(translation.get_language() or "ja")
        # Never a path, so never a token. "no-referrer" would make browsers post with "Origin: null",
        # which the protection against forged posts has to refuse.
        response.headers["Referrer-Policy"] = "strict-origin"
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        patch_vary_headers(response, ("Cookie",))
        return response

    protected: View = sensitive_post_parameters()(page)
    protected = require_http_methods(["GET", "HEAD", "POST"])(csp_override(policy)(protected))
    return transaction.non_atomic_requests(protected)


def language_of(request: HttpRequest) -> str:
    """The language the customer chose on these pages; Japanese until they do."""
    chosen = request.COOKIES.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else "ja"


def prefer_language(request: HttpRequest, language: str) -> None:
    """Speak the customer's language on file, unless they chose one here. Lasts for this request."""
    if LANGUAGE_COOKIE not in request.COOKIES and language in LANGUAGES:
        translation.activate(language)


def show(
    request: HttpRequest,
    template: str,
    *,
    tenant: Tenant | None,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Render one customer page in the tenant's colours."""
    language = translation.get_language() or "ja"
    size = request.COOKIES.get(SIZE_COOKIE, "m")
    common = {
        "tenant": tenant,
        "bank": tenant and (tenant.name if language.startswith("ja") else tenant.name_en),
        "tenant_css": tenant and address_of(tenant.brand_colour, tenant.brand_words),
        "language": language,
        "lang": tag(language),
        "languages": _NAMES,
        "size": size if size in SIZES else "m",
        "host": host_here(request),
        "official_host": tenant and urlsplit(tenant.official_site).netloc,
    }
    return render(request, f"portal/{template}.html", {**common, **context}, status=status)


def show_unknown(request: HttpRequest) -> HttpResponse:
    """Malformed, unknown, another bank's: one page, one status, and no word about which."""
    return show(request, "end", tenant=None, status=404, end="unknown")


def show_timeout(request: HttpRequest, tenant: Tenant | None, *, is_moved: bool = False) -> HttpResponse:
    """Nothing was lost; the link in the message leads back in. ``is_moved``: it goes on on another device."""
    return show(request, "end", tenant=tenant, status=403, end="moved" if is_moved else "timeout")


def show_answered(request: HttpRequest, tenant: Tenant, submitted_at: datetime | None) -> HttpResponse:
    """The answers are in. Posting to a closed response is a conflict, looking at it is not."""
    status = 409 if request.method == "POST" else 200
    return show(request, "end", tenant=tenant, status=status, end="answered", submitted_at=submitted_at)


def show_end(request: HttpRequest, tenant: Tenant, end: str) -> HttpResponse:
    """Why this link leads no further: expired or cancelled."""
    return show(request, "end", tenant=tenant, status=410, end=end)


def show_locked(
    request: HttpRequest, tenant: Tenant, *, until: datetime, now: datetime, end: str = "locked"
) -> HttpResponse:
    """Too many wrong answers: when to try again. ``end`` is "paused" where that is sooner than half an hour."""
    if until - now > LOCK:
        end = "paused"
    response = show(request, "end", tenant=tenant, status=429, end=end, until=until)
    response.headers["Retry-After"] = str(max(1, round((until - now).total_seconds())))
    return response


def show_busy(request: HttpRequest, *, until: datetime, now: datetime) -> HttpResponse:
    """Too many links were tried from this network: when to try again, and nothing about any link."""
    response = show(request, "end", tenant=None, status=429, end="busy", until=until)
    response.headers["Retry-After"] = str(max(1, round((until - now).total_seconds())))
    return response


def _sandbox() -> list[str]:
    address = urlsplit(settings.SANDBOX_URL)
    return [f"{address.scheme}://{address.netloc}"] if address.netloc else []
