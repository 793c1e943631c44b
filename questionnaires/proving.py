"""What a customer proves themselves by: a few facts from the file, all compared, in constant time."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from customers.accounts.proving import digits, knows_account, last_four
from customers.models import Customer


class Fact(StrEnum):
    """Something only the customer should know."""

    BIRTH = "birth"
    ACCOUNT = "account"
    PHONE = "phone"
    CUSTOMER_NUMBER = "customer_number"


@dataclass(frozen=True, slots=True)
class Factors:
    """What somebody says they know: of an account and of a telephone number the last four digits."""

    last_digits: str = ""
    birth_on: date | None = None
    phone_digits: str = ""
    customer_number: str = ""


def agrees(customer: Customer, asked: Sequence[Fact], factors: Factors, facts: Mapping[str, object]) -> bool:
    """Whether everything that is asked is right. A fact that the file does not hold never agrees."""
    results = [_CHECKS[fact](customer, factors, facts) for fact in asked]
    return bool(results) and all(results)


def _knows_birth(_: Customer, factors: Factors, facts: Mapping[str, object]) -> bool:
    return _same(factors.birth_on.isoformat() if factors.birth_on else "", str(facts.get("birth_on") or ""))


def _knows_phone(_: Customer, factors: Factors, facts: Mapping[str, object]) -> bool:
    # A company without a telephone number on file is asked for its postal code instead.
    return _same(digits(factors.phone_digits), last_four(facts.get("phone") or facts.get("postal_code")))


def _knows_account(_: Customer, factors: Factors, facts: Mapping[str, object]) -> bool:
    return knows_account(factors.last_digits, facts)


def _knows_customer_number(customer: Customer, factors: Factors, _: Mapping[str, object]) -> bool:
    return _same(_bare(factors.customer_number), _bare(customer.number))


def _bare(number: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", number).upper() if sign.isalnum()).lstrip("0")


def _same(given: str, held: str) -> bool:
    return hmac.compare_digest(given.encode(), held.encode()) and bool(held)


_CHECKS = {
    Fact.BIRTH: _knows_birth,
    Fact.PHONE: _knows_phone,
    Fact.ACCOUNT: _knows_account,
    Fact.CUSTOMER_NUMBER: _knows_customer_number,
}
