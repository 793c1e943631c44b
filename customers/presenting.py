"""How a customer's facts are shown to staff: in words, in order, and masked until somebody gives a reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import phonenumbers
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, gettext_lazy

from customers.accounts.rules import ACCOUNTS, Account, unlike
from customers.accounts.selectors import product_name
from customers.codes import label_of
from customers.facts.catalogue import FACTS
from customers.facts.selectors import fact_of, own_facts
from customers.facts.shape import Type
from customers.folding import digits_of
from customers.models import Customer
from customers.residence import Stay, stay_ends_on, stay_on
from customers.selectors import ERASED
from tenants.keys import PersonShredded

LABELS: Mapping[str, Promise | str] = {key: gettext_lazy(fact.label) for key, fact in FACTS.items()}
_MUNICIPALITY = re.compile(
    r"(?:東京都|北海道|(?:京都|大阪)府|.{2,3}県)?(?:.{1,6}?郡.{1,6}?[町村]|.{1,6}?市(?:.{1,3}?区)?|.{1,4}?区)?"
)
MASK = "●"
# Four digits in a row are a year, or no more than a mask leaves.
_ACCOUNT_NUMBER = re.compile(r"(?<!\d)\d[\d-]{4,}")
_OF_FOREIGN_NATIONALS = ("common_name", "residence_status", "residence_expires_on", "residence_applied_on")
_STAYS: Mapping[Stay, Promise | str] = {
    Stay.VALID: gettext_lazy("Until %(day)s"),
    Stay.EXTENDED: gettext_lazy("Until %(day)s at the latest: an extension was applied for in time (two months)"),
    Stay.ENDED: gettext_lazy("Ended on %(day)s"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One fact as a line of the page."""

    key: str
    label: str
    value: str
    is_masked: bool


def present(
    facts: Mapping[str, object],
    *,
    is_company: bool,
    masked: bool,
    open_keys: Collection[str] = (),
    apart: Collection[str] = (),
) -> list[Shown]:
    """Every fact the file may have, in reading order. What is not known is shown as that, not left out.

    ``open_keys`` are shown even when the rest is masked: the name that stands above the page anyway. ``apart`` are
    left out because the page has a place of its own for them.
    """
    kind = Customer.Kind.COMPANY if is_company else Customer.Kind.INDIVIDUAL
    shown = []
    own = {key: fact for key, fact in own_facts().items() if not fact.is_retired or key in facts}
    for key in (key for key, fact in {**FACTS, **own}.items() if kind in fact.kinds and key not in apart):
        is_erased = facts.get(ERASED) and key not in facts
        value = gettext("Erased") if is_erased else say(key, facts.get(key))
        is_covered = masked and key not in open_keys
        hidden = hide(key, value, is_company=is_company) if is_covered else value
        shown.append(Shown(key, label(key), hidden, hidden != value))
    return shown


def not_asked_of(facts: Mapping[str, object]) -> frozenset[str]:
    """What nobody asks of nationals of Japan, unless the file knows it all the same: for `present`'s ``apart``."""
    if facts.get("nationality") != "JP":
        return frozenset()
    return frozenset(key for key in _OF_FOREIGN_NATIONALS if facts.get(key) is None)


def stay_shown(customer: Customer, today: date, *, masked: bool) -> Shown | None:
    """How long the customer may stay, with the two months of an extension; None where no period is known."""
    days = customer.residence_expires_on, customer.residence_applied_on
    stay, ends_on = stay_on(today, *days), stay_ends_on(*days)
    if stay is None:
        return None
    if stay is Stay.VALID and ends_on != customer.residence_expires_on:
        stay = Stay.EXTENDED
    day = _say_date(ends_on)
    said = str(_STAYS[stay]) % {"day": day}
    hidden = str(_STAYS[stay]) % {"day": _hide_numbers(day)} if masked else said
    return Shown("stay", gettext("Stay"), hidden, hidden != said)


def name_shown(customer: Customer, facts: Mapping[str, object], *, masked: bool) -> str:
    """What to call a customer on a page."""
    if facts.get(ERASED):
        return gettext("Erased")
    name = say("name", facts.get("name"))
    return hide("name", name, is_company=customer.kind == Customer.Kind.COMPANY) if masked else name


def or_erased[T](read: Callable[[], T]) -> T | str:
    """What ``read`` gives, or the word for personal data that was shredded."""
    try:
        return read()
    except PersonShredded:
        return gettext("Erased")


def label(key: str) -> str:
    """What a fact is called; the key itself where a questionnaire asks something of its own."""
    if key == "identity":
        return gettext("Identity verification")
    fact = fact_of(key)
    if fact and fact.words:
        return fact.words.in_language(get_language() or "ja")
    return gettext(fact.label) if fact and fact.label else key


