"""One customer's copy from being asked for to the end of that day."""

from __future__ import annotations

from django.db import models

from questionnaires.models import Response
from tenants.fields import EncryptedBinaryField, EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel


class AnswerCopy(TenantModel):
    """The copy of one response in one language: first as HTML, then as the PDF that was set from it."""

    response = TenantForeignKey(Response, on_delete=models.CASCADE, related_name="copies")
    language = models.CharField(max_length=8)
    page = EncryptedTextField(person="response.customer_id", null=True)
    pdf = EncryptedBinaryField(person="response.customer_id", null=True)
    # why it cannot be set: a code of `channels.rendering.CannotRender`, or the kind of error
    failure = models.CharField(max_length=40, blank=True)
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["tenant", "asked_at", "id"],
                name="answer_copies_waiting",
                condition=models.Q(made_at__isnull=True, failure=""),
            ),
            models.Index(fields=["tenant", "response"], name="answer_copies_of_response"),
        ]

    def __str__(self) -> str:
        return f"answer copy {self.pk}"

    @property
    def is_waiting(self) -> bool:
        """Whether it is still to be set."""
        return self.made_at is None and not self.failure
