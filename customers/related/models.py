"""Who stands behind a customer, from one moment to another, and the dated papers about a company's owners."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.ownership.graph import PartyKind
from tenants.fields import EncryptedJSONField
from tenants.identifiers import uuid7
from tenants.models import TenantForeignKey, TenantModel
from tenants.reach import Reach


class RelatedParty(TenantModel):
    """Somebody, or something, behind a customer: one row for each time in which the same was known of them.

    A change ends the row and begins the next of the same ``party``, so that what was known on any day stays.
    """

    class Kind(models.TextChoices):
        PERSON = PartyKind.PERSON, _("Natural person")
        COMPANY = PartyKind.COMPANY, _("Company ruled by capital, such as a stock company")
        ENTITY = PartyKind.ENTITY, _("Other legal person")
        PUBLIC = PartyKind.PUBLIC, _("State, listed company or its subsidiary")

    class Role(models.TextChoices):
        REPRESENTATIVE = "REPRESENTATIVE", _("Representative")
        OFFICER = "OFFICER", _("Officer")
        IN_CHARGE = "IN_CHARGE", _("Person in charge of the transactions")
        HOLDER = "HOLDER", _("Holder of votes or rights")
        INFLUENCE = "INFLUENCE", _("Dominant influence by funding, loans or trade")
        DECLARED_OWNER = "DECLARED_OWNER", _("Beneficial owner as declared")
        GUARDIAN = "GUARDIAN", _("Guardian")
        AGENT = "AGENT", _("Agent")

    customer = TenantForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="related_parties")
    # the same through all changes
    party = models.UUIDField(default=uuid7)
    kind = models.CharField(max_length=8, choices=Kind)
    roles = models.JSONField(default=list)
    # name, kana, birth_on, address, authority, no_will_because, and holds: [{"of": party, or "" for the customer,
    # "share": text}], shares as people write them
    details = EncryptedJSONField(person="customer_id")
    began_at = models.DateTimeField()
    began_by = models.CharField(max_length=100)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "party"], condition=models.Q(ended_at__isnull=True), name="related_party_current"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended_by="")
                | models.Q(ended_at__isnull=False) & ~models.Q(ended_by=""),
                name="related_party_ended_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="related_by_customer")]

    def __str__(self) -> str:
        return f"related party {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Those of customers of the branches."""
        return models.Q(customer__branch_code__in=reach.branches)


class OwnerPaper(TenantModel):
    """A paper that says who a company's owners were on a day; kept as it was taken, a newer one beside it."""

    class Kind(models.TextChoices):
        REGISTRY_LIST = "REGISTRY_LIST", _("List of beneficial owners from the commercial registry")
        DECLARATION = "DECLARATION", _("Declaration by the company")

    customer = TenantForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="owner_papers")
    kind = models.CharField(max_length=16, choices=Kind)
    # the day of which it speaks, and the day on which it was filed or declared
    as_of_on = models.DateField()
    filed_on = models.DateField()
    # office, number, and parties: whom it names, by their ``party``
    details = EncryptedJSONField(person="customer_id")
    taken_at = models.DateTimeField()
    taken_by = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(as_of_on__lte=models.F("filed_on")), name="owner_paper_of_a_past_day"
            )
        ]
        indexes = [models.Index(fields=["tenant", "customer", "-as_of_on"], name="paper_by_customer")]

    def __str__(self) -> str:
        return f"owner paper {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Those of customers of the branches."""
        return models.Q(customer__branch_code__in=reach.branches)
