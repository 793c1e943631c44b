"""What runs by itself over all tenants' walls."""

from __future__ import annotations

import structlog
from celery import shared_task

from tenants.guards import find_holes

log = structlog.get_logger(__name__)


@shared_task
def check_tenancy() -> int:
    """Look for holes every night; each is an error in the log, which the operator's alarm reads."""
    holes = find_holes()
    for hole in holes:
        log.error("tenancy.hole", error=str(hole))
    return len(holes)
