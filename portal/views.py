"""The customer's pages: a link, a little proof, the questions one by one, and a receipt. GET changes nothing."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Concatenate

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme

from audit.acting import acting
from audit.services import Actor
from campaigns.identity import ekyc_method_for
from customers.models import Customer
from customers.selectors import facts_of
from portal import guessing, pages
from portal.ending import end_of_visit, show_closed
from portal.forms import facts_named, identity_context, identity_errors, read_factors
from portal.pages import customer_page, show
from portal.visiting import (
    Visit,
    VisitOver,
    WhatItTakes,
    awaits_check,
    begin_visit,
    deadline_of,
    has_visit,
    load_visit,
    remember_typed,
    what_it_takes,
)
from questionnaires import links, routing, schema
from questionnaires.addressing import filled_in
from questionnaires.answering import Errors, validate
from questionnaires.files.posting import Posted, asks_for_files, nothing_chosen, take_posted
from questionnaires.files.selectors import files_of, handed_in
from questionnaires.filling import controls_filled
from questionnaires.models import AccessLink, Response
from questionnaires.presenting import Writer
from questionnaires.services import Incomplete, OffRoute, ResponseClosed, save_page, submit_response
from tenants.domains.serving import is_here, own_tenant_id
from tenants.models import Tenant
from tenants.permissions import takes_body_of
from tenants.scoping import tenant_context, tenant_scope

_COOKIE_AGE = 90 * 24 * 3600


def _by_token(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Resolve the token to its tenant and link, or end alike for everything that is no link of ours.

    Whether it is answered, over, withdrawn or not open yet is for those to know who prove themselves.
    """

    @wraps(view)
    def resolved(request: HttpRequest, token: str) -> HttpResponse:
        now = timezone.now()
        if until := guessing.refused_until(request, now=now):
            return pages.show_busy(request, until=until, now=now)
        tenant_id = links.tenant_of(token)
        if not tenant_id or not is_here(request, tenant_id):
            guessing.count_miss(request, now=now)
            return pages.show_unknown(request)
        with tenant_scope(tenant_id):
            link = links.find_link(token)
            deadline = deadline_of(link) if link else None
            is_check_open = link is not None and (_wants_answer(request) or awaits_check(link.response))
            takes = what_it_takes(link) if link else None
        if not link or link.tenant.status != Tenant.Status.ACTIVE:
            guessing.count_miss(request, now=now)
            return pages.show_unknown(request)
        tenant = link.tenant
        pages.prefer_language(request, link.response.language)
        if link.locked_until and links.is_locked(link, now):
            return pages.show_locked(request, tenant, until=link.locked_until, now=now)
        last_day = deadline or timezone.localdate(link.expires_at)
        return view(request, tenant, link, takes, token=token, deadline=last_day, is_check_open=is_check_open)

    return resolved


