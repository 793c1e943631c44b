"""Notices and what became of each try to deliver them: the outbox, which is the queue."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from channels.kinds import ChannelKind as ChannelKind
from channels.wording.models import Guest as Guest
from channels.wording.models import Trial as Trial
from customers.models import ContactPoint, Customer
from tenants.fields import EncryptedBinaryField, EncryptedJSONField, EncryptedTextField
from tenants.inbox import InboxEvent
from tenants.models import TenantForeignKey, TenantModel
from tenants.pairing import person_field, two_people


class ProviderAccount(TenantModel):
    """A tenant's account with the provider of one channel."""

    channel = models.CharField(max_length=8, choices=ChannelKind)
    provider = models.CharField(max_length=24)
    public_id = models.CharField(max_length=32, help_text=_("Opaque name in webhook addresses."))
    credentials = EncryptedJSONField()
    credentials_set_at = models.JSONField(default=dict)  # name -> ISO time
    options = models.JSONField(default=dict)  # base_url, sender …: nothing secret
    is_paused = models.BooleanField(default=False)
    pause_reason = models.CharField(max_length=80, blank=True)
    # what the tenant's contract allows; null: as much as there is
    per_minute = models.PositiveIntegerField(null=True, blank=True)
    batches_at_once = models.PositiveSmallIntegerField(null=True, blank=True)
    per_day = models.PositiveIntegerField(null=True, blank=True)
    per_month = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "channel"], name="account_of_channel"),
            models.UniqueConstraint(fields=["tenant", "public_id"], name="account_public_id"),
        ]
        indexes = [models.Index(fields=["public_id"], name="account_by_public_id")]

    def __str__(self) -> str:
        return f"{self.provider} account {self.pk}"


class SendingRules(TenantModel):
    """When a tenant's messages may leave, and how many of them one person gets. Clock times are Japan's."""

    is_paused = models.BooleanField(default=False)
    pause_reason = models.CharField(max_length=80, blank=True)
    # no LINE, SMS or e-mail in between, over midnight too; null: at any hour
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    sms_rests = models.BooleanField(default=False)  # on Sundays and on ``holidays``
    holidays = models.JSONField(default=list)  # ISO dates, kept by the tenant
    budget = models.PositiveSmallIntegerField(default=0)  # messages to one person in ``budget_days``; 0: any number
    budget_days = models.PositiveSmallIntegerField(default=7)
    budget_counts_letters = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="sending_rules_of_tenant"),
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False)
                & ~models.Q(quiet_from=models.F("quiet_until")),
                name="quiet_hours_begin_and_end",
            ),
        ]

    def __str__(self) -> str:
        return f"sending rules {self.pk}"


class HeldGroup(TenantModel):
    """A group of attempts, such as those of one campaign, of which none may leave for now."""

    group = models.UUIDField()
    held_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "group"], name="group_held_once")]

    def __str__(self) -> str:
        return f"held group {self.group}"


class Notice(TenantModel):
    """What a customer is told: one purpose, for one review."""

    class Purpose(models.TextChoices):
        REQUEST = "REQUEST", _("Request")
        REMINDER = "REMINDER", _("Reminder")
        REPLY = "REPLY", _("Answer to an inquiry")

    customer = TenantForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    reference = models.UUIDField()
    purpose = models.CharField(max_length=10, choices=Purpose)
    sequence = models.PositiveSmallIntegerField(default=1)
    language = models.CharField(max_length=8, default="ja")
    # 受付番号: by it the customer asks whether we sent it, or answers without the link; "" on the oldest notices
    number = models.CharField(max_length=12, blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "reference", "purpose", "sequence"], name="notice_once"),
            models.UniqueConstraint(fields=["tenant", "number"], name="notice_number", condition=~models.Q(number="")),
        ]
        indexes = [models.Index(fields=["tenant", "customer", "created_at"], name="notice_by_customer")]

    def __str__(self) -> str:
        return f"{self.purpose} notice {self.pk}"


