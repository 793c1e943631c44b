"""What is said of an account, how files say it, and how what is said joins what is known. No Django, no clock.

An account is a mapping of `number`, `branch`, `product`, `opened_on`, `closed_on` and `currency`, all texts, days as
"YYYY-MM-DD"; what is not known is left out. It is the same account if branch and digits of the number are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

from customers.folding import digits_of
from customers.parsing import Invalid, narrow, read_account, read_branch, read_day

ACCOUNTS = "accounts"
PARTS = ("branch", "number", "product", "opened_on", "closed_on", "currency")
MOST = 60
_ENTRY, _PART = ";", "|"
_ENTRIES = re.compile(r"[;\n]")
_PRODUCT = re.compile(r"[0-9A-Z][0-9A-Z-]{0,11}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_YEN = frozenset({"円", "日本円", "YEN"})

type Account = Mapping[str, str]


def read_product(raw: str) -> str | None:
    """A product's code in narrow capitals; whether the institution's list has it is not asked here."""
    code = narrow(raw).upper()
    if code and not _PRODUCT.fullmatch(code):
        raise Invalid("bad_product")
    return code or None


def read_currency(raw: str) -> str | None:
    """A code as in ISO 4217."""
    code = narrow(raw).upper()
    if code in _YEN:
        return "JPY"
    if code and not _CURRENCY.fullmatch(code):
        raise Invalid("bad_currency")
    return code or None


def read_accounts(raw: str) -> list[Account] | None:
    """A cell with any number of accounts, 店番|口座番号|商品コード|開設日|解約日|通貨, and semicolons between them.

    What stands at the end may be left out, and any part but the number may be blank.
    """
    entries = [entry for entry in _ENTRIES.split(narrow(raw)) if entry.strip()]
    if len(entries) > MOST:
        raise Invalid("too_many_accounts", limit=MOST)
    accounts = [_read_entry(entry) for entry in entries]
    said = [key_of(account) for account in accounts]
    if twice := next((key for place, key in enumerate(said) if key in said[:place]), None):
        raise Invalid("account_twice", branch=twice[0], number=twice[1])
    return accounts or None


def write_accounts(accounts: Iterable[Account]) -> str:
    """A cell as `read_accounts` reads it."""
    lines = [_PART.join(account.get(part, "") for part in PARTS).rstrip(_PART) for account in accounts]
    return f"{_ENTRY} ".join(lines)


def _read_entry(entry: str) -> Account:
    cells = [cell.strip() for cell in entry.split(_PART)]
    if len(cells) > len(PARTS):
        raise Invalid("bad_accounts")
    said = dict(zip(PARTS, cells, strict=False))
    account = {part: value for part, read in _READERS if (value := read(said.get(part, ""))) is not None}
    if is_turned(account):
        raise Invalid("closed_before_opened")
    return account


def _read_day(raw: str) -> str | None:
    day = read_day(raw)
    return day.isoformat() if day else None


_READERS: Sequence[tuple[str, Callable[[str], str | None]]] = (
    ("branch", lambda raw: read_branch(raw) if raw else None),
    ("number", read_account),
    ("product", read_product),
    ("opened_on", _read_day),
    ("closed_on", _read_day),
    ("currency", read_currency),
)


def key_of(account: Account) -> tuple[str, str]:
    """By what an account is the same one."""
    return account.get("branch", ""), digits_of(account["number"])


def is_turned(account: Account) -> bool:
    """Whether it was closed before it was opened."""
    opened, closed = account.get("opened_on"), account.get("closed_on")
    return bool(opened and closed and closed < opened)


def is_open(account: Account) -> bool:
    """Whether it is not known to be closed."""
    return "closed_on" not in account


def stated(
    *,
    number: str,
    branch: str,
    opened_on: date | None,
    closed_on: date | None = None,
    product: str | None = None,
    currency: str | None = None,
    others: Iterable[Account] = (),
) -> list[Account]:
    """Every account that one row of a file states: the one it is about, and the others; blanks say nothing."""
    main = {
        "branch": branch,
        "number": number,
        "product": product,
        "opened_on": opened_on and opened_on.isoformat(),
        "closed_on": closed_on and closed_on.isoformat(),
        "currency": currency,
    }
    first = {part: str(value) for part, value in main.items() if value}
    return joined(None, [first, *({"branch": branch, **other} for other in others)])


def joined(known: Sequence[Account] | None, said: Sequence[Account]) -> list[Account]:
    """What is known with what is said: what is said holds, and whatever it does not speak of stays as it is.

    An account that is not named stays, open or closed; a blank day of closing opens nothing again. An account of the
    same number in another branch has moved there, unless the file names both.
    """
    found = {key_of(account): account for account in known or ()}
    named = {key_of(account) for account in said}
    for account in said:
        key = key_of(account)
        was = key if key in found else _moved(key, found, named)
        found[key] = {**(found.pop(was) if was else {}), **account}
    return sorted(found.values(), key=_place)


def _moved(
    key: tuple[str, str], found: Collection[tuple[str, str]], named: Collection[tuple[str, str]]
) -> tuple[str, str] | None:
    alike = [other for other in found if other[1] == key[1] and other not in named]
    return alike[0] if len(alike) == 1 else None


def _place(account: Account) -> tuple[str, tuple[str, str]]:
    return account.get("opened_on", "9999"), key_of(account)


def united(one: Sequence[Account] | None, other: Sequence[Account] | None) -> list[Account]:
    """The accounts of two customers who are one; of an account that both have, what the first says holds."""
    found = {key_of(account): account for account in one or ()}
    for account in other or ():
        found[key_of(account)] = {**account, **found.get(key_of(account), {})}
    return sorted(found.values(), key=_place)


def replaced(accounts: Sequence[Account], key: tuple[str, str], account: Account) -> list[Account]:
    """With ``account`` in the place of the one that has ``key``."""
    return sorted([*(one for one in accounts if key_of(one) != key), account], key=_place)


def unlike(before: Sequence[Account] | None, after: Sequence[Account] | None) -> tuple[list[Account], list[Account]]:
    """What is only before, and what is only after."""
    was, became = list(before or ()), list(after or ())
    return [one for one in was if one not in became], [one for one in became if one not in was]


def inconsistent(accounts: Iterable[Account], today: date) -> Iterator[str]:
    """What is wrong with the days of accounts, as codes."""
    for account in accounts:
        if is_turned(account):
            yield "closed_before_opened"
        if any(account.get(part, "") > today.isoformat() for part in ("opened_on", "closed_on")):
            yield "in_the_future"
