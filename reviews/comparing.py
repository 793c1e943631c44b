"""Comparing what the file says with what the customer answered: pure, and blind to how a thing is written."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from customers.facts.catalogue import FACTS
from customers.facts.shape import Gravity, Type
from customers.folding import digits_of
from customers.folding import fold as fold_characters

type Facts = Mapping[str, object]


class Kind(StrEnum):
    """How an answer disagrees with the file. Values as in ``reviews.models.Discrepancy``."""

    CHANGED = "CHANGED"
    ADDED = "ADDED"
    REMOVED = "REMOVED"
    IDENTITY = "IDENTITY"


class Severity(StrEnum):
    """How much a disagreement asks of the reviewer. Values as in ``reviews.models.Discrepancy``."""

    INFO = "INFO"
    NORMAL = "NORMAL"
    SERIOUS = "SERIOUS"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field on which file and answer disagree; the values themselves stay with the caller."""

    field: str
    kind: Kind
    severity: Severity


# Searching folds wide (`customers.folding`: no legal forms, 斎 = 斉) because a miss is worse than a hit too many.
# Comparing folds narrow: only what a registry treats as one character, since what is folded away is never reviewed.
_VARIANTS = str.maketrans("髙﨑𠮷德邉曻濵", "高崎吉徳邊昇濱")
_SMALL_KANA = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_KANJI_DIGITS = {kanji: value for value, kanji in enumerate("〇一二三四五六七八九")}
_KANJI_NUMBER = re.compile(
    r"(?<![〇一二三四五六七八九十百])[〇一二三四五六七八九十百]++(?=\s*(?:丁目|番地|番(?!町)|号|条|階))"
)
_LEGAL_FORMS = (
    ("(株)", "株式会社"), ("(有)", "有限会社"), ("(同)", "合同会社"), ("(資)", "合資会社"), ("(名)", "合名会社"),
    ("(一社)", "一般社団法人"), ("(公社)", "公益社団法人"), ("(一財)", "一般財団法人"), ("(公財)", "公益財団法人"),
    ("(社)", "社団法人"), ("(財)", "財団法人"), ("(医)", "医療法人"), ("(学)", "学校法人"), ("(福)", "社会福祉法人"),
    ("(宗)", "宗教法人"), ("(特非)", "特定非営利活動法人"),
)  # fmt: skip


def fold_text(value: object) -> str:
    """Width, case, spaces, dashes, hiragana and variant selectors make no difference."""
    return "".join(fold_characters(str(value)).split())


def fold_name(value: object) -> str:
    """A person's or company's name: kanji variants and abbreviated legal forms are the same name."""
    text = fold_text(value).translate(_VARIANTS)
    for short, full in _LEGAL_FORMS:
        text = text.replace(short, full)
    return text.replace("・", "").replace("=", "")


def fold_kana(value: object) -> str:
    """A reading: half-width and small kana are the katakana that old bank files can hold."""
    text = fold_name(value).translate(_SMALL_KANA)
    for short, full in (("カ)", "カブシキガイシヤ"), ("(カ", "カブシキガイシヤ"), ("ユ)", "ユウゲンガイシヤ")):
        text = text.replace(short, full)
    return text


def _arabic(match: re.Match[str]) -> str:
    total, digit = 0, 0
    for character in match[0]:
        if character in "十百":
            total += (digit or 1) * (10 if character == "十" else 100)
            digit = 0
        else:
            digit = digit * 10 + _KANJI_DIGITS[character]
    return str(total + digit)


def fold_address(value: object) -> str:
    """``中央区一丁目２番３号 ４０５号室`` and ``中央区1-2-3-405`` are one address."""
    text = fold_characters(str(value)).translate(_VARIANTS).translate(_SMALL_KANA)
    text = _KANJI_NUMBER.sub(_arabic, text)
    text = re.sub(r"(\d)\s+(?=\d)", r"\1-", text)
    text = "".join(text.split())
    text = re.sub(r"(?<=\d)(?:丁目|番地ノ?|番(?!町)ノ?|号室|号(?![棟館線])|室|ノ(?=\d))", "-", text)
    text = text.replace("階", "f").replace("大字", "").replace("ガ丘", "ケ丘")
    text = re.sub(r"-+", "-", text.replace(",", "").replace("、", ""))
    return re.sub(r"(?<!\d)-|-(?!\d)", "", text)