class MessageTemplate(Stateful, TenantModel):
    """One version of what a notice says on one channel, in one language. Never changed once approved."""

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        AWAITING_APPROVAL = "AWAITING_APPROVAL", _("To be approved")
        APPROVED = "APPROVED", _("In use")
        RETIRED = "RETIRED", _("No longer used")

    TRANSITIONS = {
        Status.DRAFT: {Status.AWAITING_APPROVAL, Status.RETIRED},
        Status.AWAITING_APPROVAL: {Status.APPROVED, Status.DRAFT},
        Status.APPROVED: {Status.RETIRED},
    }

    channel = models.CharField(max_length=8, choices=ChannelKind)
    purpose = models.CharField(max_length=10, choices=Notice.Purpose)
    language = models.CharField(max_length=2, choices=[("ja", _("Japanese")), ("en", _("English"))])
    version = models.PositiveIntegerField()
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT)
    # of an e-mail its subject, of a letter its heading, else ""
    subject = models.CharField(max_length=120, blank=True)
    body = models.TextField()
    drafted_by = models.BigIntegerField()
    drafted_person = person_field()
    drafted_at = models.DateTimeField()
    submitted_by = models.BigIntegerField(null=True, blank=True)
    submitted_person = person_field()
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.BigIntegerField(null=True, blank=True)
    approved_person = person_field()
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_hash = models.CharField(max_length=64, blank=True)
    return_reason = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "channel", "purpose", "language", "version"], name="template_version"
            ),
            models.UniqueConstraint(
                fields=["tenant", "channel", "purpose", "language"],
                name="template_in_force",
                condition=models.Q(status="APPROVED"),
            ),
            models.UniqueConstraint(
                fields=["tenant", "channel", "purpose", "language"],
                name="template_being_written",
                condition=models.Q(status__in=["DRAFT", "AWAITING_APPROVAL"]),
            ),
            two_people("template_four_eyes", first=("drafted", "submitted"), second="approved"),
            models.CheckConstraint(
                condition=~models.Q(status="APPROVED")
                | models.Q(approved_by__isnull=False, approved_at__isnull=False, approved_hash__gt=""),
                name="template_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"template {self.pk}"


class DeliveryAttempt(Stateful, TenantModel):
    """One try to deliver a notice by one channel. Its id is the provider's idempotency key."""

    class Status(models.TextChoices):
        QUEUED = "QUEUED", _("Waiting")
        SENDING = "SENDING", _("Being sent")
        ACCEPTED = "ACCEPTED", _("Accepted by the provider")
        DELIVERED = "DELIVERED", _("Delivered")
        RETURNED = "RETURNED", _("Returned")
        FAILED = "FAILED", _("Failed")
        UNKNOWN = "UNKNOWN", _("Outcome unknown")
        CANCELLED = "CANCELLED", _("Cancelled")

    # A provider's own report may overtake the send that caused it.
    TRANSITIONS = {
        Status.QUEUED: {Status.SENDING, Status.CANCELLED, Status.FAILED},
        Status.SENDING: {
            Status.ACCEPTED,
            Status.DELIVERED,
            Status.RETURNED,
            Status.FAILED,
            Status.UNKNOWN,
            Status.QUEUED,
        },
        Status.UNKNOWN: {
            Status.ACCEPTED,
            Status.DELIVERED,
            Status.RETURNED,
            Status.FAILED,
            Status.QUEUED,
        },
        Status.ACCEPTED: {Status.DELIVERED, Status.RETURNED, Status.FAILED},
        # Post is delivered until it comes back.
        Status.DELIVERED: {Status.RETURNED},
    }

    # Every move writes every index of its row anew, so there are none that nothing is found by.
    notice = TenantForeignKey(Notice, on_delete=models.PROTECT, related_name="attempts", db_index=False)
    account = TenantForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="+", db_index=False)
    contact_point = TenantForeignKey(ContactPoint, on_delete=models.PROTECT, null=True, related_name="+")
    channel = models.CharField(max_length=8, choices=ChannelKind)
    # 0, then how often two people have had the notice sent again by this channel
    round = models.PositiveSmallIntegerField(default=0, db_default=0)
    # LINE only: push to a linked account, or a notification message by telephone number
    method = models.CharField(max_length=8, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    # what is held and released together: those above say which; null: nothing
    group = models.UUIDField(null=True, blank=True)
    # exactly what is sent, so that a retry sends the same
    snapshot = EncryptedJSONField(person="notice.customer_id")
    not_before = models.DateTimeField()
    claim = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    # of the tries, those whose worker was never heard of again
    losses = models.PositiveSmallIntegerField(default=0, db_default=0)
    first_tried_at = models.DateTimeField(null=True, blank=True)
    # of ways nobody can be asked about: when this try began to leave, by the database's clock; null: certainly not sent
    begun_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    provider_reference = models.CharField(max_length=80, blank=True)
    failure_kind = models.CharField(max_length=16, blank=True)
    failure_code = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "notice", "channel", "round"], name="attempt_once_a_round")
        ]
        indexes = [
            models.Index(
                fields=["tenant", "channel", "not_before", "id"],
                name="attempt_queue",
                condition=models.Q(status="QUEUED"),
            ),
            models.Index(
                fields=["tenant", "lease_until"],
                name="attempt_open",
                condition=models.Q(status__in=["SENDING", "UNKNOWN", "ACCEPTED"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} attempt {self.pk}"


class Letter(TenantModel):
    """A letter as printed: kept, never rendered again, because a second rendering may differ."""

    attempt = TenantForeignKey(DeliveryAttempt, on_delete=models.CASCADE, related_name="letters")
    pdf = EncryptedBinaryField(person="attempt.notice.customer_id")
    sha256 = models.CharField(max_length=64)
    pages = models.PositiveSmallIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "attempt"], name="letter_of_attempt")]

    def __str__(self) -> str:
        return f"letter {self.pk}"


