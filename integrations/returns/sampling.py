"""What a return file would look like, with a customer who does not exist: to check a layout before it is used."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

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
_ANSWERS = {"true", "false"}


def sample_of(form: ReturnForm, *, on: date) -> list[str]:
    """The lines of a file with one customer of whom everything changed that fits its field."""
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
        if cell.what in form.facts:
            codes = list(cell.values) or list(codes_of(cell.what))
            first = codes[0] if codes else _VALUES.get(cell.what, "")
            values[cell.what] = first == "true" if first in _ANSWERS else first
    return {key: value for key, value in values.items() if value != ""}
