"""What the catalogue of facts has of accounts: the number that proves who a customer is, and columns of files."""

from __future__ import annotations

from customers.accounts.rules import ACCOUNTS, read_accounts, read_currency, read_product
from customers.facts.shape import Fact, Kept, Need, Type
from customers.parsing import read_account


def _(text: str) -> str:
    """Marks a text for translation; this module knows no Django."""
    return text


OF_ACCOUNTS: tuple[Fact, ...] = (
    Fact(
        key="account_number",
        type=Type.DIGITS,
        label=_("Account number"),
        titles=("口座番号",),
        need=Need.ALWAYS,
        is_masked=True,
        cell=read_account,
    ),
    Fact(
        key="account_product",
        type=Type.TEXT,
        titles=("商品コード", "口座商品コード", "科目コード"),
        kept=Kept.ACCOUNT,
        cell=read_product,
        is_repeated=True,
    ),
    Fact(key="account_closed_on", type=Type.DAY, titles=("口座解約日", "解約日"), kept=Kept.ACCOUNT),
    Fact(
        key="account_currency",
        type=Type.TEXT,
        titles=("通貨コード", "通貨"),
        kept=Kept.ACCOUNT,
        cell=read_currency,
        is_repeated=True,
    ),
    Fact(
        key=ACCOUNTS,
        type=Type.ACCOUNTS,
        label=_("Accounts"),
        titles=("口座一覧", "その他の口座", "保有口座"),
        is_masked=True,
        cell=read_accounts,
    ),
)