class WebhookEvent(InboxEvent):
    """What a channel's provider told us."""

    account = TenantForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="+")
    # Twilio's callbacks name the attempt in the address
    attempt_reference = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "provider", "event_id"], name="channel_event_once")]
        indexes = [
            models.Index(
                fields=["tenant", "received_at"],
                name="channel_events_waiting",
                condition=models.Q(processed_at__isnull=True),
            )
        ]


class OptOut(TenantModel):
    """The owner of a contact point asked us to stop on one channel; kept until they ask us to begin again."""

    contact_point = TenantForeignKey(ContactPoint, on_delete=models.CASCADE, related_name="opt_outs")
    channel = models.CharField(max_length=8, choices=ChannelKind)
    since = models.DateTimeField()
    # the provider's code, or "keyword" when they wrote to us
    code = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "contact_point", "channel"], name="opt_out_once")]

    def __str__(self) -> str:
        return f"opt-out {self.pk}"


class LineLink(TenantModel):
    """A customer's wish to be reached on LINE: from the number on our page until LINE confirms the tie, then gone."""

    customer = TenantForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    # what the customer sends to the bank's account, so that we learn who they are there
    number = EncryptedTextField(person="customer_id")
    number_index = models.BinaryField(max_length=16)
    line_user = EncryptedTextField(person="customer_id", null=True)
    nonce_hash = models.BinaryField(max_length=32, null=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "customer"], name="line_link_of_customer"),
            models.UniqueConstraint(fields=["tenant", "number_index"], name="line_link_number"),
            models.UniqueConstraint(fields=["tenant", "nonce_hash"], name="line_link_nonce"),
        ]

    def __str__(self) -> str:
        return f"LINE link {self.pk}"


class LineReply(TenantModel):
    """An answer somebody who wrote to the bank's account is about to get; gone before it is sent, so never twice."""

    class Kind(models.TextChoices):
        NOBODY_READS = "NOBODY_READS", _("Nobody reads messages here")
        NUMBER_TAKEN = "NUMBER_TAKEN", _("The number has arrived")
        UNTIED = "UNTIED", _("The tie has ended")

    account = TenantForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    reply_token = EncryptedTextField()
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["tenant", "received_at"], name="replies_waiting")]

    def __str__(self) -> str:
        return f"LINE reply {self.pk}"
