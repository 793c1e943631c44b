"""What the staff templates ask: may this person, where am I, how is this number said."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, ngettext, pgettext

from tenants.explaining import NAMES, sight_of
from tenants.keys import PersonShredded
from tenants.models import Role, Tenant
from tenants.permissions import Permission, may
from tenants.sign_in.reauthentication import confirm_address, recent

register = template.Library()

NOTICE_KINDS = {"success": "success", "warning": "warning", "error": "danger"}


@register.filter
def can(request: HttpRequest, permission: str) -> bool:
    """Whether the person's role in this tenant has the permission of that name."""
    return may(request, Permission[permission])


@register.filter
def is_in(request: HttpRequest, names: str) -> bool:
    """Whether the page's URL name begins with one of ``names`` (apart by spaces)."""
    match = request.resolver_match
    return match is not None and (match.url_name or "").startswith(tuple(names.split()))


@register.filter
def notice_kind(level: str) -> str:
    """The notice that shows a message of this level."""
    return NOTICE_KINDS.get(level, "info")


@register.filter
def opened(row: object, name: str) -> object:
    """A sealed value of a row, or the word for personal data that was shredded."""
    try:
        return getattr(row, name)
    except PersonShredded:
        return gettext("Erased")


@register.filter
def person(user_id: int | None, people: dict[int, str]) -> str:
    """The name of an account on a page that has looked its people up."""
    return people.get(user_id, "—") if user_id is not None else "—"


@register.filter
def days_ago(days: int) -> str:
    """How long ago a day was."""
    if days == 0:
        return pgettext("how long ago", "today")
    return ngettext("%(days)s day ago", "%(days)s days ago", days) % {"days": days}


@register.filter
def grouped(number: int | None) -> str:
    """A count with its thousands marked."""
    return number_format(number or 0, force_grouping=True, use_l10n=True)


@register.filter
def yen(amount: str | Decimal | None) -> str:
    """Money in whole yen; plans keep it as text so that no float rounds it."""
    return number_format(Decimal(amount or 0).quantize(Decimal(1)), force_grouping=True, use_l10n=True)


@register.filter
def percent(part: int | None, whole: int | None) -> str:
    """``part`` of ``whole`` to one decimal; a dash when there is no whole."""
    return f"{100 * part / whole:.1f}%" if whole and part is not None else "—"


@register.filter
def thousandths(part: int | None, whole: int | None) -> int:
    """``part`` of ``whole`` as a length on a bar of a thousand."""
    return round(1000 * (part or 0) / whole) if whole else 0


@register.filter
def role_name(role: str) -> str:
    """The role in words."""
    return str(Role(role).label)


@register.filter
def permission_name(permission: str) -> str:
    """The permission in words; "" for one that is no more."""
    return next((str(words) for known, words in NAMES.items() if known.value == permission), "")


@register.filter
def sight(request: HttpRequest) -> str:
    """What a list that is empty owes to somebody who sees only a part; "" to everybody else."""
    return sight_of(getattr(request, "membership", None))


@register.filter
def institution(request: HttpRequest) -> str:
    """The institution's name in the language of the page."""
    tenant: Tenant | None = getattr(request, "tenant", None)
    return institution_name(tenant) if tenant is not None else ""


@register.filter
def institution_name(tenant: Tenant) -> str:
    """An institution's name in the language of the page."""
    return tenant.name if get_language() == "ja" else tenant.name_en


@register.simple_tag
def institutions(request: HttpRequest) -> list[Tenant]:
    """The institutions the signed-in person may work for, when there is a choice."""
    ids = [membership.tenant_id for membership in getattr(request, "memberships", [])]
    return list(Tenant.objects.filter(pk__in=ids).order_by("pk")) if len(ids) > 1 else []


@register.filter
def is_proven(request: HttpRequest) -> bool:
    """Whether the person proved recently enough who they are for a dangerous act."""
    return recent(request)


@register.filter
def confirm_url(request: HttpRequest) -> str:
    """Where they prove it and come back to this page."""
    return confirm_address(request, request.path)
