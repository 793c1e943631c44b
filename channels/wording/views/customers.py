"""A text as one real customer would get it: found by number, shown on the record, masked for roles that see no more."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from channels.models import ChannelKind
from channels.protocols import Channel
from channels.rendering import Sheet
from channels.wording.facing import facing, sheet_for
from channels.wording.forms import CustomerForm
from channels.wording.selectors import Words
from channels.wording.views.trials import as_pdf, back_to, text
from customers.folding import fold_number
from customers.models import Customer
from customers.presenting import or_erased
from customers.viewing import ViewReason, is_sensitive, reveal, shown_until
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, may, requires


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_CUSTOMERS)
def find(request: StaffRequest, place: str, version: int) -> HttpResponse:
    """Ask for the customer's number. Whoever may see personal data is recorded as having looked at it."""
    words = text(place, version)
    if request.method != "POST":
        return _ask(request, words, CustomerForm(sensitive=False))
    typed = request.POST.get("number", "").strip()
    found = Customer.objects.filter(number__in={typed, fold_number(typed)}).first() if typed else None
    may_see = may(request, Permission.VIEW_PERSONAL_DATA)
    form = CustomerForm(request.POST, sensitive=bool(found and may_see and is_sensitive(found)))
    if found is None and typed:
        form.add_error("number", _("There is no customer with this number."))
    if found is None or not form.is_valid():
        return _ask(request, words, form)
    if may_see:
        reveal(
            request.session,
            customer=found,
            reason=ViewReason.NOTICE,
            matter=form.cleaned_data.get("matter", ""),
            actor=request.actor,
            now=timezone.now(),
        )
    return redirect("template-customer", words.slot.name, words.version, found.pk)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def customer(request: StaffRequest, place: str, version: int, customer_id: UUID) -> HttpResponse:
    """The text as the customer would get it; masked without a view on the record."""
    words, found = text(place, version), _customer(customer_id)
    until = _shown_until(request, found)
    context = {
        **_about(words),
        "customer": found,
        "facing": facing(found, words, masked=until is None, on=timezone.localdate()),
        "shown_until": until,
    }
    return render(request, "staff/templates/facing.html", context)


@require_GET
@requires(Permission.VIEW_PERSONAL_DATA)
def letter(request: StaffRequest, place: str, version: int, customer_id: UUID) -> HttpResponse:
    """The customer's letter; the way back to the number if no view is on the record."""
    words, found = text(place, version), _customer(customer_id)
    if words.slot.channel != Channel.POST:
        return back_to(words)
    if _shown_until(request, found) is None:
        return redirect("template-customer-find", words.slot.name, words.version)
    sheet = or_erased(lambda: sheet_for(found, words, on=timezone.localdate()))
    return as_pdf(request, sheet, words) if isinstance(sheet, Sheet) else back_to(words)


def _ask(request: StaffRequest, words: Words, form: CustomerForm) -> HttpResponse:
    context = {**_about(words), "form": form}
    return render(request, "staff/templates/find.html", context, status=422 if form.errors else 200)


def _about(words: Words) -> dict[str, object]:
    return {
        "slot": words.slot,
        "words": words,
        "channel": ChannelKind(words.slot.channel).label,
        "back": back_to(words).headers["Location"],
    }


def _customer(customer_id: UUID) -> Customer:
    found: Customer = get_object_or_404(Customer.objects.all(), pk=customer_id)
    return found


def _shown_until(request: StaffRequest, found: Customer) -> object:
    if not may(request, Permission.VIEW_PERSONAL_DATA):
        return None
    return shown_until(request.session, found.pk, timezone.now())
