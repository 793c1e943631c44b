"""What was made of words that somebody typed, where it is not what stands in the box: widths, dashes, kana, eras."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from questionnaires import reading
from questionnaires.answering import read_question
from questionnaires.controls import DATE_PARTS, date_control, person_control
from questionnaires.formatting import date_in_both_calendars, number_words, yen
from questionnaires.marking import in_language
from questionnaires.schema import Answers, Kind, NamePart, Question, part_field, postal_field

# What nobody needs to be told of: blanks, and signs between digits.
_BETWEEN = re.compile(r"[\s\-(),/.]+")
_WESTERN = re.compile(r"[0-9]{4}[-/.]?[0-9]{1,2}[-/.]?[0-9]{1,2}")


def reread(question: Question, data: Mapping[str, str]) -> dict[str, str]:
    """By control, how what was typed in it was read, in words; nothing of what was read as it stands or not at all."""
    if question.kind not in _REREADERS:
        return {}
    answers, errors = read_question(question, data)
    found = _REREADERS[question.kind](question, data, answers)
    return {name: words for name, words in found.items() if name not in errors}


def _number(question: Question, data: Mapping[str, str], answers: Answers) -> dict[str, str]:
    typed, value = data.get(question.id, "").strip(), answers.get(question.id)
    if value is None or _bare(typed) == _bare(str(value)):
        return {}
    words = yen(value) if question.kind is Kind.AMOUNT and isinstance(value, int) else str(value)
    words = number_words(value) if question.kind is Kind.NUMBER and isinstance(value, int) else words
    return {} if typed == words else {question.id: words}


def _words(question: Question, data: Mapping[str, str], answers: Answers) -> dict[str, str]:
    """Of names and addresses: what is kept otherwise than typed, whatever the blanks."""
    fields = {
        Kind.EMAIL: (question.id,),
        Kind.ADDRESS: (postal_field(question.id),),
        Kind.NAME: tuple(part_field(question.id, part) for part in question.parts if part is not NamePart.FULL),
    }[question.kind]
    values = {name: str(answers[name]) for name in fields if answers.get(name)}
    kana = part_field(question.id, NamePart.KANA)
    other = {name: value for name, value in values.items() if _bare(data.get(name, "")) != _bare(value)}
    return {name: in_language(value, "ja") if name == kana else value for name, value in other.items()}


def _date(question: Question, data: Mapping[str, str], answers: Answers) -> dict[str, str]:
    value = answers.get(question.id)
    if value is None:
        return {}
    era, *parts = (data.get(date_control(question, part), "").strip() for part in DATE_PARTS)
    typed = data.get(question.id, "").strip() or "-".join(parts)
    is_plain = era in ("", "western") and _WESTERN.fullmatch(typed)
    return {} if is_plain else {question.id: date_in_both_calendars(date.fromisoformat(str(value)))}


def _people(question: Question, data: Mapping[str, str], answers: Answers) -> dict[str, str]:
    found = {}
    for number in range(question.limits.max_people):
        for part, words in (("birth_on", _birth), ("share_percent", _share)):
            name = person_control(question, number, part)
            if (typed := data.get(name, "").strip()) and (read := words(typed)):
                found[name] = read
    return found


def _birth(typed: str) -> str:
    try:
        day = reading.read_date(typed[: reading.LONGEST_INPUT])
    except reading.Unreadable:
        return ""
    return "" if _WESTERN.fullmatch(typed) else date_in_both_calendars(day)


def _share(typed: str) -> str:
    try:
        share = str(reading.read_share(typed[: reading.LONGEST_INPUT]))
    except reading.Unreadable:
        return ""
    return "" if typed.isascii() else f"{share}%"


def _bare(text: str) -> str:
    return _BETWEEN.sub("", text)


_REREADERS = {
    Kind.NUMBER: _number,
    Kind.AMOUNT: _number,
    Kind.TEL: _number,
    Kind.EMAIL: _words,
    Kind.ADDRESS: _words,
    Kind.NAME: _words,
    Kind.DATE: _date,
    Kind.PEOPLE: _people,
}
