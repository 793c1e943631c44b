"""Where the representative of a company asks others for parts, sees who is missing, and takes parts back."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from audit.services import Actor
from channels.barcodes import qr_path
from customers.models import Customer
from portal.hosting import base_here
from portal.pages import customer_page, show
from portal.views import answering, onwards
from portal.visiting import Visit
from questionnaires.delegating import Issued, TooMany, delegable, delegate, delegations_of, revoke
from questionnaires.links import leading_link
from questionnaires.messages import sentence
from questionnaires.models import Response
from questionnaires.reading import LONGEST_INPUT
from tenants.scoping import tenant_scope

_LONGEST_NAME = 80


@customer_page
@answering
def helpers(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Who was asked for which pages, and what is missing; a new way in is shown once, by the page that made it."""
    if visit.customer.kind != Customer.Kind.COMPANY or visit.response.status == Response.Status.SUBMITTED:
        return onwards(request, visit)
    if request.method != "POST":
        return _page(request, visit)
    actor, now = Actor.customer(visit.customer.pk), timezone.now()
    if taken_back := request.POST.get("take_back"):
        with tenant_scope(visit.tenant.pk):
            revoke(response=visit.response, delegation_id=_uuid(taken_back), actor=actor, now=now)
        return redirect("portal:helpers")
    name = request.POST.get("name", "").strip()[:LONGEST_INPUT][:_LONGEST_NAME]
    asked = set(request.POST.getlist("pages"))
    wanted = [page.id for page in delegable(visit.questionnaire) if page.id in asked]
    errors: dict[str, str] = {}
    if not name:
        errors["name"] = sentence(("required", {}), _("Name of the person"))
    if not wanted:
        errors["pages"] = sentence(("choose", {}), _("Pages for this person"))
    if errors:
        return _page(request, visit, status=422, typed=name, chosen=asked, errors=list(errors.items()), error_of=errors)
    try:
        with tenant_scope(visit.tenant.pk):
            issued = delegate(
                response=visit.response, pages=wanted, name=name, expires_at=_end_of(visit), actor=actor, now=now
            )
    except TooMany:
        return _page(request, visit, status=409, is_full=True)
    return _page(request, visit, **_shown_once(request, visit, issued, name))


def _page(request: HttpRequest, visit: Visit, *, status: int = 200, **context: Any) -> HttpResponse:
    language = visit.questionnaire.language(translation.get_language() or "ja")
    now = timezone.now()
    titles = {page.id: page.title[language] for page in visit.questionnaire.pages}
    with tenant_scope(visit.tenant.pk):
        rows = [
            {
                "id": one.pk,
                "name": one.name,
                "pages": [titles.get(page, page) for page in one.pages],
                "is_done": one.handed_over_at is not None,
                "is_over": one.expires_at <= now,
            }
            for one in delegations_of(visit.response)
        ]
    offered = [(page.id, titles[page.id]) for page in delegable(visit.questionnaire)]
    return show(request, "helpers", tenant=visit.tenant, status=status, rows=rows, offered=offered, **context)


def _shown_once(request: HttpRequest, visit: Visit, issued: Issued, name: str) -> dict[str, Any]:
    address = base_here(request) + reverse("entering:part", args=[visit.tenant.slug, issued.token])
    size, path = qr_path(address)
    code = f"{issued.code[:3]} {issued.code[3:]}"
    return {"made": {"name": name, "address": address, "code": code, "qr": {"size": size, "path": path}}}


def _end_of(visit: Visit) -> datetime:
    """With the representative's own way in."""
    with tenant_scope(visit.tenant.pk):
        lead = leading_link(visit.response)
    if lead is not None:
        return lead.expires_at
    return datetime.combine(timezone.localdate(), time.max, timezone.get_current_timezone())


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
