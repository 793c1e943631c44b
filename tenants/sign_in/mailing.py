"""The one mail the service itself sends to staff: a link to a new password."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from tenants.lookups import memberships_of
from tenants.models import User


def send_password_link(user_id: int) -> bool:
    """Send the link, if the account may have one; whether it was sent.

    Its address is built from PUBLIC_BASE_URL, because a request's Host header may say anything.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not user.has_usable_password() or not memberships_of(user.pk):
        return False
    with translation.override(user.language):
        text = render_to_string(
            "staff/sign_in/password_mail.txt",
            {
                "user": user,
                "address": password_address(user),
                "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
                "host": settings.PUBLIC_BASE_URL,
            },
        )
        EmailMessage(_("Keizoku: a new password"), text, settings.DEFAULT_FROM_EMAIL, [user.email]).send()
    return True


def password_address(user: User) -> str:
    """Where the account sets a new password: good once, for an hour."""
    parts = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return settings.PUBLIC_BASE_URL + reverse("account_reset_password_from_key", kwargs=parts)
