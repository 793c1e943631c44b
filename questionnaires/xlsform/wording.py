"""The sentences that explain a refused workbook or one cell of it, made from codes at the edge."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from questionnaires.xlsform.findings import Finding
from tenants.cells import csv_line
from uploads.spreadsheets import WorkbookRefused

_REFUSALS: Mapping[str, Promise] = {
    "old_or_locked": _(
        "The workbook is in the old Excel form (xls) or protected by a password."
        " Please save it as an Excel workbook (xlsx) without a password."
    ),
    "not_a_workbook": _("This is no Excel workbook (xlsx). Please save the XLSForm as xlsx and upload that."),
    "damaged": _("The workbook is damaged or not complete. Please open it in Excel, save it anew and upload that."),
    "definitions": _(
        "The workbook holds definitions that no spreadsheet program writes, so it was not opened."
        " Please save it anew in Excel and upload that."
    ),
    "bad_names": _(
        "The workbook holds parts under names that no spreadsheet program writes, so it was not opened."
        " Please save it anew in Excel and upload that."
    ),
    "macros": _("The workbook holds macros. Please save it without them (xlsx) and upload that."),
    "external": _(
        "The workbook refers to other files, databases or embedded objects. Please leave them out and upload it again."
    ),
    "too_many_files": _("The workbook has more than %(limit)s parts inside, which no questionnaire needs."),
    "too_many_sheets": _("The workbook has more than %(limit)s sheets. Please leave survey, choices and settings."),
    "too_large": _("Unpacked, the workbook is far larger than a questionnaire can be, so it was not opened."),
    "too_many_bytes": _("The workbook is larger than %(limit)s MB, which no questionnaire needs."),
    "too_many_rows": _("The sheet %(sheet)s has %(found)s rows; %(limit)s can be read."),
    "too_many_columns": _("The sheet %(sheet)s has %(found)s columns; %(limit)s can be read."),
    "cell_too_long": _(
        "The sheet %(sheet)s has a cell of more than %(limit)s characters in row %(row)s, column %(column)s."
    ),
    "sheet_twice": _("There are two sheets called %(sheet)s. Please leave one."),
    "no_survey": _("There is no sheet called survey. Found were: %(sheets)s."),
    "too_costly": _("The workbook takes too long to read, so it was given up. Please leave out what is not needed."),
}
_FINDINGS: Mapping[str, Promise] = {
    "unknown_language": _("The language of “%(said)s” is not one of ours. Write it as in “label::日本語 (ja)”."),
    "column_ignored": _("The column “%(said)s” has no place in a questionnaire and is left out."),
    "column_twice": _("The column “%(said)s” stands here twice. Leave one."),
    "no_words": _("There are no words in the default language (%(language)s)."),
    "bad_json": _("This must be a JSON object, as the export writes it."),
    "yes_or_no": _("Write yes or no here, not “%(said)s”."),
    "no_title": _("The questionnaire has no title. Write it in form_title on the sheet settings."),
    "bad_name": _(
        "“%(said)s” cannot be a name. Begin with a small letter; small letters, digits and _ follow, 40 at most."
    ),
    "bad_value": _("“%(said)s” cannot be the name of a choice. Letters, digits, _ and - are fine, 40 at most."),
    "value_twice": _("The choice “%(said)s” stands in the list “%(list)s” twice."),
    "name_twice": _("The name “%(said)s” was given in row %(other)s already."),
    "no_type": _("This row has no type."),
    "group_in_group": _(
        "A group is a page, and a page cannot stand in a page. The group of row %(other)s is still open."
    ),
    "group_not_closed": _("This group is not closed. Add a row with the type “end group”."),
    "no_group_open": _("There is no open group to close."),
    "empty_group": _("This group asks nothing."),
    "no_why": _("The page does not say why it asks. A standing sentence was put there; write it in hint."),
    "metadata": _("“%(said)s” is noted by devices and asks nothing; it is left out."),
    "unknown_type": _("There is no kind of question for the type “%(said)s”."),
    "whole_numbers": _("Numbers are asked as whole ones; decimals will not be taken."),
    "relevant_in_group": _(
        "A condition belongs to a page. Put the question in a group of its own, and the condition there."
    ),
    "page_of_its_own": _("The question stands in no group, so it becomes a page of its own."),
    "no_such_list": _("There is no list “%(said)s” on the sheet choices."),
    "said_twice": _("This says again what other columns say: %(said)s."),
    "asked_later": _("“%(said)s” is not asked before this. A condition reads only what an earlier page asks."),
    "mixed_constraint": _(
        "Either limits of the answer itself, or a check on other answers: both in one cell cannot be read."
    ),
    "bad_bound": _("Limits are written with <, <=, > and >= and a number or a day (%(said)s)."),
    "no_calculation": _("The calculation is empty."),
    "invalid": _("The questionnaire cannot be so: %(said)s"),
    "nothing_asked": _("The sheet survey asks nothing."),
    "pyxform": _("Other tools would not take this as an XLSForm: %(said)s"),
    "unknown_name": _("There is no question or calculation called “%(said)s”."),
    "bad_day": _("“%(said)s” is no day. Write it as in date('2026-04-01')."),
    "not_read": _("This expression cannot be read from here on: %(said)s"),
    "not_a_number": _("“%(said)s” is compared with a number, and one of the two is none."),
    "use_selected": _("Several can be chosen in “%(said)s”. Write selected(${%(said)s}, 'value')."),
    "not_yes_or_no": _("“%(said)s” is yes or no. Compare it with 'yes' or 'no'."),
    "speaks_of_itself": _("A condition on the answer itself (.) belongs in the column constraint."),
    "day_of_another": _("The day of “%(said)s” cannot be compared; only an answer itself can be limited by days."),
    "too_deep": _("The brackets go deeper than %(said)s."),
    "too_long": _("The expression is longer than %(said)s characters."),
    "unkept": _("The answer could not be kept: %(said)s"),
}


def refusal(refused: WorkbookRefused) -> str:
    """Why the workbook was not opened, and what to do."""
    params = dict(refused.params)
    if isinstance(sheets := params.get("sheets"), list):
        params["sheets"] = gettext(", ").join(map(str, sheets))
    return str(_REFUSALS.get(refused.code, _REFUSALS["damaged"])) % params


def sentence(finding: Finding) -> str:
    """What is wrong there, or worth knowing."""
    params = dict(finding.params)
    if "reason" in params:
        params["said"] = gettext(str(params["reason"])) % params["params"]
    return str(_FINDINGS[finding.code]) % params


def table_of(findings: Iterable[Finding]) -> list[list[str]]:
    """Sheet, cell or row, column and sentence of each, as shown and as downloaded."""
    return [
        [
            one.sheet,
            one.cell or (str(one.row) if one.row else ""),
            one.column,
            gettext("Error") if one.is_error else gettext("Note"),
            sentence(one),
        ]
        for one in findings
    ]


def csv_of(rows: Iterable[list[str]]) -> bytes:
    """The list as CSV that Excel opens in its own letters; nothing in it is worked out as a formula."""
    head = [gettext("Sheet"), gettext("Cell"), gettext("Column"), gettext("Kind"), gettext("What is wrong")]
    return codecs.BOM_UTF8 + b"".join(csv_line(row, encoding="utf-8") for row in (head, *rows))
