"""Says in words that a customer has become part of another, wherever a form was about to write something of them."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from customers.models import Customer
from customers.pointers import CustomerMerged, survivors_of


class MergedMiddleware:
    """409 with the way to the one who goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """The page for `CustomerMerged`, in the scope that is still open."""
        if not isinstance(exception, CustomerMerged):
            return None
        with transaction.atomic():
            (merged, *_rest) = exception.args[0]
            survivor = Customer.objects.filter(pk=survivors_of([merged])[merged]).first()
            return render(request, "staff/customers/merged.html", {"survivor": survivor}, status=409)
