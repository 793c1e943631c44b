"""Questionnaires in immutable versions, responses, and the links that open them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from customers.models import Customer
from tenants.drafts import Draft, published_by_two
from tenants.fields import EncryptedJSONField, EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel
from tenants.pairing import person_field
from tenants.proposals import Proposal, by_two_people


class Questionnaire(TenantModel):
    """Something asked again and again, such as the standard form for companies."""

    key = models.SlugField(max_length=40)
    # whom it is for; of a campaign's customers, each answers the one chosen for their kind
    audience = models.CharField(max_length=10, choices=Customer.Kind)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    # the product's ready questionnaire that it began as, and the digest of that one as it was looked at last
    template = models.CharField(max_length=40, blank=True, default="")
    template_sha256 = models.CharField(max_length=64, blank=True, default="")
    # that one's document, to tell its news from what was changed here; null where it was not kept yet
    template_document = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="questionnaire_key")]

    def __str__(self) -> str:
        return self.key

    def name_in(self, language: str) -> str:
        """Its name for staff, who read Japanese or English."""
        return self.name if language.startswith("ja") else self.name_en


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


class QuestionnaireDraft(Draft):
    """A version being written: nobody is asked by it before a second person has approved it."""

    WAITING, ASKED = "AWAITING_APPROVAL", "submitted"

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        AWAITING_APPROVAL = "AWAITING_APPROVAL", _("To be approved")
        APPROVED = "APPROVED", _("Approved and published")
        DISCARDED = "DISCARDED", _("Thrown away")

    TRANSITIONS = {
        Status.DRAFT: {Status.AWAITING_APPROVAL, Status.DISCARDED},
        Status.AWAITING_APPROVAL: {Status.APPROVED, Status.DRAFT},
    }

    questionnaire = TenantForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="drafts")
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT)
    # the document before the last change, to undo it
    before = models.JSONField(null=True, blank=True)
    submitted_by = models.BigIntegerField(null=True, blank=True)
    submitted_person = person_field()
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "questionnaire"],
                name="questionnaire_being_written",
                condition=models.Q(status__in=["DRAFT", "AWAITING_APPROVAL"]),
            ),
            *published_by_two("questionnaire_draft", asked="submitted"),
        ]

    def __str__(self) -> str:
        return f"questionnaire draft {self.pk}"


class Response(Stateful, TenantModel):
    """One customer's answers to one version, saved page by page."""

    class Status(models.TextChoices):
        OPEN = "OPEN", _("Waiting")
        STARTED = "STARTED", _("Being answered")
        SUBMITTED = "SUBMITTED", _("Answered")
        CANCELLED = "CANCELLED", _("Cancelled")

    # What still waits for the customer.
    UNANSWERED: ClassVar = (Status.OPEN, Status.STARTED)

    class Origin(models.TextChoices):
        PORTAL = "PORTAL", _("The customer's own pages")
        TELEPHONE = "TELEPHONE", _("Told on the telephone")
        VISIT = "VISIT", _("Told on a visit")
        PAPER = "PAPER", _("Written on paper")

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
    # What shows where people give up: by page, seconds until it was sent and how often it was; the page that waits.
    steps = models.JSONField(default=dict)
    waiting_page = models.CharField(max_length=40, blank=True)
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


