"""Which file was handed in for which question."""

from __future__ import annotations

from django.db import models

from questionnaires.models import Response
from tenants.models import TenantForeignKey, TenantModel


class AnswerFile(TenantModel):
    """A file handed in for a question, by the customer or by staff for them. The file itself is an upload.

    What was taken back stays as a row without a file, so that it is known how often something was sent.
    """

    response = TenantForeignKey(Response, on_delete=models.CASCADE, related_name="files")
    question = models.CharField(max_length=40)
    side = models.CharField(max_length=5, blank=True)
    upload = models.UUIDField()
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "upload"], name="answer_file_upload")]
        indexes = [models.Index(fields=["tenant", "response", "added_at"], name="answer_file_by_response")]

    def __str__(self) -> str:
        return f"file {self.pk}"
