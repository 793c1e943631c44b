"""What the operators' pages call each column, and how its values are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.admin import BooleanFieldListFilter, ChoicesFieldListFilter, FieldListFilter, display
from django.contrib.admin.utils import display_for_field
from django.db.models import BooleanField, Model
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

LABELS: Mapping[str, Any] = {  # lazy texts
    "address": _("Address"),
    "approved_at": _("Approved at"),
    "branch_code": _("Branch"),
    "channel": _("Channel"),
    "closed_at": _("Closed at"),
    "created_at": _("Created at"),
    "deadline_on": _("Deadline"),
    "due_by": _("Due by"),
    "encoding": _("Encoding"),
    "error": _("Error"),
    "failure_code": _("Code"),
    "failure_kind": _("Kind of failure"),
    "finished_at": _("Finished at"),
    "id": _("Identifier"),
    "is_active": _("Active"),
    "is_paused": _("Stopped"),
    "name": _("Name"),
    "name_en": _("Name in English"),
    "number": _("Number"),
    "official_site": _("Official site"),
    "pause_reason": _("Reason"),
    "phone": _("Telephone"),
    "phone_hours": _("Hours of the telephone"),
    "planned_at": _("Planned at"),
    "postal_code": _("Postal code"),
    "processed_at": _("Processed at"),
    "provider": _("Provider"),
    "public_id": _("Name in webhook addresses"),
    "published_at": _("Published at"),
    "questionnaire": _("Questionnaire"),
    "received_at": _("Received at"),
    "role": _("Role"),
    "rows_created": _("Rows added"),
    "rows_joined": _("Rows of further accounts"),
    "rows_rejected": _("Rows rejected"),
    "rows_total": _("Rows"),
    "rows_unchanged": _("Rows unchanged"),
    "rows_updated": _("Rows changed"),
    "sha256": _("Hash"),
    "size": _("Size"),
    "slug": _("Short name"),
    "status": _("State"),
    "tries": _("Tries"),
    "uploaded_at": _("Uploaded at"),
    "valid_until": _("Valid until"),
    "version": _("Version"),
}


@cache
def shown(model: str, name: str) -> Callable[[Model], Any]:
    """A column of a list or a row: the field's value under our label. ``model`` is named ``app.Model``."""
    field = apps.get_model(model)._meta.get_field(name)

    def value(row: Model) -> Any:
        found = getattr(row, name)
        if isinstance(field, BooleanField):  # a red cross would alarm where nothing is stopped
            return gettext("Yes") if found else gettext("No")
        return display_for_field(found, field, "—")

    value.__name__ = name
    return display(description=LABELS[name], ordering=name)(value)


def filter_by(name: str) -> type[FieldListFilter]:
    """A filter of a list, called as its column."""
    kind = BooleanFieldListFilter if name.startswith("is_") else ChoicesFieldListFilter

    class Titled(kind):  # type: ignore[valid-type, misc]  # the base is one of two classes, chosen above
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.title = LABELS[name]

    return Titled
