"""Own domains with what DNS says of them, and the hosts that are answered on."""

from __future__ import annotations

from typing import ClassVar
from uuid import NAMESPACE_DNS, UUID, uuid5

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.models import TenantForeignKey, TenantModel
from tenants.proposals import Proposal, by_two_people

LONGEST_HOST = 200


class TenantDomain(Proposal):
    """A host that an institution wants its customers' pages on, with the proof that it is the institution's.

    Any institution may propose any host; only who proves control of it in DNS gets it (`ServedHost`), so nobody can
    keep another's address from them by naming it first. A row that has lapsed or ended never comes back: the next
    proposal has another challenge, and what stood in DNS for this one proves nothing any more.
    """

    class Status(models.TextChoices):
        PROPOSED = "PROPOSED", _("Proposed")
        APPROVED = "APPROVED", _("Waiting for DNS")
        IN_FORCE = "IN_FORCE", pgettext_lazy("domain", "In use")
        RETIRING = "RETIRING", _("Still answers")
        LAPSED = "LAPSED", pgettext_lazy("domain", "Lapsed")
        ENDED = "ENDED", pgettext_lazy("domain", "Ended")
        REJECTED = "REJECTED", _("Rejected")

    TRANSITIONS: ClassVar = {
        Status.PROPOSED: {Status.APPROVED, Status.REJECTED},
        Status.APPROVED: {Status.IN_FORCE, Status.LAPSED, Status.ENDED},
        Status.IN_FORCE: {Status.RETIRING, Status.LAPSED, Status.ENDED},
        Status.RETIRING: {Status.LAPSED, Status.ENDED},
    }

    status = models.CharField(max_length=8, choices=Status, default=Status.PROPOSED)
    # lower case, A-labels (RFC 5890)
    host = models.CharField(max_length=LONGEST_HOST)
    challenge = models.CharField(max_length=40)
    # what DNS said last (`tenants.domains.proving.Seen`), and how often in a row it was not what it should be
    seen = models.JSONField(default=dict, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    checked_at = models.DateTimeField(null=True, blank=True)
    # since when DNS has not answered at all
    silent_since = models.DateTimeField(null=True, blank=True)
    in_force_at = models.DateTimeField(null=True, blank=True)
    # when it lapsed or was ended, and by whom, if by a person
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.BigIntegerField(null=True, blank=True)
    # that it lapsed was written to the institution's people
    is_told = models.BooleanField(default=False)

    class Meta:
        app_label = "tenants"
        constraints = [
            *by_two_people("tenantdomain"),
            models.CheckConstraint(
                condition=~Q(status__in=["IN_FORCE", "RETIRING"]) | Q(approved_by__isnull=False),
                name="domains_in_use_were_approved",
            ),
            models.UniqueConstraint(
                fields=["tenant"], condition=Q(status__in=["PROPOSED", "APPROVED"]), name="one_coming_domain"
            ),
            models.UniqueConstraint(fields=["tenant"], condition=Q(status="IN_FORCE"), name="one_domain_in_force"),
            models.UniqueConstraint(
                fields=["tenant", "host"],
                condition=Q(status__in=["PROPOSED", "APPROVED", "IN_FORCE", "RETIRING"]),
                name="domain_once",
            ),
        ]

    def __str__(self) -> str:
        return f"domain {self.pk}"


LIVE = (TenantDomain.Status.IN_FORCE, TenantDomain.Status.RETIRING)
WATCHED = (TenantDomain.Status.APPROVED, *LIVE)


def id_of(host: str) -> UUID:
    """The key of a host: the same whichever institution holds it, so that no two can."""
    return uuid5(NAMESPACE_DNS, host)


class ServedHost(TenantModel):
    """A host that customers' pages are answered on. ``id`` is `id_of` the host: one institution has it, or nobody.

    Read before the tenant is known, by ``keizoku_served_hosts``.
    """

    host = models.CharField(max_length=LONGEST_HOST)
    domain = TenantForeignKey(TenantDomain, on_delete=models.CASCADE, related_name="+")

    class Meta:
        app_label = "tenants"

    def __str__(self) -> str:
        return f"served host {self.pk}"
