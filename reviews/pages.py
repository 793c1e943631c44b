"""The queues that members can be given."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from reviews.queues import QueueForm, QueueTaken, make_queue, queues_with_counts
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_MEMBERS)
def queues(request: StaffRequest) -> HttpResponse:
    """The queues that can be given to members, and a new one."""
    form = QueueForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            make_queue(**form.cleaned_data, actor=request.actor, now=timezone.now())
        except QueueTaken:
            form.add_error("name", _("There is a queue of this name."))
        else:
            messages.success(request, _("The queue is there. Give it to somebody on their page."))
            return redirect("queues")
    context = {"form": form, "queues": queues_with_counts()}
    return render(request, "staff/reviews/queues.html", context, status=422 if form.errors else 200)
