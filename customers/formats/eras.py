"""Days of the Japanese calendar: 昭和55年5月3日, S55.5.3, 令和元年5月1日, Ｈ３１／４／３０."""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple


class OutsideEra(Exception):
    """A day that its era does not have, such as 昭和64年1月8日; `bound` is the day of the era that lies next to it."""

    def __init__(self, era: "Era", *, too_early: bool) -> None:
        super().__init__(era.name)
        self.era = era
        self.too_early = too_early
        self.bound = era.first if too_early else era.last


class Era(NamedTuple):
    """One era with its first and its last day, both included.

    Where an era began in the middle of a day, that day has two right names: 明治45年7月30日 is 大正元年7月30日, and
    大正15年12月25日 is 昭和元年12月25日. Since 平成 eras change at midnight (元号を改める政令, 昭和64年・平成31年).
    """

    name: str
    initial: str
    first: date
    last: date

    def year_one(self) -> int:
        """The year of our calendar that its first year lies in."""
        return 1868 if self.initial == "M" else self.first.year

    def written(self, day: date) -> str:
        """A day as this era writes it."""
        year = day.year - self.year_one() + 1
        return f"{self.name}{'元' if year == 1 else year}年{day.month}月{day.day}日"


# Before 明治6年 the calendar was another one: its days cannot be had by counting.
ERAS = (
    Era("明治", "M", date(1873, 1, 1), date(1912, 7, 30)),
    Era("大正", "T", date(1912, 7, 30), date(1926, 12, 25)),
    Era("昭和", "S", date(1926, 12, 25), date(1989, 1, 7)),
    Era("平成", "H", date(1989, 1, 8), date(2019, 4, 30)),
    Era("令和", "R", date(2019, 5, 1), date.max),
)
_BY_SIGN = {sign: era for era in ERAS for sign in (era.name, era.name[0], era.initial, era.initial.lower())}
_DAY = re.compile(
    rf"({'|'.join(sorted(_BY_SIGN, key=len, reverse=True))})"
    r"(?:(元|[0-9]{1,2})(?:年|[-/.])([0-9]{1,2})(?:月|[-/.])([0-9]{1,2})日?|([0-9]{2})([0-9]{2})([0-9]{2}))"
)


def day_of_era(text: str) -> date | None:
    """The day that a text in narrow characters and without blanks states by an era; None if it states none.

    Raises:
        OutsideEra: the era had ended, or had not begun.
        ValueError: the calendar has no such day.
    """
    found = _DAY.fullmatch(text)
    if not found:
        return None
    sign, *numbers = (part for part in found.groups() if part)
    era = _BY_SIGN[sign]
    year, month, day = (1 if number == "元" else int(number) for number in numbers)
    if not year:
        raise ValueError(text)
    stated = date(era.year_one() + year - 1, month, day)
    if not era.first <= stated <= era.last:
        raise OutsideEra(era, too_early=stated < era.first)
    return stated


def names_of(day: date) -> Iterator[Era]:
    """The eras that have the day."""
    return (era for era in ERAS if era.first <= day <= era.last)
