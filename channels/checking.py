"""Asking an account whether its messages would leave, without sending one."""

from __future__ import annotations

import logging

from channels.models import ProviderAccount
from channels.protocols import ChecksSetup, ConfigurationFailure, Finding
from channels.registry import provider_of

log = logging.getLogger(__name__)


def check_account(account: ProviderAccount) -> list[Finding]:
    """What the test of an account finds. It calls the provider, so no transaction may be open."""
    try:
        provider = provider_of(account)
        if not isinstance(provider, ChecksSetup):
            return [Finding("no_test", is_ok=True)]
        return provider.check_setup()
    except ConfigurationFailure as failure:
        return [Finding(failure.code, is_ok=False)]
    except Exception as error:  # whoever asks must get an answer, whatever an adapter did
        log.error("The test of account %s failed with %s.", account.pk, type(error).__name__)
        return [Finding("test_broke", is_ok=False)]