def answering[**P](
    view: Callable[Concatenate[HttpRequest, Visit, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Load the visit this browser is on; its tenant's context stays open around the view."""

    @wraps(view)
    def visited(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            visit = load_visit(request, now=timezone.now())
        except VisitOver as over:
            return pages.show_timeout(request, over.tenant, is_moved=over.is_moved)
        pages.prefer_language(request, visit.response.language)
        if end := end_of_visit(request, visit):
            return end
        with tenant_context(visit.tenant.pk), acting(Actor.customer(visit.customer.pk)):
            return view(request, visit, *args, **kwargs)

    return visited


@customer_page
@_by_token
def landing(request: HttpRequest, tenant: Tenant, link: AccessLink, takes: WhatItTakes, **context: Any) -> HttpResponse:
    """Who asks, why, how long it takes, until when; nothing about the customer."""
    needed = facts_named(takes.asked)
    return show(request, "landing", tenant=tenant, kind=takes.kind, needed=needed, minutes=takes.minutes, **context)


@customer_page
@_by_token
def identity(
    request: HttpRequest, tenant: Tenant, link: AccessLink, takes: WhatItTakes, **context: Any
) -> HttpResponse:
    """Two facts open the response; which of them was wrong is never said."""
    asked = takes.asked
    back = reverse("portal:landing", args=[context["token"]])
    fields = identity_context(takes.kind, asked, request.POST)
    page = partial(show, request, "identity", tenant=tenant, back=back, **fields)
    if request.method != "POST":
        return page()
    factors, errors = read_factors(asked, request.POST)
    if factors is None:
        return page(status=422, **identity_errors(errors))
    with tenant_scope(tenant.pk):
        facts = facts_of(link.response.customer)
    now = timezone.now()
    try:
        with tenant_context(tenant.pk):
            proved = links.prove(
                link=link,
                factors=factors,
                facts=facts,
                now=now,
                is_answer_needed=not context["is_check_open"],
            )
    except links.WrongFactor as wrong:
        guessing.count_miss(request, now=now)
        return page(status=422, is_mismatch=True, remaining=wrong.remaining)
    except links.LinkLocked as locked:
        guessing.count_miss(request, now=now)
        return pages.show_locked(request, tenant, until=locked.until, now=now)
    except links.LinkClosed as closed:
        return show_closed(request, tenant, link, closed.state, deadline=context["deadline"])
    begin_visit(request, proved, now=now)
    return redirect("portal:help-inquiries" if _wants_answer(request) else "portal:resume")


@customer_page
@answering
def resume(request: HttpRequest, visit: Visit) -> HttpResponse:
    """To where the customer left off."""
    return onwards(request, visit)


@takes_body_of(lambda: 4 * settings.UPLOAD_MAX_BYTES, whom=has_visit)
@customer_page
@answering
def question(request: HttpRequest, visit: Visit, page_id: str) -> HttpResponse:
    """One page of the questionnaire: confirm what is on file, or fill it in."""
    if visit.response.status == Response.Status.SUBMITTED:
        return pages.show_answered(request, visit.tenant, visit.response.submitted_at)
    page = visit.questionnaire.page(page_id)
    if page is None or not routing.may_visit(visit.questionnaire, visit.response.answers, page_id):
        return onwards(request, visit)
    if request.method != "POST":
        return _show_question(request, visit, page)
    action, known = request.POST.get("action"), visit.known(page)
    try:
        posted = take_posted(
            response=visit.response,
            page=page,
            data=request.POST,
            files=request.FILES,
            actor=Actor.customer(visit.customer.pk),
            now=timezone.now(),
        )
    except (ResponseClosed, OffRoute):
        return redirect("portal:resume")
    if posted.errors or posted.is_removed or action == "attach":
        return _show_question(request, visit, page, posted=posted, errors=posted.errors or nothing_chosen(page, posted))
    if action in ("add", "fill", "find"):
        more = int(action == "add")
        return _show_question(request, visit, page, posted=posted, extra_people=more, is_filled=action == "fill")
    if action == "unchanged" and known:
        answers: dict[str, object] = {field: known.get(field) for field in page.fields}
    else:
        answers, errors = validate(
            page,
            request.POST.dict(),
            today=timezone.localdate(),
            known=visit.held(page),
            before=visit.response.answers,
            files=handed_in(posted.files),
        )
        if errors:
            return _show_question(request, visit, page, errors=errors, posted=posted)
    is_confirmed = action == "unchanged" and bool(known)
    try:
        saved = save_page(
            response=visit.response,
            page_id=page_id,
            answers=answers,
            is_confirmed=is_confirmed,
            changed=visit.changed(page, answers),
            now=timezone.now(),
        )
    except (ResponseClosed, OffRoute):  # changed meanwhile, in another window
        return redirect("portal:resume")
    remember_typed(request, page, is_typed=not is_confirmed)
    waiting = routing.next_page(visit.questionnaire, saved.answers)
    return redirect("portal:question", page_id=waiting) if waiting else redirect("portal:check")


@customer_page
@answering
def check(request: HttpRequest, visit: Visit) -> HttpResponse:
    """All answers once more; sending them twice is sending them once."""
    if visit.response.status == Response.Status.SUBMITTED:
        if request.method == "POST":
            return _after_submission(visit)
        return pages.show_answered(request, visit.tenant, visit.response.submitted_at)
    if visit.next_page:
        return onwards(request, visit)
    if request.method == "POST":
        actor = Actor.customer(visit.customer.pk)
        try:
            submit_response(response=visit.response, actor=actor, now=timezone.now())
        except (ResponseClosed, Incomplete):  # changed meanwhile, as by a flag that ended the link
            return redirect("portal:resume")
        return _after_submission(visit)
    writer = writer_of(visit)
    shown = visit.pages
    return show(
        request,
        "check",
        tenant=visit.tenant,
        records=[row for page in shown if page.block for row in writer.answers(page)],
        answers=[row for page in shown if not page.block for row in writer.answers(page)],
        previous=visit.route[-1],
    )


@customer_page
def display(request: HttpRequest) -> HttpResponse:
    """Keep the chosen size of letters and language in cookies, and go back."""
    back = request.POST.get("next", "")
    if request.method != "POST":
        return pages.show_unknown(request)
    is_ours = back.startswith(("/r/", "/b/", "/check/")) or (back == "/" and own_tenant_id(request) is not None)
    is_ours = is_ours and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    response = HttpResponseRedirect(back if is_ours else reverse("portal:resume"))
    chosen = {
        pages.LANGUAGE_COOKIE: (request.POST.get("language"), pages.LANGUAGES),
        pages.SIZE_COOKIE: (request.POST.get("size"), pages.SIZES),
    }
    for cookie, (value, allowed) in chosen.items():
        if value and value in allowed:
            response.set_cookie(
                cookie, value, max_age=_COOKIE_AGE, secure=request.is_secure(), httponly=True, samesite="Lax"
            )
    return response


def _show_question(
    request: HttpRequest,
    visit: Visit,
    page: schema.Page,
    *,
    errors: Errors | None = None,
    extra_people: int = 0,
    is_filled: bool = False,
    posted: Posted | None = None,
) -> HttpResponse:
    is_posted = request.method == "POST"
    data: dict[str, str] = request.POST.dict() if is_posted else {}
    if is_filled:
        data, errors = filled_in(page, data)
    writer = writer_of(visit, errors or {})
    writer.names_places = is_filled
    has_files = asks_for_files(page)
    if has_files:
        writer.files = posted.files if posted else files_of(visit.response)
    helped = visit.contributed.get(page.id) if page.id not in visit.typed else None
    handed = controls_filled(page, helped.answers, known=visit.held(page)) if helped else {}
    data = data or writer.typed(page) or handed
    route = visit.route
    alike = [one.id for one in visit.expected(page) if one.block is page.block]
    place = route.index(page.id)
    before = visit.questionnaire.page(route[place - 1]) if place else None
    return show(
        request,
        "question",
        tenant=visit.tenant,
        status=422 if errors else 200,
        page=page,
        is_company=visit.customer.kind == Customer.Kind.COMPANY,
        helper=helped.name if helped and not is_posted else "",
        title=writer.words(page.title),
        why=writer.words(page.why),
        fields=writer.fields(page, data, extra_people=extra_people),
        errors=writer.error_list(page),
        record=writer.record(page),
        is_whole=bool(visit.known(page)),
        is_open=is_posted or bool(data),
        is_change_open=any(name in (errors or {}) or data.get(name) for name in visit.held(page)),
        has_files=has_files,
        posted=posted,
        can_add=any(question.kind is schema.Kind.PEOPLE for question in page.questions),
        position=alike.index(page.id) + 1,
        total=len(alike),
        before=before and {"id": before.id, "title": writer.words(before.title)},
    )


def writer_of(visit: Visit, errors: Errors | None = None) -> Writer:
    """The words of what this visit answers, in the language of the page."""
    language = visit.questionnaire.language(translation.get_language() or "ja")
    return Writer(visit, language, errors or {}, finds=True)


def onwards(request: HttpRequest, visit: Visit) -> HttpResponse:
    """To whatever the customer has to do next."""
    if visit.awaits_check:
        return redirect("portal:ekyc")
    if visit.response.status == Response.Status.SUBMITTED:
        return pages.show_answered(request, visit.tenant, visit.response.submitted_at)
    waiting = visit.next_page
    return redirect("portal:question", page_id=waiting) if waiting else redirect("portal:check")


def _after_submission(visit: Visit) -> HttpResponse:
    with tenant_scope(visit.tenant.pk):
        method = ekyc_method_for(visit.response.reference)
    return redirect("portal:ekyc") if method else redirect("portal:done")


def _wants_answer(request: HttpRequest) -> bool:
    """Whether the customer came by a message that their inquiry was answered, to read it."""
    return request.GET.get("to") == "inquiries"
