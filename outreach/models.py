"""Tasks of calling or visiting a customer, what was tried, what was seen there, and how much a day holds."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.transitions import Stateful
from customers.models import Customer
from outreach.calls.models import CallRequest as CallRequest
from outreach.claims.models import Claim as Claim
from outreach.copies.models import AnswerCopy as AnswerCopy
from outreach.faq.models import FaqEntry as FaqEntry
from outreach.inquiries.models import Inquiry as Inquiry
from outreach.inquiries.models import InquiryMessage as InquiryMessage
from outreach.papers.models import PaperAnswer as PaperAnswer
from outreach.papers.models import PaperPolicy as PaperPolicy
from tenants.fields import EncryptedJSONField, EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel
from tenants.reach import Reach


class OutreachKind(models.TextChoices):
    """The two ways in which a person is reached by a person."""

    TELEPHONE = "TELEPHONE", pgettext_lazy("way to reach somebody", "Telephone call")
    VISIT = "VISIT", _("Visit")


class OutreachTask(Stateful, TenantModel):
    """That somebody calls or visits one customer."""

    class Status(models.TextChoices):
        OPEN = "OPEN", _("To be assigned")
        ASSIGNED = "ASSIGNED", _("Assigned")
        DONE = "DONE", _("Done")
        GAVE_UP = "GAVE_UP", _("Given up")
        CANCELLED = "CANCELLED", _("Cancelled")

    class Origin(models.TextChoices):
        LADDER = "LADDER", _("No message arrived")
        SILENCE = "SILENCE", _("No answer to the notices")
        CASE = "CASE", _("A question from the review")
        HAND = "HAND", _("Entered by a colleague")
        ASKED = "ASKED", _("Asked for by the customer")
        PAPER = "PAPER", _("A question about a paper answer")

    class Priority(models.IntegerChoices):
        HIGH = 1, _("Urgent")
        NORMAL = 2, _("Normal")
        LOW = 3, _("Can wait")

    TRANSITIONS = {
        Status.OPEN: {Status.ASSIGNED, Status.CANCELLED},
        Status.ASSIGNED: {Status.OPEN, Status.DONE, Status.GAVE_UP, Status.CANCELLED},
    }

    customer = TenantForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    # What is asked: the reference of the response, which is the periodic review; none where nothing is asked.
    reference = models.UUIDField(null=True, blank=True)
    kind = models.CharField(max_length=9, choices=OutreachKind)
    origin = models.CharField(max_length=7, choices=Origin, default=Origin.LADDER)
    # What a reviewer wants to know, for whoever calls or visits.
    why = EncryptedTextField(person="customer_id", null=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    branch_code = models.CharField(max_length=8, blank=True)
    assignee = models.BigIntegerField(null=True, blank=True)
    due_on = models.DateField()
    call_back_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    # The identity check: wrong answers counted, as with a link; who was told so by whom, and when.
    failed_proofs = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    proved_at = models.DateTimeField(null=True, blank=True)
    proved_by = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "reference", "kind"],
                condition=models.Q(status__in=["OPEN", "ASSIGNED"]),
                name="one_open_outreach",
            ),
            models.CheckConstraint(
                condition=models.Q(status="ASSIGNED", assignee__isnull=False) | ~models.Q(status="ASSIGNED"),
                name="assigned_to_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "status", "due_on", "priority", "id"], name="outreach_queue"),
            models.Index(fields=["tenant", "assignee", "status"], name="outreach_by_assignee"),
            models.Index(fields=["tenant", "customer"], name="outreach_by_customer"),
            models.Index(fields=["tenant", "reference"], name="outreach_by_reference"),
        ]

    def __str__(self) -> str:
        return f"outreach task {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Of branch staff those of their branches; of contractors their own."""
        if reach.has_branch:
            return models.Q(branch_code__in=reach.branches)
        return models.Q(assignee=reach.user_id)

    @property
    def is_question(self) -> bool:
        """Whether somebody wants to know something in particular, which stands in ``why``."""
        return self.origin in (self.Origin.CASE, self.Origin.PAPER)

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.status in (self.Status.OPEN, self.Status.ASSIGNED)


class OutreachTry(TenantModel):
    """One call or visit and what came of it."""

    class Outcome(models.TextChoices):
        ANSWERED = "ANSWERED", _("Reached, answers taken")
        CLARIFIED = "CLARIFIED", _("Reached, the question is answered")
        PROMISED = "PROMISED", _("Reached, will answer by themselves")
        REFUSED = "REFUSED", _("Reached, refused to answer")
        CALL_BACK = "CALL_BACK", _("To be contacted again at a time agreed")
        NO_ANSWER = "NO_ANSWER", _("Nobody answered the telephone")
        ENGAGED = "ENGAGED", _("Line engaged")
        ABSENT = "ABSENT", _("Nobody at home")
        WRONG_NUMBER = "WRONG_NUMBER", _("Wrong or dead number")
        NOT_AT_ADDRESS = "NOT_AT_ADDRESS", _("Does not live at the address")
        MOVED = "MOVED", _("Moved, according to somebody there")
        DECEASED = "DECEASED", _("Deceased, according to the family")

    task = TenantForeignKey(OutreachTask, on_delete=models.CASCADE, related_name="tries")
    # Comes with the form: sent twice over a bad line, it is one try.
    token = models.UUIDField()
    outcome = models.CharField(max_length=14, choices=Outcome)
    tried_by = models.BigIntegerField()
    tried_at = models.DateTimeField()
    call_back_at = models.DateTimeField(null=True, blank=True)
    note = EncryptedTextField(person="task.customer_id", null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "token"], name="outreach_try_once")]
        indexes = [models.Index(fields=["tenant", "task", "tried_at"], name="outreach_tries")]

    def __str__(self) -> str:
        return f"try {self.pk}"


class VisitRecord(TenantModel):
    """What was found at a customer's address, saved step by step on the way."""

    task = TenantForeignKey(OutreachTask, on_delete=models.CASCADE, related_name="visits")
    details = EncryptedJSONField(person="task.customer_id", default=dict)
    visited_by = models.BigIntegerField()
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "task"], condition=models.Q(finished_at__isnull=True), name="one_visit_under_way"
            )
        ]

    def __str__(self) -> str:
        return f"visit {self.pk}"


class DailyCapacity(TenantModel):
    """How many calls or visits a branch, or one person, makes in a day; of neither: each branch that says nothing."""

    kind = models.CharField(max_length=9, choices=OutreachKind)
    branch_code = models.CharField(max_length=8, blank=True)
    person = models.BigIntegerField(null=True, blank=True)
    tasks = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "branch_code", "person"], nulls_distinct=False, name="one_capacity"
            ),
            models.CheckConstraint(condition=models.Q(tasks__gte=1), name="capacity_is_something"),
            models.CheckConstraint(
                condition=models.Q(person__isnull=True) | models.Q(branch_code=""), name="capacity_of_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tasks} a day of kind {self.kind}"
