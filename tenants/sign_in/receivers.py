"""Listens to Django and django-allauth: starts a session's clocks, tells the person and the trail what happened."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.middleware import BOUND_PROVIDER, BOUND_TENANT
from tenants.sign_in import recording, sessions
from tenants.sign_in.adapters import PREVIOUS
from tenants.sign_in.factor_forms import PENDING_STEP
from tenants.sign_in.factors import LAST_COUNTER
from tenants.sign_in.provider_adapter import PENDING_PROVIDER
from tenants.sign_in.providers import find_provider
from tenants.sign_in.reauthentication import SIGNED_IN_AT


@receiver(user_logged_in, dispatch_uid="sign_in.start_clocks")
def start_clocks(request: HttpRequest, **kwargs: Any) -> None:
    """Whichever way in was taken: the session's age and its rest begin to count."""
    request.session[SIGNED_IN_AT] = request.session[sessions.SEEN_AT] = time.time()


@receiver(account.user_logged_in, dispatch_uid="sign_in.record")
def record_sign_in(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Keep it in the trail, keep what the session is bound to, and tell the person of the time before."""
    bound = _bind(request, kwargs.get("sociallogin"))
    recording.record_for_account(recording.SIGNED_IN, user_id=user.pk, now=timezone.now(), only_tenant=bound)
    if bound is not None:
        UserSession.objects.filter(session_key=request.session.session_key).update(data={"tenant": bound})
    previous = request.session.pop(PREVIOUS, None)
    if previous and previous["at"]:
        messages.info(request, _previous_sentence(previous))


def _bind(request: HttpRequest, sociallogin: Any) -> int | None:
    """Tie a session opened through a tenant's provider to that tenant, before anything else is asked of it."""
    request.session.pop(PENDING_PROVIDER, None)
    if sociallogin is None:
        request.session.pop(BOUND_TENANT, None)
        request.session.pop(BOUND_PROVIDER, None)
        return None
    found = find_provider(sociallogin.account.provider)
    if found is None:  # switched off in the meantime
        raise PermissionDenied("The provider is no longer in use.")
    request.session[BOUND_TENANT] = found.tenant.pk
    request.session[BOUND_PROVIDER] = found.key
    return found.tenant.pk


@receiver(mfa.authenticator_added, dispatch_uid="sign_in.factor_added")
def factor_added(request: HttpRequest, user: Any, authenticator: Authenticator, **kwargs: Any) -> None:
    """Sessions that were opened without the factor end; its first code is used up."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        return
    if authenticator.type == Authenticator.Type.TOTP:
        authenticator.data[LAST_COUNTER] = request.session.pop(PENDING_STEP, -1)
        authenticator.save(update_fields=["data"])
    sessions.end_others(user.pk, request.session.session_key)
    _record(recording.FACTOR_ADDED, user, factor=str(authenticator.type))
    messages.success(request, _("The second factor is set up. Your other sessions were ended."))


@receiver(mfa.authenticator_removed, dispatch_uid="sign_in.factor_removed")
def factor_removed(request: HttpRequest, user: Any, authenticator: Authenticator, **kwargs: Any) -> None:
    """Keep it in the trail."""
    _record(recording.FACTOR_REMOVED, user, factor=str(authenticator.type))
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        messages.success(request, _("The second factor is removed."))


@receiver(mfa.authenticator_reset, dispatch_uid="sign_in.codes_renewed")
def codes_renewed(user: Any, **kwargs: Any) -> None:
    """Keep it in the trail."""
    _record(recording.CODES_RENEWED, user)


@receiver(mfa.authenticator_used, dispatch_uid="sign_in.code_used")
def factor_used(request: HttpRequest, user: Any, authenticator: Authenticator, **kwargs: Any) -> None:
    """A recovery code is spent: that is worth knowing, and there are fewer left."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        return
    _record(recording.CODE_USED, user)
    left = len(authenticator.wrap().get_unused_codes())
    messages.warning(
        request,
        ngettext("A recovery code was used. %(count)d is left.", "A recovery code was used. %(count)d are left.", left)
        % {"count": left},
    )


@receiver(account.password_changed, dispatch_uid="sign_in.password_changed")
def password_changed(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Other sessions end by themselves: they are bound to the password's hash."""
    _record(recording.PASSWORD_CHANGED, user)
    messages.success(request, _("The password is changed. Your other sessions were ended."))


@receiver(account.password_reset, dispatch_uid="sign_in.password_reset")
def password_reset(user: Any, **kwargs: Any) -> None:
    """By the link in a mail."""
    _record(recording.PASSWORD_RESET, user)


def _record(event: str, user: Any, **data: Any) -> None:
    recording.record_for_account(event, user_id=user.pk, now=timezone.now(), **data)


def _previous_sentence(previous: dict[str, Any]) -> str:
    at = timezone.localtime(datetime.fromisoformat(previous["at"]))
    sentence = _("Your last sign-in was %(at)s.") % {"at": date_format(at, "DATETIME_FORMAT")}
    failures = previous["failures"]
    if not failures:
        return sentence
    since = ngettext(
        "Since then one attempt has failed. If that was not you, change your password.",
        "Since then %(count)d attempts have failed. If that was not you, change your password.",
        failures,
    )
    return f"{sentence} {since % {'count': failures}}"
