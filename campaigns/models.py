"""Campaigns and periodic reviews: one customer in one campaign is the unit of work."""

from __future__ import annotations

from datetime import date, datetime, time

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from channels.hours import JST
from channels.models import DeliveryAttempt
from customers.models import Customer, RiskTier
from ekyc.models import Verification
from questionnaires.models import Response
from reviews.models import Case
from tenants.models import Grant, TenantForeignKey, TenantModel
from tenants.pairing import person_field, two_people
from tenants.proposals import Proposal, by_two_people
from tenants.reach import Reach


class Campaign(Stateful, TenantModel):
    """One planned run over everybody who is due."""

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        AWAITING_APPROVAL = "AWAITING_APPROVAL", _("To be approved")
        RUNNING = "RUNNING", _("Running")
        PAUSED = "PAUSED", _("Paused")
        CLOSED = "CLOSED", _("Closed")

    TRANSITIONS = {
        Status.DRAFT: {Status.AWAITING_APPROVAL, Status.CLOSED},
        Status.AWAITING_APPROVAL: {Status.RUNNING, Status.DRAFT},
        Status.RUNNING: {Status.PAUSED, Status.CLOSED},
        Status.PAUSED: {Status.RUNNING, Status.CLOSED},
    }

    name = models.CharField(max_length=80)
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT)
    due_by = models.DateField()
    deadline_on = models.DateField()
    # from when answers are taken, on Japan's clock; None: as soon as somebody is asked
    opens_on = models.DateField(null=True, blank=True)
    # {"ladder": {tier: [channels]}, "ekyc": {tier: method code or ""}}
    plan = models.JSONField()
    # what the plan found: population, due, not_due, exempt, by tier, by channel, exempt reasons, cost
    counts = models.JSONField(default=dict)
    # how many customers do not stand where they should, by the check that adds everybody up
    astray = models.PositiveIntegerField(default=0)
    plan_hash = models.CharField(max_length=64)
    planned_by = models.BigIntegerField()
    planned_person = person_field()
    planned_at = models.DateTimeField()
    submitted_by = models.BigIntegerField(null=True, blank=True)
    submitted_person = person_field()
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.BigIntegerField(null=True, blank=True)
    approved_person = person_field()
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_hash = models.CharField(max_length=64, blank=True)
    return_reason = models.CharField(max_length=400, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            two_people("campaign_four_eyes", first=("planned", "submitted"), second="approved"),
            models.CheckConstraint(
                condition=~models.Q(status__in=["RUNNING", "PAUSED"])
                | models.Q(approved_by__isnull=False, approved_at__isnull=False),
                name="campaign_approved",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True) | models.Q(approved_hash=models.F("plan_hash")),
                name="campaign_approved_as_planned",
            ),
            models.CheckConstraint(
                condition=models.Q(opens_on__isnull=True) | models.Q(opens_on__lt=models.F("deadline_on")),
                name="campaign_opens_before_its_deadline",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "status"], name="campaign_by_status")]

    def __str__(self) -> str:
        return f"campaign {self.pk}"

    @property
    def days(self) -> tuple[date, date | None]:
        """The days that customers read: until when answers are taken, and from when."""
        return self.deadline_on, self.opens_on

    def opens_after(self, now: datetime) -> datetime | None:
        """The moment from which answers are taken, if it is still to come."""
        if self.opens_on is None:
            return None
        opens_at = datetime.combine(self.opens_on, time.min, JST)
        return opens_at if opens_at > now else None

    @classmethod
    def within(cls, reach: Reach) -> models.Q | None:
        """Those that were given and have begun: a plan is about everybody. Operators see how far they have got."""
        if reach.is_operator:
            return None
        return models.Q(pk__in=reach.granted(CampaignGrant)) & ~models.Q(status__in=_NOT_BEGUN)


_NOT_BEGUN = (Campaign.Status.DRAFT, Campaign.Status.AWAITING_APPROVAL)


class CampaignGrant(Grant):
    """That a member sees one campaign."""

    content_object = TenantForeignKey(Campaign, on_delete=models.CASCADE)

    class Meta:
        verbose_name = _("Campaign")
        constraints = [models.UniqueConstraint(fields=["tenant", "user", "content_object"], name="campaign_grant")]

    @classmethod
    def offered(cls) -> models.QuerySet[Campaign]:
        """Those that have begun, newest first."""
        rows: models.QuerySet[Campaign] = Campaign.objects.exclude(status__in=_NOT_BEGUN)
        return rows.order_by("-planned_at")


