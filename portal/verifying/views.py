"""The identity check that follows the answers: over to the provider and back."""

from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from campaigns.identity import ekyc_method_for
from ekyc.methods import MethodNotAllowed
from ekyc.protocols import EkycRefused, EkycUnavailable
from ekyc.services import NoAccount, start_verification
from portal.hosting import base_here
from portal.pages import customer_page, show
from portal.views import answering, onwards
from portal.visiting import Visit
from questionnaires.models import Response
from tenants.scoping import tenant_scope


@partial(customer_page, leads_away=True)
@answering
def ekyc(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What the identity check needs, then over to the provider that does it."""
    if visit.response.status != Response.Status.SUBMITTED:
        return onwards(request, visit)
    with tenant_scope(visit.tenant.pk):
        method = ekyc_method_for(visit.response.reference)
    if not method:
        return redirect("portal:done")
    if request.method != "POST":
        return show(request, "ekyc", tenant=visit.tenant, method=method)
    try:
        verification = start_verification(
            customer=visit.customer,
            reference=visit.response.reference,
            method_code=method,
            return_url=base_here(request) + reverse("portal:ekyc-return"),
            now=timezone.now(),
        )
    except (EkycUnavailable, EkycRefused, MethodNotAllowed, NoAccount):
        return show(request, "ekyc", tenant=visit.tenant, status=503, method=method, is_unavailable=True)
    return HttpResponseRedirect(verification.hosted_url)


@customer_page
@answering
def ekyc_return(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Back from the provider, whose word comes separately."""
    return redirect("portal:done")
