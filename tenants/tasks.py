"""What runs by itself over all tenants' walls."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.utils import timezone

from audit.services import Actor
from tenants.custody.routing import KEYS
from tenants.domains.services import look_at_domains
from tenants.domains.telling import tell_of_lapses
from tenants.guards import find_holes
from tenants.keys import rotating
from tenants.members.inviting import send_invitations
from tenants.rounds import for_each_tenant
from tenants.scoping import active_tenant_ids, tenant_context
from tenants.services import record_holes
from tenants.sign_in.mailing import send_password_link

log = structlog.get_logger(__name__)


@shared_task
def check_tenancy() -> int:
    """Look for holes every night; each is an error in the log, which the operator's alarm reads, and in every trail."""
    holes = [*find_holes(), *find_holes(using=KEYS)]
    for hole in holes:
        log.error("tenancy.hole", error=str(hole))
    if holes:
        problems = sorted({hole.problem for hole in holes})
        record_holes(problems=problems, actor=Actor.system("tenants"), now=timezone.now())
    return len(holes)


@shared_task
def send_password_mail(user_id: int) -> None:
    """Send the link to a new password; 0, for an address that nobody has, does nothing."""
    send_password_link(user_id)


@shared_task
def rewrap_person_keys() -> int:
    """Finish what a rotation that was stopped left over."""
    count = 0
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            count += rotating.rewrap_person_keys()
    return count


@shared_task
def deliver_invitations() -> int:
    """Send the invitations that wait, tenant by tenant."""
    sent = 0
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            sent += send_invitations()
    return sent


@shared_task
def look_at_own_domains() -> int:
    """Ask DNS about every institution's own domains, and write to those whose domain has lapsed."""

    def work() -> None:
        now = timezone.now()
        look_at_domains(now=now)
        tell_of_lapses(now=now)

    return len(for_each_tenant(work, task="look_at_own_domains"))
