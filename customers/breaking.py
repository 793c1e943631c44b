"""Rows of a customer book broken on purpose, one way after another, to show that each is caught and explained."""

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice

from customers.facts.catalogue import USUAL

_AT = {key: index for index, key in enumerate(USUAL)}
_GAIJI = "\ue000"  # the first character of the area that CP932 leaves to each vendor


def _put(key: str, value: str) -> Callable[[list[str]], bytes]:
    def change(cells: list[str]) -> bytes:
        cells[_AT[key]] = value
        return _joined(cells)

    return change


def _joined(cells: Sequence[str]) -> bytes:
    return ",".join(cells).encode("cp932")


def _name_then(raw: bytes) -> Callable[[list[str]], bytes]:
    """The name cell replaced by raw bytes."""

    def change(cells: list[str]) -> bytes:
        cells[_AT["name"]] = "@@"
        return _joined(cells).replace(b"@@", raw)

    return change


_PERSON_WAYS: tuple[tuple[str, Callable[[list[str]], bytes]], ...] = (
    ("required", _put("customer_number", "")),
    ("bad_number", _put("customer_number", "番号12")),
    ("bad_kind", _put("kind", "自然人")),
    ("required", _put("name", "")),
    ("too_long", _put("name", "寿限無" * 60)),
    ("private_character", _put("name", f"{_GAIJI}田　太郎")),
    ("bad_kana", _put("kana", "山田　太郎")),
    ("no_such_date", _put("birth_on", "2023-02-30")),
    ("in_the_future", _put("birth_on", "2099-04-01")),
    ("too_early", _put("birth_on", "1850-01-01")),
    ("bad_date", _put("birth_on", "昭和のころ")),
    ("required", _put("birth_on", "")),
    ("bad_postal_code", _put("postal_code", "12-345")),
    ("unknown_postal_code", _put("postal_code", "000-0000")),
    ("required", _put("postal_code", "")),
    ("too_long", _put("address", "横浜" * 120)),
    ("required", _put("address", "")),
    ("bad_phone", _put("phone", "090-1234")),
    ("bad_phone", _put("phone", "なし")),
    ("bad_email", _put("email", "hanako＠＠example")),
    ("bad_line_id", _put("line_id", "U12345")),
    ("unknown_country", _put("nationality", "ムー大陸")),
    ("unknown_country", _put("country_of_residence", "XX")),
    ("bad_date", _put("residence_expires_on", "来年")),
    ("unknown_choice", _put("occupation", "会社")),
    ("unknown_choice", _put("purpose", "ひみつ")),
    ("not_for_kind", _put("industry", "製造業")),
    ("bad_answer", _put("is_foreign_pep", "不明")),
    ("bad_account", _put("account_number", "12")),
    ("required", _put("account_number", "")),
    ("required", _put("opened_on", "")),
    ("in_the_future", _put("last_reviewed_on", "2099-01-01")),
    ("before_opening", _put("last_reviewed_on", "1950-01-01")),
    ("bad_branch", _put("branch_code", "本店")),
    ("field_count", lambda cells: _joined(cells[:-3])),
    ("field_count", lambda cells: _joined([*cells, "余り"])),
    ("undecodable", _name_then(b"\x81\xad\x82\xa0")),
    ("control_character", _name_then(b"\x82\xa0\x07\x82\xa2")),
    ("unclosed_quote", _name_then(b'"\x82\xa0\x82\xa2')),
    ("bad_quoting", _name_then(b'"\x82\xa0"\x82\xa2')),
)
_COMPANY_WAYS: tuple[tuple[str, Callable[[list[str]], bytes]], ...] = (
    ("bad_corporate_number", _put("corporate_number", "123456789012")),
    ("corporate_check_digit", _put("corporate_number", "1234567890123")),
    ("not_for_kind", _put("birth_on", "2001-04-01")),
)
WAYS = frozenset(code for code, _ in _PERSON_WAYS + _COMPANY_WAYS) | {"duplicate"}


def break_rows(rows: Sequence[Sequence[str]], count: int) -> Iterator[bytes]:
    """`count` broken lines made from copies of good rows, each in the next way; the originals stay.

    Every copy has a customer number of its own, except the one that breaks the rule against using one twice.
    """
    people = [row for row in rows if row[_AT["kind"]] == "個人"]
    companies = [row for row in rows if row[_AT["kind"]] == "法人"]
    yield from islice(_ways(people, companies), count)


def _ways(people: Sequence[Sequence[str]], companies: Sequence[Sequence[str]]) -> Iterator[bytes]:
    number = 0
    every = [(people, way) for _, way in _PERSON_WAYS] + [(companies, way) for _, way in _COMPANY_WAYS]
    # Companies first: a small count still shows their ways.
    for rows, way in cycle([(people, None), *reversed(every)]):
        if not rows:
            continue
        number += 1
        cells = [cell.replace(",", "、").replace("\n", "") for cell in rows[number % len(rows)]]
        if way is None:
            yield _joined(cells) + b"\r\n"
            continue
        cells[_AT["customer_number"]] = f"9{number:09d}"
        yield way(cells) + b"\r\n"
