"""The page on which an officer edits a customer: the form, the look at before and after, and who was quicker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers.addresses.doubting import doubt_of
from customers.editing.drafts import Draft, open_draft, seal_draft
from customers.editing.forms import EditForm
from customers.editing.rules import is_sensitive
from customers.editing.selectors import Moved, moved_since, steps_of
from customers.editing.services import ChangedMeanwhile, NotEditable, edit_customer, editable_of
from customers.forms import RevealForm
from customers.models import Customer
from customers.parsing import Invalid
from customers.viewing import is_sensitive as is_sensitive_customer
from customers.viewing import shown_until
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_CUSTOMER)
def edit(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Edit everything on file about a customer; only while the customer's data are shown."""
    customer: Customer = get_object_or_404(Customer.objects.all(), pk=customer_id)
    try:
        current = editable_of(customer)
    except NotEditable:
        messages.error(request, _("This customer cannot be edited any more."))
        return redirect("customer", customer.pk)
    if request.method == "GET":
        return _opened(request, customer, current)
    draft = _draft(request, customer)
    if draft is None:
        messages.warning(request, _("The page was open for too long, so nothing was saved. Please edit once more."))
        return redirect("customer-edit", customer.pk)
    if "back" in request.POST:
        return _form_page(request, customer, draft, _form(customer, draft))
    if draft.wanted:
        return _save(request, customer, draft)
    form = _form(customer, draft, request.POST)
    if not form.is_valid():
        return _form_page(request, customer, draft, form, status=422)
    draft = replace(draft, wanted=form.wanted, reason=form.cleaned_data["reason"], matter=form.cleaned_data["matter"])
    if any(map(is_sensitive, draft.wanted)):
        return _confirm_page(request, customer, draft)
    return _save(request, customer, draft)


def _opened(request: StaffRequest, customer: Customer, current: dict[str, Any]) -> HttpResponse:
    now = timezone.now()
    if shown_until(request.session, customer.pk, now) is None:
        context = {"customer": customer, "form": RevealForm(sensitive=is_sensitive_customer(customer))}
        return render(request, "staff/customers/editing/closed.html", context)
    draft = Draft(opened_at=now, shown=current)
    return _form_page(request, customer, draft, _form(customer, draft))


def _draft(request: StaffRequest, customer: Customer) -> Draft | None:
    token = request.POST.get("draft", "")
    return open_draft(token, customer_id=customer.pk, user_id=request.user.pk, now=timezone.now())


def _form(customer: Customer, draft: Draft, data: Any = None) -> EditForm:
    """The form as it is sent, or with what the draft wants on top of what is on file."""
    return EditForm(
        data,
        kind=customer.kind,
        shown=draft.shown,
        wanted=draft.wanted,
        today=timezone.localdate(),
        initial={"reason": draft.reason, "matter": draft.matter},
    )


def _form_page(
    request: StaffRequest,
    customer: Customer,
    draft: Draft,
    form: EditForm,
    *,
    moved: Sequence[Moved] = (),
    status: int = 200,
) -> HttpResponse:
    kept = replace(draft, wanted={}, reason="", matter="")
    token = seal_draft(kept, customer_id=customer.pk, user_id=request.user.pk)
    context = {"customer": customer, "form": form, "draft": token, "moved": moved, "doubt": _doubt(draft)}
    return render(request, "staff/customers/editing/form.html", context, status=status)


def _confirm_page(request: StaffRequest, customer: Customer, draft: Draft) -> HttpResponse:
    token = seal_draft(draft, customer_id=customer.pk, user_id=request.user.pk)
    context = {"customer": customer, "draft": token, "steps": steps_of(draft), "doubt": _doubt(draft)}
    return render(request, "staff/customers/editing/confirm.html", context)


def _doubt(draft: Draft) -> str:
    """That postal code and address, as they would stand, are of two places."""
    facts = {**draft.shown, **draft.wanted}
    return doubt_of(facts.get("postal_code") or "", facts.get("address") or "")


def _save(request: StaffRequest, customer: Customer, draft: Draft) -> HttpResponse:
    try:
        edit_customer(
            customer_id=customer.pk,
            shown=draft.shown,
            wanted=draft.wanted,
            reason=draft.reason,
            matter=draft.matter,
            actor=request.actor,
            now=timezone.now(),
        )
    except ChangedMeanwhile as changed:
        return _overtaken(request, customer, draft, changed.keys)
    except (NotEditable, Invalid):
        messages.error(request, _("Nothing was saved. Please look at the customer once more."))
        return redirect("customer", customer.pk)
    messages.success(request, _("The changes are saved. They stand in the timeline with the reason."))
    return redirect("customer", customer.pk)


def _overtaken(request: StaffRequest, customer: Customer, draft: Draft, keys: Sequence[str]) -> HttpResponse:
    """Somebody was quicker: what they did, and the form with the facts as they are now and what was typed here."""
    current = editable_of(customer)
    moved = moved_since(customer, keys, current, opened_at=draft.opened_at)
    anew = replace(draft, opened_at=timezone.now(), shown=current)
    return _form_page(request, customer, anew, _form(customer, anew), moved=moved, status=409)
