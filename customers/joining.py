"""Several rows of one customer, one an account, as core systems give them: which they are, and one row out of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from customers.accounts.rules import ACCOUNTS, MOST, Account, joined, key_of
from customers.folding import digits_of

if TYPE_CHECKING:
    from customers.decoding import Record
    from customers.importing import CustomerRow

# In what the rows of one customer may differ.
OF_THE_ACCOUNT = frozenset(
    ("account_number", "branch_code", "opened_on", "account_product", "account_closed_on", "account_currency", ACCOUNTS)
)


class AccountTwice(Exception):
    """Two rows of a customer say different things of one account."""

    def __init__(self, line: int, account: Account) -> None:
        super().__init__(line)
        self.line = line
        self.branch, self.number = key_of(account)


def runs(numbers: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where rows of one number follow one another, as (begin, end); "" is a record that cannot be read.

    Such a record between two rows of one customer is taken for another of theirs.
    """
    at = 0
    while at < len(numbers):
        end = at + 1
        if number := numbers[at]:
            ahead = end
            while ahead < len(numbers) and numbers[ahead] in (number, ""):
                ahead += 1
                if numbers[ahead - 1]:
                    end = ahead
        yield at, end
        at = end


def whole_customers(records: Iterable[Record], size: int, number_of: Callable[[Record], str]) -> Iterator[list[Record]]:
    """Batches of about ``size`` records, none of which ends between two rows of one customer.

    Held at most: what a customer may have of accounts beyond ``size``. A longer run is cut, and not taken anyway.
    """
    held: list[Record] = []
    for record in records:
        if len(held) >= size and (len(held) > size + MOST or not _goes_on(held, record, number_of)):
            yield held
            held = []
        held.append(record)
    if held:
        yield held


def _goes_on(held: Sequence[Record], record: Record, number_of: Callable[[Record], str]) -> bool:
    last = next((number for one in reversed(held) if (number := number_of(one))), "")
    return number_of(record) in (last, "")


def copies_among(rows: Sequence[CustomerRow]) -> dict[int, int]:
    """Rows that say what another above says, account and all: their lines, and that one's. The rows agree otherwise."""
    first: dict[tuple[str, str], CustomerRow] = {}
    found = {}
    for row in rows:
        before = first.setdefault(_account_of(row), row)
        if before is not row and before.facts[ACCOUNTS] == row.facts[ACCOUNTS]:
            found[row.line] = before.line
    return found


def one_of(rows: Sequence[CustomerRow]) -> CustomerRow:
    """The customer whom these rows are of. The first says which account is theirs; they came with the oldest one.

    Raises AccountTwice.
    """
    first, *others = rows
    accounts: dict[tuple[str, str], Account] = {}
    stated: set[tuple[str, str]] = set()
    for row in rows:
        if _account_of(row) in stated:
            raise AccountTwice(row.line, accounts[_account_of(row)])
        stated.add(_account_of(row))
        for account in row.facts[ACCOUNTS]:
            known = accounts.get(key_of(account), {})
            if any(known.get(part, said) != said for part, said in account.items()):
                raise AccountTwice(row.line, account)
            accounts[key_of(account)] = {**known, **account}
    told = [warning for row in others for warning in row.warnings if warning.column in OF_THE_ACCOUNT]
    return replace(
        first,
        facts={**first.facts, ACCOUNTS: joined(None, list(accounts.values()))},
        opened_on=min(row.opened_on for row in rows),
        source="\x1e".join(row.source for row in rows),
        warnings=(*first.warnings, *told),
        more=tuple(row.line for row in others),
    )


def _account_of(row: CustomerRow) -> tuple[str, str]:
    return row.branch_code, digits_of(row.facts["account_number"])
