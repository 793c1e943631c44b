"""What an invented bank knows beside the usual columns: stay, taxes, employer, source of funds, other names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from customers.codes import COUNTRIES, OCCUPATIONS, RESIDENCE_STATUSES, SOURCES_OF_FUNDS
from customers.namelists import COMPANY_TRADES, COMPANY_WORDS, FEMALE_NAMES, MALE_NAMES, SURNAME_WEIGHTS, SURNAMES

# In the order of the file, behind the usual ones.
DETAILS = (
    "former_name",
    "common_name",
    "latin_name",
    "tax_residences",
    "is_us_person",
    "residence_status",
    "residence_applied_on",
    "employer",
    "source_of_funds",
    "department",
)
# So many people are customers under two numbers.
_TWICE = 8
_OLDER_FORMS = str.maketrans("高崎浜斎沢広", "髙﨑濵齋澤廣")
# Who looks after companies.
_DEPARTMENTS = ("法人営業部", "本店営業部", "地域振興部")
_JAPAN, _AMERICA = COUNTRIES["JP"].ja, COUNTRIES["US"].ja
_EMPLOYED = frozenset(OCCUPATIONS[code].ja for code in ("employee", "public_servant", "part_time", "executive"))
_STATUSES = {
    "engineer": 30, "specified_skilled": 18, "technical_intern": 12, "spouse_of_national": 12, "long_term": 10,
    "dependent": 8, "student": 6, "highly_skilled": 4,
}  # fmt: skip
_FUNDS = {
    OCCUPATIONS["retired"].ja: "pension",
    OCCUPATIONS["self_employed"].ja: "business",
    OCCUPATIONS["student"].ja: "family",
    OCCUPATIONS["homemaker"].ja: "family",
}


def details_of(row: Mapping[str, Any], random: Random, today: date) -> dict[str, Any]:
    """The further cells of a row of `customers.synthetic`; what a bank would not know of everybody is left out."""
    told: dict[str, Any] = {"is_us_person": False, "tax_residences": row["country_of_residence"]}
    if row["kind"] == "法人":
        return told | {"source_of_funds": SOURCES_OF_FUNDS["business"].ja, "department": random.choice(_DEPARTMENTS)}
    if row["occupation"] in _EMPLOYED:
        told["employer"] = _employer(random)
    if random.random() < 0.7:
        told["source_of_funds"] = SOURCES_OF_FUNDS[_FUNDS.get(row["occupation"], "salary")].ja
    if row["nationality"] == _JAPAN:
        return told | _names_of_a_national(row, random)
    if row["nationality"] == _AMERICA:
        told |= {"is_us_person": True, "tax_residences": f"{_JAPAN}、{_AMERICA}"}
    return told | _stay(row, random, today)


def enter_twice(rows: Sequence[dict[str, Any]]) -> None:
    """Have some people stand in the book twice, as another branch wrote them down, in place of somebody else."""
    nationals = [row for row in rows if row.get("nationality") == _JAPAN]
    half = len(nationals) // 2
    pairs = zip(nationals[:half], nationals[half:], strict=False)
    able = [(known, other) for known, other in pairs if known["birth_on"] < other["opened_on"]]
    for known, other in able[:_TWICE]:
        other.update({key: known[key] for key in ("kana", "birth_on", "occupation", "purpose")})
        other["name"] = known["name"].translate(_OLDER_FORMS)


def _names_of_a_national(row: Mapping[str, Any], random: Random) -> dict[str, Any]:
    if random.random() >= 0.04:
        return {}
    family = random.choices(SURNAMES, SURNAME_WEIGHTS)[0][0]
    given = str(row["name"]).partition("　")[2]
    return {"former_name": f"{family}　{given}"} if given else {}


def _stay(row: Mapping[str, Any], random: Random, today: date) -> dict[str, Any]:
    """Status of residence, names as on the card, and for every other period that ends soon an extension applied for."""
    name = str(row["name"])
    told: dict[str, Any] = {"residence_status": RESIDENCE_STATUSES[_choose(random, _STATUSES)].ja}
    if name.isascii():
        told["latin_name"] = name
    if random.random() < 0.15:
        given = random.choice((*MALE_NAMES, *FEMALE_NAMES))[0]
        told["common_name"] = f"{random.choices(SURNAMES, SURNAME_WEIGHTS)[0][0]}　{given}"
    ends_on = row.get("residence_expires_on")
    if ends_on and ends_on < today + timedelta(days=60) and random.random() < 0.5:
        told["residence_applied_on"] = min(ends_on, today) - timedelta(days=random.randint(3, 40))
    return told


def _employer(random: Random) -> str:
    trade = random.choice(random.choice(list(COMPANY_TRADES.values())))
    return f"株式会社{random.choice(COMPANY_WORDS)[0]}{trade[0]}"


def _choose(random: Random, weights: Mapping[str, int]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]
