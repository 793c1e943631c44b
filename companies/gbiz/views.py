"""Pages about gBizINFO: the tenant's access, and one company beside the file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from companies.gbiz.forms import AccessForm, TakeForm
from companies.gbiz.selectors import access, answer_of
from companies.gbiz.services import GbizRefused, ask_profile, end_access, set_access, take_profile
from companies.gbiz.showing import beside_file
from companies.protocols import RegistryRefused, RegistryUnavailable, RegistryUnreadable
from customers.editing.services import NotEditable
from customers.models import Customer
from customers.presenting import name_shown
from customers.selectors import facts_of
from retention.expiring import day_in_japan
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
@requires_recent_sign_in(lambda: reverse("gbiz-access"))
def access_page(request: StaffRequest) -> HttpResponse:
    """Enter the institution's token, and how much it asks in a day."""
    held, now = access(), timezone.now()
    initial = {"most_a_day": held.most_a_day} if held else {}
    form = AccessForm(request.POST) if request.method == "POST" else AccessForm(initial=initial)
    if form.is_valid():
        try:
            set_access(**form.cleaned_data, actor=request.actor, now=now)
        except GbizRefused as refused:
            form.add_error("token", str(refused))
        else:
            messages.success(request, _("The access to gBizINFO is set up. Officers can ask from a company's page."))
            return redirect("gbiz-access")
    context = {
        "form": form,
        "held": held,
        "asked_today": held.count_on(day_in_japan(now)) if held else 0,
        "people": names_of([held.set_by]) if held else {},
    }
    return render(request, "staff/companies/gbiz/access.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def access_end(request: StaffRequest) -> HttpResponse:
    """Destroy the token."""
    try:
        end_access(actor=request.actor, now=timezone.now())
    except GbizRefused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, _("The token is destroyed. gBizINFO is not asked any more."))
    return redirect("gbiz-access")


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def profile(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """What gBizINFO says of a company, beside the file."""
    return _page(request, _customer(customer_id))


@require_POST
@transaction.non_atomic_requests
@requires(Permission.DECIDE_CASE)
def ask(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Ask about a company."""
    with transaction.atomic():
        _customer(customer_id)
    said = _ask(request, customer_id)
    with transaction.atomic():
        messages.add_message(request, *said)
        return redirect("customer-gbiz", customer_id)


def _ask(request: StaffRequest, customer_id: UUID) -> tuple[int, Any]:
    """Ask, and say in words what came of it."""
    try:
        is_known = ask_profile(customer_id=customer_id, actor=request.actor, now=timezone.now())
    except GbizRefused as refused:
        return messages.ERROR, str(refused)
    except RegistryUnavailable as error:
        if error.code == "http_429":
            return messages.ERROR, _("gBizINFO takes no more questions for the moment. Try again later.")
        return messages.ERROR, _("gBizINFO does not answer now. Try again in a few minutes.")
    except RegistryRefused as error:
        if error.code == "token":
            return messages.ERROR, _("gBizINFO does not accept your institution's token. Ask an administrator.")
        return messages.ERROR, _("gBizINFO refused the question (%(code)s). Tell the operator.") % {"code": error.code}
    except RegistryUnreadable as error:
        code = {"code": error.code}
        return messages.ERROR, _("gBizINFO answered with something unreadable (%(code)s). Tell the operator.") % code
    if not is_known:
        return messages.WARNING, _("gBizINFO knows no company of this number.")
    return messages.SUCCESS, _("gBizINFO has answered.")


@require_POST
@requires(Permission.DECIDE_CASE)
def take(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Take over what was chosen, with a reason."""
    customer, form = _customer(customer_id), TakeForm(request.POST)
    if not form.is_valid():
        return _page(request, customer, form)
    given = form.cleaned_data
    try:
        changed = take_profile(
            customer_id=customer.pk,
            seen_at=given["seen_at"],
            facts=given["take"],
            reason=given["reason"],
            actor=request.actor,
            now=timezone.now(),
        )
    except (GbizRefused, NotEditable) as refused:
        messages.error(request, str(refused) or _("Nothing of this customer may be changed any more."))
    else:
        said = _("It stands in the customer file now.") if changed else _("The file says so already.")
        messages.success(request, said)
    return redirect("customer-gbiz", customer.pk)


def _page(request: StaffRequest, customer: Customer, form: TakeForm | None = None) -> HttpResponse:
    facts, masked = facts_of(customer), not may(request, Permission.VIEW_PERSONAL_DATA)
    answer = answer_of(customer)
    context = {
        "customer": customer,
        "name": name_shown(customer, facts, masked=masked),
        "is_company": customer.kind == Customer.Kind.COMPANY,
        "number": facts.get("corporate_number", ""),
        "has_access": access() is not None,
        "answer": answer,
        "beside": beside_file(customer, answer, masked=masked),
        "people": names_of([answer.asked_by]) if answer else {},
        "form": form or TakeForm(),
    }
    is_refused = form is not None and bool(form.errors)
    return render(request, "staff/companies/gbiz/profile.html", context, status=422 if is_refused else 200)


def _customer(customer_id: UUID) -> Customer:
    found: Customer = get_object_or_404(Customer.objects.all(), pk=customer_id)
    return found
