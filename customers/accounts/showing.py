"""A customer's accounts as the page shows them: open ones first, numbers covered until a reason was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from customers.accounts.models import CustomerAccount
from customers.accounts.rows import indexes_of
from customers.accounts.rules import Account, is_open
from customers.accounts.selectors import accounts_in, product_name, products
from customers.models import Customer
from customers.presenting import hide


@dataclass(frozen=True, slots=True)
class AccountShown:
    """One account as a row; ``row_id`` is None of one that has no row yet."""

    row_id: UUID | None
    number: str
    branch: str
    product: str
    kind: str
    currency: str
    opened_on: date | None
    closed_on: date | None
    is_masked: bool


@dataclass(frozen=True, slots=True)
class AccountsShown:
    """The accounts of one customer."""

    rows: list[AccountShown]
    open: int

    @property
    def closed(self) -> int:
        """How many are closed."""
        return len(self.rows) - self.open


def accounts_shown(customer: Customer, facts: Mapping[str, Any], *, masked: bool) -> AccountsShown:
    """Open ones first, the latest of them at the top."""
    held = accounts_in(facts, branch=customer.branch_code)
    rows = CustomerAccount.objects.filter(customer=customer).values_list("branch_code", "number_index", "pk")
    ids = {(branch, bytes(index)): pk for branch, index, pk in rows}
    indexes = indexes_of(account["number"] for account in held)
    shown = [
        _shown(account, ids.get((account.get("branch", ""), index)), masked=masked)
        for account, index in zip(held, indexes, strict=True)
    ]
    shown.sort(key=lambda one: (one.closed_on or date.min, one.opened_on or date.min), reverse=True)
    shown.sort(key=lambda one: one.closed_on is not None)
    return AccountsShown(shown, sum(map(is_open, held)))


def _shown(account: Account, row_id: UUID | None, *, masked: bool) -> AccountShown:
    number, code = account["number"], account.get("product", "")
    said = hide("account_number", number) if masked else number
    product = products().get(code)
    return AccountShown(
        row_id=row_id,
        number=said,
        branch=account.get("branch", ""),
        product=product_name(code),
        kind=product.get_kind_display() if product else "",
        currency=account.get("currency", ""),
        opened_on=_day(account.get("opened_on")),
        closed_on=_day(account.get("closed_on")),
        is_masked=said != number,
    )


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None
