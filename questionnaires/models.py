"""Questionnaires in immutable versions, responses, and the links that open them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from customers.models import Customer
from tenants.fields import EncryptedJSONField
from tenants.models import TenantForeignKey, TenantModel
from tenants.pairing import person_field


class Questionnaire(TenantModel):
    """Something asked again and again, such as the standard form for companies."""

    key = models.SlugField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="questionnaire_key")]

    def __str__(self) -> str:
        return self.key


class QuestionnaireVersion(TenantModel):
    """The questions as they stood. Never changed: responses are pinned to it and to its hash."""

    questionnaire = TenantForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "questionnaire", "number"], name="questionnaire_version")
        ]

    def __str__(self) -> str:
        return f"version {self.number} of questionnaire {self.questionnaire_id}"


class Response(Stateful, TenantModel):
    """One customer's answers to one version, saved page by page."""

    class Status(models.TextChoices):
        OPEN = "OPEN", _("Waiting")
        STARTED = "STARTED", _("Being answered")
        SUBMITTED = "SUBMITTED", _("Answered")
        CANCELLED = "CANCELLED", _("Cancelled")

    class Origin(models.TextChoices):
        PORTAL = "PORTAL", _("The customer's own pages")
        TELEPHONE = "TELEPHONE", _("Told on the telephone")
        VISIT = "VISIT", _("Told on a visit")

    TRANSITIONS = {
        Status.OPEN: {Status.STARTED, Status.CANCELLED},
        Status.STARTED: {Status.SUBMITTED, Status.CANCELLED},
    }

    customer = TenantForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    version = TenantForeignKey(QuestionnaireVersion, on_delete=models.PROTECT, related_name="+")
    reference = models.UUIDField()  # what the answers are for: a periodic review
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    language = models.CharField(max_length=8, default="ja")
    answers = EncryptedJSONField(person="customer_id", default=dict)
    confirmed_pages = models.JSONField(default=list)  # pages answered «nothing changed»
    # Who typed the answers: the customer, or a member of staff on their behalf.
    origin = models.CharField(max_length=9, choices=Origin, default=Origin.PORTAL)
    entered_by = models.BigIntegerField(null=True, blank=True)
    entered_person = person_field()
    receipt_number = models.CharField(max_length=12, blank=True)
    opened_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    saved_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "reference"], name="response_reference")]

    def __str__(self) -> str:
        return f"response {self.pk}"


class AccessLink(TenantModel):
    """A link to a response. Only the token's hash is kept; opening it changes nothing."""

    response = TenantForeignKey(Response, on_delete=models.CASCADE, related_name="links")
    token_hash = models.BinaryField(max_length=32)
    channel = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    failed_proofs = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    proved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "token_hash"], name="link_token")]
        indexes = [
            models.Index(fields=["token_hash"], name="link_by_token"),
            models.Index(fields=["tenant", "response"], name="link_by_response"),
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"
