"""What is taken as it stands and yet looks wrong: zeros eaten by a spreadsheet, letters not in CP932,
an address elsewhere.

A doubt is (column, code, params), without anything personal in its params. Nothing is mended here: either the value is
kept as the file has it, or the code says as what it was read.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from customers.addresses.reading import CONTRADICTIONS, compare
from customers.folding import digits_of
from customers.parsing import narrow, serial_day

type Doubt = tuple[str, str, Mapping[str, object]]

ACCOUNT_DIGITS = 7
BRANCH_DIGITS = 3
_FROM_ONE_TO_NINE = frozenset("123456789１２３４５６７８９")
# In JIS X 0208, and in CP932 under a neighbouring code point: every host has them.
_IN_JIS = str.maketrans(dict.fromkeys("‖−〜—¢£¬"))


class Doubts:
    """Looks over the records of one file, in order.

    ``days``: the columns that hold days; ``retired``: by column, the codes that its list offers no more.
    """

    def __init__(
        self,
        columns: Sequence[str | None],
        encoding: str,
        days: Sequence[str],
        retired: Mapping[str, Collection[str]],
    ) -> None:
        self._days = days
        self._retired = retired
        self._at = {key: index for index, key in enumerate(columns) if key}
        self._is_cp932 = encoding == "cp932"
        self._longest = 0

    def note(self, number: str) -> None:
        """A record was dealt with before; its customer number still counts for the comparison."""
        if number.isdecimal():
            self._longest = max(self._longest, len(number))

    def of(self, text: str, fields: Sequence[str], number: str, facts: Mapping[str, Any]) -> list[Doubt]:
        """The doubts about one record; `number` is its customer number in narrow characters."""
        found: list[Doubt] = []
        if not (self._is_cp932 or text.isascii()) and foreign_characters(text):
            found += self._foreign(fields)
        if number.isdecimal() and len(number) != self._longest:
            if self._longest:
                params = {"digits": len(number), "usual": self._longest}
                found.append(("customer_number", "other_length", params))
            self.note(number)
        account = facts.get("account_number", "")
        if len(account) < ACCOUNT_DIGITS and account.isdecimal():
            found.append(("account_number", "few_digits", {"digits": len(account), "usual": ACCOUNT_DIGITS}))
        if len(narrow(self._cell(fields, "branch_code"))) < BRANCH_DIGITS:
            found.append(("branch_code", "zero_added", {}))
        phone = self._cell(fields, "phone")
        if phone[:1] in _FROM_ONE_TO_NINE and facts["phone"] == f"+81{digits_of(phone)}":
            found.append(("phone", "zero_added", {}))
        for key in self._days:
            if len(cell := self._cell(fields, key)) == 5 and serial_day(cell):
                found.append((key, "serial_date", {}))
        code, address = facts.get("postal_code"), facts.get("address")
        if code and address and (verdict := compare(code, address)) in CONTRADICTIONS:
            found.append(("postal_code", verdict.value, {}))
        found += self._gone(facts)
        return found

    def _gone(self, facts: Mapping[str, Any]) -> Iterator[Doubt]:
        for key, retired in self._retired.items():
            said = facts.get(key, ())
            if gone := [code for code in ((said,) if isinstance(said, str) else said) if code in retired]:
                yield key, "retired_choice", {"codes": gone}

    def _cell(self, fields: Sequence[str], key: str) -> str:
        return fields[self._at[key]] if key in self._at else ""

    def _foreign(self, fields: Sequence[str]) -> Iterator[Doubt]:
        for key, index in self._at.items():
            if strange := foreign_characters(fields[index]):
                points = " ".join(f"U+{ord(character):04X}" for character in strange)
                yield key, "outside_cp932", {"code_points": points}


def foreign_characters(text: str) -> list[str]:
    """The characters that neither CP932 nor JIS X 0208 has, each once, in the order of the text."""
    try:
        text.translate(_IN_JIS).encode("cp932")
    except UnicodeEncodeError:
        return [character for character in dict.fromkeys(text) if not _is_known(character)]
    return []


def _is_known(character: str) -> bool:
    try:
        character.translate(_IN_JIS).encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
