"""What a page shows of a question that is answered by files: where they are chosen, and what is there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from questionnaires.controls import camera_control, file_control
from questionnaires.files.selectors import Handed
from questionnaires.files.wording import handed_in_words, remarks_on, side_in_words
from questionnaires.schema import Accepted, Kind, Question

# As HTML names kinds of files; what really comes is known by its first bytes.
_ACCEPT = {Accepted.PHOTO: "image/jpeg,image/png,image/webp,image/heic", Accepted.PDF: "application/pdf"}


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file that was handed in; ``remarks``: what whoever sent it should know of it."""

    id: UUID
    words: str
    remarks: tuple[str, ...]
    is_refused: bool


@dataclass(frozen=True, slots=True)
class Slot:
    """Where files are chosen, and those that have been: for one side, or for the question. ``camera``: its control."""

    name: str
    label: str
    error: str
    camera: str
    files: tuple[ShownFile, ...]
    is_full: bool


def slots_of(question: Question, files: Sequence[Handed], errors: Mapping[str, str]) -> tuple[Slot, ...]:
    """One for each side that is wanted, or one; none for other kinds of questions. ``errors`` by control."""
    if question.kind is not Kind.FILE:
        return ()
    shown = {
        one.file.pk: ShownFile(
            id=one.file.pk,
            words=handed_in_words(one, number),
            remarks=tuple(remarks_on(one, question)),
            is_refused=one.is_refused,
        )
        for number, one in enumerate(files, start=1)
    }
    return tuple(
        Slot(
            name=file_control(question, side),
            label=side_in_words(side),
            error=errors.get(file_control(question, side), ""),
            camera=camera_control(question, side) if Accepted.PHOTO in question.accepts else "",
            files=tuple(shown[one.file.pk] for one in files if one.file.side == side),
            is_full=len(files) >= question.limits.max_files,
        )
        for side in question.sides or ("",)
    )


def accept_of(question: Question) -> str:
    """What a browser lets people choose from."""
    return ",".join(_ACCEPT[accepted] for accepted in question.accepts)
