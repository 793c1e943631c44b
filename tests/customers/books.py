"""Small customer books for the tests: one good row, changed cell by cell."""

from __future__ import annotations

import io
from datetime import date

from customers.decoding import COLUMNS, HEADER

TODAY = date(2026, 11, 24)
PERSON = {
    "customer_number": "0000000001",
    "kind": "個人",
    "name": "髙﨑　花子",
    "kana": "タカサキ　ハナコ",
    "birth_on": "1980-05-03",
    "postal_code": "100-0005",
    "address": "東京都千代田区丸の内1丁目2-3",
    "phone": "090-1234-5678",
    "email": "hanako@mail.example.jp",
    "line_id": "U" + "0a" * 16,
    "nationality": "日本",
    "country_of_residence": "日本",
    "occupation": "会社員",
    "purpose": "給与・年金受取",
    "is_foreign_pep": "無",
    "handles_cash": "無",
    "sends_abroad": "",
    "account_number": "1234567",
    "opened_on": "2010-04-01",
    "last_reviewed_on": "2023/02/28",
    "branch_code": "1",
}
COMPANY = {
    "customer_number": "C-1",
    "kind": "法人",
    "name": "㈱あさなぎ商事",
    "kana": "ｶ)ｱｻﾅｷﾞｼﾖｳｼﾞ",
    "corporate_number": "7000012050002",
    "representative": "山田　太郎",
    "postal_code": "1000005",
    "address": "東京都千代田区丸の内1丁目2-3",
    "phone": "03-3211-1111",
    "country_of_residence": "日本",
    "industry": "卸売業・小売業",
    "purpose": "事業費決済",
    "handles_cash": "有",
    "sends_abroad": "無",
    "account_number": "7654321",
    "opened_on": "2001-01-31",
    "branch_code": "001",
}


def person(**cells: str) -> dict[str, str]:
    """The good person with some cells changed."""
    return {**PERSON, **cells}


def company(**cells: str) -> dict[str, str]:
    """The good company with some cells changed."""
    return {**COMPANY, **cells}


def line(row: dict[str, str], delimiter: str = ",") -> str:
    """The row in the order of the header, unquoted."""
    return delimiter.join(row.get(key, "") for key in COLUMNS)


def book(*rows: dict[str, str] | str, encoding: str = "cp932", delimiter: str = ",", newline: str = "\r\n") -> bytes:
    """A file with the standard header; a row given as text stands as it is."""
    lines = [delimiter.join(HEADER), *(row if isinstance(row, str) else line(row, delimiter) for row in rows)]
    return (newline.join(lines) + newline).encode(encoding)


def upload(content: bytes) -> io.BytesIO:
    """The file as a view would hand it over."""
    return io.BytesIO(content)
