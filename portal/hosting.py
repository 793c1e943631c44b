"""On an institution's own host: which of the customers' pages answer there."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from tenants.domains.serving import is_here, own_tenant_id
from tenants.models import Tenant


def at_home(request: HttpRequest, tenant: Tenant | None) -> Tenant | None:
    """The institution, or None where it does not exist."""
    return tenant if tenant is not None and is_here(request, tenant.pk) else None


def base_here(request: HttpRequest) -> str:
    """What leads back to the host that the customer's visit is on."""
    if own_tenant_id(request) is None:
        return settings.PUBLIC_BASE_URL
    return f"{request.scheme}://{request.get_host()}"


def host_here(request: HttpRequest) -> str:
    """The host as customers see it in their browser."""
    return urlsplit(base_here(request)).netloc