class PeriodicReview(Stateful, TenantModel):
    """One customer in one campaign, from being due to being up to date."""

    class Status(models.TextChoices):
        PLANNED = "PLANNED", _("Planned")
        NOTIFIED = "NOTIFIED", _("Notified")
        VERIFYING = "VERIFYING", _("Answered, identity to be verified")
        IN_REVIEW = "IN_REVIEW", _("In review")
        COMPLETED = "COMPLETED", _("Completed")
        UNREACHABLE = "UNREACHABLE", _("Undeliverable")
        NO_ANSWER = "NO_ANSWER", _("No answer")
        CANCELLED = "CANCELLED", _("Cancelled")

    class Reason(models.TextChoices):
        CALENDAR = "CALENDAR", _("Review cycle")
        EVENT = "EVENT", _("Event")

    # An answer counts whenever it comes: from somebody thought unreachable, or after the deadline.
    TRANSITIONS = {
        Status.PLANNED: {Status.NOTIFIED, Status.UNREACHABLE, Status.CANCELLED},
        Status.NOTIFIED: {
            Status.VERIFYING,
            Status.IN_REVIEW,
            Status.COMPLETED,
            Status.UNREACHABLE,
            Status.NO_ANSWER,
            Status.CANCELLED,
        },
        Status.VERIFYING: {Status.IN_REVIEW, Status.COMPLETED, Status.CANCELLED},
        Status.IN_REVIEW: {Status.COMPLETED, Status.CANCELLED},
        # asked again when two people have had a notice sent again
        Status.UNREACHABLE: {Status.NOTIFIED, Status.VERIFYING, Status.IN_REVIEW, Status.COMPLETED, Status.CANCELLED},
        Status.NO_ANSWER: {Status.VERIFYING, Status.IN_REVIEW, Status.COMPLETED, Status.CANCELLED},
    }

    campaign = TenantForeignKey(Campaign, on_delete=models.PROTECT, related_name="reviews")
    customer = TenantForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=Status, default=Status.PLANNED)
    reason = models.CharField(max_length=10, choices=Reason, default=Reason.CALENDAR)
    tier = models.CharField(max_length=6, choices=RiskTier)
    due_on = models.DateField()
    # the channel tried last, "" before the first notice
    channel = models.CharField(max_length=9, blank=True)
    response = TenantForeignKey(Response, on_delete=models.PROTECT, null=True, related_name="+")
    verification = TenantForeignKey(Verification, on_delete=models.PROTECT, null=True, related_name="+")
    case = TenantForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    notified_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "campaign", "customer"], name="review_once"),
        ]
        indexes = [
            models.Index(fields=["tenant", "campaign", "status", "id"], name="review_by_status"),
            models.Index(fields=["tenant", "customer"], name="review_by_customer"),
        ]

    def __str__(self) -> str:
        return f"periodic review {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Of branch staff those of their customers; of others those of the campaigns that were given."""
        if reach.has_branch:
            return models.Q(customer__branch_code__in=reach.branches)
        return models.Q(campaign__in=reach.granted(CampaignGrant))


class ResendProposal(Proposal):
    """Notices of one campaign that somebody wants to have sent again, and who let them."""

    campaign = TenantForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)

    class Meta:
        constraints = by_two_people("resend")
        indexes = [models.Index(fields=["tenant", "status", "proposed_at"], name="resend_by_status")]

    def __str__(self) -> str:
        return f"resend proposal {self.pk}"


class ResendItem(TenantModel):
    """One notice of such a proposal, and what became of it."""

    proposal = TenantForeignKey(ResendProposal, on_delete=models.CASCADE, related_name="items")
    attempt = TenantForeignKey(DeliveryAttempt, on_delete=models.CASCADE, related_name="+")
    # "" until it is decided, then "queued" or why not: a code of `campaigns.resends.selectors`
    outcome = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "proposal", "attempt"], name="resend_item_once")]

    def __str__(self) -> str:
        return f"resend item {self.pk}"
