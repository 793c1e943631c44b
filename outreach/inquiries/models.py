"""An inquiry with all that was said about it, by the customer and by us."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.transitions import Stateful
from customers.models import Customer
from tenants.fields import EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel
from tenants.reach import Reach


class Inquiry(Stateful, TenantModel):
    """What somebody with a customer's link wants to know. Whether it is the customer, ``is_proved`` says."""

    class Status(models.TextChoices):
        OPEN = "OPEN", pgettext_lazy("inquiry", "To be answered")
        ANSWERED = "ANSWERED", pgettext_lazy("inquiry", "Answered")
        CLOSED = "CLOSED", pgettext_lazy("inquiry", "Closed")

    class Topic(models.TextChoices):
        GENUINE = "GENUINE", _("Whether the notice is genuine")
        ANSWERING = "ANSWERING", _("How to answer")
        CHANGED = "CHANGED", _("A change of name, address or other details")
        PAPERS = "PAPERS", _("Documents and identity check")
        PRIVACY = "PRIVACY", _("How my data are used")
        LOSS = "LOSS", _("Fraud, or a lost card or passbook")
        OTHER = "OTHER", _("Something else")

    class ReplyBy(models.TextChoices):
        PAGES = "PAGES", _("On these pages")
        TELEPHONE = "TELEPHONE", _("By telephone")

    TRANSITIONS: ClassVar = {
        Status.OPEN: {Status.ANSWERED, Status.CLOSED},
        Status.ANSWERED: {Status.OPEN, Status.CLOSED},
        Status.CLOSED: {Status.OPEN},
    }

    customer = TenantForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    # eight digits, to be read out on the telephone
    number = models.CharField(max_length=8)
    # what the customer was being asked when they wrote: a periodic review
    reference = models.UUIDField()
    # the link it came through
    link_reference = models.UUIDField()
    is_proved = models.BooleanField(default=False)
    topic = models.CharField(max_length=9, choices=Topic)
    reply_by = models.CharField(max_length=9, choices=ReplyBy)
    language = models.CharField(max_length=8, default="ja")
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    # it names fraud or a loss: whoever reads it first calls
    is_urgent = models.BooleanField(default=False)
    assignee = models.BigIntegerField(null=True, blank=True)
    due_on = models.DateField()
    told_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "number"], name="inquiry_number")]
        indexes = [
            models.Index(fields=["tenant", "status", "due_on", "id"], name="inquiry_queue"),
            models.Index(fields=["tenant", "assignee", "status"], name="inquiry_by_assignee"),
            models.Index(fields=["tenant", "customer"], name="inquiry_by_customer"),
            models.Index(fields=["tenant", "link_reference", "told_at"], name="inquiry_by_link"),
        ]

    def __str__(self) -> str:
        return f"inquiry {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Of branch staff those of their branches' customers; of contractors their own."""
        if reach.has_branch:
            return models.Q(customer__branch_code__in=reach.branches)
        return models.Q(assignee=reach.user_id)


class InquiryMessage(TenantModel):
    """One piece of writing in an inquiry."""

    inquiry = TenantForeignKey(Inquiry, on_delete=models.CASCADE, related_name="messages")
    # comes with the form: sent twice over a bad line, it is one message
    token = models.UUIDField()
    text = EncryptedTextField(person="inquiry.customer_id")
    # the member of staff; nobody: whoever held the link
    written_by = models.BigIntegerField(null=True, blank=True)
    is_proved = models.BooleanField(default=False)
    written_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "token"], name="inquiry_message_once")]
        indexes = [models.Index(fields=["tenant", "inquiry", "written_at"], name="inquiry_messages")]

    def __str__(self) -> str:
        return f"message {self.pk}"
