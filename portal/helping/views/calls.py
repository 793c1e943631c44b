"""Asking to be called: on which day, in which part of it, at which number."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.selectors import facts_of
from outreach.calls import hours
from outreach.calls.models import CallRequest
from outreach.calls.services import NotThen, Wish, desk_of, request_call
from outreach.tellers import TooMany, written
from portal.helping.forms import Typed
from portal.helping.views.opening import Helped, helping
from portal.pages import show
from questionnaires.masking import Masked, mask_phone
from tenants.scoping import tenant_scope


@helping
def call(request: HttpRequest, helped: Helped) -> HttpResponse:
    """When and where to call. The number on file is shown, masked, only to who proved who they are."""
    now = timezone.now()
    if request.method != "POST":
        return _form(request, helped, Typed({}))
    typed = Typed(request.POST.dict())
    with tenant_scope(helped.tenant.pk):
        desk = desk_of(helped.tenant)
        on_file = _on_file(helped)
    days = {day.isoformat(): day for day in hours.days(desk, now=now)}
    day = typed.chosen("day", days, _("Choose a day."))
    part = typed.chosen("part", hours.parts(desk), _("Choose a time of day."))
    which = typed.data.get("which") if on_file else "other"
    phone = typed.phone("phone", required=which != "file") if which != "file" else ""
    if typed.errors:
        return _form(request, helped, typed)
    wish = Wish(token=typed.token, day=days[day], part=part, phone=phone)
    try:
        made = request_call(teller=helped.teller, tenant=helped.tenant, wish=wish, now=now)
    except NotThen:
        typed.errors["part"] = _("It is too late for that time today. Choose a later one.")
        return _form(request, helped, typed)
    except TooMany:
        return show(request, "help/many", tenant=helped.tenant, token=helped.token, status=429)
    return show(
        request,
        "help/sent",
        tenant=helped.tenant,
        token=helped.token,
        what="call",
        number=written(made.number),
        call=made,
        hours=_hours(made.part, desk),
    )


def _form(request: HttpRequest, helped: Helped, typed: Typed) -> HttpResponse:
    now = timezone.now()
    with tenant_scope(helped.tenant.pk):
        desk = desk_of(helped.tenant)
        on_file = _on_file(helped)
    return show(
        request,
        "help/call",
        tenant=helped.tenant,
        token=helped.token,
        helped=helped,
        days=[{"value": day.isoformat(), "day": day} for day in hours.days(desk, now=now)],
        parts=[{"value": part, **_hours(part, desk)} for part in hours.parts(desk)],
        on_file=on_file,
        form_token=typed.data.get("token") or uuid4(),
        status=422 if typed.errors else 200,
        **typed.context,
    )


def _hours(part: str, desk: hours.Desk) -> dict[str, Any]:
    return {
        "words": CallRequest.Part(part).label,
        "begins": hours.begins(part, desk),
        "ends": hours.ends(part, desk),
    }


def _on_file(helped: Helped) -> Masked | None:
    if not helped.is_proved:
        return None
    phone = facts_of(helped.teller.customer).get("phone")
    return mask_phone(str(phone)) if phone else None