class KeptAnswer(TenantModel):
    """An answer that is kept for a time only; after it, the word that it was destroyed."""

    response = TenantForeignKey(Response, on_delete=models.CASCADE, related_name="kept")
    question = models.CharField(max_length=40)
    # The last day on which it is kept; none while that depends on a review that is not closed.
    kept_until = models.DateField(null=True, blank=True)
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "response", "question"], name="kept_answer_once")]
        indexes = [
            models.Index(
                fields=["tenant", "kept_until", "id"],
                name="kept_answer_due",
                condition=models.Q(destroyed_at__isnull=True, kept_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"kept answer {self.pk}"


class AccessLink(TenantModel):
    """A link to a response. Only the token's hash is kept; opening it changes nothing."""

    class Entrance(models.TextChoices):
        LINK = "LINK", _("The link of the notice")
        NUMBER = "NUMBER", _("The reference number")
        BANK_APP = "BANK_APP", _("The institution's own app")
        HAND_OVER = "HAND_OVER", _("From another device")

    response = TenantForeignKey(Response, on_delete=models.CASCADE, related_name="links")
    token_hash = models.BinaryField(max_length=32)
    channel = models.CharField(max_length=8)
    # Whether it came with word of a reply: it leads to what the institution wrote, and to the questions only while
    # a link of a notice does.
    is_to_read = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    # from when answers are taken; null: at once
    opens_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    failed_proofs = models.PositiveSmallIntegerField(default=0)
    locks = models.PositiveSmallIntegerField(default=0)  # since somebody last proved themselves
    locked_until = models.DateTimeField(null=True, blank=True)
    # who answers at present came in then, and so
    proved_at = models.DateTimeField(null=True, blank=True)
    entrance = models.CharField(max_length=9, choices=Entrance, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "token_hash"], name="link_token")]
        indexes = [
            models.Index(fields=["token_hash"], name="link_by_token"),
            models.Index(fields=["tenant", "response"], name="link_by_response"),
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"


class EntranceTicket(TenantModel):
    """A way in that is good once and for minutes: to another device, or from the institution's own app."""

    link = TenantForeignKey(AccessLink, on_delete=models.CASCADE, related_name="tickets")
    token_hash = models.BinaryField(max_length=32)
    entrance = models.CharField(max_length=9, choices=AccessLink.Entrance)
    # of a hand-over: the visit that it continues, which must still be the latest
    proved_at = models.DateTimeField(null=True, blank=True)
    # of the app: what its word was called by, so that it is taken once
    word_hash = models.BinaryField(max_length=32, null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    failed_proofs = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "token_hash"], name="ticket_token"),
            models.UniqueConstraint(fields=["tenant", "word_hash"], name="ticket_word_once"),
        ]
        indexes = [models.Index(fields=["tenant", "expires_at"], name="ticket_by_end")]

    def __str__(self) -> str:
        return f"ticket {self.pk}"


class EntrancePolicy(Proposal):
    """By what a tenant's customers prove themselves: the approved one that is newest is in force."""

    class Individual(models.TextChoices):
        BIRTH_ACCOUNT = "BIRTH_ACCOUNT", _("Date of birth and the end of an account number")
        BIRTH_PHONE = "BIRTH_PHONE", _("Date of birth and the end of the registered telephone number")
        BIRTH_NUMBER = "BIRTH_NUMBER", _("Date of birth and the customer number")

    class Company(models.TextChoices):
        PHONE_ACCOUNT = "PHONE_ACCOUNT", _("The ends of the registered telephone number and of an account number")
        PHONE_NUMBER = "PHONE_NUMBER", _("The end of the registered telephone number and the customer number")

    individual = models.CharField(max_length=16, choices=Individual, default=Individual.BIRTH_ACCOUNT)
    company = models.CharField(max_length=16, choices=Company, default=Company.PHONE_ACCOUNT)
    # whether whoever comes from the institution's own app is asked for the facts as well
    app_asks_facts = models.BooleanField(default=False)

    class Meta:
        constraints = [
            *by_two_people("entrance_policy"),
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(status="PROPOSED"), name="one_open_entrance_policy"
            ),
        ]

    def __str__(self) -> str:
        return f"entrance policy {self.pk}"


class EntranceKey(Proposal):
    """A public key by which the institution's own app vouches for a customer, once two people have let it."""

    class Algorithm(models.TextChoices):
        ED25519 = "EdDSA", "Ed25519"
        ES256 = "ES256", "ECDSA P-256"

    name = models.CharField(max_length=80)
    key_id = models.CharField(max_length=43)  # RFC 7638 thumbprint: the key's own, so that none passes as another
    algorithm = models.CharField(max_length=5, choices=Algorithm)
    public_key = models.TextField()  # PEM
    retired_by = models.BigIntegerField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *by_two_people("entrance_key"),
            models.UniqueConstraint(
                fields=["tenant", "key_id"], condition=~models.Q(status="REJECTED"), name="entrance_key_once"
            ),
        ]

    def __str__(self) -> str:
        return f"entrance key {self.pk}"


class Delegation(TenantModel):
    """That somebody else answers some pages of a company's response, for its representative to check and send."""

    response = TenantForeignKey(Response, on_delete=models.CASCADE, related_name="delegations")
    pages = models.JSONField()  # ids, in the order of the document
    name = EncryptedTextField(person="response.customer_id")
    answers = EncryptedJSONField(person="response.customer_id", default=dict)
    token_hash = models.BinaryField(max_length=32)
    # of the token together with the number that is told apart from it
    code_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    failed_proofs = models.PositiveSmallIntegerField(default=0)
    proved_at = models.DateTimeField(null=True, blank=True)
    handed_over_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "token_hash"], name="delegation_token")]
        indexes = [models.Index(fields=["tenant", "response"], name="delegation_by_response")]

    def __str__(self) -> str:
        return f"delegation {self.pk}"