def fold_phone(value: object) -> str:
    """Digits as dialled inside Japan."""
    digits = digits_of(str(value))
    if digits.startswith("81") and len(digits) >= 11:
        return "0" + digits[2:].removeprefix("0")
    return digits


def fold_digits(value: object) -> str:
    """Postal codes, dates, account and corporate numbers: only the digits count."""
    return digits_of(str(value))


def _fold_owners(value: object) -> tuple[tuple[str, str, str, bool], ...]:
    owners = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return tuple(
        sorted(
            (
                fold_name(owner.get("name") or ""),
                fold_digits(owner.get("birth_on") or ""),
                _percent(owner.get("share_percent")),
                bool(owner.get("is_pep")),
            )
            for owner in owners
            if isinstance(owner, Mapping)
        )
    )


def _percent(value: object) -> str:
    text = fold_text(value if value is not None else "").removesuffix("%")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _fold_other(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, Collection) and not isinstance(value, str):
        return tuple(sorted(fold_text(item) for item in value))
    return fold_text(value)


_FOLDS: dict[Type, Callable[[object], object]] = {
    Type.NAME: fold_name,
    Type.KANA: fold_kana,
    Type.ADDRESS: fold_address,
    Type.POSTAL_CODE: fold_digits,
    Type.DAY: fold_digits,
    Type.DIGITS: fold_digits,
    Type.PHONE: fold_phone,
    Type.OWNERS: _fold_owners,
}

_ORDER = {Severity.SERIOUS: 0, Severity.NORMAL: 1, Severity.INFO: 2}


def fold(field: str, value: object) -> object:
    """The form in which two values of ``field`` are equal exactly when they mean the same."""
    fact = FACTS.get(field)
    return _FOLDS.get(fact.type, _fold_other)(value) if fact else _fold_other(value)


def is_blank(value: object) -> bool:
    """Nothing was said. ``False`` and ``0`` are answers."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], ())


def worsens_risk(field: str, answer: object) -> bool:
    """Whether an answer that differs from the file points to a higher risk, whatever the policy's weights are."""
    if field == "country_of_residence":
        return fold_text(answer) not in {"jp", "jpn", "日本"}
    if field == "owners":
        return any(is_pep for *_, is_pep in _fold_owners(answer))
    worse = FACTS[field].worse if field in FACTS else ()
    said = answer if isinstance(answer, Collection) and not isinstance(answer, str) else (answer,)
    return any(value in worse for value in said)


def compare(facts: Facts, answers: Facts, asked: Collection[str]) -> list[Difference]:
    """Every field of ``asked`` on which ``answers`` disagrees with ``facts``, gravest first.

    ``asked`` holds the questions on the route the customer really took: a question never shown is not removed.
    """
    found = [difference for field in asked if (difference := _difference(field, facts, answers))]
    return sorted(found, key=lambda difference: (_ORDER[difference.severity], difference.field))


def _difference(field: str, facts: Facts, answers: Facts) -> Difference | None:
    known, answer = facts.get(field), answers.get(field)
    if is_blank(answer):
        return None if is_blank(known) else Difference(field, Kind.REMOVED, Severity.NORMAL)
    if not is_blank(known) and fold(field, known) == fold(field, answer):
        return None
    kind = Kind.ADDED if is_blank(known) else Kind.CHANGED
    if worsens_risk(field, answer):
        return Difference(field, kind, Severity.SERIOUS)
    gravity = FACTS[field].gravity if field in FACTS else Gravity.NORMAL
    return Difference(field, kind, Severity.INFO if kind is Kind.ADDED else Severity[gravity.name])
