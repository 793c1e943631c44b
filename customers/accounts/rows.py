"""The rows by which accounts are found and counted, kept in step with what is on file of each customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from customers.accounts.models import CustomerAccount
from customers.accounts.rules import Account
from customers.folding import digits_of
from customers.writing import Statement, insertion, run_statements, update_many
from tenants.identifiers import uuid7_bytes
from tenants.keys import cipher

NUMBER = "customer.account"
_PLAIN = ("product_code", "currency", "opened_on", "closed_on")

type Row = tuple[bytes, Account]


def accounts_insertion(rows: Sequence[Row]) -> list[Statement]:
    """The statement that inserts rows for accounts, given with their customers' ids; none without any."""
    plain = [_plain(account) for _, account in rows]
    columns = {name: [one[name] for one in plain] for name in _PLAIN}
    return insertion(
        CustomerAccount,
        {
            "id": uuid7_bytes(len(rows)),
            "customer_id": [customer for customer, _ in rows],
            "number_index": indexes_of(account["number"] for _, account in rows),
            "branch_code": [account.get("branch", "") for _, account in rows],
            **columns,
        },
    )


def follow_accounts(held: Mapping[UUID, Sequence[Account]]) -> None:
    """Make the rows of these customers those of their accounts; a row of an account that stays keeps its id."""
    if not held:
        return
    wanted = {
        (customer, account.get("branch", ""), index): account
        for customer, accounts in held.items()
        for account, index in zip(accounts, indexes_of(one["number"] for one in accounts), strict=True)
    }
    kept: dict[UUID, Mapping[str, Any]] = {}
    gone: list[UUID] = []
    for row in CustomerAccount.objects.filter(customer_id__in=list(held)):
        account = wanted.pop((row.customer_id, row.branch_code, bytes(row.number_index)), None)
        if account is None:
            gone.append(row.pk)
        elif any(getattr(row, name) != value for name, value in _plain(account).items()):
            kept[row.pk] = _plain(account)
    CustomerAccount.objects.filter(pk__in=gone).delete()
    update_many(CustomerAccount, list(kept), {name: [plain[name] for plain in kept.values()] for name in _PLAIN})
    run_statements(accounts_insertion([(customer.bytes, account) for (customer, _, _), account in wanted.items()]))


def row_of(customer_id: UUID, account: Account) -> CustomerAccount | None:
    """The row of an account."""
    found: CustomerAccount | None = CustomerAccount.objects.filter(
        customer_id=customer_id, branch_code=account.get("branch", ""), number_index=indexes_of([account["number"]])[0]
    ).first()
    return found


def indexes_of(numbers: Iterable[str]) -> list[bytes]:
    """By what account numbers are looked for: their digits, hashed with the tenant's key."""
    return cipher().index_many(NUMBER, [digits_of(number) for number in numbers])


def _plain(account: Account) -> dict[str, Any]:
    return {
        "product_code": account.get("product", ""),
        "currency": account.get("currency", ""),
        "opened_on": _day(account.get("opened_on")),
        "closed_on": _day(account.get("closed_on")),
    }


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None
