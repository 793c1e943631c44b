"""News about companies, and the register beside a customer's file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from companies.comparing import Line
from companies.forms import NewsForm, TakeForm
from companies.models import ChangeKind, CompanyNews
from companies.protocols import RegistryRefused, RegistryUnavailable, RegistryUnreadable
from companies.registry import RegistryNotSetUp
from companies.selectors import lines_of, matches_of, news_page, news_shown, register_is_known_until
from companies.services import DecisionRefused, TooManyFound, ask_register, decide_news, take_over
from customers.models import Customer
from customers.presenting import LABELS, name_shown, say
from customers.selectors import facts_of
from tenants.keys import cipher
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires

_REASONS = {
    "number": gettext_lazy("The file has this number"),
    "name": gettext_lazy("Same name"),
    "postal_code": gettext_lazy("Same postal code"),
    "address": gettext_lazy("Same address"),
    "city": gettext_lazy("Same town"),
}


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def news_list(request: StaffRequest) -> HttpResponse:
    """What the register says has happened to customers, with the old and the new value."""
    status = request.GET.get("status", CompanyNews.Status.OPEN)
    status = status if status in CompanyNews.Status.values else ""
    kind = request.GET.get("kind", "")
    kind = kind if kind in ChangeKind.values else ""
    page = news_page(status=status, kind=kind, cursor=request.GET.get("after") or request.GET.get("before"))
    context = {
        "page": page,
        "rows": news_shown(page.items, masked=_masked(request)),
        "status": status,
        "statuses": CompanyNews.Status.choices,
        "kind": kind,
        "kinds": ChangeKind.choices,
        "known_until": register_is_known_until(),
    }
    return render(request, "staff/companies/news.html", context)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def news(request: StaffRequest, news_id: UUID) -> HttpResponse:
    """One piece of news beside the file as it is now."""
    found = _news(news_id)
    return _news_page(request, found, NewsForm(lines_of(found, facts_of(found.customer))))


@require_POST
@requires(Permission.DECIDE_CASE)
def decide(request: StaffRequest, news_id: UUID) -> HttpResponse:
    """Take it over into the file, or close it with a note."""
    found = _news(news_id)
    lines = lines_of(found, facts_of(found.customer))
    form = NewsForm(lines, request.POST)
    if form.is_valid():
        try:
            decide_news(
                news_id=found.pk,
                outcome=form.cleaned_data["outcome"],
                note=form.cleaned_data["note"],
                facts=[line.key for line in lines if not line.is_same],
                actor=request.actor,
                now=timezone.now(),
            )
        except DecisionRefused as refused:
            form.add_error("note", str(refused))
        else:
            messages.success(request, _("It is decided. The risk of the customer is rated anew."))
            return redirect("company-news")
    return _news_page(request, found, form)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def register(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """What the register says of a customer, beside the file."""
    customer = _customer(customer_id)
    facts = facts_of(customer)
    is_company = customer.kind == Customer.Kind.COMPANY
    context = {
        "customer": customer,
        "name": name_shown(customer, facts, masked=_masked(request)),
        "is_company": is_company,
        "number": facts.get("corporate_number", ""),
        "matches": [
            (match, _in_words(match.lines), [_REASONS[reason] for reason in match.reasons])
            for match in (matches_of(facts) if is_company else [])
        ],
        "known_until": register_is_known_until(),
    }
    return render(request, "staff/companies/register.html", context)


@require_POST
@transaction.non_atomic_requests
@requires(Permission.DECIDE_CASE)
def ask(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Ask the tax agency about a customer."""
    with transaction.atomic():
        is_company = _customer(customer_id).kind == Customer.Kind.COMPANY
        cipher()
    said = _ask(request, customer_id) if is_company else (messages.ERROR, _("Only companies are in the register."))
    with transaction.atomic():
        messages.add_message(request, *said)
        return redirect("customer-register", customer_id)


def _ask(request: StaffRequest, customer_id: UUID) -> tuple[int, Any]:
    """Ask, and say in words what came of it."""
    try:
        count = ask_register(customer_id=customer_id, actor=request.actor, now=timezone.now())
    except RegistryNotSetUp:
        return messages.ERROR, _("This service has no access to the tax agency's register. Ask its operator.")
    except TooManyFound:
        return messages.WARNING, _("Too many companies have this name. Enter the corporate number in the file first.")
    except RegistryUnavailable:
        return messages.ERROR, _("The tax agency's register does not answer now. Try again in a few minutes.")
    except (RegistryRefused, RegistryUnreadable) as error:
        code = {"code": error.code}
        return messages.ERROR, _("The tax agency's register refused the question (%(code)s). Tell the operator.") % code
    if not count:
        return messages.WARNING, _("The tax agency's register knows no such company.")
    return messages.SUCCESS, _("The tax agency's register has answered.")


@require_POST
@requires(Permission.DECIDE_CASE)
def take(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Take over what was chosen of one company."""
    customer, form = _customer(customer_id), TakeForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose what is to be taken over."))
        return redirect("customer-register", customer.pk)
    try:
        changed = take_over(
            customer_id=customer.pk,
            number=form.cleaned_data["number"],
            facts=form.cleaned_data["take"],
            actor=request.actor,
            now=timezone.now(),
        )
    except DecisionRefused as refused:
        messages.error(request, str(refused))
    else:
        said = _("It stands in the customer file now.") if changed else _("The file says so already.")
        messages.success(request, said)
    return redirect("customer-register", customer.pk)


def _news(news_id: UUID) -> CompanyNews:
    found: CompanyNews = get_object_or_404(CompanyNews.objects.select_related("customer"), pk=news_id)
    return found


def _news_page(request: StaffRequest, found: CompanyNews, form: NewsForm) -> HttpResponse:
    context = {
        "shown": news_shown([found], masked=_masked(request))[0],
        "lines": _in_words(form.lines),
        "form": form,
        "people": names_of([found.decided_by] if found.decided_by else []),
    }
    return render(request, "staff/companies/news_one.html", context, status=422 if form.errors else 200)


def _in_words(lines: list[Line]) -> list[tuple[str, Line]]:
    """Each with its label, and with its values as they are said everywhere."""
    return [
        (
            str(LABELS[line.key]),
            replace(
                line,
                on_file=say(line.key, line.on_file) if line.on_file else "",
                registered=say(line.key, line.registered),
            ),
        )
        for line in lines
    ]


def _customer(customer_id: UUID) -> Customer:
    found: Customer = get_object_or_404(Customer.objects.all(), pk=customer_id)
    return found


def _masked(request: StaffRequest) -> bool:
    return not may(request, Permission.VIEW_PERSONAL_DATA)
