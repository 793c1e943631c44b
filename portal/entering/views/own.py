"""What stands only on an institution's own host: first page, page about notices, and where wrong addresses end."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse

from portal import pages
from portal.entering.views.authenticity import authenticity
from portal.entering.views.numbers import number
from portal.pages import customer_page
from portal.visiting import active_tenant
from tenants.domains.serving import own_tenant_id


def _of_the_host(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that takes an institution's name in its address, without it."""

    @wraps(view)
    def named(request: HttpRequest) -> HttpResponse:
        tenant = active_tenant(own_tenant_id(request) or 0)
        return view(request, slug=tenant.slug) if tenant else pages.show_unknown(request)

    return customer_page(named)


enter_here = _of_the_host(number)
check_here = _of_the_host(authenticity)


@customer_page
def not_here(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Staff's pages, providers' calls and whatever else is not for customers: as if it were nowhere."""
    return pages.show_unknown(request)
