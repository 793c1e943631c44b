"""Writing the list of products, and by hand the accounts of one customer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.services import Actor, record
from customers.accounts.models import CustomerAccount, Product
from customers.accounts.rows import indexes_of
from customers.accounts.rules import ACCOUNTS, MOST, Account, key_of, replaced
from customers.accounts.selectors import accounts_in, forget_products
from customers.folding import digits_of
from customers.models import AttributeChange, Customer
from customers.pointers import lock_own
from customers.recording import change_customers, stored_change
from customers.selectors import ERASED, facts_of
from tenants.keys import cipher
from tenants.turns import take_turn

_SEEN = "customer.account.seen"
_ONE_AT_A_TIME = 4_330  # advisory lock class; the key within it is the tenant


class ProductTaken(Exception):
    """The list has the code already."""


class AccountRefused(Exception):
    """It cannot be so: ``args[0]`` is "taken", "too_many", "moved" (somebody else was quicker) or "erased"."""


def set_product(
    *,
    product: Product | None,
    code: str,
    name_ja: str,
    name_en: str,
    kind: str,
    is_in_use: bool = True,
    actor: Actor,
    now: datetime,
) -> Product:
    """Put a product on the list, or change one; the code of one that is there stays.

    Raises:
        ProductTaken: a new one has the code of another.
    """
    with transaction.atomic():
        take_turn(_ONE_AT_A_TIME)
        if product is None and Product.objects.filter(code=code).exists():
            raise ProductTaken(code)
        mine: Product = Product(code=code) if product is None else Product.objects.get(pk=product.pk)
        mine.name_ja, mine.name_en, mine.kind, mine.is_in_use = name_ja, name_en, kind, is_in_use
        mine.save()
        said = {"code": mine.code, "kind": kind, "in_use": is_in_use}
        if product is None:
            record("product.added", target=mine, actor=actor, at=now, **said)
        else:
            record("product.changed", target=mine, actor=actor, at=now, **said)
    forget_products()
    return mine


def seen_of(account: Account) -> str:
    """A keyed hash of an account as it is shown, to tell later whether it is still that one."""
    return cipher().index(_SEEN, json.dumps(dict(account), sort_keys=True)).hex()


def account_of(customer: Customer, row: CustomerAccount) -> Account | None:
    """What is on file of the account of a row."""
    held = accounts_in(facts_of(customer), branch=customer.branch_code)
    index = bytes(row.number_index)
    alike = [one for one in held if one.get("branch", "") == row.branch_code]
    return next((one for one in alike if indexes_of([one["number"]])[0] == index), None)


def enter_account(
    *, customer_id: UUID, account: Account, reason: str, matter: str = "", actor: Actor, now: datetime
) -> None:
    """Enter an account that the customer has.

    Raises:
        AccountRefused: it is there already, there are too many, or the customer's data were destroyed.
        CustomerMerged: the customer is part of another by now.
    """
    with transaction.atomic():
        customer, held = _held(customer_id)
        if key_of(account) in map(key_of, held):
            raise AccountRefused("taken")
        if len(held) >= MOST:
            raise AccountRefused("too_many")
        _write(customer, replaced(held, key_of(account), account), reason, matter, actor=actor, now=now)


def change_account(
    *,
    customer_id: UUID,
    row: CustomerAccount,
    seen: str,
    account: Account,
    reason: str,
    matter: str = "",
    actor: Actor,
    now: datetime,
) -> bool:
    """Write what is known of an account now: corrected, closed, or opened again. Returns whether that changes anything.

    ``seen`` is what `seen_of` gave when it was shown.

    Raises:
        AccountRefused: somebody else changed it since, or another account is the same; or the data were destroyed.
        CustomerMerged: the customer is part of another by now.
    """
    with transaction.atomic():
        customer, held = _held(customer_id)
        was = account_of(customer, row)
        if was is None or seen_of(was) != seen:
            raise AccountRefused("moved")
        if dict(was) == dict(account):
            return False
        if key_of(account) != key_of(was) and key_of(account) in map(key_of, held):
            raise AccountRefused("taken")
        others = [one for one in held if key_of(one) != key_of(was)]
        after = replaced(others, key_of(account), account)
        _write(customer, after, reason, matter, renamed=(was, account), actor=actor, now=now)
    return True


def _held(customer_id: UUID) -> tuple[Customer, list[Account]]:
    customer = lock_own(customer_id)
    facts = facts_of(customer)
    if facts.get(ERASED):
        raise AccountRefused("erased")
    return customer, accounts_in(facts, branch=customer.branch_code)


def _write(
    customer: Customer,
    accounts: Sequence[Account],
    reason: str,
    matter: str,
    *,
    renamed: tuple[Account, Account] | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """The accounts as a fact; a corrected number is corrected where it proves who the customer is, too."""
    facts: dict[str, object] = {ACCOUNTS: [dict(account) for account in accounts]}
    if renamed and digits_of(str(facts_of(customer).get("account_number") or "")) == digits_of(renamed[0]["number"]):
        facts["account_number"] = renamed[1]["number"]
    change = stored_change(facts)
    change.reason, change.matter = reason, matter
    change_customers({customer.pk: change}, source=AttributeChange.Source.STAFF, actor=actor, now=now)
