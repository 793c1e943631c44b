"""What an institution says on the help pages, one version of one question at a time."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tenants.proposals import Proposal, by_two_people


class FaqEntry(Proposal):
    """A question of the institution's own, or its own words for one of the product's; the newest approved counts."""

    # the product's question that it is about, or one of the institution's own
    code = models.SlugField(max_length=40)
    topic = models.CharField(max_length=12)
    audiences = models.JSONField(default=list)
    # among the questions of its topic; the product's own stand at 10, 20, 30 …
    place = models.PositiveSmallIntegerField(default=500)
    is_hidden = models.BooleanField(default=False)
    # by language; without words it says what the product says
    asks = models.JSONField(default=dict)
    answers = models.JSONField(default=dict)

    class Meta:
        constraints = [
            *by_two_people("faq_entry"),
            models.UniqueConstraint(
                fields=["tenant", "code"], condition=Q(status="PROPOSED"), name="one_open_faq_entry"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "status", "code", "-approved_at"], name="faq_in_force")]

    def __str__(self) -> str:
        return f"FAQ entry {self.pk}"
