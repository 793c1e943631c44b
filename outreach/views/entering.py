"""Tasks that somebody enters: for a customer, or because a reviewer has a question."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from customers.models import Customer
from outreach.forms import KindForm, QuestionForm
from outreach.services import OutreachRefused, ask_customer, make_task
from questionnaires.models import Response
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires


@require_http_methods(["GET", "POST"])
@requires(Permission.WORK_OUTREACH)
def new(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """A call or visit that somebody finds necessary."""
    customer = _customer(customer_id)
    form = KindForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            task = make_task(customer=customer, kind=form.cleaned_data["kind"], actor=request.actor, now=timezone.now())
        except OutreachRefused as refusal:
            form.add_error("kind", str(refusal))
        else:
            return redirect("outreach-task", task.pk)
    context = {"form": form, "customer": customer}
    return render(request, "staff/outreach/new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.WORK_OUTREACH)
def ask(request: StaffRequest, response_id: UUID) -> HttpResponse:
    """A question about answers that are in, to be put to the customer by a call or a visit."""
    response = Response.objects.filter(pk=response_id).first()
    if response is None:
        raise Http404
    customer = _customer(response.customer_id)
    if response.status != Response.Status.SUBMITTED:  # what is asked already can be asked by a task of the usual kind
        return redirect("outreach-new", customer.pk)
    form = QuestionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            task = ask_customer(
                customer=customer,
                reference=response.reference,
                actor=request.actor,
                now=timezone.now(),
                **form.cleaned_data,
            )
        except OutreachRefused as refusal:
            form.add_error("kind", str(refusal))
        else:
            return redirect("outreach-task", task.pk)
    context = {"form": form, "customer": customer, "is_question": True}
    return render(request, "staff/outreach/new.html", context, status=422 if form.errors else 200)


def _customer(customer_id: UUID) -> Customer:
    customer: Customer | None = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    return customer
