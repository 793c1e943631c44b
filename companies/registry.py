"""From the settings to the adapters that speak to the tax agency and to gBizINFO."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from companies.protocols import Profiles, Registry
from companies.providers.gbiz_v2 import GbizV2
from companies.providers.houjin_v4 import HoujinV4
from tenants.outgoing import guarded_client

# 2,000 entries are some 600 KB.
_MAX_ANSWER = 8 * 1024 * 1024
_SECONDS = 60.0
_PROFILE = 1024 * 1024


class RegistryNotSetUp(Exception):
    """The service has no application id at the agency."""


@contextmanager
def open_registry() -> Iterator[Registry]:
    """The register, until the block ends. No transaction may be open in it.

    Raises:
        RegistryNotSetUp: HOUJIN_API_ID is empty.
    """
    if not settings.HOUJIN_API_ID:
        raise RegistryNotSetUp
    with guarded_client(max_body=_MAX_ANSWER, seconds=_SECONDS) as http:
        yield HoujinV4(
            http=http,
            url=settings.HOUJIN_API_URL,
            application_id=settings.HOUJIN_API_ID,
            pace=1.0 if settings.IS_PRODUCTION else 0.0,
        )


@contextmanager
def open_profiles(token: str) -> Iterator[Profiles]:
    """gBizINFO with a tenant's own token, until the block ends. No transaction may be open in it."""
    with guarded_client(max_body=_PROFILE) as http:
        yield GbizV2(http=http, url=settings.GBIZ_API_URL, token=token)
