"""Layouts of return files for the tests."""

from __future__ import annotations

from typing import Any

CSV: dict[str, Any] = {
    "format": "csv",
    "encoding": "cp932",
    "newline": "crlf",
    "titles": True,
    "body": [
        {"what": "customer_number", "title": "顧客番号"},
        {"what": "name", "title": "氏名"},
        {"what": "mark:name", "title": "氏名変更"},
        {"what": "address", "title": "住所"},
        {"what": "postal_code", "title": "郵便番号"},
        {"what": "phone", "title": "電話番号"},
        {"what": "email", "title": "メール"},
        {"what": "mark:email", "title": "メール変更"},
        {"what": "occupation", "title": "職業"},
    ],
}
FIXED: dict[str, Any] = {
    "format": "fixed",
    "encoding": "cp932",
    "newline": "crlf",
    "header": [
        {"what": "text", "text": "1", "length": 1},
        {"what": "batch_number", "length": 6, "fill": "zeros"},
        {"what": "batch_on", "length": 8},
        {"what": "text", "length": 49},
    ],
    "body": [
        {"what": "text", "text": "2", "length": 1},
        {"what": "customer_number", "length": 10},
        {"what": "kana", "length": 20, "form": "half_kana"},
        {"what": "mark:kana", "length": 1},
        {"what": "name", "length": 20, "fill": "wide_spaces"},
        {"what": "phone", "length": 11, "form": "digits"},
        {"what": "occupation", "length": 1, "values": {"employee": "A", "retired": "R"}},
    ],
    "trailer": [
        {"what": "text", "text": "8", "length": 1},
        {"what": "records", "length": 6, "fill": "zeros"},
        {"what": "changes", "length": 6, "fill": "zeros"},
        {"what": "hash_total", "length": 12, "fill": "zeros"},
        {"what": "text", "length": 39},
    ],
    "end": [{"what": "text", "text": "9", "length": 64}],
}
