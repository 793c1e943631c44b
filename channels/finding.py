"""Staff find a customer by the reference number that the customer reads out."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from channels.models import Notice
from channels.numbers import NotANumber, read_number
from customers.models import Customer
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_CUSTOMERS)
def find_by_number(request: StaffRequest) -> HttpResponse:
    """To the customer of a notice; one whom this member does not see is not found."""
    typed = request.POST.get("number", "")
    problem = ""
    if request.method == "POST":
        try:
            number = read_number(typed)
        except NotANumber as wrong:
            problem = wrong.slip
        else:
            noticed = Notice.objects.filter(number=number).values_list("customer_id", flat=True).first()
            customer = Customer.objects.filter(pk=noticed).first() if noticed else None
            if customer is not None:
                return redirect("customer", customer.pk)
            problem = "unknown"
    context = {"typed": typed[:40], "problem": problem}
    return render(request, "staff/channels/find.html", context, status=422 if problem else 200)
