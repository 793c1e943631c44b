"""What staff enter about inquiries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from outreach.inquiries.services import LONGEST
from tenants.forms import StaffForm


class AnswerForm(StaffForm):
    """An answer to the customer."""

    text = forms.CharField(
        label=_("Answer"),
        help_text=_("The customer reads it after proving who they are. Say nothing about risk or suspicion."),
        widget=forms.Textarea(attrs={"rows": 8}),
        max_length=LONGEST,
        error_messages={"required": _("Write the answer.")},
    )
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, text: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"token": uuid4(), "text": text})
        super().__init__(*args, **kwargs)


class AssigneeForm(StaffForm):
    """Who is to answer."""

    assignee = forms.ChoiceField(label=_("Who is to answer"), required=False)

    def __init__(self, people: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["assignee"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "—"), *((str(pk), name) for pk, name in people)]

    def clean_assignee(self) -> int | None:
        """The account, or nobody."""
        chosen = self.cleaned_data["assignee"]
        return int(chosen) if chosen else None
