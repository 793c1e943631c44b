"""The eKYC provider calls here: verify the raw bytes, keep them, answer at once."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from audit.acting import acting
from audit.services import Actor
from ekyc import services
from ekyc.models import EkycAccount
from ekyc.protocols import Call, ForgedWebhook, MalformedWebhook
from tenants.lookups import tenant_of_ekyc_account
from tenants.scoping import tenant_scope


@csrf_exempt
@transaction.non_atomic_requests
@require_POST
def hosted_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """An event of one verification."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.WEBHOOK_MAX_BYTES:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    call = Call(headers=headers, body=request.body)
    tenant_id = tenant_of_ekyc_account(public_id)
    if tenant_id is None:
        return HttpResponse(status=404)
    with acting(Actor.provider("hosted_page")), tenant_scope(tenant_id):
        account = EkycAccount.objects.filter(public_id=public_id).first()
        if account is None:
            return HttpResponse(status=404)
        try:
            services.receive_webhook(account=account, call=call, now=timezone.now())
        except ForgedWebhook:
            return HttpResponse(status=401)
        except MalformedWebhook:
            return HttpResponse(status=400)
    return HttpResponse(status=200)
