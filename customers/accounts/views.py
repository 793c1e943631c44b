"""Pages about products and accounts: the institution's list, and one account of a customer."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from customers.accounts.forms import REFUSALS, AccountForm, ProductForm
from customers.accounts.models import CustomerAccount, Product
from customers.accounts.selectors import codes_without_product, products
from customers.accounts.services import (
    AccountRefused,
    ProductTaken,
    account_of,
    change_account,
    enter_account,
    seen_of,
    set_product,
)
from customers.models import Customer
from customers.segments.selectors import branch_names
from customers.viewing import shown_until
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, may, requires


@require_GET
@requires(Permission.VIEW_IMPORTS)
def index(request: StaffRequest) -> HttpResponse:
    """The products of the institution, and codes that accounts have without being on the list."""
    context = {"products": products().values(), "unlisted": codes_without_product()}
    return render(request, "staff/customers/accounts/products.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def product_new(request: StaffRequest) -> HttpResponse:
    """Put a product on the list."""
    return _product_page(request, None)


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_IMPORTS)
def product(request: StaffRequest, product_id: UUID) -> HttpResponse:
    """What it is called; whoever may, changes it."""
    found = get_object_or_404(Product.objects.all(), pk=product_id)
    if request.method == "POST" and not may(request, Permission.MANAGE_SETTINGS):
        messages.error(request, _("Your role does not include this step any more. Ask an administrator."))
        return redirect("products")
    return _product_page(request, found)


def _product_page(request: StaffRequest, found: Product | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = ProductForm(data, product=found, code=request.GET.get("code", "")[:12])
    if form.is_valid():
        try:
            set_product(product=found, **form.cleaned_data, actor=request.actor, now=timezone.now())
        except ProductTaken:
            form.add_error("code", _("The list has this code already."))
        else:
            messages.success(request, _("The list of products is saved."))
            return redirect("products")
    context = {"product": found, "form": form, "may_change": may(request, Permission.MANAGE_SETTINGS)}
    return render(request, "staff/customers/accounts/product.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_CUSTOMER)
def account_new(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Enter an account; only while the customer's data are shown."""
    customer = _find(customer_id)
    if shown_until(request.session, customer.pk, timezone.now()) is None:
        return _covered(request, customer)
    form = _form(request, customer, None)
    if form.is_valid():
        try:
            enter_account(
                customer_id=customer.pk,
                account=form.account,
                reason=form.cleaned_data["reason"],
                matter=form.cleaned_data["matter"],
                actor=request.actor,
                now=timezone.now(),
            )
        except AccountRefused as refused:
            _refuse(form, refused)
        else:
            messages.success(request, _("The account is entered. It stands in the timeline with the reason."))
            return redirect("customer", customer.pk)
    return _account_page(request, customer, form, _("Enter an account"))


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_CUSTOMER)
def account(request: StaffRequest, customer_id: UUID, customer_account_id: UUID) -> HttpResponse:
    """Correct or close an account, or open it again; only while the customer's data are shown."""
    customer = _find(customer_id)
    row: CustomerAccount = get_object_or_404(customer.account_rows, pk=customer_account_id)
    if shown_until(request.session, customer.pk, timezone.now()) is None:
        return _covered(request, customer)
    known = account_of(customer, row)
    if known is None:
        messages.error(request, str(REFUSALS["moved"][1]))
        return redirect("customer", customer.pk)
    form = _form(request, customer, row)
    if form.is_valid():
        try:
            is_changed = change_account(
                customer_id=customer.pk,
                row=row,
                seen=request.POST.get("seen", ""),
                account=form.account,
                reason=form.cleaned_data["reason"],
                matter=form.cleaned_data["matter"],
                actor=request.actor,
                now=timezone.now(),
            )
        except AccountRefused as refused:
            _refuse(form, refused)
        else:
            said = _("The account is changed. It stands in the timeline with the reason.")
            messages.success(request, said if is_changed else _("Nothing was changed."))
            return redirect("customer", customer.pk)
    return _account_page(request, customer, form, _("Change an account"), seen=seen_of(known))


def _form(request: StaffRequest, customer: Customer, row: CustomerAccount | None) -> AccountForm:
    return AccountForm(
        request.POST if request.method == "POST" else None,
        account=account_of(customer, row) if row else None,
        branches=branch_names(),
        branch=customer.branch_code,
        today=timezone.localdate(),
    )


def _refuse(form: AccountForm, refused: AccountRefused) -> None:
    field, words = REFUSALS[refused.args[0]]
    form.add_error(field, str(words))


def _account_page(
    request: StaffRequest, customer: Customer, form: AccountForm, title: str, *, seen: str = ""
) -> HttpResponse:
    context = {"customer": customer, "form": form, "title": title, "seen": seen}
    return render(request, "staff/customers/accounts/account.html", context, status=422 if form.errors else 200)


def _covered(request: StaffRequest, customer: Customer) -> HttpResponse:
    messages.warning(request, _("To enter or change an account, show the customer's personal data first."))
    return redirect("customer", customer.pk)


def _find(customer_id: UUID) -> Customer:
    found: Customer = get_object_or_404(Customer.objects.all(), pk=customer_id)
    return found
