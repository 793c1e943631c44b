"""From a tenant's account to the adapter that speaks to its eKYC provider."""

from __future__ import annotations

import json
from uuid import UUID

from django.conf import settings

from ekyc.models import EkycAccount
from ekyc.protocols import EkycProvider
from ekyc.providers.hosted_page import HostedPage

PROVIDERS = {"hosted_page": HostedPage}
_adapters: dict[UUID, tuple[str, HostedPage]] = {}


def provider_of(account: EkycAccount) -> EkycProvider:
    """The adapter of an account; its connections are kept while its settings stay the same."""
    arguments = {**account.credentials, **account.options, "webhook_url": webhook_url(account)}
    configuration = json.dumps([account.provider, arguments], sort_keys=True)
    kept = _adapters.get(account.pk)
    if kept is None or kept[0] != configuration:
        kept = _adapters[account.pk] = (configuration, PROVIDERS[account.provider](**arguments))
    return kept[1]


def webhook_url(account: EkycAccount) -> str:
    """Where the account's provider calls us."""
    return f"{settings.PUBLIC_BASE_URL}/webhooks/ekyc/{account.public_id}/"


def forget_providers() -> None:
    """Close every kept connection."""
    for _, provider in _adapters.values():
        provider.close()
    _adapters.clear()
