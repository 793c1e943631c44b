"""Writing to those who look after settings that a domain has lapsed: once."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from tenants.domains.models import TenantDomain
from tenants.models import Membership, tenant_in_scope
from tenants.permissions import ROLE_PERMISSIONS, Permission


def tell_of_lapses(*, now: datetime) -> int:
    """Send what has not been told of the tenant in scope; returns how many letters went out."""
    with transaction.atomic():
        lapsed = list(TenantDomain.objects.filter(status=TenantDomain.Status.LAPSED, is_told=False))
        addresses = _addresses(now) if lapsed else []
        bank = tenant_in_scope().name if lapsed else ""
    sent = 0
    for domain in lapsed:
        for address in addresses:
            _letter(domain, bank, address).send()
            sent += 1
        with transaction.atomic():
            TenantDomain.objects.filter(pk=domain.pk).update(is_told=True)
    return sent


def _addresses(now: datetime) -> list[str]:
    roles = [role for role, permissions in ROLE_PERMISSIONS.items() if Permission.MANAGE_SETTINGS in permissions]
    holds = Q(valid_until__isnull=True) | Q(valid_until__gt=now)
    members = Membership.objects.filter(holds, is_active=True, role__in=roles, user__is_active=True)
    return list(members.order_by("user__email").values_list("user__email", flat=True))


def _letter(domain: TenantDomain, bank: str, address: str) -> EmailMessage:
    context = {"domain": domain, "bank": bank, "page": settings.PUBLIC_BASE_URL + reverse("domains")}
    text = render_to_string("staff/domains/mail.txt", context)
    subject = _("Keizoku: the domain %(host)s of %(bank)s has lapsed") % {"host": domain.host, "bank": bank}
    return EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [address])
