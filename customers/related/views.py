"""Pages about who stands behind a customer: the list, the calculated owners with their picture, and what is entered."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customers.forms import PastForm
from customers.models import Customer
from customers.presenting import name_shown
from customers.related.forms import LegalFormForm, PaperForm, PartyForm, initial_of
from customers.related.papers import PaperRefused
from customers.related.selectors import Known, related_to
from customers.related.services import AlreadyChanged, StillHeld, end_party, enter_party, set_legal_form, take_paper
from customers.related.showing import PAPER_REFUSALS, companies_among, overview, persons_among
from customers.selectors import facts_of
from customers.viewing import note_look_back, shown_until
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, may, requires


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def index(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Everybody behind the customer; of a company its beneficial owners too, calculated and explained.

    Today, or with ``on`` as it stood at the end of that day.
    """
    customer = _find(customer_id)
    until, now = _shown_until(request, customer), timezone.now()
    today = timezone.localdate(now)
    form = PastForm(request.GET if "on" in request.GET else None, today=today)
    past = form.cleaned_data["on"] if form.is_valid() else None
    facts = facts_of(customer)
    masked = not may(request, Permission.VIEW_PERSONAL_DATA)
    name = name_shown(customer, facts, masked=masked)
    if past and until:
        note_look_back(customer=customer, on=past, actor=request.actor, now=now)
    context = {
        "customer": customer,
        "name": name,
        "today": today,
        "shown_until": until,
        "form": form,
        "past": past,
        **overview(customer, facts, name=name, masked=until is None, on=past or today, is_past=past is not None),
    }
    return render(request, "staff/customers/related/index.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.DECIDE_CASE)
def new(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Enter somebody who stands behind the customer."""
    customer = _find(customer_id)
    return _party_page(request, customer, None)


@require_http_methods(["GET", "POST"])
@requires(Permission.DECIDE_CASE)
def change(request: StaffRequest, customer_id: UUID, related_party_id: UUID) -> HttpResponse:
    """Change what is known of a related party; only while the customer's data are shown."""
    customer = _find(customer_id)
    get_object_or_404(customer.related_parties, pk=related_party_id)
    if _shown_until(request, customer) is None:
        messages.warning(request, _("To change a related party, show the customer's personal data first."))
        return redirect("customer", customer.pk)
    known = next((one for one in related_to(customer) if one.row.pk == related_party_id), None)
    if known is None:
        return _changed_meanwhile(request, customer)
    return _party_page(request, customer, known)


@require_POST
@requires(Permission.DECIDE_CASE)
def end(request: StaffRequest, customer_id: UUID, related_party_id: UUID) -> HttpResponse:
    """A related party has no longer to do with the customer."""
    customer = _find(customer_id)
    get_object_or_404(customer.related_parties, pk=related_party_id)
    try:
        end_party(customer=customer, row_id=related_party_id, actor=request.actor, now=timezone.now())
    except AlreadyChanged:
        return _changed_meanwhile(request, customer)
    except StillHeld:
        messages.error(request, _("Others hold shares of this company. End or change those first."))
    else:
        messages.success(request, _("The related party is ended. What was known stays on record."))
    return redirect("customer-related", customer.pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.DECIDE_CASE)
def legal_form(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Note what a company is for the rule on beneficial owners."""
    customer = _find(customer_id)
    form = LegalFormForm(
        request.POST if request.method == "POST" else None,
        language=get_language() or "ja",
        initial={"legal_form": facts_of(customer).get("legal_form")},
    )
    if form.is_valid():
        chosen = form.cleaned_data["legal_form"]
        set_legal_form(customer=customer, legal_form=chosen, actor=request.actor, now=timezone.now())
        messages.success(request, _("The legal form is noted, and the owners are calculated by it."))
        return redirect("customer-related", customer.pk)
    context = {"form": form, "customer": customer, "title": _("Legal form")}
    return render(request, "staff/customers/related/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.DECIDE_CASE)
def paper(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Take in a dated paper about the owners."""
    customer = _find(customer_id)
    persons = persons_among(related_to(customer), masked=_shown_until(request, customer) is None)
    form = PaperForm(request.POST if request.method == "POST" else None, persons=persons)
    if form.is_valid():
        try:
            taken = take_paper(
                customer=customer,
                kind=form.cleaned_data["kind"],
                as_of_on=form.cleaned_data["as_of_on"],
                filed_on=form.cleaned_data["filed_on"],
                details=form.details,
                actor=request.actor,
                now=timezone.now(),
            )
        except PaperRefused as refused:
            field, sentence = PAPER_REFUSALS[refused.code]
            form.add_error(field, str(sentence))
        else:
            messages.success(request, _("The paper is on record as evidence of its day. Add a picture of it."))
            return redirect("customer-owner-paper-scans", customer.pk, taken.pk)
    context = {"form": form, "customer": customer, "title": _("Take in a paper about the owners")}
    return render(request, "staff/customers/related/form.html", context, status=422 if form.errors else 200)


def _party_page(request: StaffRequest, customer: Customer, known: Known | None) -> HttpResponse:
    others = [one for one in related_to(customer) if known is None or one.key != known.key]
    companies = companies_among(others)
    form = PartyForm(
        request.POST if request.method == "POST" else None,
        is_company=customer.kind == Customer.Kind.COMPANY,
        companies=companies,
        today=timezone.localdate(),
        initial=initial_of(known, companies) if known else None,
    )
    if form.is_valid():
        try:
            enter_party(
                customer=customer,
                kind=form.kind_chosen,
                roles=form.roles_chosen,
                details=form.details,
                actor=request.actor,
                now=timezone.now(),
                replaces=known.row.pk if known else None,
            )
        except AlreadyChanged:
            return _changed_meanwhile(request, customer)
        messages.success(request, _("The related party is on record."))
        return redirect("customer-related", customer.pk)
    title = _("Change a related party") if known else _("Enter a related party")
    context: dict[str, Any] = {"form": form, "customer": customer, "title": title}
    return render(request, "staff/customers/related/form.html", context, status=422 if form.errors else 200)


def _changed_meanwhile(request: StaffRequest, customer: Customer) -> HttpResponse:
    messages.error(request, _("Somebody else changed this related party meanwhile. Look at it as it is now."))
    return redirect("customer-related", customer.pk)


def _find(customer_id: UUID) -> Customer:
    found: Customer = get_object_or_404(Customer.objects.all(), pk=customer_id)
    return found


def _shown_until(request: StaffRequest, customer: Customer) -> datetime | None:
    if not may(request, Permission.VIEW_PERSONAL_DATA):
        return None
    return shown_until(request.session, customer.pk, timezone.now())
