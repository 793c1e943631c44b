"""Reading products and accounts: what the institution sells, what customers hold, and who is left without any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, GreaterThanOrEqual
from django.utils.translation import get_language

from customers.accounts.models import CustomerAccount, Product
from customers.accounts.rows import indexes_of
from customers.accounts.rules import ACCOUNTS, Account, joined
from customers.folding import digits_of
from tenants.scoping import remembered

_REMEMBERED = "products"
_BRANCH = 3


def products() -> Mapping[str, Product]:
    """The institution's products by code, those not in use too; one query a scope."""
    memory = remembered()
    if memory is None:
        return {}
    if _REMEMBERED not in memory:
        with transaction.atomic(savepoint=False):
            memory[_REMEMBERED] = {one.code: one for one in Product.objects.order_by("code")}
    return cast("Mapping[str, Product]", memory[_REMEMBERED])


def forget_products() -> None:
    """They are other ones now; the next question in this scope reads them anew."""
    if (memory := remembered()) is not None:
        memory.pop(_REMEMBERED, None)


def product_name(code: str) -> str:
    """What a product is called in the language of the page; its code, where the list does not have it."""
    found = products().get(code)
    if found is None:
        return code
    return str(found.name_ja if (get_language() or "ja") == "ja" else found.name_en)


def codes_without_product() -> list[tuple[str, int]]:
    """Codes that accounts have and the list has not, with how many accounts; the most frequent first."""
    rows = CustomerAccount.objects.exclude(product_code="").exclude(product_code__in=Product.objects.values("code"))
    counted = rows.values_list("product_code").annotate(accounts=Count("pk")).order_by("-accounts", "product_code")
    return [(code, accounts) for code, accounts in counted[:100]]


def accounts_in(facts: Mapping[str, Any], *, branch: str = "") -> list[Account]:
    """The accounts of a customer's facts; of one entered before accounts were kept, the one account number."""
    if known := facts.get(ACCOUNTS):
        return list(known)
    number = facts.get("account_number")
    return joined(None, [{"branch": branch, "number": str(number)}]) if number else []


def holders_of_account(wanted: str) -> list[UUID]:
    """Whose account number ``wanted`` is, however it is written; with its branch before it, of that branch alone."""
    digits = digits_of(wanted)
    if len(digits) < 4 or any(letter.isalpha() for letter in wanted):
        return []
    whole, short = indexes_of([digits, digits[_BRANCH:]])
    rows = CustomerAccount.objects.filter(number_index__in=[whole, short])
    found = rows.values_list("customer_id", "number_index", "branch_code")
    return [customer for customer, index, branch in found if bytes(index) == whole or branch == digits[:_BRANCH]]


def held_by(ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The products of the open accounts of customers, an account of an unknown one as ""; one query.

    Who has had accounts and has none open is in it with none; of whom no account is known is not in it.
    """
    held: dict[UUID, list[str]] = defaultdict(list)
    rows = CustomerAccount.objects.filter(customer_id__in=list(ids)).order_by("pk")
    for customer_id, product, closed_on in rows.values_list("customer_id", "product_code", "closed_on"):
        mine = held[customer_id]
        if closed_on is None:
            mine.append(product)
    return dict(held)


def without_open_account() -> set[UUID]:
    """Customers of whom accounts are known and every one is closed; one query."""
    rows = CustomerAccount.objects.values("customer_id").annotate(open=Count("pk", filter=Q(closed_on__isnull=True)))
    return set(rows.filter(open=0).values_list("customer_id", flat=True))


def open_accounts() -> QuerySet[CustomerAccount]:
    """Those of the customer of the outer query."""
    rows: QuerySet[CustomerAccount] = CustomerAccount.objects.filter(customer=OuterRef("pk"), closed_on__isnull=True)
    return rows


def holding(codes: Collection[str]) -> Q:
    """Customers with an open account of one of the products."""
    return Q(Exists(open_accounts().filter(product_code__in=list(codes))))


def with_accounts(numbers: Collection[int], *, most: int, or_unknown: bool) -> Q:
    """Customers with so many open accounts, ``most`` standing for that many and more; or of whom none is known."""
    known = Q(Exists(CustomerAccount.objects.filter(customer=OuterRef("pk"))))
    counted = open_accounts().order_by().values("customer").annotate(number=Count("pk")).values("number")
    number = Coalesce(Subquery(counted), Value(0))
    found = Q()
    for wanted in numbers:
        found |= Q(GreaterThanOrEqual(number, wanted) if wanted == most else Exact(number, wanted))
    if not or_unknown:
        return found & known
    return found & known | ~known if numbers else ~known
