"""The guest list: who agreed to receive tests, since when, and on whose word."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from channels.models import Guest
from channels.wording.forms import GuestForm
from channels.wording.guests import GuestRefused, add_guest, covered, guests_of, remove_guest
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_TEMPLATE)
def index(request: StaffRequest) -> HttpResponse:
    """Everybody on the list, addresses covered, and a form for one more."""
    form = GuestForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        wanted = {name: form.cleaned_data[name] for name in ("channel", "name", "address")}
        try:
            add_guest(**wanted, actor=request.actor, now=timezone.now())
        except GuestRefused as refusal:
            form.add_error("address", str(refusal))
        else:
            messages.success(request, _("The person is on the list."))
            return redirect("template-guests")
    guests = guests_of()
    context = {
        "form": form,
        "rows": [(guest, covered(guest.channel, guest.address)) for guest in guests],
        "people": names_of([guest.added_by for guest in guests]),
    }
    return render(request, "staff/templates/guests.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.EDIT_TEMPLATE)
def remove(request: StaffRequest, guest_id: UUID) -> HttpResponse:
    """Take somebody off the list; the address is deleted."""
    guest = get_object_or_404(Guest.objects.all(), pk=guest_id)
    try:
        remove_guest(guest=guest, actor=request.actor, now=timezone.now())
    except GuestRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The person was taken off the list and the address deleted."))
    return redirect("template-guests")
