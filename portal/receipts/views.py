"""The receipt, and the copy of the answers as a PDF: ordered by a button, set elsewhere, taken in the same visit."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation

from audit.services import Actor
from channels.line_linking import linking_state
from outreach.copies.models import AnswerCopy
from outreach.copies.printing import copy_page
from outreach.copies.selectors import copy_of
from outreach.copies.services import TooManyCopies, order_copy, take_copy
from portal.pages import customer_page, show
from portal.views import answering, onwards, writer_of
from portal.visiting import SESSION_KEY, Visit
from questionnaires.formatting import receipt_number
from questionnaires.models import Response
from questionnaires.presenting import Row
from tenants.scoping import tenant_scope

# Seconds after which the page asks by itself whether the copy is ready, and for how long it goes on.
AGAIN, AT_MOST = 3, 90


@customer_page
@answering
def done(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The receipt."""
    if visit.response.status != Response.Status.SUBMITTED:
        return onwards(request, visit)
    return _receipt(request, visit)


@customer_page
@answering
def copy(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Order the copy of the page as a PDF; when it is there, take it."""
    if visit.response.status != Response.Status.SUBMITTED:
        return onwards(request, visit)
    now, actor = timezone.now(), Actor.customer(visit.customer.pk)
    found = _copy(request, visit)
    if request.method != "POST":
        with tenant_scope(visit.tenant.pk):
            pdf = take_copy(copy=found, actor=actor, now=now) if found and found.made_at else None
        return _file(visit, pdf) if pdf else _back()
    language = translation.get_language() or "ja"
    rows = _rows(visit)
    if not rows or (found and found.language == language and not found.failure):
        return _back()
    with tenant_scope(visit.tenant.pk):
        page = copy_page(tenant=visit.tenant, response=visit.response, rows=rows)
        try:
            found = order_copy(response=visit.response, language=language, page=page, actor=actor, now=now)
        except TooManyCopies:
            return _receipt(request, visit, is_refused=True)
    request.session[SESSION_KEY] = {**request.session[SESSION_KEY], "copy": str(found.pk)}
    return _back()


def _receipt(request: HttpRequest, visit: Visit, *, is_refused: bool = False) -> HttpResponse:
    with tenant_scope(visit.tenant.pk):
        line_state = linking_state(visit.customer.pk, now=timezone.now())
    file = _copy(request, visit)
    response = show(
        request,
        "done",
        status=429 if is_refused else 200,
        copy=_rows(visit),
        file=file,
        is_other=file is not None and file.language != translation.get_language(),
        is_refused=is_refused,
        line_state=line_state,
        is_check_open=visit.awaits_check,
        tenant=visit.tenant,
        receipt_number=receipt_number(visit.response.receipt_number),
        submitted_at=visit.response.submitted_at,
    )
    if file and file.is_waiting and (timezone.now() - file.asked_at).total_seconds() < AT_MOST:
        response.headers["Refresh"] = f"{AGAIN}; url={reverse('portal:done')}"
    return response


def _rows(visit: Visit) -> list[Row]:
    """The answers as they may be read again; nothing after the day on which they were sent."""
    submitted_at = visit.response.submitted_at
    if submitted_at is None or timezone.localdate(submitted_at) != timezone.localdate():
        return []
    writer = writer_of(visit)
    return [row for page in visit.pages for row in writer.answers(page)]


def _copy(request: HttpRequest, visit: Visit) -> AnswerCopy | None:
    """What was ordered in this visit, today; the copy of another visit is nobody's."""
    ordered = request.session[SESSION_KEY].get("copy")
    if not ordered or not _rows(visit):
        return None
    with tenant_scope(visit.tenant.pk):
        return copy_of(visit.response, UUID(ordered), now=timezone.now())


def _file(visit: Visit, pdf: bytes) -> HttpResponse:
    name = receipt_number(visit.response.receipt_number)
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)


def _back() -> HttpResponse:
    return redirect(reverse("portal:done") + "#copy")
