"""The synthetic customers: who they are, how they are reached, and what they say when asked."""

import contextlib
import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PEOPLE_LIMIT = 300_000
REQUIRED = ("顧客番号", "区分", "氏名")


class PeopleRefused(ValueError):
    """A people file that can't be read; the message says which and why."""


def fold(text: str) -> str:
    """A name or address with width, case and spacing taken out; for matching only."""
    return re.sub(r"[\s・.,,、]|様$|御中$|殿$", "", unicodedata.normalize("NFKC", text).strip().casefold())


def e164(phone: str) -> str:
    """A Japanese number as +81…; nothing when there are no digits."""
    text = unicodedata.normalize("NFKC", phone)
    digits = re.sub(r"\D", "", text)
    if text.strip().startswith("+"):
        return f"+{digits}" if digits else ""
    return f"+81{digits[1:]}" if digits.startswith("0") else (f"+{digits}" if digits else "")


def phone_hash(phone: str) -> str:
    """How LINE is told a phone number: lowercase hex SHA-256 of the E.164 form."""
    return hashlib.sha256(e164(phone).encode()).hexdigest()


def postal_digits(text: str) -> str:
    return re.sub(r"\D", "", unicodedata.normalize("NFKC", text))


@dataclass(frozen=True)
class Person:
    """One customer of one bank, as the bank's own file has them."""

    bank: str
    row: dict[str, str]

    @cached_property
    def key(self) -> str:
        return f"{self.bank}:{self.row['顧客番号']}"

    @property
    def name(self) -> str:
        return self.row["氏名"]

    @property
    def is_company(self) -> bool:
        return self.row["区分"] == "法人"

    def get(self, column: str) -> str:
        return self.row.get(column, "")

    @property
    def born(self) -> tuple[int, int, int] | None:
        """Year, month and day of birth; None when the file doesn't say."""
        found = re.fullmatch(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", self.get("生年月日").strip())
        return (int(found[1]), int(found[2]), int(found[3])) if found else None

    @property
    def born_iso(self) -> str:
        return "{:04d}-{:02d}-{:02d}".format(*self.born) if self.born else ""


class People:
    """Finds who is behind a phone number, its hash, a LINE id, an e-mail address, or a letter's addressee."""

    def __init__(self) -> None:
        # Grows with every change: two books of the same length are not the same book.
        self.edition = 0
        self.clear()

    def clear(self) -> None:
        self.edition += 1
        self._people: dict[str, Person] = {}
        self._contacts: dict[tuple[str, str], list[str]] = {}

    def __len__(self) -> int:
        return len(self._people)

    def all(self) -> Iterable[Person]:
        return self._people.values()

    def get(self, key: str) -> Person | None:
        return self._people.get(key)

    def load_file(self, argument: str) -> int:
        """Loads `FILE.csv` or `slug=FILE.csv`; without a slug the file's name up to -, _ or . is the bank."""
        slug, _, name = argument.rpartition("=")
        path = Path(name)
        bank = slug or re.split(r"[-_.]", path.name)[0]
        try:
            return self.load(path.read_bytes(), bank)
        except OSError as error:
            raise PeopleRefused(f"{path}: {error.strerror}") from error

    def load(self, data: bytes, bank: str) -> int:
        """Adds a bank's customers from CSV bytes (CP932, or UTF-8 with or without a mark); the number added."""
        reader = csv.DictReader(io.StringIO(_decoded(data), newline=""))
        missing = [column for column in REQUIRED if column not in (reader.fieldnames or [])]
        if missing:
            raise PeopleRefused(f"the file has no column {', '.join(missing)}")
        try:
            return self._load_rows(reader, bank)
        except csv.Error as error:
            raise PeopleRefused(f"line {reader.line_num}: {error}") from error

    def _load_rows(self, reader: csv.DictReader[str], bank: str) -> int:
        added = 0
        for row in reader:
            if len(self._people) >= PEOPLE_LIMIT:
                raise PeopleRefused(f"more than {PEOPLE_LIMIT} people")
            clean = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
            if not clean["顧客番号"] or not clean["氏名"]:
                continue
            self._add(Person(bank=bank, row=clean))
            added += 1
        return added

    def _add(self, person: Person) -> None:
        self._people[person.key] = person
        self.edition += 1
        phone = e164(person.get("電話番号"))
        contacts = [
            ("phone", phone),
            ("hash", phone_hash(phone) if phone else ""),
            ("email", person.get("メール").lower()),
            ("line", person.get("LINE識別子")),
            ("letter", postal_digits(person.get("郵便番号")) + fold(person.name)),
        ]
        for kind, value in contacts:
            if value:
                keys = self._contacts.setdefault((kind, value), [])
                if person.key not in keys:
                    keys.append(person.key)

    def find(self, kind: str, value: str, bank: str) -> Person | None:
        """By phone (E.164), hash, email, line, or letter (postal digits and folded name); own bank first."""
        keys = self._contacts.get((kind, value), [])
        found = [self._people[key] for key in keys]
        return next((person for person in found if person.bank == bank), found[0] if found else None)

    def addressee(self, postal_code: str, name: str, bank: str) -> Person | None:
        return self.find("letter", postal_digits(postal_code) + fold(name), bank)


def _decoded(data: bytes) -> str:
    """A bank's book may hold a few rows with broken characters: nobody can be reached through those."""
    for encoding in ("utf-8-sig", "cp932"):
        kept = []
        for line in data.splitlines(keepends=True):
            with contextlib.suppress(UnicodeDecodeError):
                kept.append(line.decode(encoding))
        if len(kept) > 0.5 * len(data.splitlines()):
            return "".join(kept)
    raise PeopleRefused("the file is neither CP932 nor UTF-8")