def say(key: str, value: object) -> str:
    """A fact's value in words, in the language of the page."""
    if value is None or value == "" or value == []:
        return gettext("Not known")
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    fact = fact_of(key)
    if fact and (codes := fact.list_of_codes()):
        said = [value] if isinstance(value, str) else list(value) if isinstance(value, Sequence) else []
        return gettext(", ").join(label_of(codes, str(code), get_language() or "ja") for code in said)
    return _SAY[fact.type](value) if fact and fact.type in _SAY else str(value)


def say_turn(key: str, before: Any, after: Any) -> tuple[str, str]:
    """What a fact was and became, in words; of accounts only those that differ."""
    if key == ACCOUNTS:
        before, after = unlike(before, after)
    return say(key, before), say(key, after)


def hide(key: str, value: str, *, is_company: bool = False) -> str:
    """The value with what identifies a person covered: enough is left to recognise a value one already knows.

    A company's name, address and number are public and stay.
    """
    if value in {gettext("Not known"), gettext("Erased")} or (
        is_company and key in {"name", "kana", "address", "postal_code"}
    ):
        return value
    fact = fact_of(key)
    return _MASKS[fact.type](value) if fact and fact.is_masked else value


def _say_date(value: object) -> str:
    text = str(value)
    try:
        return date_format(date.fromisoformat(text), "DATE_FORMAT")
    except ValueError:
        return text


def _say_postal_code(value: object) -> str:
    digits = digits_of(str(value))
    return f"{digits[:3]}-{digits[3:]}"


def _say_phone(value: object) -> str:
    """As people in Japan write it; numbers abroad keep their country code."""
    number = str(value)
    try:
        parsed = phonenumbers.parse(number, "JP")
    except phonenumbers.NumberParseException:
        return number
    is_domestic = parsed.country_code == 81
    style = phonenumbers.PhoneNumberFormat.NATIONAL if is_domestic else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)


def _say_owners(value: object) -> str:
    owners = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return gettext(", ").join(_say_owner(owner) for owner in owners if isinstance(owner, Mapping))


def _say_owner(owner: Mapping[str, object]) -> str:
    share = owner.get("share_percent")
    return f"{owner.get('name') or '—'}{f' {share}%' if share not in (None, '') else ''}"


def _say_accounts(value: object) -> str:
    accounts = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return gettext(", ").join(_say_account(account) for account in accounts if isinstance(account, Mapping))


def _say_account(account: Account) -> str:
    number = "-".join(part for part in (account.get("branch"), account["number"]) if part)
    said = [number, product_name(account["product"]) if "product" in account else "", account.get("currency", "")]
    if "opened_on" in account:
        said.append(gettext("opened %(day)s") % {"day": _say_date(account["opened_on"])})
    if "closed_on" in account:
        said.append(gettext("closed %(day)s") % {"day": _say_date(account["closed_on"])})
    return " ".join(part for part in said if part)


def _cover(text: str) -> str:
    return re.sub(r"\S", MASK, text)


def _hide_name(name: str) -> str:
    """The first part of a name stays; a name in one piece keeps its first character."""
    first, *rest = re.split(r"(\s+)", name, maxsplit=1)
    return first + "".join(_cover(part) for part in rest) if rest else first[:1] + _cover(first[1:])


def _hide_digits(number: str) -> str:
    """The last four digits stay."""
    shown = 0
    out = []
    for character in reversed(number):
        if character.isdigit():
            shown += 1
            out.append(character if shown <= 4 else MASK)
        else:
            out.append(character)
    return "".join(reversed(out))


def _hide_email(address: str) -> str:
    local, at, domain = address.partition("@")
    return local[:1] + MASK * 3 + at + domain


def _hide_address(address: str) -> str:
    """The prefecture and the municipality stay."""
    area = _MUNICIPALITY.match(address)
    return (area.group() if area else "") + MASK * 4


def _hide_numbers(text: str) -> str:
    return re.sub(r"\d", MASK, text)


_SAY: Mapping[Type, Callable[[object], str]] = {
    Type.DAY: _say_date,
    Type.AMOUNT: lambda value: gettext("JPY %(amount)s") % {"amount": f"{value:,}"},
    Type.PHONE: _say_phone,
    Type.POSTAL_CODE: _say_postal_code,
    Type.OWNERS: _say_owners,
    Type.ACCOUNTS: _say_accounts,
}
# Of every type that a masked fact may have; a value that no rule knows is covered whole.
_MASKS: Mapping[Type, Callable[[str], str]] = dict.fromkeys(Type, _cover) | {
    Type.NAME: _hide_name,
    Type.KANA: _hide_name,
    Type.DAY: _hide_numbers,
    Type.POSTAL_CODE: lambda code: code[:3] + _hide_numbers(code[3:]),
    Type.ADDRESS: _hide_address,
    Type.PHONE: _hide_digits,
    Type.DIGITS: _hide_digits,
    Type.EMAIL: _hide_email,
    Type.ACCOUNTS: lambda accounts: _ACCOUNT_NUMBER.sub(lambda found: _hide_digits(found[0]), accounts),
    Type.OWNERS: lambda owners: re.sub(r"[^\s、,%\d.]", MASK, owners),
}
