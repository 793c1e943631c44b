"""The products of the invented banks, and the accounts that their customers have in the synthetic book."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from customers.accounts.rules import ACCOUNTS, write_accounts

# What the book has of accounts beside the usual columns.
COLUMNS = ("account_product", "account_closed_on", ACCOUNTS)
ORDINARY, CURRENT = "10", "11"
# code: (Japanese, English, kind)
PRODUCTS: Mapping[str, tuple[str, str, str]] = {
    ORDINARY: ("普通預金", "Ordinary deposit", "ORDINARY"),
    CURRENT: ("当座預金", "Current account", "CURRENT"),
    "20": ("スーパー定期", "Time deposit", "TIME"),
    "25": ("貯蓄預金", "Savings deposit", "SAVINGS"),
    "30": ("外貨普通預金", "Ordinary deposit in a foreign currency", "FOREIGN"),
    "40": ("住宅ローン", "Housing loan", "LOAN"),
    "41": ("事業者ローン", "Business loan", "LOAN"),
    "50": ("投資信託口座", "Funds account", "SECURITIES"),
}
_OF_PERSONS = (*("20",) * 5, "25", "25", "30", "40", "40", "50")
_OF_COMPANIES = (ORDINARY, ORDINARY, "20", "30", "41", "41")


def invent_accounts(row: Mapping[str, Any], today: date) -> dict[str, str | None]:
    """The cells of a row of the book; always the same for the same row."""
    random = Random(f"accounts {row['customer_number']}")  # noqa: S311  # not for secrets: the same book every time
    is_company = row["kind"] == "法人"
    opened: date = row["opened_on"]
    others = []
    for _place in range(random.choice((0, 0, 1, 1, 2, 3))):
        began = opened + timedelta(days=random.randint(0, max((today - opened).days, 0)))
        product = random.choice(_OF_COMPANIES if is_company else _OF_PERSONS)
        account = {
            "branch": row["branch_code"],
            "number": f"{random.randint(1_000_000, 9_999_999)}",
            "product": product,
            "opened_on": began.isoformat(),
        }
        if random.random() < 0.2:
            account["closed_on"] = (began + timedelta(days=random.randint(0, (today - began).days))).isoformat()
        if product == "30":
            account["currency"] = random.choice(("USD", "USD", "EUR", "AUD"))
        others.append(account)
    is_closed = random.random() < 0.01
    return {
        "account_product": CURRENT if is_company and random.random() < 0.6 else ORDINARY,
        "account_closed_on": (today - timedelta(days=random.randint(0, 30))).isoformat() if is_closed else None,
        ACCOUNTS: write_accounts(others) or None,
    }
