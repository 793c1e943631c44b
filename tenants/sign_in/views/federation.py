"""Signing in through an institution's own provider: the institution's entrance, and both protocols."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import jwt
import requests
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.socialaccount.providers.saml import views as saml
from django.core.exceptions import PermissionDenied
from django.db.transaction import non_atomic_requests
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe

from tenants.models import Tenant
from tenants.sign_in.provider_adapter import refused_page
from tenants.sign_in.providers import active_providers, find_provider, record_refusal

type AnyView = Callable[..., HttpResponseBase]


@require_safe
def institutions(request: HttpRequest) -> HttpResponse:
    """Which institution? Its code leads to its entrance; institutions are not listed."""
    code = request.GET.get("institution", "").strip().lower()
    if not code:
        return render(request, "staff/sign_in/institutions.html")
    if Tenant.objects.filter(slug=code, status=Tenant.Status.ACTIVE).exists():
        return redirect("sign-in-institution", slug=code)
    problem = _("No institution has this code. Your administrator knows it.")
    return render(request, "staff/sign_in/institutions.html", {"code": code, "problem": problem}, status=404)


@require_safe
@non_atomic_requests
def institution(request: HttpRequest, slug: str) -> HttpResponse:
    """The entrance of one institution."""
    tenant = Tenant.objects.filter(slug=slug, status=Tenant.Status.ACTIVE).first()
    if tenant is None:
        raise Http404
    shown = [
        {"name": row.name, "kind": row.get_kind_display(), "url_name": _LOGIN[row.kind], "key": key}
        for key, row in active_providers(tenant)
    ]
    return render(request, "staff/sign_in/institution.html", {"institution": tenant, "providers": shown})


_LOGIN = {"OIDC": "openid_connect_login", "SAML": "saml_login"}


class VerifyingAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth is untyped
    """OpenID Connect, with the signature of every ID token checked and its subject compared with userinfo's.

    allauth may skip the signature of a token that came straight from the provider (OpenID Connect Core 1.0,
    §3.1.3.7), and takes userinfo's word for the subject, which §5.3.2 says to compare.
    """

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """The identity. Raises OAuth2Error or requests.RequestException."""
        id_token = kwargs["response"].get("id_token")
        if not id_token:
            raise OAuth2Error("No ID token.")
        claims = self._verified(app, id_token)
        told = {**claims, **self._fetch_user_info(token.token)}
        if told.get("sub") != claims["sub"]:
            raise OAuth2Error("Token and userinfo are of different people.")
        login = self.get_provider().sociallogin_from_response(request, {"userinfo": told, "id_token": claims})
        login.denies_email = told.get("email_verified") in (False, "false")
        return login

    def _verified(self, app: Any, id_token: str) -> dict[str, Any]:
        config = self.openid_config
        # The issuer we were given, not the one that the document fetched from it names.
        if str(config["issuer"]).rstrip("/") != str(app.settings["server_url"]).rstrip("/"):
            raise OAuth2Error("The provider calls itself by another name.")
        if jwt.get_unverified_header(id_token).get("alg", "none").startswith(("HS", "none")):
            raise OAuth2Error("The ID token is not signed by a key of the provider's own.")
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=config["jwks_uri"],
            issuer=config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        return claims


@require_GET
@never_cache
@non_atomic_requests
def oidc_login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Off to the provider."""
    return _oidc(OAuth2LoginView, request, provider_id)


@require_GET
@never_cache
@non_atomic_requests
def oidc_callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Back with a code."""
    return _oidc(OAuth2CallbackView, request, provider_id)


def _oidc(view: Any, request: HttpRequest, provider_id: str) -> HttpResponseBase:
    if _other_process(request):
        raise Http404
    try:
        answer: HttpResponseBase = view.adapter_view(VerifyingAdapter(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except (requests.RequestException, OAuth2Error, jwt.PyJWTError, KeyError, ValueError):
        return _refused(request, provider_id)
    return answer


def _guarded(view: AnyView) -> AnyView:
    """allauth's SAML views: only to sign in, never atomic, an answer that cannot be used is refused on a page."""

    @wraps(view)
    def guarded(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
        if _other_process(request):
            raise Http404
        try:
            return view(request, organization_slug=organization_slug)
        except (PermissionDenied, ValueError, KeyError):
            return _refused(request, organization_slug)

    return non_atomic_requests(never_cache(guarded))


def _other_process(request: HttpRequest) -> bool:
    """allauth would also tie an identity to whoever is signed in, or merely redirect; neither is offered."""
    return request.GET.get("process", "login") != "login"


def _refused(request: HttpRequest, key: str) -> HttpResponse:
    found = find_provider(key)
    if found is not None:
        record_refusal(found, reason="protocol", now=timezone.now())
    return refused_page(request, found)


saml_login = require_GET(_guarded(saml.login))
# The provider's page posts it: signed, and answered only to the browser that asked.
saml_acs = csrf_exempt(require_POST(_guarded(saml.acs)))
saml_finish_acs = require_GET(_guarded(saml.finish_acs))
saml_metadata = require_GET(_guarded(saml.metadata))


@require_GET
def saml_sls(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Single logout is not offered: a session here ends here. allauth wants the address to exist."""
    raise Http404
