"""Work that is done for every tenant in turn, so that one tenant's trouble is nobody else's."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from celery.exceptions import SoftTimeLimitExceeded

from tenants.scoping import active_tenant_ids, tenant_context

log = structlog.get_logger(__name__)


def for_each_tenant(work: Callable[[], object], *, task: str) -> list[int]:
    """Do ``work`` in every active tenant's context; what it raises is logged, and the next tenant has its turn.

    Returns:
        The tenants whose work failed.

    Raises:
        SoftTimeLimitExceeded: the worker's time is over, whoever's work it was.
    """
    failed = []
    for tenant_id in active_tenant_ids():
        try:
            with tenant_context(tenant_id):
                work()
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            # The type alone: a message may quote what the tenant's rows hold.
            log.error("tenant.work_failed", task=task, tenant_id=tenant_id, error_type=type(error).__name__)
            failed.append(tenant_id)
    return failed
