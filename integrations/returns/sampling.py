"""What a return file would look like, with a customer who does not exist: to check a layout before it is used."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date

from customers.facts.shape import Type
from integrations.returns.filling import ReturnFile, Subject
from integrations.returns.layouts import ReturnForm
from integrations.returns.spelling import Unwritable, codes_of

_VALUES = {
    "name": "見本　花子",
    "kana": "ミホン　ハナコ",
    "birth_on": "1980-05-03",
    "corporate_number": "7000012050002",
    "representative": "見本　太郎",
    "postal_code": "1000005",
    "address": "東京都千代田区丸の内１丁目２－３",
    "phone": "+819012345678",
    "email": "mihon@mail.example.jp",
    "residence_expires_on": "2030-03-31",
    "account_number": "1234567",
}
_OWNERS = [{"name": "見本　一郎", "birth_on": "1955-01-31", "share_percent": 60}]
_OF_TYPE = {Type.DAY: "2026-04-01", Type.NUMBER: 3, Type.AMOUNT: 1_000_000, Type.TEXT: "見本", Type.OWNERS: _OWNERS}


def sample_of(form: ReturnForm, *, on: date) -> list[str]:
    """The lines of a file with one customer of whom everything changed that fits its field."""
    if form.format == "xlsx":  # a workbook is not lines of text; its rows are these
        form = replace(form, format="csv", newline="lf")
    file = ReturnFile(form, number=1, on=on)
    data = file.head() + file.record(Subject("0000000001", "INDIVIDUAL", "001"), _values(form))[0]
    with suppress(Unwritable):
        data += file.tail()
    text = data.decode(form.encoding)
    if form.format == "fixed" and form.newline == "none":
        length = sum(cell.length for cell in form.body)
        pieces = [data[at : at + length] for at in range(0, len(data), length)]
        return [piece.decode(form.encoding) for piece in pieces]
    return text.splitlines()


def _values(form: ReturnForm) -> dict[str, object]:
    values: dict[str, object] = {}
    for cell in form.body:
        fact = form.known.get(cell.fact)
        if fact is not None and not cell.marks:
            codes = list(cell.values) or list(codes_of(cell.what, form.known))
            values[cell.fact] = codes[0] if codes else _VALUES.get(cell.fact, _OF_TYPE.get(fact.type, ""))
    return {key: value for key, value in values.items() if value != ""}
