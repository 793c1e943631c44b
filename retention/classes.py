"""What the rooms above let retention destroy: they register here when the apps are ready, so that imports go down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from django.utils.functional import Promise

from audit.services import Actor
from retention.expiring import Period

type Words = str | Promise


@dataclass(frozen=True, slots=True)
class Due:
    """One record, the day its period began, and the customer it is about, if that is known."""

    record: UUID
    trigger_on: date
    subject: UUID | None


class FindsDue(Protocol):
    """Records whose trigger was `until` or earlier, the oldest first; of `only`, if given."""

    def __call__(self, *, until: date, limit: int, only: Sequence[UUID] | None = None) -> list[Due]: ...


class Destroys(Protocol):
    """Destroys records inside the transaction that is open."""

    def __call__(self, ids: Sequence[UUID], *, actor: Actor, now: datetime) -> None: ...


def _looks_for_nothing(*, now: datetime) -> int:
    return 0


def _says_nothing(ids: Sequence[UUID]) -> Mapping[UUID, Words]:
    return {}


@dataclass(frozen=True, slots=True)
class RecordClass:
    """One kind of record: why and how long it is kept, and how it is found and destroyed.

    ``look``: what has to be searched for at night, in batches of its own, before `due` can tell; returns how many
    records it noted. ``say``: what each record is, where the title of its class is not enough.
    """

    code: str
    title: Words
    basis: Words
    trigger: Words
    default: Period
    shortest: int
    longest: int
    due: FindsDue
    destroy: Destroys
    look: Callable[..., int] = _looks_for_nothing
    say: Callable[[Sequence[UUID]], Mapping[UUID, Words]] = _says_nothing


@dataclass(frozen=True, slots=True)
class Subjects:
    """How the customer file finds a customer by number, and says the numbers of customers."""

    find: Callable[[str], UUID | None]
    numbers: Callable[[Sequence[UUID]], Mapping[UUID, str]]


_classes: dict[str, RecordClass] = {}
_erasers: list[tuple[int, Callable[[Sequence[UUID]], None]]] = []
_subjects: list[Subjects] = []


def register_class(record_class: RecordClass) -> None:
    """Let records of a class be found and destroyed."""
    _classes[record_class.code] = record_class


def register_eraser(layer: int, erase: Callable[[Sequence[UUID]], None]) -> None:
    """Have everything a room keeps of customers deleted with them; the highest layer first."""
    _erasers.append((layer, erase))


def register_subjects(subjects: Subjects) -> None:
    """Let pages speak of customers by their numbers."""
    _subjects[:] = [subjects]


def record_classes() -> list[RecordClass]:
    """Every class, in a steady order."""
    return [_classes[code] for code in sorted(_classes)]


def class_of(code: str) -> RecordClass:
    """The class. Raises KeyError."""
    return _classes[code]


def erase_everywhere(customer_ids: Sequence[UUID]) -> None:
    """Delete what the rooms keep of customers, from the top down."""
    for _, erase in sorted(_erasers, key=lambda entry: -entry[0]):
        erase(customer_ids)


def subjects() -> Subjects:
    """The customer file's part."""
    return _subjects[0]
