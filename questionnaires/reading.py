"""Reads what a person typed: any width, any dash, either calendar; names are left exactly as given."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

import phonenumbers

LONGEST_INPUT = 1_000

# U+002D and its look-alikes, as keyboards and word processors produce them; NFKC leaves these apart.
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－ーｰ─━ᅳ〜～"), "-")
_SEPARATORS = re.compile(r"[\s\-()./・]+")
# Directional controls can make a name read differently from how it is stored.
_DIRECTIONAL = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_KATAKANA = {hiragana: chr(hiragana + 0x60) for hiragana in range(0x3041, 0x3097)}
_KANA = re.compile(r"[ァ-ヺー・A-Z0-9.,&'()\-\u3000]+")
_WHOLE = re.compile(r"-?(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})")
# 5千3百20: a thousand or a hundred may stand without a number of its own.
_BELOW = r"((?:[0-9]{0,4}千)?(?:[0-9]{0,4}百)?[0-9]{0,15})"
_YEN = re.compile(rf"(?:{_BELOW}億)?(?:{_BELOW}万)?{_BELOW}")
_HUNDREDS = re.compile(r"(?:([0-9]{0,4})千)?(?:([0-9]{0,4})百)?([0-9]{0,15})")
_WESTERN = re.compile(r"(\d{4})[年/.\-](\d{1,2})[月/.\-](\d{1,2})日?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_ERA = re.compile(r"(令和|平成|昭和|大正|明治|[RHSTM])[.\-]?(元|\d{1,2})[年/.\-](\d{1,2})[月/.\-](\d{1,2})日?")


class Unreadable(ValueError):
    """What was typed can't be read; `code` and `params` say why, for the page to put into words."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Era:
    """A Japanese era; the day of a change of era belongs to both."""

    name: str
    letter: str
    kanji: str
    first: date
    last: date


ERAS = (
    Era("reiwa", "R", "令和", date(2019, 5, 1), date(2117, 12, 31)),
    Era("heisei", "H", "平成", date(1989, 1, 8), date(2019, 4, 30)),
    Era("showa", "S", "昭和", date(1926, 12, 25), date(1989, 1, 7)),
    Era("taisho", "T", "大正", date(1912, 7, 30), date(1926, 12, 25)),
    Era("meiji", "M", "明治", date(1868, 1, 25), date(1912, 7, 30)),
)
_ERA_BY_NAME = {spelling: era for era in ERAS for spelling in (era.name, era.letter, era.kanji)}


def fold(typed: str) -> str:
    """One width, one dash, no blanks around: for numbers and e-mail addresses, never for names."""
    return unicodedata.normalize("NFKC", typed.translate(_DASHES)).translate(_DASHES).strip()


def read_digits(typed: str, *, length: int) -> str:
    """Exactly `length` digits, whatever separates them. Raises Unreadable("digits")."""
    digits = _SEPARATORS.sub("", fold(typed))
    if not (digits.isascii() and digits.isdigit() and len(digits) == length):
        raise Unreadable("digits", count=length)
    return digits


def read_postal_code(typed: str) -> str:
    """NNN-NNNN. Raises Unreadable("postal_code")."""
    try:
        digits = read_digits(fold(typed).removeprefix("〒"), length=7)
    except Unreadable:
        raise Unreadable("postal_code") from None
    return f"{digits[:3]}-{digits[3:]}"


def read_phone(typed: str) -> str:
    """A Japanese number in national form (090-1234-5678), a foreign one in international form."""
    try:
        number = phonenumbers.parse(fold(typed), "JP")
    except phonenumbers.NumberParseException:
        raise Unreadable("phone") from None
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise Unreadable("phone")
    styles = phonenumbers.PhoneNumberFormat
    style = styles.NATIONAL if number.country_code == 81 else styles.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def read_email(typed: str) -> str:
    """An address with its domain in lower case. Raises Unreadable("email")."""
    address = fold(typed)
    if len(address) > 254 or not _EMAIL.fullmatch(address) or ".." in address:
        raise Unreadable("email")
    local, domain = address.rsplit("@", 1)
    return f"{local}@{domain.lower()}"


def read_text(typed: str, *, longest: int) -> str:
    """The text exactly as given. Refuses control characters, and characters only one machine can show."""
    if len(typed) > longest:
        raise Unreadable("too_long", limit=longest)
    for character in typed:
        category = unicodedata.category(character)
        if category in {"Cc", "Cs", "Cn"} or character in _DIRECTIONAL:
            raise Unreadable("control_character")
        if category == "Co":
            raise Unreadable("private_character", character=character)
    return typed


def read_lines(typed: str, *, longest: int) -> str:
    """As `read_text`, in several lines."""
    lines = typed.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if len(lines) > longest:
        raise Unreadable("too_long", limit=longest)
    return "\n".join(read_text(line, longest=longest) for line in lines.split("\n"))


