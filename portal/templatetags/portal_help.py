"""The ways to help from every page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.http import HttpRequest

from portal.helping.views.opening import help_url
from portal.visiting import SESSION_KEY
from tenants.models import Tenant

register = template.Library()


@register.simple_tag(takes_context=True)
def help_way(context: Mapping[str, Any]) -> str | None:
    """How this page's help is reached: the link's token, "" on a visit, None where there is neither."""
    token, tenant = context.get("token"), context.get("tenant")
    if token:
        return str(token)
    request = context.get("request")
    if not isinstance(request, HttpRequest) or not isinstance(tenant, Tenant):
        return None
    visit = request.session.get(SESSION_KEY)
    return "" if visit and visit.get("tenant") == tenant.pk else None


@register.simple_tag
def help_page(name: str, way: str, *arguments: object) -> str:
    """The address of a page of help."""
    return help_url(name, way, *arguments)
