"""What happens to copies in the background."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from outreach.copies import services
from tenants.rounds import for_each_tenant


@shared_task
def make_copies() -> None:
    """Set the copies of answers that wait, of every tenant."""
    for_each_tenant(lambda: services.make_copies(now=timezone.now()), task="make_copies")


@shared_task
def destroy_copies() -> None:
    """Destroy the copies of days that are over, of every tenant."""
    for_each_tenant(lambda: services.destroy_copies(now=timezone.now()), task="destroy_copies")
