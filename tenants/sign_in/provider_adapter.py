"""What django-allauth asks us about identity providers: which there are, and whom they may let in."""

from __future__ import annotations

from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tenants.models import User
from tenants.sign_in.fetching import ProviderSession
from tenants.sign_in.providers import Found, find_provider, is_member, member_named, record_refusal, social_app

PENDING_PROVIDER = "pending_provider"


def refused_page(request: HttpRequest, found: Found | None) -> HttpResponse:
    """Nobody is let in. What exactly was wrong is in the tenant's trail, not on the page."""
    return render(request, "staff/sign_in/refused.html", {"tenant": found.tenant if found else None}, status=403)


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Providers are rows of tenants; a provider opens its own tenant, for that tenant's members, and nothing else."""

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        """The one application that is asked for by name."""
        if provider == "saml":
            key = client_id or ""
        elif provider == "openid_connect":  # allauth reads a sign-in that waits for its second factor
            key = request.session.get(PENDING_PROVIDER, "")
        else:
            key = provider or ""
        found = find_provider(key)
        return [social_app(found)] if found else []

    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        """The application. Raises SocialApp.DoesNotExist, which becomes «not found»."""
        apps = self.list_apps(request, provider=provider, client_id=client_id)
        if not apps:
            raise SocialApp.DoesNotExist
        return apps[0]

    def get_requests_session(self) -> ProviderSession:
        """Our own way of asking."""
        return ProviderSession()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never: a provider makes no accounts."""
        return False

    def can_authenticate_by_email(self, login: Any, email: str) -> bool:
        """Never by allauth's rule, which knows no tenants; ours is in ``pre_social_login``."""
        return False

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        """Remember the address for the one look at the members; keep nothing of what the provider told."""
        sociallogin.asserted_email = str(data.get("email") or "")
        sociallogin.account.extra_data = {}
        return sociallogin.user

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Let a member of the provider's own tenant in, or nobody.

        Raises:
            ImmediateHttpResponse: with the page that says no.
        """
        found = find_provider(sociallogin.account.provider)
        if found is None or sociallogin.state.get("process") != AuthProcess.LOGIN:
            self._refuse(request, found, "process")
        user: User | None = sociallogin.user if sociallogin.is_existing else self._first_time(sociallogin, found)
        if user is None or not user.is_active or not is_member(user, found.tenant.pk):
            self._refuse(request, found, "no_member")

    def _first_time(self, sociallogin: Any, found: Found) -> User | None:
        """Tie the identity to the member with its address, once and for all."""
        unverified = [address for address in sociallogin.email_addresses if not address.verified]
        # A SAML provider says nothing of verification; an OpenID provider that says «not verified» is believed.
        if found.provider.kind == "OIDC" and unverified and sociallogin.denies_email:
            return None
        user = member_named(found, sociallogin.asserted_email)
        if user is not None:
            sociallogin.user = user
            sociallogin.account.user = user
            sociallogin.account.extra_data = {}
            SocialAccount.save(sociallogin.account)
        return user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Our page instead of allauth's."""
        key = provider.sub_id if provider is not None else ""
        self._refuse(request, find_provider(key), "protocol")

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The audit trail tells what happened."""

    def _refuse(self, request: HttpRequest, found: Found | None, reason: str) -> NoReturn:
        if found is not None:
            record_refusal(found, reason=reason, now=timezone.now())
        raise ImmediateHttpResponse(refused_page(request, found))
