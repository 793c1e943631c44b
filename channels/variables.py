"""What a template may leave open: a closed list of variables by their Japanese names, and how they are filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Written in braces in every language, and filled from the values of a notice by these names.
VARIABLES: Mapping[str, str] = {
    "金融機関名": "bank",
    "受付番号": "number",
    "期限": "deadline",
    "期限（短）": "deadline_short",
    "リンク": "url",
    "電話番号": "phone",
    "受付時間": "phone_hours",
    "ホームページ": "official_site",
    "確認ページ": "check_page",
    "番号入力ページ": "entry_page",
    "所在地": "bank_address",
    "当行の呼び方": "kind_word",
}
# Of these, what an address stands in the place of.
ADDRESSES = frozenset({"リンク", "ホームページ", "確認ページ", "番号入力ページ"})
_PLACE = re.compile(r"\{([^{}]*)\}")


class UnknownVariable(Exception):
    """A text names a variable that is not on the list."""


def fill(words: str, values: Mapping[str, str]) -> str:
    """The text with every variable replaced; what a value says is never read as a variable.

    Raises:
        UnknownVariable: the text names one that is not on the list.
    """

    def value_of(found: re.Match[str]) -> str:
        if found[1] not in VARIABLES:
            raise UnknownVariable(found[1])
        return values[VARIABLES[found[1]]]

    return _PLACE.sub(value_of, words)


def named_in(words: str) -> list[str]:
    """Every variable that the text names, known or not, in its order."""
    return _PLACE.findall(words)


def has_stray_brace(words: str) -> bool:
    """Whether a brace opens or closes nothing."""
    return bool(re.search(r"[{}]", _PLACE.sub("", words)))
