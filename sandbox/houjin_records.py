"""The tax agency's 30 fields, and the companies it knows: a few fixed ones and those of the people files."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sandbox.people import Person, postal_digits
from sandbox.scenario import chance
from sandbox.store import utc_now
from sandbox.world import World

FIELDS = (
    "sequenceNumber", "corporateNumber", "process", "correct", "updateDate", "changeDate", "name", "nameImageId",
    "kind", "prefectureName", "cityName", "streetNumber", "addressImageId", "prefectureCode", "cityCode", "postCode",
    "addressOutside", "addressOutsideImageId", "closeDate", "closeCause", "successorCorporateNumber", "changeCause",
    "assignmentDate", "latest", "enName", "enPrefectureName", "enCityName", "enAddressOutside", "furigana", "hihyoji",
)  # fmt: skip
PREFECTURES = tuple(
    re.findall(
        r"[^ ]+",
        "北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 "
        "新潟県 富山県 石川県 福井県 山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 "
        "奈良県 和歌山県 鳥取県 島根県 岡山県 広島県 山口県 徳島県 香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 "
        "熊本県 大分県 宮崎県 鹿児島県 沖縄県",
    )
)
KINDS = {"株式会社": "301", "有限会社": "302", "合名会社": "303", "合資会社": "304", "合同会社": "305"}
ASSIGNED = "2015-10-05"


@dataclass(frozen=True)
class Record:
    """One line of the register; `changed_on` is the date of the process."""

    number: str
    name: str
    prefecture: str
    city: str
    street: str
    postal_code: str
    kana: str = ""
    process: str = "01"
    changed_on: str = ASSIGNED
    closed_on: str = ""
    close_cause: str = ""
    successor: str = ""
    is_latest: bool = True

    @property
    def kind(self) -> str:
        return next((code for words, code in KINDS.items() if words in self.name), "399")

    @property
    def area(self) -> str:
        """Two digits of the prefecture and three of the municipality, all the same here."""
        return f"{PREFECTURES.index(self.prefecture) + 1:02}101" if self.prefecture in PREFECTURES else ""

    def values(self, sequence: int) -> list[str]:
        """The 30 fields in order."""
        return [
            str(sequence), self.number, self.process, "0", self.changed_on, self.changed_on, self.name, "",
            self.kind, self.prefecture, self.city, self.street, "", self.area[:2], self.area[2:], self.postal_code,
            "", "", self.closed_on, self.close_cause, self.successor, "",
            ASSIGNED, "1" if self.is_latest else "0", "", "", "", "", self.kana, "0",
        ]  # fmt: skip


FIXED = (
    Record("7000012050002", "国税庁", "東京都", "千代田区", "霞が関３丁目１－１", "1000013", "コクゼイチョウ"),
    Record(
        "1010001012570", "株式会社サンプル清算", "東京都", "千代田区", "大手町１丁目１－１", "1000004",
        process="21", changed_on="2022-01-19", closed_on="2022-01-19", close_cause="01",
    ),
    Record("5010401067252", "合同会社サンプル商事", "東京都", "港区", "芝公園４丁目２－８", "1050011"),
    Record("6120001039879", "株式会社サンプル製作所", "大阪府", "大阪市北区", "梅田１丁目１－３", "5300001"),
)  # fmt: skip


def check_digit(body: str) -> str:
    """The first digit for a 12-digit body: 9 − (Σ Pn·Qn mod 9), n counted from the right, Qn 1 for odd n."""
    total = sum(int(digit) * (1 if n % 2 else 2) for n, digit in enumerate(reversed(body), start=1))
    return str(9 - total % 9)


def is_corporate_number(text: str) -> bool:
    return bool(re.fullmatch(r"\d{13}", text)) and check_digit(text[1:]) == text[0]


def full_width(text: str) -> str:
    """As the register writes: every ASCII character in its full width."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else ("　" if c == " " else c) for c in text)


def split_address(address: str) -> tuple[str, str, str]:
    """Prefecture, city and the rest; empty prefecture when the text doesn't begin with one."""
    prefecture = next((name for name in PREFECTURES if address.startswith(name)), "")
    rest = address[len(prefecture) :]
    found = re.match(r"(?:.{1,20}?郡.{1,20}?[町村]|.{1,20}?市.{1,20}?区|.{1,20}?[市区町村])", rest)
    city = found[0] if found else ""
    return prefecture, city, full_width(rest[len(city) :])


def company_record(person: Person) -> Record:
    number = re.sub(r"\D", "", unicodedata.normalize("NFKC", person.get("法人番号")))
    prefecture, city, street = split_address(person.get("住所"))
    postal = postal_digits(person.get("郵便番号"))
    return Record(number, full_width(person.name), prefecture, city, street, postal, person.get("カナ"))


def _changed_on(number: str, today: date) -> str:
    return (today - timedelta(days=int(chance("changed", number) * 400))).isoformat()


def history(world: World, first: Record, today: date) -> list[Record]:
    """The company's records, oldest first; by the scenario some have closed, merged, moved, been renamed or reopened.

    A fate may bring its day: ``moved:2026-11-20``.
    """
    fate, _, day = world.scenario.recipient_outcome("houjin", first.number, {}).partition(":")
    when = day or _changed_on(first.number, today)
    old = replace(first, is_latest=False)
    new = replace(first, changed_on=when)
    if fate == "closed":
        return [old, replace(new, process="21", closed_on=when, close_cause="01")]
    if fate == "merged":
        return [
            old,
            replace(new, process="71", closed_on=when, close_cause="11", successor=FIXED[3].number),
        ]
    if fate == "reopened":
        closed = replace(old, process="21", changed_on=ASSIGNED, closed_on=ASSIGNED, close_cause="21")
        return [old, closed, replace(new, process="22")]
    if fate == "moved":
        return [old, replace(new, process="12", street="本町２丁目３－４", city=first.city)]
    if fate == "renamed":
        return [old, replace(new, process="11", name=first.name + "ホールディングス")]
    return [first]


class Register:
    """Every company, by number; rebuilt when people are loaded."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._companies: dict[str, Record] = {}
        self._edition = -1

    def _refresh(self) -> None:
        if self._world.people.edition == self._edition:
            return
        self._edition = self._world.people.edition
        self._companies = {record.number: record for record in FIXED}
        for person in self._world.people.all():
            if person.is_company:
                record = company_record(person)
                if is_corporate_number(record.number):
                    self._companies.setdefault(record.number, record)

    def records(self, number: str, *, with_history: bool = False) -> list[Record]:
        """Newest last; nothing for an unknown number."""
        self._refresh()
        first = self._companies.get(number)
        if first is None:
            return []
        known = [first] if first in FIXED else history(self._world, first, utc_now().date())
        return known if with_history else known[-1:]

    def as_of(self, day: str) -> Iterator[Record]:
        """Each company as the register had it at the end of a day."""
        self._refresh()
        for number in self._companies:
            known = [one for one in self.records(number, with_history=True) if one.changed_on <= day]
            yield from (replace(one, is_latest=True) for one in known[-1:])

    def all(self, *, with_history: bool = False) -> Iterator[Record]:
        self._refresh()
        for number in self._companies:
            yield from self.records(number, with_history=with_history)
