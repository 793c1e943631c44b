"""Providers call here: verify the raw bytes, keep them, answer at once."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from audit.acting import acting
from audit.services import Actor
from channels import services
from channels.models import ProviderAccount
from channels.protocols import Call, ForgedWebhook, MalformedWebhook
from tenants.lookups import tenant_of_channel
from tenants.scoping import tenant_scope


@csrf_exempt
@transaction.non_atomic_requests
@require_POST
def line(request: HttpRequest, public_id: str) -> HttpResponse:
    """Events of a LINE official account."""
    return _receive(request, public_id, provider="line")


@csrf_exempt
@transaction.non_atomic_requests
@require_POST
def twilio(request: HttpRequest, public_id: str, attempt_id: UUID | None = None) -> HttpResponse:
    """The status of one short message, or a customer's own message."""
    return _receive(request, public_id, provider="twilio", attempt_id=attempt_id)


@csrf_exempt
@transaction.non_atomic_requests
@require_POST
def sms_gateway(request: HttpRequest, public_id: str) -> HttpResponse:
    """Reports of an aggregator of short messages, and what customers wrote to it."""
    return _receive(request, public_id, provider="sms_gateway")


@csrf_exempt
@transaction.non_atomic_requests
@require_POST
def mail_service(request: HttpRequest, public_id: str) -> HttpResponse:
    """Reports of a service that sends e-mail."""
    return _receive(request, public_id, provider="anymail")


@csrf_exempt
@transaction.non_atomic_requests
@require_POST
def print_shop(request: HttpRequest, public_id: str) -> HttpResponse:
    """Acknowledgement and returned-mail files of a print shop."""
    return _receive(request, public_id, provider="print_shop")


def _receive(request: HttpRequest, public_id: str, *, provider: str, attempt_id: UUID | None = None) -> HttpResponse:
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.WEBHOOK_MAX_BYTES:
        return HttpResponse(status=413)
    call = Call(
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.body,
        # What the provider was told, not what a proxy made of it.
        url=f"{settings.PUBLIC_BASE_URL}{request.get_full_path()}",
        attempt_id=attempt_id,
    )
    tenant_id = tenant_of_channel(public_id)
    if tenant_id is None:
        return HttpResponse(status=404)
    with acting(Actor.provider(provider)), tenant_scope(tenant_id):
        account = ProviderAccount.objects.filter(public_id=public_id, provider=provider).first()
        if account is None:
            return HttpResponse(status=404)
        try:
            services.receive_webhook(account=account, call=call, now=timezone.now())
        except ForgedWebhook:
            return HttpResponse(status=401)
        except MalformedWebhook:
            return HttpResponse(status=400)
    return HttpResponse(status=200)
