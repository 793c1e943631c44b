"""From a tenant's account to the adapter that speaks to its eKYC provider."""

from __future__ import annotations

import json
from functools import lru_cache

from django.conf import settings

from ekyc.models import EkycAccount
from ekyc.protocols import EkycProvider
from ekyc.providers.hosted_page import HostedPage

PROVIDERS = {"hosted_page": HostedPage}


def provider_of(account: EkycAccount) -> EkycProvider:
    """The adapter of an account; connections are kept while its settings stay the same."""
    arguments = {**account.credentials, **account.options, "webhook_url": webhook_url(account)}
    return _make(account.provider, json.dumps(arguments, sort_keys=True))


def webhook_url(account: EkycAccount) -> str:
    """Where the account's provider calls us."""
    return f"{settings.PUBLIC_BASE_URL}/webhooks/ekyc/{account.public_id}/"


@lru_cache(maxsize=512)
def _make(provider: str, configuration: str) -> EkycProvider:
    return PROVIDERS[provider](**json.loads(configuration))
