"""The answer sheet of one customer as a PDF, to be sent or handed to them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from customers.models import Customer
from outreach.papers.holding import PaperRefused
from outreach.papers.services import print_sheet
from questionnaires.models import Response
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires


@require_POST
@requires(Permission.WORK_OUTREACH)
def sheet(request: StaffRequest, response_id: UUID) -> HttpResponse:
    """The sheet of the questions that a customer is being asked, with their number; that it was made is recorded."""
    response = Response.objects.select_related("version", "customer").filter(pk=response_id).first()
    if response is None or not Customer.objects.filter(pk=response.customer_id).exists():
        raise Http404
    try:
        pdf, number = print_sheet(tenant=request.tenant, response=response, actor=request.actor, now=timezone.now())
    except PaperRefused as refused:
        messages.error(request, str(refused))
        return redirect("customer", response.customer_id)
    headers = {"Content-Disposition": f'attachment; filename="answer-sheet-{number}.pdf"', "Cache-Control": "no-store"}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)
