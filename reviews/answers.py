"""What a case shows of the answers as they were given, also of those that the file does not keep."""

from __future__ import annotations

from questionnaires.schema import InvalidQuestionnaire
from questionnaires.telling import told
from reviews.models import Case
from tenants.keys import PersonShredded


def answers_told(case: Case, *, masked: bool, shows_sensitive: bool) -> dict[str, object]:
    """What the page needs beside the rest; nothing where the data were destroyed, or the questions cannot be read."""
    try:
        return {"told": told(case.response, masked=masked, shows_sensitive=shows_sensitive)}
    except (PersonShredded, InvalidQuestionnaire):
        return {}
