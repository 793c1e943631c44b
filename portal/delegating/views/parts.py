"""The pages of somebody who was asked for a part: theirs only, with nothing from the file and of nobody else."""

from __future__ import annotations

from copy import copy
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation

from audit.acting import acting
from audit.services import Actor
from portal import guessing, pages
from portal.entering.views.numbers import of_tenant
from portal.hosting import at_home
from portal.pages import customer_page, show
from portal.visiting import IDLE, active_tenant
from questionnaires.addressing import filled_in
from questionnaires.answering import Errors, validate
from questionnaires.delegating import DelegationOver, find_delegation, keep_part, next_part, prove_code, visited
from questionnaires.filling import controls_filled
from questionnaires.links import WrongFactor
from questionnaires.models import Delegation
from questionnaires.presenting import Writer
from questionnaires.reading import LONGEST_INPUT, fold
from questionnaires.schema import Kind, Page
from questionnaires.selectors import questionnaire_of
from questionnaires.sittings import Sitting
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope

PART_KEY = "part"


@customer_page
@of_tenant
def part(request: HttpRequest, tenant: Tenant, token: str) -> HttpResponse:
    """Who asks; the number that was told apart from the address opens the pages. Looking changes nothing."""
    now = timezone.now()
    page = partial(show, request, "part", tenant=tenant)
    try:
        with tenant_scope(tenant.pk):
            delegation = find_delegation(token, now=now)
        if request.method != "POST":
            return page()
        code = "".join(sign for sign in fold(request.POST.get("code", "")[:LONGEST_INPUT]) if sign.isdigit())
        with tenant_context(tenant.pk):
            proved_at = prove_code(delegation=delegation, token=token, code=code, now=now)
    except WrongFactor as wrong:
        guessing.count_miss(request, now=now)
        return page(status=422, remaining=wrong.remaining)
    except DelegationOver:
        guessing.count_miss(request, now=now)
        return _over(request, tenant)
    request.session.cycle_key()
    request.session[PART_KEY] = {
        "tenant": tenant.pk,
        "delegation": str(delegation.pk),
        "proved_at": proved_at.isoformat(),
        "seen_at": now.isoformat(),
    }
    return redirect("portal:parts")


@customer_page
def parts(request: HttpRequest, page_id: str = "") -> HttpResponse:
    """The next page of the part, or the one that is named."""
    held: dict[str, Any] = request.session.get(PART_KEY) or {}
    tenant = at_home(request, active_tenant(held.get("tenant", 0)))
    now = timezone.now()
    if tenant is None or now - datetime.fromisoformat(held["seen_at"]) > IDLE:
        return pages.show_timeout(request, None)
    try:
        with tenant_scope(tenant.pk):
            delegation = visited(UUID(held["delegation"]), datetime.fromisoformat(held["proved_at"]), now=now)
            dict(delegation.answers)  # opened here, where the keys are at hand
    except DelegationOver:
        return _over(request, tenant)
    asked = questionnaire_of(delegation.response.version).page(page_id) if page_id in delegation.pages else None
    if asked is None:
        return redirect("portal:parts-page", page_id=next_part(delegation) or delegation.pages[0])
    pages.prefer_language(request, delegation.response.language)
    with tenant_context(tenant.pk), acting(Actor.system("portal")):
        return _asked(request, tenant, delegation, asked, now)


def _asked(request: HttpRequest, tenant: Tenant, delegation: Delegation, page: Page, now: datetime) -> HttpResponse:
    question = partial(_show, request, tenant, delegation, page)
    if request.method != "POST":
        return question()
    request.session[PART_KEY] = {**request.session[PART_KEY], "seen_at": now.isoformat()}
    typed, action = request.POST.dict(), request.POST.get("action")
    if action in ("add", "find"):
        return question(data=typed, extra_people=int(action == "add"))
    if action == "fill":
        data, errors = filled_in(page, typed)
        return question(data=data, errors=errors)
    answers, errors = validate(page, typed, today=timezone.localdate(), known={}, before=delegation.answers)
    if errors:
        return question(data=typed, errors=errors)
    try:
        kept = keep_part(delegation=delegation, page=page, answers=answers, now=now)
    except DelegationOver:
        return _over(request, tenant)
    if kept.handed_over_at:
        del request.session[PART_KEY]
        return show(request, "part_done", tenant=tenant)
    return redirect("portal:parts")


def _show(
    request: HttpRequest,
    tenant: Tenant,
    delegation: Delegation,
    page: Page,
    *,
    data: dict[str, str] | None = None,
    errors: Errors | None = None,
    extra_people: int = 0,
) -> HttpResponse:
    questionnaire = questionnaire_of(delegation.response.version)
    theirs = copy(delegation.response)
    theirs.answers, theirs.confirmed_pages = dict(delegation.answers), []  # shown, never saved
    shown = data or controls_filled(page, delegation.answers, known={})
    sitting = Sitting(response=theirs, questionnaire=questionnaire, facts={}, typed=frozenset(delegation.pages))
    writer = Writer(sitting, questionnaire.language(translation.get_language() or "ja"), errors or {}, finds=True)
    place = delegation.pages.index(page.id)
    before = questionnaire.page(delegation.pages[place - 1]) if place else None
    return show(
        request,
        "part_page",
        tenant=tenant,
        status=422 if errors else 200,
        title=writer.words(page.title),
        why=writer.words(page.why),
        fields=writer.fields(page, shown, extra_people=extra_people),
        errors=writer.error_list(page),
        can_add=any(question.kind is Kind.PEOPLE for question in page.questions),
        position=place + 1,
        total=len(delegation.pages),
        before=before and {"id": before.id, "title": writer.words(before.title)},
    )


def _over(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    return show(request, "end", tenant=tenant, status=404, end="part")
