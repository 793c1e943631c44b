"""From one device to another: what is saved so far, and a code that the other device photographs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from channels.barcodes import qr_path
from portal.hosting import base_here
from portal.pages import customer_page, show
from portal.views import answering
from portal.visiting import SESSION_KEY, Visit, last_day_of
from questionnaires.links import Entrance
from questionnaires.models import AccessLink
from questionnaires.tickets import LIFETIME, issue_ticket, match_number
from tenants.scoping import tenant_scope


@customer_page
@answering
def later(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Saved until here, and until when to go on; leaving ends the visit on this device."""
    link = _link_of(request, visit)
    is_left = request.method == "POST"
    if is_left:
        del request.session[SESSION_KEY]
    return show(request, "later", tenant=visit.tenant, deadline=last_day_of(link), is_left=is_left)


@customer_page
@answering
def phone(request: HttpRequest, visit: Visit) -> HttpResponse:
    """A code for another device, made when asked for: good once, for minutes, while this visit is the latest."""
    if request.method != "POST":
        return show(request, "phone", tenant=visit.tenant)
    now, link = timezone.now(), _link_of(request, visit)
    with tenant_scope(visit.tenant.pk):
        token = issue_ticket(link=link, entrance=Entrance.HAND_OVER, now=now)
    address = base_here(request) + reverse("entering:ticket", args=[visit.tenant.slug, token])
    size, path = qr_path(address)
    return show(
        request,
        "phone",
        tenant=visit.tenant,
        qr={"size": size, "path": path},
        match_number=match_number(token),
        until=now + LIFETIME,
    )


def _link_of(request: HttpRequest, visit: Visit) -> AccessLink:
    with tenant_scope(visit.tenant.pk):
        related = AccessLink.objects.select_related("response")
        link: AccessLink = related.get(pk=request.session[SESSION_KEY]["link"])
    return link
