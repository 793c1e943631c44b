"""What an institution wants to know of its customers beside the catalogue."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from tenants.models import TenantForeignKey, TenantModel
from tenants.pairing import person_field, two_people
from tenants.reach import Reach


class OwnAttribute(Stateful, TenantModel):
    """A fact of the institution's own, in use from the next request on; never deleted: its values stay readable."""

    class Status(models.TextChoices):
        PROPOSED = "PROPOSED", _("Waiting for a second person")
        ACTIVE = "ACTIVE", _("In use")
        RETIRED = "RETIRED", _("Retired")
        REFUSED = "REFUSED", _("Refused")

    TRANSITIONS = {
        Status.PROPOSED: {Status.ACTIVE, Status.REFUSED},
        Status.ACTIVE: {Status.RETIRED},
        Status.RETIRED: {Status.ACTIVE},
    }

    class Type(models.TextChoices):
        CODE = "code", _("One of several choices")
        CODES = "codes", _("Any of several choices")
        ANSWER = "answer", _("Yes or no")
        DAY = "day", _("Date")
        NUMBER = "number", _("Whole number")
        AMOUNT = "amount", _("Amount in yen")
        COUNTRY = "country", _("Country")
        TEXT = "text", _("Free text")

    class Kinds(models.TextChoices):
        EITHER = "EITHER", _("Individuals and companies")
        INDIVIDUAL = "INDIVIDUAL", _("Individuals only")
        COMPANY = "COMPANY", _("Companies only")

    class Sensitivity(models.TextChoices):
        PLAIN = "PLAIN", _("Plain: filters and risk rules may ask it")
        SEALED = "SEALED", _("Sealed: seen on the customer's page only")
        SENSITIVE = "SENSITIVE", _("Sensitive: sealed, and covered until somebody gives a reason")

    status = models.CharField(max_length=8, choices=Status, default=Status.PROPOSED)
    # With `customers.facts.own.PREFIX` before it, its key among the facts.
    code = models.CharField(max_length=30)
    type = models.CharField(max_length=8, choices=Type)
    kinds = models.CharField(max_length=10, choices=Kinds)
    sensitivity = models.CharField(max_length=9, choices=Sensitivity)
    name_ja = models.CharField(max_length=60)
    name_en = models.CharField(max_length=60)
    # [[code, Japanese, English], ...] in the order of the page
    choices: Any = models.JSONField(default=list)
    # the key of the list whose choices it has, in the place of its own
    list_key = models.CharField(max_length=40, blank=True, default="")
    # what files call it, the first one in files of ours
    titles: Any = models.JSONField(default=list)
    bears_on_risk = models.BooleanField(default=False)
    # whether questionnaires may ask customers for it
    asks_customers = models.BooleanField(default=False)
    proposed_at = models.DateTimeField()
    proposed_by = models.BigIntegerField()
    proposed_person = person_field()
    decided_by = models.BigIntegerField(null=True, blank=True)
    decided_person = person_field()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "code"], condition=~models.Q(status="REFUSED"), name="own_attribute_code"
            ),
            models.CheckConstraint(
                condition=~models.Q(type="text") | ~models.Q(sensitivity="PLAIN"), name="own_attribute_text_is_sealed"
            ),
            models.CheckConstraint(
                condition=models.Q(bears_on_risk=False) | models.Q(sensitivity="PLAIN"),
                name="own_attribute_risk_is_plain",
            ),
            # A sensitive one is opened by two people.
            models.CheckConstraint(
                condition=~models.Q(sensitivity="SENSITIVE", status__in=["ACTIVE", "RETIRED"])
                | models.Q(decided_by__isnull=False),
                name="own_attribute_sensitive_is_decided",
            ),
            two_people("own_attribute_four_eyes", first=("proposed",), second="decided"),
        ]

    def __str__(self) -> str:
        return f"own attribute {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q | None:
        """What the institution asks of its customers is no secret from its staff."""
        return models.Q(pk__in=[]) if reach.is_operator else None

    @property
    def acts(self) -> list[tuple[int | None, str]]:
        """Who proposed it, as (account, staff number)."""
        return [(self.proposed_by, self.proposed_person)]


class ValueKeeping(TenantModel):
    """How long values of one own attribute are kept; without a row, as long as the customer.

    The search for values whose time is over goes through the book in the order of ids, and on from where it stopped.
    """

    attribute = TenantForeignKey(OwnAttribute, on_delete=models.CASCADE, related_name="+")
    # months after the value was last set, and after the customer's contract ended; whichever is over first counts
    after_set = models.PositiveSmallIntegerField(null=True, blank=True)
    after_end = models.PositiveSmallIntegerField(null=True, blank=True)
    set_by = models.BigIntegerField()
    set_at = models.DateTimeField()
    # the day in Japan up to which everybody was looked at; the day being looked for, and how far
    looked_on = models.DateField(null=True, blank=True)
    looking_on = models.DateField(null=True, blank=True)
    looked_past = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "attribute"], name="one_keeping_of_attribute"),
        ]

    def __str__(self) -> str:
        return f"keeping of attribute {self.attribute_id}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q | None:
        """As the attribute."""
        return models.Q(pk__in=[]) if reach.is_operator else None


class ExpiredValue(TenantModel):
    """That the time of one customer's value of an own attribute is over; two people let it go, or a hold keeps it."""

    keeping = TenantForeignKey(ValueKeeping, on_delete=models.CASCADE, related_name="expired")
    customer = TenantForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+")
    # the last day in Japan on which it is kept
    ended_on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "keeping", "customer"], name="value_expires_once")]
        indexes = [models.Index(fields=["tenant", "ended_on", "id"], name="expired_by_day")]

    def __str__(self) -> str:
        return f"value of customer {self.customer_id}, kept until {self.ended_on}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Those of the customers of the branches."""
        return models.Q(customer__branch_code__in=reach.branches)
