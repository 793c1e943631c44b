"""A sheet with a customer's answers from its arrival to the answer that becomes of it, and how sheets are checked."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.transitions import Stateful
from customers.models import Customer
from tenants.fields import EncryptedJSONField, EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel
from tenants.pairing import person_field, two_people
from tenants.proposals import Proposal, by_two_people
from tenants.reach import Reach


class PaperAnswer(Stateful, TenantModel):
    """What a customer wrote on paper. The response of the customer changes only when a second person has checked it."""

    class Status(models.TextChoices):
        RECEIVED = "RECEIVED", pgettext_lazy("paper answer", "To be keyed")
        ASKING = "ASKING", pgettext_lazy("paper answer", "Customer asked back")
        KEYED = "KEYED", pgettext_lazy("paper answer", "To be checked")
        ACCEPTED = "ACCEPTED", pgettext_lazy("paper answer", "Taken as the answer")
        SET_ASIDE = "SET_ASIDE", pgettext_lazy("paper answer", "Set aside")
        DISCARDED = "DISCARDED", pgettext_lazy("paper answer", "Not used")

    class Mark(models.TextChoices):
        UNREADABLE = "UNREADABLE", _("Cannot be read")
        MISSING = "MISSING", _("Left empty")

    class Aside(models.TextChoices):
        ANSWERED = "ANSWERED", _("The customer has answered in another way")
        WITHDRAWN = "WITHDRAWN", _("The customer is not asked any more")

    TRANSITIONS: ClassVar = {
        Status.RECEIVED: {Status.KEYED, Status.ASKING, Status.ACCEPTED, Status.SET_ASIDE, Status.DISCARDED},
        Status.ASKING: {Status.RECEIVED, Status.SET_ASIDE, Status.DISCARDED},
        Status.KEYED: {Status.RECEIVED, Status.ACCEPTED, Status.SET_ASIDE, Status.DISCARDED},
    }

    customer = TenantForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    # the reference of the response, which is the periodic review; and the number by which the sheet was found
    reference = models.UUIDField()
    number = models.CharField(max_length=12)
    status = models.CharField(max_length=9, choices=Status, default=Status.RECEIVED)
    received_on = models.DateField()
    is_signed = models.BooleanField(default=False)
    signed_on = models.DateField(null=True, blank=True)
    registered_by = models.BigIntegerField()
    registered_at = models.DateTimeField()
    # kinds of calls and visits that were withdrawn because of it, to be made again should it not be used
    held_kinds = models.JSONField(default=list)

    # who keys at present; everybody who keyed, as [account, staff number]: none of them may check
    keyer = models.BigIntegerField(null=True, blank=True)
    begun_at = models.DateTimeField(null=True, blank=True)
    writers = models.JSONField(default=list)
    answers = EncryptedJSONField(person="customer_id", default=dict)
    confirmed_pages = models.JSONField(default=list)
    # by id of the question: what of it could not be keyed (`Mark`); and which are to be keyed again
    marks = models.JSONField(default=dict)
    returned = models.JSONField(default=list)
    # scans of papers that were sent along, by id of the upload: [question, side]
    enclosures = models.JSONField(default=dict)
    # what the customer said when asked back, and when
    note = EncryptedTextField(person="customer_id", null=True)
    keyed_by = models.BigIntegerField(null=True, blank=True)
    keyed_person = person_field()
    keyed_at = models.DateTimeField(null=True, blank=True)
    # whether it is among those that a second person checks; null until it is keyed
    is_drawn = models.BooleanField(null=True, blank=True)

    # the second keying, which sees nothing of the first; by whom it was begun
    second = EncryptedJSONField(person="customer_id", default=dict)
    second_pages = models.JSONField(default=list)
    second_by = models.BigIntegerField(null=True, blank=True)
    # by id of the question how it was settled: a code of `outreach.papers.comparing`
    findings = models.JSONField(default=dict)
    checked_by = models.BigIntegerField(null=True, blank=True)
    checked_person = person_field()
    checked_at = models.DateTimeField(null=True, blank=True)

    # answers that the customer had begun elsewhere and that gave way to the sheet
    beside = EncryptedJSONField(person="customer_id", null=True)
    aside_because = models.CharField(max_length=9, choices=Aside, blank=True, default="")
    looked_by = models.BigIntegerField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    closed_because = EncryptedTextField(person="customer_id", null=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            two_people("paper_answer_four_eyes", first=("keyed",), second="checked"),
            models.CheckConstraint(
                condition=~Q(status="ACCEPTED")
                | Q(keyed_by__isnull=False) & (Q(checked_by__isnull=False) | Q(is_drawn=False)),
                name="paper_answer_checked",
            ),
            models.CheckConstraint(condition=~Q(status="SET_ASIDE") | ~Q(aside_because=""), name="paper_answer_aside"),
            models.UniqueConstraint(
                fields=["tenant", "reference"],
                condition=Q(status__in=["RECEIVED", "ASKING", "KEYED"]),
                name="paper_answer_once_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "status", "received_on", "id"], name="paper_answer_queue"),
            models.Index(fields=["tenant", "customer"], name="paper_answer_by_customer"),
            models.Index(fields=["tenant", "reference"], name="paper_answer_by_reference"),
        ]

    def __str__(self) -> str:
        return f"paper answer {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Those of customers of the branches; of contractors none."""
        return Q(customer__branch_code__in=reach.branches)

    @property
    def is_open(self) -> bool:
        """Whether it may still become the answer, so that nobody reminds the customer meanwhile."""
        return self.status in OPEN


OPEN = (PaperAnswer.Status.RECEIVED, PaperAnswer.Status.ASKING, PaperAnswer.Status.KEYED)


class PaperPolicy(Proposal):
    """How paper answers are checked: the approved one that is newest is in force."""

    # of a hundred sheets, how many a second person checks, drawn by chance
    checked_share = models.PositiveSmallIntegerField(default=100)
    needs_signature = models.BooleanField(default=True)

    class Meta:
        constraints = [
            *by_two_people("paper_policy"),
            models.UniqueConstraint(fields=["tenant"], condition=Q(status="PROPOSED"), name="one_open_paper_policy"),
            models.CheckConstraint(
                condition=Q(checked_share__gte=1, checked_share__lte=100), name="paper_policy_share"
            ),
        ]

    def __str__(self) -> str:
        return f"paper policy {self.pk}"
