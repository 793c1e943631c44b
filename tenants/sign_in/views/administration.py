"""An administrator's pages: the second factor's policy, identity providers, a member's locks and sessions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import requests
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.middleware import StaffRequest
from tenants.models import Membership, User
from tenants.permissions import Permission, requires
from tenants.sign_in import lockout, sessions
from tenants.sign_in.fetching import ProviderSession
from tenants.sign_in.models import IdentityProvider
from tenants.sign_in.provider_forms import MfaPolicyForm, ProviderForm
from tenants.sign_in.providers import addresses_of, save_provider, set_mfa_policy, unlock_member
from tenants.sign_in.reauthentication import requires_recent_sign_in

PLAIN_FIELDS = ("kind", "name", "issuer", "client_id", "sso_url", "certificate", "is_active")


@require_safe
@requires(Permission.MANAGE_SETTINGS)
def sign_in_settings(request: StaffRequest) -> HttpResponse:
    """What the institution requires at the door, and its own providers."""
    policy = MfaPolicyForm(initial={"policy": request.tenant.mfa_policy})
    providers = list(IdentityProvider.objects.order_by("name"))
    return render(request, "staff/sign_in/settings.html", {"policy": policy, "providers": providers})


@require_POST
@requires(Permission.MANAGE_SETTINGS)
@requires_recent_sign_in(lambda: reverse("sign-in-settings"))
def change_policy(request: StaffRequest) -> HttpResponse:
    """Require a second factor, or leave it to people."""
    form = MfaPolicyForm(request.POST)
    if form.is_valid():
        policy = form.cleaned_data["policy"]
        set_mfa_policy(tenant=request.tenant, policy=policy, actor=request.actor, now=timezone.now())
        messages.success(request, _("The rule is in force from the next page on."))
    return redirect("sign-in-settings")


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
@requires_recent_sign_in()
def provider_new(request: StaffRequest) -> HttpResponse:
    """Set a provider up."""
    return _edit(request, IdentityProvider())


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
@requires_recent_sign_in()
def provider_edit(request: StaffRequest, provider_id: UUID) -> HttpResponse:
    """Change a provider."""
    return _edit(request, get_object_or_404(IdentityProvider.objects.all(), pk=provider_id))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
@requires_recent_sign_in(lambda provider_id: reverse("identity-provider", args=[provider_id]))
def provider_test(request: StaffRequest, provider_id: UUID) -> HttpResponse:
    """Ask an OpenID provider who it says it is."""
    provider = get_object_or_404(IdentityProvider.objects.all(), pk=provider_id)
    try:
        with ProviderSession() as session:
            told = session.get(provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
        told.raise_for_status()
        is_right = str(told.json().get("issuer", "")).rstrip("/") == provider.issuer.rstrip("/")
    except (requests.RequestException, AttributeError):
        messages.error(request, _("The provider does not answer at this address. Check the issuer."))
    else:
        if is_right:
            messages.success(request, _("The provider answers and calls itself by this issuer."))
        else:
            messages.error(request, _("The provider answers, but calls itself by another issuer."))
    return redirect("identity-provider", provider_id)


def _edit(request: StaffRequest, provider: IdentityProvider) -> HttpResponse:
    is_new = provider._state.adding
    initial: dict[str, Any] = {} if is_new else {name: getattr(provider, name) for name in PLAIN_FIELDS}
    initial["email_domains"] = ", ".join(provider.email_domains)
    form = ProviderForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        saved = save_provider(provider=provider, values=values, actor=request.actor, now=timezone.now())
        messages.success(request, _("The provider is saved. Enter the addresses below at the provider."))
        return redirect("identity-provider", saved.pk)
    context = {
        "form": form,
        "provider": None if is_new else provider,
        "addresses": {} if is_new else addresses_of(request.tenant, provider),
        "entrance": settings.PUBLIC_BASE_URL + reverse("sign-in-institution", args=[request.tenant.slug]),
    }
    return render(request, "staff/sign_in/provider.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.MANAGE_MEMBERS)
@requires_recent_sign_in(lambda membership_id: reverse("member", args=[membership_id]))
def end_member_sessions(request: StaffRequest, membership_id: UUID) -> HttpResponse:
    """End a member's sessions everywhere."""
    membership = get_object_or_404(Membership.objects.all(), pk=membership_id)
    count = sessions.end_sessions_of_member(membership=membership, actor=request.actor, now=timezone.now())
    text = ngettext("%(count)d session was ended.", "%(count)d sessions were ended.", count)
    messages.success(request, text % {"count": count})
    return redirect("member", membership_id)


@require_POST
@requires(Permission.MANAGE_MEMBERS)
@requires_recent_sign_in(lambda membership_id: reverse("member", args=[membership_id]))
def unlock(request: StaffRequest, membership_id: UUID) -> HttpResponse:
    """Lift the lock that failed attempts have put on a member's account."""
    membership = get_object_or_404(Membership.objects.all(), pk=membership_id)
    email = User.objects.values_list("email", flat=True).get(pk=membership.user_id)
    keys = [lockout.account_key(email), lockout.codes_key(membership.user_id)]
    unlock_member(membership=membership, keys=keys, actor=request.actor, now=timezone.now())
    messages.success(request, _("The account is unlocked."))
    return redirect("member", membership_id)
