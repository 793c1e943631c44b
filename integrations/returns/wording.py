"""The words of return files: what stands in a record, why a value was left out, why a layout cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.presenting import label
from integrations.returns.layouts import MARK, ReturnForm

RECORDS: Mapping[str, Promise] = {
    "header": _("Header record"),
    "body": _("Record of a customer"),
    "trailer": _("Trailer record"),
    "end": _("End record"),
}
FORMATS: Mapping[str, Promise] = {"csv": _("CSV"), "fixed": _("Fixed length"), "xlsx": _("Excel workbook")}
ENCODINGS: Mapping[str, Promise | str] = {
    "cp932": _("Shift_JIS (CP932)"),
    "utf-8-sig": _("UTF-8 with BOM"),
    "utf-8": "UTF-8",
}
NEWLINES: Mapping[str, Promise] = {"crlf": _("CR LF"), "lf": _("LF"), "none": _("No mark")}
FORMS: Mapping[str, Promise] = {
    "as_is": _("As it stands"),
    "digits": _("Digits only"),
    "half_kana": _("Half-width kana"),
    "wide": _("Full-width characters"),
}
FILLS: Mapping[str, Promise] = {
    "spaces": _("Spaces behind"),
    "wide_spaces": _("Full-width spaces behind"),
    "zeros": _("Zeros in front"),
}
_WHATS: Mapping[str, Promise] = {
    "customer_number": _("Customer number"),
    "kind": _("Individual or company"),
    "branch_code": _("Branch code"),
    "batch_number": _("Number of the file"),
    "batch_on": _("Day of the file (8 digits)"),
    "position": _("Number of the record"),
    "records": _("Number of customers' records"),
    "changes": _("Number of changed values"),
    "hash_total": _("Hash total of the customer numbers"),
    "text": _("Fixed text"),
}
_PARTS: Mapping[str, Promise] = {
    "name": _("Beneficial owner %(number)s: name"),
    "birth_on": _("Beneficial owner %(number)s: date of birth"),
    "share_percent": _("Beneficial owner %(number)s: share in percent"),
}
_REASONS: Mapping[str, Promise] = {
    "characters": _("Characters that the file cannot hold: %(points)s."),
    "too_long": _("%(bytes)s bytes, but the field has %(limit)s."),
    "not_wide": _("A half-width character in a field of full-width ones."),
    "no_code": _("The layout has no code for this value."),
    "several": _("More than one value, but the field holds one."),
    "places": _("%(people)s people, but the layout has places for %(places)s."),
    "long_cell": _("A cell of a workbook holds no more than %(limit)s characters."),
    "formula": _("It begins with a sign that a spreadsheet would take for a formula."),
    "no_mark": _("The value was erased, and the layout has no mark that could say so."),
    "destroyed": _("The customer's data were destroyed."),
}
_FAILURES: Mapping[str, Promise] = {
    "too_long": _("A total in the trailer record is longer than its field. Give the field more bytes in the layout."),
    "workbook": _("There are more records than a workbook can hold. Have the layout changed to another format."),
}
_LAYOUT: Mapping[str, Promise] = {
    "unreadable": _("The layout cannot be read."),
    "line": _("Line %(line)s: “%(found)s” is not known here."),
    "line_too_long": _("Line %(line)s has more than seven columns."),
    "too_long_table": _("The table is too long."),
    "encoding": _("This encoding cannot be used with this format."),
    "newline": _("A CSV file needs the ends of its lines."),
    "too_many": _("%(record)s: more than %(limit)s fields."),
    "unknown": _("%(record)s, field %(place)s: this cannot stand in this record."),
    "nothing": _("A record of a customer needs the customer number and at least one fact that may change."),
    "mark_alone": _("There is a mark for “%(what)s”, but no field for it."),
    "length": _("%(record)s, field %(place)s: enter a length from 1 to %(limit)s bytes."),
    "characters": _("%(record)s, field %(place)s: the encoding cannot write these characters."),
    "does_not_fit": _("%(record)s, field %(place)s: the text or a code is longer than %(limit)s bytes."),
    "lengths": _("%(record)s: %(length)s bytes, but the record of a customer has %(expected)s. All must be equal."),
    "wide": _("%(record)s, field %(place)s: full-width spaces need a length they divide."),
}


def general(form: ReturnForm) -> str:
    """What a layout says beside its fields."""
    said: list[Promise | str] = [FORMATS[form.format]]
    if form.format != "xlsx":
        said += [ENCODINGS[form.encoding], NEWLINES[form.newline]]
    if form.titles and form.format != "fixed":
        said.append(_("With a line of titles"))
    return gettext(", ").join(map(str, said))


def reason(code: str, params: Mapping[str, Any]) -> str:
    """Why a change was left out of a file."""
    said = {key: gettext(", ").join(value) if isinstance(value, list) else value for key, value in params.items()}
    return str(_REASONS[code]) % said if code in _REASONS else code


def failure(code: str) -> str:
    """Why there is no file."""
    return str(_FAILURES.get(code, code))


def layout_problem(code: str, params: Mapping[str, Any]) -> str:
    """Why a layout cannot be used."""
    said = dict(params)
    if "record" in said:
        said["record"] = RECORDS[str(said["record"])]
    if "what" in said:
        said["what"] = what_title(str(said["what"]))
    return str(_LAYOUT[code]) % said


def what_title(what: str) -> str:
    """What stands in a field of a record."""
    if what.startswith(MARK):
        return gettext("Mark of change: %(fact)s") % {"fact": label(what.removeprefix(MARK))}
    fact, number, part = [*what.split("."), "", ""][:3]
    if part in _PARTS:
        return str(_PARTS[part]) % {"number": number}
    return str(_WHATS[what]) if what in _WHATS else label(fact)


def fact_title(fact: str) -> str:
    """What a fact is called."""
    return label(fact)


def left_out_titles() -> list[str]:
    """The titles of the list of what has to be entered by hand."""
    return [gettext("Customer number"), gettext("Fact"), gettext("Reason")]
