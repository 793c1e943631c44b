"""Queues: the cases of one tier, one branch or both, made by administrators to be given to somebody."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from customers.models import RiskTier
from reviews.models import Case, CaseQueue
from tenants.forms import StaffForm


class QueueTaken(Exception):
    """There is a queue of that name."""


class QueueForm(StaffForm):
    """What a queue is called and which cases are in it."""

    name = forms.CharField(
        label=_("Name of the queue"), max_length=40, error_messages={"required": _("Give the queue a name.")}
    )
    tier = forms.ChoiceField(label=_("Risk"), choices=[("", _("Any risk")), *RiskTier.choices], required=False)
    branch_code = forms.RegexField(
        r"^\d{1,3}$",
        label=_("Branch code"),
        required=False,
        help_text=_("Empty: every branch. A queue has a risk, a branch or both."),
        error_messages={"invalid": _("Enter the digits of the branch.")},
    )

    def clean(self) -> dict[str, Any]:
        """A queue of everything would be no queue."""
        data = super().clean() or {}
        data["branch_code"] = data["branch_code"].zfill(3) if data.get("branch_code") else ""
        if not self.errors and not data.get("tier") and not data["branch_code"]:
            raise forms.ValidationError(_("Choose a risk, a branch or both."))
        return data


def make_queue(*, name: str, tier: str, branch_code: str, actor: Actor, now: datetime) -> CaseQueue:
    """A queue, which is given to members on their page.

    Raises:
        QueueTaken.
    """
    try:
        with transaction.atomic():
            queue: CaseQueue = CaseQueue.objects.create(name=name, tier=tier, branch_code=branch_code)
            record("casequeue.made", target=queue, actor=actor, at=now, tier=tier, branch_code=branch_code)
    except IntegrityError as error:
        raise QueueTaken from error
    return queue


def queues_with_counts() -> list[tuple[CaseQueue, int]]:
    """Every queue by name, and how many of its cases wait; one query a queue."""
    waiting = Case.objects.filter(status__in=(Case.Status.OPEN, Case.Status.AWAITING_APPROVAL))
    return [(queue, waiting.filter(queue.holds()).count()) for queue in CaseQueue.objects.order_by("name")]
