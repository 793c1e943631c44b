"""Writing to those who import that a pick-up needs them: once for each trouble, with no word of any customer."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.pickups import wording
from integrations.pickups.models import PickupSource
from tenants.models import Membership, tenant_in_scope
from tenants.permissions import ROLE_PERMISSIONS, Permission

# A server that is away for a moment is nobody's business; another key than agreed on is everybody's.
_PATIENCE = 3
_AT_ONCE = ("host_key", "disk_full")


def tell_officers(*, now: datetime) -> int:
    """Send what is to be told of the sources of the tenant in scope; returns how many letters went out."""
    with transaction.atomic():
        sources = [source for source in PickupSource.objects.order_by("pk") if source.told != _trouble(source)]
        addresses = _addresses(now) if any(map(_trouble, sources)) else []
        bank = tenant_in_scope().name
    sent = 0
    for source in sources:
        trouble = _trouble(source)
        for address in addresses if trouble else ():
            _letter(source, bank, address).send()
            sent += 1
        with transaction.atomic():
            PickupSource.objects.filter(pk=source.pk).update(told=trouble)
    return sent


def _trouble(source: PickupSource) -> str:
    """What is to be told, in a word; "" if nothing is."""
    if source.status != PickupSource.Status.ACTIVE:
        return ""
    if source.failure_code in _AT_ONCE or (source.failure_code and source.failures >= _PATIENCE):
        return source.failure_code
    return f"missing {source.missing_since.isoformat()}" if source.missing_since else ""


def _addresses(now: datetime) -> list[str]:
    """Of everybody who may import now."""
    roles = [role for role, permissions in ROLE_PERMISSIONS.items() if Permission.IMPORT_CUSTOMERS in permissions]
    holds = Q(valid_until__isnull=True) | Q(valid_until__gt=now)
    members = Membership.objects.filter(holds, is_active=True, role__in=roles, user__is_active=True)
    return list(members.order_by("user__email").values_list("user__email", flat=True))


def _letter(source: PickupSource, bank: str, address: str) -> EmailMessage:
    page = settings.PUBLIC_BASE_URL + reverse("import-pickup", args=[source.pk])
    context = {"source": source, "bank": bank, "page": page, "sentence": wording.trouble_of(source)}
    text = render_to_string("staff/pickups/mail.txt", context)
    subject = _("Keizoku: a scheduled pick-up of %(bank)s needs somebody") % {"bank": bank}
    return EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [address])
