"""The sentences that explain a refused file or a rejected row, made from codes at the edge."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.decoding import COLUMNS

_COLUMN_TITLES: Mapping[str, Promise] = {"line": _("Line"), "column": _("Column"), "reason": _("Reason")}

_REFUSALS: Mapping[str, Promise] = {
    "empty": _("The file is empty. Please choose the customer file again."),
    "header_only": _("The file has a header but no customers below it."),
    "not_csv": _("This is not a CSV file (it looks like %(kind)s). Please save it as CSV and upload that."),
    "too_large": _("The file is larger than %(limit)s MB. Please split it and upload the parts one by one."),
    "nul_byte": _(
        "Line %(line)s contains a NUL byte, so this is not a text file or it is damaged. Please export it again as CSV."
    ),
    "encoding": _(
        "The file is written in %(encoding)s. Please save it as UTF-8 or Shift_JIS (CP932) and upload it again."
    ),
    "header_unreadable": _(
        "Line 1 cannot be read from byte %(byte)s on: it is neither UTF-8 nor Shift_JIS (CP932)."
        " Please save the file in one of these and upload it again."
    ),
    "no_header": _("Line 1 must hold the column names, and none was recognised. Expected are: %(expected)s."),
    "line_too_long": _(
        "Line %(line)s is longer than %(limit)s characters. Is this a CSV file with one customer a line?"
    ),
    "missing_columns": _("These columns are missing: %(columns)s. A column may be empty, but it must be there."),
    "duplicate_columns": _("These columns appear more than once: %(columns)s. Please leave one of each."),
    "damaged": _("The stored file could not be opened again. Please upload it once more."),
    "internal": _(
        "The import stopped because of an error on our side. Rows taken so far are kept; please tell support."
    ),
}

_REASONS: Mapping[str, Promise] = {
    "required": _("A value is required."),
    "too_long": _("Longer than %(limit)s characters."),
    "bad_number": _("A customer number has up to 20 letters, digits and hyphens."),
    "duplicate": _("This customer number was already used on line %(first)s of the file."),
    "bad_kind": _("Must be 個人 or 法人."),
    "kind_changed": _(
        "The file of customers has this number as the other kind (個人 or 法人). Please check which is right."
    ),
    "bad_kana": _("Kana and Latin letters only."),
    "bad_date": _("Not a date. Write 2024-04-01 or 2024/04/01."),
    "no_such_date": _("There is no such day in the calendar."),
    "in_the_future": _("The date lies in the future."),
    "too_early": _("The date lies before 1900."),
    "before_opening": _("The last confirmation lies before the opening of the account."),
    "bad_corporate_number": _("A corporate number has 13 digits."),
    "corporate_check_digit": _("The check digit of the corporate number is wrong."),
    "bad_postal_code": _("A postal code has 7 digits."),
    "unknown_postal_code": _("Japan Post does not have this postal code."),
    "bad_phone": _("Not a valid telephone number."),
    "bad_email": _("Not a valid e-mail address."),
    "bad_line_id": _("A LINE identifier is U and 32 characters of 0-9 and a-f."),
    "unknown_country": _("Unknown country. Write its name in Japanese or its two-letter code."),
    "unknown_choice": _("Not one of the choices. Write one of: %(expected)s."),
    "bad_answer": _("Must be 有, 無 or empty."),
    "bad_account": _("An account number has 4 to 20 digits."),
    "bad_branch": _("A branch code has up to 3 digits."),
    "not_for_kind": _("Must be empty for this kind of customer."),
    "field_count": _("The line has %(found)s columns instead of %(expected)s. Is there a stray or missing separator?"),
    "line_too_long": _("The line is longer than %(limit)s characters."),
    "unclosed_quote": _("A quotation mark is opened and never closed."),
    "bad_quoting": _("Text follows a closing quotation mark. Quotation marks inside a value must be doubled."),
    "undecodable": _("The byte 0x%(byte)s is not a character in %(encoding)s."),
    "control_character": _("Contains the control character %(code_point)s."),
    "private_character": _(
        "Contains the private character (外字) %(code_point)s. Please replace it by a standard character."
    ),
    "replacement_character": _("Contains the sign � (U+FFFD): a character was lost when the file was made."),
}

# Why a customer stays as an import left them when the import is taken back.
_STAYS: Mapping[str, Promise] = {
    "changed_since": _("Changed by somebody since the import."),
    "on_hold": _("A legal hold is placed on this customer."),
    "in_use": _("Something was recorded of this customer since the import, such as a review, an answer or a notice."),
}


def reason_to_stay(code: str) -> str:
    """Why a customer was not taken back with the rest of an import."""
    return str(_STAYS[code]) if code in _STAYS else gettext("This customer could not be taken back.")


def refusal(code: str, params: Mapping[str, object]) -> str:
    """Why a whole file was refused, and what to do."""
    return str(_REFUSALS[code]) % _said(params) if code in _REFUSALS else gettext("The file could not be read.")


def sentence(code: str, params: Mapping[str, object]) -> str:
    """Why a row was rejected."""
    return str(_REASONS[code]) % _said(params) if code in _REASONS else gettext("The row could not be read.")


def column_title(key: str) -> str:
    """A column as the bank's file calls it."""
    if key in _COLUMN_TITLES:
        return str(_COLUMN_TITLES[key])
    return COLUMNS[key][0] if key in COLUMNS else gettext("Whole row")


def _said(params: Mapping[str, object]) -> dict[str, object]:
    return {
        key: "、".join(map(str, value)) if isinstance(value, list | tuple) else value for key, value in params.items()
    }
