"""One file that somebody sent us, from its arrival to the verdict."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from tenants.fields import EncryptedBinaryField, EncryptedTextField
from tenants.models import TenantModel

# Files; a PDF counts as one, however many pages it has.
MOST_IN_ONE_PLACE = 20


class Upload(Stateful, TenantModel):
    """A file as it arrived, until it is scanned; then a picture of our own making, or nothing.

    Of a PDF the row becomes its first page; the others are rows that come with the verdict.
    """

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Being checked")
        CLEAN = "CLEAN", _("Checked")
        REJECTED = "REJECTED", _("Not accepted")

    class Purpose(models.TextChoices):
        CASE_DOCUMENT = "CASE_DOCUMENT", _("Document of a case")
        VISIT_PHOTO = "VISIT_PHOTO", _("Photograph of a visit")
        FLAG_EVIDENCE = "FLAG_EVIDENCE", _("Evidence for a flag")
        REGISTRY_CERTIFICATE = "REGISTRY_CERTIFICATE", _("Registry certificate")
        OWNER_PAPER = "OWNER_PAPER", _("Paper about the owners")
        ANSWER_FILE = "ANSWER_FILE", _("File handed in with the answers")
        PAPER_ANSWER = "PAPER_ANSWER", _("Sheet of a paper answer")

    class Kind(models.TextChoices):
        JPEG = "JPEG", _("JPEG")
        PNG = "PNG", _("PNG")
        WEBP = "WEBP", _("WebP")
        HEIC = "HEIC", _("HEIC")
        PDF = "PDF", _("PDF")

    # What is paper may come as PDF; a photograph of a house may not.
    PAPERS = frozenset(set(Purpose) - {Purpose.VISIT_PHOTO})

    TRANSITIONS = {Status.PENDING: {Status.CLEAN, Status.REJECTED}}

    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    purpose = models.CharField(max_length=20, choices=Purpose)
    # What it belongs to, as the room above knows it.
    reference = models.UUIDField()
    # Whom it is about: sealed under that customer's key, it goes when that key goes.
    person_id = models.UUIDField()
    # What arrived: its name made harmless, its kind by content, its size in bytes and hash.
    name = EncryptedTextField(person="person_id")
    kind = models.CharField(max_length=8, choices=Kind)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    # Of a PDF each page becomes a row of its own, all with the hash and the moment of the file.
    page = models.PositiveSmallIntegerField(default=1, db_default=1)
    pages = models.PositiveSmallIntegerField(default=1, db_default=1)
    # PENDING: the file itself; CLEAN: the picture made from it, always JPEG; REJECTED: destroyed.
    body = EncryptedBinaryField(person="person_id", null=True)
    reason = models.CharField(max_length=40, blank=True)
    # What makes it hard to read, as codes of `looking`.
    hints = models.JSONField(default=list, db_default=[])
    received_at = models.DateTimeField()
    # Scanning: when to try (again), how often it was tried, and by which engine it was done at last.
    try_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    scanned_at = models.DateTimeField(null=True, blank=True)
    scanner = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "purpose", "reference", "id"], name="upload_by_reference"),
            models.Index(fields=["tenant", "try_at"], name="upload_waiting", condition=models.Q(status="PENDING")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status="REJECTED") | models.Q(body__isnull=True),
                name="rejected_upload_is_destroyed",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="CLEAN") | models.Q(body__isnull=False), name="clean_upload_has_a_body"
            ),
        ]

    def __str__(self) -> str:
        return f"upload {self.pk}"
