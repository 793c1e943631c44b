"""Pages of what customers asked of us: who wants no more messages, and which LINE accounts are tied."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from channels.forms import WishForm
from channels.line_linking import end_linking
from channels.models import ChannelKind, OptOut
from channels.selectors import STOPPABLE
from channels.wishes.selectors import opt_out_page, wish_of
from channels.wishes.services import end_opt_out
from customers.models import Customer
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires


@require_GET
@requires(Permission.VIEW_SENDING)
def opt_outs(request: StaffRequest) -> HttpResponse:
    """Who asked to stop, on which channel, when and how."""
    channel = request.GET.get("channel", "")
    channel = channel if channel in STOPPABLE else ""
    page = opt_out_page(channel=channel, cursor=request.GET.get("after") or request.GET.get("before"))
    context = {
        "page": page,
        "rows": [wish_of(opt_out) for opt_out in page.items],
        "channel": channel,
        "channels": [(code.value, ChannelKind(code).label) for code in STOPPABLE],
    }
    return render(request, "staff/channels/opt_outs.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.CHANGE_REACH)
def opt_out_end(request: StaffRequest, opt_out_id: UUID) -> HttpResponse:
    """The customer wants to hear from us again."""
    rows = OptOut.objects.select_related("contact_point__customer")
    wish = wish_of(get_object_or_404(rows, pk=opt_out_id))
    customer = _customer(wish.customer_id)
    form = WishForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        end_opt_out(opt_out_id=opt_out_id, reason=reason, actor=request.actor, now=timezone.now())
        messages.success(request, _("The wish to stop has ended. Notices may be sent to this address again."))
        return redirect("customer", customer.pk)
    context = {"form": form, "wish": wish, "customer": customer}
    return render(request, "staff/channels/opt_out_end.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.CHANGE_REACH)
def line_end(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """The customer wants no notices on LINE any more, and told us so."""
    customer = _customer(customer_id)
    form = WishForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        if end_linking(customer_id=customer.pk, actor=request.actor, now=timezone.now(), reason=reason):
            messages.success(request, _("The LINE account is untied. What was waiting for it goes another way."))
        else:
            messages.info(request, _("No LINE account is tied to this customer."))
        return redirect("customer", customer.pk)
    context = {"form": form, "customer": customer}
    return render(request, "staff/channels/line_end.html", context, status=422 if form.errors else 200)


def _customer(customer_id: UUID) -> Customer:
    found: Customer = get_object_or_404(Customer.objects.all(), pk=customer_id)
    return found
