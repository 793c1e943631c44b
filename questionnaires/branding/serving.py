"""What customers' pages load of a look: a style sheet and a mark, at addresses that never mean anything else."""

from __future__ import annotations

from functools import lru_cache

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from questionnaires.branding.selectors import mark_of
from questionnaires.branding.sheets import digest_of, sheet_of
from tenants.domains.serving import own_tenant_id
from tenants.models import Tenant
from tenants.scoping import tenant_scope

FOR_EVER = "public, max-age=31536000, immutable"


@transaction.non_atomic_requests
@require_GET
def sheet(request: HttpRequest, made: str, digest: str) -> HttpResponse:
    """A style sheet, from its address alone. The address of another release gets this one's, not to be kept."""
    found = sheet_of(made)
    if not found:
        raise Http404
    return _kept(request, found.encode(), "text/css; charset=utf-8", is_forever=digest == digest_of(found))


@transaction.non_atomic_requests
@require_GET
def mark(request: HttpRequest, slug: str, digest: str) -> HttpResponse:
    """The picture of an institution's mark. From memory, once it was asked for."""
    own = own_tenant_id(request)
    if own is not None and not Tenant.objects.filter(pk=own, slug=slug).exists():
        raise Http404
    return _kept(request, _picture(slug, digest), "image/png", is_forever=True)


@lru_cache(maxsize=128)
def _picture(slug: str, digest: str) -> bytes:
    """Raises Http404, which is not kept: a mark may come."""
    tenant = Tenant.objects.filter(slug=slug, status=Tenant.Status.ACTIVE).first()
    if tenant is None:
        raise Http404
    with tenant_scope(tenant.pk):
        found = mark_of(digest)
    if found is None:
        raise Http404
    return found


def _kept(request: HttpRequest, body: bytes, content_type: str, *, is_forever: bool) -> HttpResponse:
    response = HttpResponse(body, content_type=content_type)
    # Nothing here depends on who asks; "Vary: Cookie" would have browsers fetch it anew with every session.
    request.session.accessed = False
    response.headers["Cache-Control"] = FOR_EVER if is_forever else "no-cache"
    return response