def read_kana(typed: str, *, longest: int) -> str:
    """A reading in full-width katakana, whatever kana it was typed in. Raises Unreadable("kana")."""
    kana = unicodedata.normalize("NFKC", read_text(typed, longest=longest)).strip()
    kana = kana.translate(_KATAKANA).upper().replace(" ", "\u3000")
    if not _KANA.fullmatch(kana):
        raise Unreadable("kana")
    return kana


def read_latin(typed: str, *, longest: int) -> str:
    """A name in Latin letters with their accents, as passports and residence cards have it."""
    name = unicodedata.normalize("NFC", read_text(typed, longest=longest))
    name = re.sub(r"\s+", " ", "".join(_narrow(character) for character in name)).strip()
    if not name or not all(_is_latin(character) for character in name):
        raise Unreadable("latin")
    return name


def read_whole_number(typed: str) -> int:
    """A whole number, with or without commas. Raises Unreadable("number")."""
    number = fold(typed).replace(" ", "")
    if not _WHOLE.fullmatch(number):
        raise Unreadable("number")
    return int(number.replace(",", ""))


def read_yen(typed: str) -> int:
    """An amount of yen as people write it: 1,000,000円, ¥500, 3百万円, 1億2,000万. Raises Unreadable("amount")."""
    amount = fold(typed).replace(" ", "").replace(",", "").removeprefix("¥").removesuffix("円")
    match = _YEN.fullmatch(amount)
    if match is None or not amount:
        raise Unreadable("amount")
    oku, man, ones = (_below(part or "") for part in match.groups())
    return oku * 100_000_000 + man * 10_000 + ones


def _below(part: str) -> int:
    """A number below the next unit of four digits: 5千3百20, 百, 3000."""
    match = _HUNDREDS.fullmatch(part)
    assert match
    thousands, hundreds, ones = match.groups()
    larger = sum(scale * int(given or 1) for scale, given in ((1_000, thousands), (100, hundreds)) if given is not None)
    return larger + int(ones or 0)


def _narrow(character: str) -> str:
    """A full-width letter made narrow; accents stay as they are."""
    point = ord(character)
    return chr(point - 0xFEE0) if 0xFF01 <= point <= 0xFF5E else " " if character == "\u3000" else character


def _is_latin(character: str) -> bool:
    return character in " -'.,’" or "LATIN" in unicodedata.name(character, "")


def read_share(typed: str) -> int | float:
    """A percentage over 0 and up to 100, to two decimal places."""
    try:
        share = Decimal(fold(typed).removesuffix("%").strip())
    except InvalidOperation:
        raise Unreadable("share") from None
    if not share.is_finite() or not 0 < share <= 100 or share != round(share, 2):
        raise Unreadable("share")
    return int(share) if share == int(share) else float(share)


def read_date(typed: str) -> date:
    """A day written in one go, in either calendar: 2028年4月1日, 2028-04-01, 20280401, 令和10年4月1日."""
    text = re.sub(r"\s+", "", fold(typed)).upper()
    if match := _ERA.fullmatch(text):
        era, year, month, day = match.groups()
        return era_date(era, "1" if year == "元" else year, month, day)
    if match := _WESTERN.fullmatch(text) or _COMPACT.fullmatch(text):
        return era_date("western", *match.groups())
    raise Unreadable("date")


def era_date(era: str, year: str, month: str, day: str) -> date:
    """A day given as era, year, month and day. `era` is "western" or one of ERAS by name, letter or kanji.

    A four-digit year under a Japanese era is read as a Western one: people choose 昭和 and then write 1949.
    """
    numbers = [_part(year, "year"), _part(month, "month"), _part(day, "day")]
    if not 1 <= numbers[1] <= 12:
        raise Unreadable("month")
    if era != "western" and era not in _ERA_BY_NAME:
        raise Unreadable("era")
    named = None if era == "western" or numbers[0] > 999 else _ERA_BY_NAME[era]
    if named:
        numbers[0] += named.first.year - 1
    elif not 1868 <= numbers[0] <= 2117:
        raise Unreadable("year")
    try:
        moment = date(*numbers)
    except ValueError:
        raise Unreadable("day") from None
    if named and not named.first <= moment <= named.last:
        raise Unreadable("era_bounds", era=named.name, first=named.first, last=named.last)
    return moment


def era_of(day: date) -> tuple[Era, int] | None:
    """The era a day belongs to and the year in it; the later era on the day of a change."""
    for era in ERAS:
        if era.first <= day <= era.last:
            return era, day.year - era.first.year + 1
    return None


def _part(typed: str, name: str) -> int:
    digits = fold(typed).removesuffix({"year": "年", "month": "月", "day": "日"}[name])
    if name == "year" and digits == "元":
        return 1
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 4):
        raise Unreadable(name)
    return int(digits)
