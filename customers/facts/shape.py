"""What is said of a fact in the catalogue, from which reading, keeping, showing and asking for it follow."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from customers.codes import COUNTRIES, Label
from customers.parsing import (
    COMPANY,
    INDIVIDUAL,
    read_amount,
    read_answer,
    read_countries,
    read_country,
    read_day,
    read_email,
    read_one_of,
    read_phone,
    read_postal_code,
    read_some_of,
    read_text,
    read_whole_number,
)

type Read = Callable[[str], Any]

PERSON_ONLY = frozenset({INDIVIDUAL})
COMPANY_ONLY = frozenset({COMPANY})
EITHER = PERSON_ONLY | COMPANY_ONLY


class Type(StrEnum):
    """What its values are: how a cell is read, and how a value is said, covered and compared."""

    NAME = "name"
    KANA = "kana"
    TEXT = "text"
    ADDRESS = "address"
    POSTAL_CODE = "postal_code"
    PHONE = "phone"
    EMAIL = "email"
    DIGITS = "digits"
    DAY = "day"
    ANSWER = "answer"
    CODE = "code"
    CODES = "codes"
    COUNTRY = "country"
    COUNTRIES = "countries"
    NUMBER = "number"
    AMOUNT = "amount"  # of yen
    OWNERS = "owners"
    ACCOUNTS = "accounts"  # as customers.accounts.rules has them


class Kept(StrEnum):
    """Where the file keeps it."""

    PROFILE = "profile"  # sealed
    COLUMN = "column"  # plain, in a column of the customer under its key
    ATTRIBUTES = "attributes"  # plain, among the institution's own in one column
    CONTACT = "contact"  # sealed, as the address of a channel
    BESIDE = "beside"  # in a column, and no fact: it has no history of its own
    ACCOUNT = "account"  # of the account that a row of a file is about; it joins the fact `accounts`
    APART = "apart"  # by which a customer is found or reached; never a fact


class Need(StrEnum):
    """How a file must have its column."""

    NONE = "none"  # a file without it is whole
    USUAL = "usual"  # a file that nobody looks at must have it; it may be blank
    ALWAYS = "always"  # no row is a customer without it


class Gravity(StrEnum):
    """How much it asks of a reviewer when an answer differs from the file."""

    INFO = "info"
    NORMAL = "normal"
    SERIOUS = "serious"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One entry of the catalogue. ``label`` is a text to be translated; ``titles`` is what files call it, ours first.

    ``words`` is the label of an institution's own entry, which is in no catalogue of texts. ``is_retired``: what is
    known stays, and nothing is added. ``asks_customers``: questionnaires may ask for it.
    ``worse``: answers that point to a higher risk whatever the policy says. ``cell`` reads a cell where its type alone
    does not say how.
    """

    key: str
    type: Type
    label: str = ""
    titles: tuple[str, ...] = ()
    kept: Kept = Kept.PROFILE
    need: Need = Need.NONE
    kinds: frozenset[str] = EITHER
    codes: Mapping[str, Label] | None = None
    channel: str = ""
    is_masked: bool = False
    gravity: Gravity = Gravity.NORMAL
    bears_on_risk: bool = False
    asks_customers: bool = True
    worse: Collection[Any] = ()
    cell: Read | None = None
    words: Label | None = None
    is_retired: bool = False
    # The same cells come again and again: each is read once a file.
    is_repeated: bool = False

    @property
    def is_fact(self) -> bool:
        """Whether it is among `customers.selectors.facts_of`, with a history."""
        return self.kept not in (Kept.BESIDE, Kept.ACCOUNT, Kept.APART)

    @property
    def is_asked(self) -> bool:
        """Whether a segment may ask it: it stands plain, and has few values or is a day or number."""
        return self.kept in (Kept.COLUMN, Kept.ATTRIBUTES) and self.type in _ASKED

    def reader(self) -> Read:
        """What reads a cell, and raises customers.parsing.Invalid; a blank is None."""
        if self.cell:
            return self.cell
        if self.codes and self.type in (Type.CODE, Type.CODES):
            return (read_one_of if self.type is Type.CODE else read_some_of)(self.codes)
        return _READERS[self.type]

    def read(self, typed: str) -> Any:
        """A cell, or what somebody typed, as the file keeps it; None for a blank. Raises customers.parsing.Invalid."""
        value = self.reader()(typed)
        return value.isoformat() if isinstance(value, date) else value

    def list_of_codes(self) -> Mapping[str, Label] | None:
        """The codes its values are, with their labels."""
        return COUNTRIES if self.type in (Type.COUNTRY, Type.COUNTRIES) else self.codes


_READERS: Mapping[Type, Read] = {
    Type.NAME: read_text,
    Type.TEXT: read_text,
    Type.ADDRESS: read_text,
    Type.POSTAL_CODE: read_postal_code,
    Type.PHONE: read_phone,
    Type.EMAIL: read_email,
    Type.DAY: read_day,
    Type.ANSWER: read_answer,
    Type.COUNTRY: read_country,
    Type.COUNTRIES: read_countries,
    Type.NUMBER: read_whole_number,
    Type.AMOUNT: read_amount,
}
_ASKED = frozenset({Type.CODE, Type.CODES, Type.COUNTRY, Type.ANSWER, Type.DAY, Type.NUMBER, Type.AMOUNT})
FEW_VALUES = frozenset({Type.POSTAL_CODE, Type.DAY, Type.ANSWER, Type.CODE, Type.CODES, Type.COUNTRY})
