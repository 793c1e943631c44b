"""What a case shows of the answers as they were given, also of those that the file does not keep."""

from __future__ import annotations

from uuid import UUID

from questionnaires.files.selectors import picture_of
from questionnaires.schema import InvalidQuestionnaire, Sensitivity
from questionnaires.selectors import questionnaire_of
from questionnaires.telling import told
from reviews.models import Case
from tenants.keys import PersonShredded
from uploads.models import Upload


def picture_of_answer(case: Case, upload_id: UUID, *, shows_sensitive: bool) -> Upload:
    """A picture that was handed in with the answers.

    Raises:
        Upload.DoesNotExist: there is no such picture that may be shown, or it is of a sensitive answer.
    """
    upload, handed = picture_of(case.response, upload_id)
    questions = questionnaire_of(case.response.version).questions()
    asked = next((question for question in questions if question.id == handed.file.question), None)
    if not shows_sensitive and (asked is None or asked.sensitivity is Sensitivity.SENSITIVE):
        raise Upload.DoesNotExist
    return upload


def answers_told(case: Case, *, masked: bool, shows_sensitive: bool) -> dict[str, object]:
    """What the page needs beside the rest; nothing where the data were destroyed, or the questions cannot be read."""
    try:
        return {"told": told(case.response, masked=masked, shows_sensitive=shows_sensitive)}
    except (PersonShredded, InvalidQuestionnaire):
        return {}
