"""The sentences that explain a refused file or a rejected row, made from codes at the edge."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.facts.selectors import fact_of

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
    "too_many_columns": _(
        "The heading line has %(found)s columns; %(limit)s can be read. Please leave out what is not about customers."
    ),
    "workbook_old_or_locked": _(
        "The workbook is in the old Excel form (xls) or protected by a password."
        " Please save it as an Excel workbook (xlsx) without a password, or as CSV."
    ),
    "workbook_not_a_workbook": _(
        "This is a packed file (ZIP) and no Excel workbook (xlsx). Please unpack it and upload the customer file in it."
    ),
    "workbook_damaged": _(
        "The workbook is damaged or not complete. Please open it in Excel, save it anew and upload that."
    ),
    "workbook_definitions": _(
        "The workbook holds definitions that no spreadsheet program writes, so it was not opened."
        " Please save it anew in Excel and upload that."
    ),
    "workbook_bad_names": _(
        "The workbook holds parts under names that no spreadsheet program writes, so it was not opened."
        " Please save it anew in Excel and upload that."
    ),
    "workbook_macros": _("The workbook holds macros. Please save it without them (xlsx) and upload that."),
    "workbook_external": _(
        "The workbook refers to other files, databases or embedded objects."
        " Please copy the customers as values into a new workbook and upload that."
    ),
    "workbook_too_many_files": _(
        "The workbook consists of more than %(limit)s parts."
        " Please copy the customers into a new workbook and upload that."
    ),
    "workbook_too_many_sheets": _("The workbook has more than %(limit)s sheets. Please leave only that of customers."),
    "workbook_too_large": _(
        "Unpacked, the workbook is larger than %(limit)s MB or out of all proportion to the file."
        " Please split the customers into several workbooks, or upload them as CSV."
    ),
    "workbook_too_many_bytes": _(
        "The workbook is larger than %(limit)s MB. Please split it, or upload the customers as CSV."
    ),
    "workbook_too_many_rows": _(
        "The sheet has %(found)s rows; %(limit)s can be read. Please split it, or upload the customers as CSV."
    ),
    "workbook_too_many_columns": _(
        "The sheet reaches to column %(found)s; %(limit)s can be read. Please delete what stands to the right of the"
        " customers."
    ),
    "workbook_too_costly": _(
        "The workbook could not be opened with the memory and time there is. Please upload the customers as CSV."
    ),
    "workbook_several_sheets": _(
        "Several sheets have something in them: %(sheets)s. Please leave only that of customers, or hide the others."
    ),
    "workbook_empty": _("No sheet of the workbook has anything in it. Hidden sheets are not read."),
    "fixed_length": _(
        "Record %(line)s has %(found)s bytes where the layout says %(expected)s."
        " Please check how the file was transferred, or the layout."
    ),
    "fixed_kind": _("Record %(line)s is of a kind that the layout does not know: “%(found)s”."),
    "fixed_after_trailer": _("Record %(line)s stands behind the trailer record. Are two files joined?"),
    "fixed_no_trailer": _("The file ends without its trailer record, so a part is missing. Please send it again."),
    "fixed_count": _(
        "The trailer record says %(stated)s customers, and the file has %(counted)s. Nothing was taken;"
        " please send the file again."
    ),
    "fixed_sum": _(
        "The trailer record says a total of %(stated)s, and the records come to %(counted)s. Nothing was taken;"
        " please send the file again."
    ),
    "fixed_total_unreadable": _("Record %(line)s has no number at byte %(first)s, where a total is reckoned from."),
    "damaged": _("The stored file could not be opened again. Please upload it once more."),
    "internal": _(
        "The import stopped because of an error on our side. Rows taken so far are kept; please tell support."
    ),
}

_REASONS: Mapping[str, Promise] = {
    "required": _("A value is required."),
    "too_long": _("Longer than %(limit)s characters."),
    "bad_number": _("A customer number has up to 20 letters, digits and hyphens."),
    "duplicate": _(
        "This customer number was already used on line %(first)s of the file. If the customer has several accounts, let"
        " their rows follow one another (sort the file by customer number) and import the whole file again."
    ),
    "disagrees": _(
        "Says something else than line %(first)s, which is of the same customer. Rows of one customer may differ in"
        " branch and account alone: correct the row that is wrong."
    ),
    "with_others": _(
        "Not taken, because line %(line)s, which is of the same customer, is not. Correct that line and import all of"
        " the customer's rows together."
    ),
    "bad_kind": _("Must be 個人 or 法人."),
    "kind_changed": _(
        "The file of customers has this number as the other kind (個人 or 法人). Please check which is right."
    ),
    "merged": _(
        "This customer is part of customer %(number)s since the two were merged, and the row says something new."
        " Please enter it with that customer, or take the merge back."
    ),
    "bad_kana": _("Kana and Latin letters only."),
    "bad_date": _("Not a date. Write 2024-04-01 or 2024/04/01."),
    "no_such_date": _("There is no such day in the calendar."),
    "in_the_future": _("The date lies in the future."),
    "before_era": _("Days of %(era)s can be read from %(day)s on."),
    "after_era": _("%(era)s ended on %(day)s."),
    "date_cell": _(
        "The sheet has a date here. A spreadsheet makes dates of texts such as 1-2-3;"
        " please format the column as text and enter the value again."
    ),
    "formula_unread": _(
        "The cell is a formula without a result. Please open the workbook in Excel, save it and upload it again."
    ),
    "sheet_error": _("The spreadsheet says %(value)s here, which is an error and no value."),
    "scientific": _(
        "A spreadsheet has rounded this number (such as 1.2E+11). Please format the column as text and enter it again."
    ),
    "lost_zero": _("Has fewer than %(digits)s digits. A spreadsheet may have dropped the zero at the beginning."),
    "too_early": _("The date lies before 1900."),
    "closed_before_opened": _("The account was closed before it was opened. Check both days."),
    "bad_product": _("A product code has up to 12 letters, digits and hyphens."),
    "bad_currency": _("A currency is a code of three letters, such as JPY or USD."),
    "bad_accounts": _(
        "This cannot be read as accounts. One account is branch|number|product|opened|closed|currency;"
        " a semicolon stands before the next one."
    ),
    "account_twice": _("Account %(branch)s %(number)s stands here twice."),
    "too_many_accounts": _("One cell can hold %(limit)s accounts at most."),
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
    "bad_whole_number": _("Must be a whole number of up to 15 digits."),
    "bad_amount": _("Must be an amount in whole yen of up to 15 digits."),
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

_WARNINGS: Mapping[str, Promise] = {
    "outside_cp932": _("Not in CP932, so some systems may not show it: %(code_points)s. Kept as it is."),
    "other_length": _(
        "Has %(digits)s digits where others of the file have %(usual)s. Kept as it is; were zeros in front of it lost?"
    ),
    "few_digits": _("Has %(digits)s digits instead of %(usual)s. Kept as it is; were zeros in front of it lost?"),
    "zero_added": _("The zero at the beginning is missing. Read with it."),
    "serial_date": _("The number is how a spreadsheet keeps a date. Read as that day."),
    "other_prefecture": _("The postal code is of another prefecture than the address. Both are kept as they are."),
    "other_municipality": _("The postal code is of another municipality than the address. Both are kept as they are."),
    "other_town": _("The postal code is of another town of the same municipality. Both are kept as they are."),
    "retired_choice": _("Not offered any more in the list: %(codes)s. Kept as it is; is there a newer code for it?"),
    "unknown_columns": _("These columns are not known and were not read: %(columns)s."),
}

_TABLE: Mapping[str, Promise] = {
    "table_length": _("A record has 1 to %(limit)s bytes."),
    "table_beyond": _("%(length)s bytes from byte %(first)s on do not lie within a record of %(record)s bytes."),
    "table_overlap": _("These columns overlap at byte %(first)s: %(columns)s."),
    "table_unknown": _("These columns are not known: %(columns)s."),
    "table_twice": _("These columns appear more than once: %(columns)s."),
    "table_missing": _("The layout lacks these columns: %(columns)s."),
    "table_kinds": _(
        "The kinds of record need a sign each, of the length of its place, among them one for data;"
        " totals need one for the trailer."
    ),
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


def warning(code: str, params: Mapping[str, object]) -> str:
    """What looks wrong in a row that was taken."""
    return str(_WARNINGS[code]) % _said(params) if code in _WARNINGS else gettext("Please check this row.")


def table_problem(code: str, params: Mapping[str, object]) -> str:
    """Why a layout table of a fixed-length file cannot be used."""
    return str(_TABLE[code]) % _said(params) if code in _TABLE else gettext("The layout table could not be read.")


def column_title(key: str) -> str:
    """A column as the bank's file calls it."""
    if key in _COLUMN_TITLES:
        return str(_COLUMN_TITLES[key])
    fact = fact_of(key)
    return fact.titles[0] if fact and fact.titles else gettext("Whole row")


def _said(params: Mapping[str, object]) -> dict[str, object]:
    return {
        key: "、".join(map(str, value)) if isinstance(value, list | tuple) else value for key, value in params.items()
    }
