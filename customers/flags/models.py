"""A flag on a customer with its sealed reason, and the proposal to lift one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from tenants.fields import EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel
from tenants.pairing import person_field
from tenants.proposals import Proposal, by_two_people
from tenants.reach import Reach


class CustomerFlag(Stateful, TenantModel):
    """That a customer is to be left alone or treated otherwise, from a day on; `customers.flags.rules` says how."""

    class Kind(models.TextChoices):
        DECEASED = "DECEASED", _("Deceased")
        GUARDIAN = "GUARDIAN", _("Under guardianship")
        LITIGATION = "LITIGATION", _("In litigation")
        DO_NOT_CONTACT = "DO_NOT_CONTACT", _("Not to be contacted")
        VULNERABLE = "VULNERABLE", _("Needs particular care")

    class Status(models.TextChoices):
        IN_FORCE = "IN_FORCE", _("In effect")
        LIFTED = "LIFTED", _("Lifted")
        LAPSED = "LAPSED", _("Lapsed")

    TRANSITIONS: ClassVar = {Status.IN_FORCE: {Status.LIFTED, Status.LAPSED}}

    customer = TenantForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="flags")
    kind = models.CharField(max_length=14, choices=Kind)
    status = models.CharField(max_length=8, choices=Status, default=Status.IN_FORCE)
    reason = EncryptedTextField(person="customer_id")
    from_on = models.DateField()
    # the last day, where that is known; the flag lapses with it
    until_on = models.DateField(null=True, blank=True)
    raised_by = models.BigIntegerField()
    raised_person = person_field()
    raised_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.BigIntegerField(null=True, blank=True)
    # why one person lifted it; where two did, the proposal has the reason
    ended_because = EncryptedTextField(person="customer_id", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "kind"], condition=Q(status="IN_FORCE"), name="flag_in_force_once"
            ),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=models.F("from_on")),
                name="flag_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(status="IN_FORCE", ended_at__isnull=True)
                | ~Q(status="IN_FORCE") & Q(ended_at__isnull=False),
                name="flag_ended_at_some_time",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer", "-raised_at"], name="flag_by_customer"),
            models.Index(fields=["tenant", "kind", "customer"], name="flag_by_kind", condition=Q(status="IN_FORCE")),
            models.Index(
                fields=["tenant", "until_on"],
                name="flag_by_end",
                condition=Q(status="IN_FORCE", until_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"flag {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Those of customers of the branches."""
        return models.Q(customer__branch_code__in=reach.branches)


class FlagLifting(Proposal):
    """That somebody wants a flag lifted which keeps people from contacting the customer, and who let them."""

    flag = TenantForeignKey(CustomerFlag, on_delete=models.CASCADE, related_name="liftings")
    reason = EncryptedTextField(person="flag.customer_id")

    class Meta:
        constraints = [
            *by_two_people("flag_lifting"),
            models.UniqueConstraint(
                fields=["tenant", "flag"], condition=Q(status="PROPOSED"), name="flag_lifting_once_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "status", "proposed_at"], name="flag_lifting_by_status")]

    def __str__(self) -> str:
        return f"lifting of flag {self.flag_id}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Those of customers of the branches."""
        return models.Q(flag__customer__branch_code__in=reach.branches)
