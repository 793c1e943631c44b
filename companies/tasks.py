"""What the register does in the background."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.utils import timezone

from audit.services import Actor
from companies import services
from companies.protocols import RegistryRefused, RegistryUnavailable, RegistryUnreadable
from companies.registry import RegistryNotSetUp
from tenants.rounds import for_each_tenant

log = structlog.get_logger(__name__)


@shared_task(soft_time_limit=3_600, time_limit=3_660)
def take_differences() -> None:
    """Take what the register wrote since the last time, then tell every tenant of its own customers."""
    try:
        services.take_differences(today=timezone.localdate(), now=timezone.now())
    except RegistryNotSetUp:
        pass
    except (RegistryUnavailable, RegistryRefused, RegistryUnreadable) as error:
        log.error("registry.failed", error_type=type(error).__name__, code=error.code)
    for_each_tenant(_match, task="companies.take_differences")


def _match() -> None:
    services.match_news(actor=Actor.system("companies"), now=timezone.now())
