"""What a register of corporate numbers must answer, in our words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

# As many as one question for differences may cover.
DAYS = 50


class Entry(NamedTuple):
    """What the register says of one company, from a day on. Texts are as the register writes them: full width.

    The order is that of `companies.keeping.COLUMNS`; codes are the tax agency's (process 11 renamed, 12 moved,
    21 closed, 22 reopened, 71 merged; kind 301 株式会社 and so on). Days are days of Japan.
    """

    number: str
    name: str
    name_fold: str
    furigana: str
    name_en: str
    kind: str
    prefecture: str
    city: str
    street: str
    address_abroad: str
    postal_code: str
    process: str
    changed_on: date
    updated_on: date
    closed_on: date | None
    close_cause: str
    successor: str
    change_cause: str
    assigned_on: date | None
    has_odd_characters: bool
    is_hidden: bool
    is_latest: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Part of an answer: ``count`` is how many there are in all, in ``size`` parts, of which this is ``part``."""

    entries: tuple[Entry, ...]
    count: int
    part: int
    size: int
    updated_on: date


class RegistryUnavailable(Exception):
    """The register cannot be reached, or is out of order; trying again later may work. ``code`` says how."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RegistryRefused(Exception):
    """The register refuses what we ask; ``code`` is its own three digits, or "application_id"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RegistryUnreadable(Exception):
    """The register answered with something that is not what its description says; nothing of it is believed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Registry(Protocol):
    """A register that can be asked. Everything raises RegistryUnavailable, RegistryRefused, RegistryUnreadable."""

    def by_numbers(self, numbers: Sequence[str], *, with_history: bool = False) -> list[Entry]:
        """Entries of up to ten companies, in the order asked, oldest first; unknown numbers are left out."""
        ...

    def by_name(self, name: str, *, anywhere: bool = True, is_former: bool = False, has_closed: bool = True) -> Found:
        """Companies whose name begins with ``name`` or has it anywhere, also as a former name; the first part."""
        ...

    def differences(self, first: date, last: date) -> Iterator[Found]:
        """Every entry updated on these days, both included and at most 50, part by part; complete, or it raises."""
        ...


@dataclass(frozen=True, slots=True)
class CompanyProfile:
    """What a public collection says of one company; "" and None where it says nothing.

    ``capital`` in yen; ``business`` and ``status`` in the words of the source; days are days of Japan.
    """

    number: str
    name: str
    postal_code: str
    address: str
    representative: str
    capital: int | None
    employees: int | None
    established_on: date | None
    business: str
    status: str
    closed_on: date | None
    updated_on: date | None


class Profiles(Protocol):
    """A collection that can be asked. Raises RegistryUnavailable, RegistryRefused, RegistryUnreadable."""

    def by_number(self, number: str) -> CompanyProfile | None:
        """What is known of a company by its corporate number, None if nothing is."""
        ...
