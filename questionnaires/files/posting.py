"""The files that come with a posted page, whoever posts it: taken in one after the other, or taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict

from audit.services import Actor
from questionnaires.answering import Errors
from questionnaires.controls import camera_control, control_of, file_control
from questionnaires.files.selectors import Handed, files_of
from questionnaires.files.services import remove_file, take_file
from questionnaires.files.wording import refusal_in_words
from questionnaires.models import Response
from questionnaires.schema import Kind, Page
from uploads.services import UploadRefused

REMOVE = "remove"


@dataclass(slots=True)
class Posted:
    """What became of the files of one post."""

    files: Mapping[str, Sequence[Handed]] = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)
    added: int = 0
    is_removed: bool = False


def asks_for_files(page: Page) -> bool:
    """Whether a question of the page is answered by files."""
    return any(question.kind is Kind.FILE for question in page.questions)


def take_posted(
    *,
    response: Response,
    page: Page,
    data: Mapping[str, str],
    files: MultiValueDict[str, UploadedFile[bytes]],
    actor: Actor,
    now: datetime,
    looks_at_once: bool = True,
) -> Posted:
    """Take in what came with a page, and take back what it says. ``looks_at_once``: as `take_file`.

    Raises ResponseClosed, OffRoute.
    """
    if not asks_for_files(page):
        return Posted()
    posted = Posted()
    if removed := _identifier(data.get(REMOVE, "")):
        posted.is_removed = remove_file(response=response, file_id=removed, actor=actor, now=now)
    for question in page.questions:
        if question.kind is not Kind.FILE:
            continue
        for side in question.sides or ("",):
            control = file_control(question, side)
            for file in [*files.getlist(control), *files.getlist(camera_control(question, side))]:
                try:
                    take_file(
                        response=response,
                        page=page,
                        question=question,
                        side=side,
                        file=file,  # type: ignore[arg-type]  # reads and seeks as one
                        name=file.name or "",
                        actor=actor,
                        now=now,
                        looks_at_once=looks_at_once,
                    )
                except UploadRefused as refused:
                    posted.errors[control] = ("refused", {"reason": refusal_in_words(refused.code)})
                else:
                    posted.added += 1
    posted.files = files_of(response)
    return posted


def nothing_chosen(page: Page, posted: Posted) -> Errors:
    """For whoever sends a page to add a file and chose none."""
    if posted.added or posted.is_removed:
        return {}
    question = next(question for question in page.questions if question.kind is Kind.FILE)
    return {control_of(question): ("attach", {})}


def _identifier(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None
