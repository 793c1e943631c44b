"""Changes of a list, each from one state to another; what they leave may still be wrong. No Django, no clock."""

from __future__ import annotations

from dataclasses import replace

from customers.codes import Label
from customers.lists.content import Content, Entry, Words, with_entries


def write_entry(content: Content, entry: Entry, *, code: str = "", place: int | None = None) -> Content:
    """With an entry in the place of the one called ``code``, or new at the end; moved to ``place``, counted from 1."""
    entries = list(content.entries)
    at = next((number for number, one in enumerate(entries) if one.code == code), len(entries))
    entries[at : at + 1] = [entry]
    if place is not None and place - 1 != at:
        entries.pop(at)
        entries.insert(max(0, place - 1), entry)
    return with_entries(content, entries)


def move_entry(content: Content, code: str, by: int) -> Content:
    """An entry so many places down; up, if fewer than none. As it is, where there is no such place."""
    entries = list(content.entries)
    at = next((number for number, one in enumerate(entries) if one.code == code), -1)
    if at >= 0 and 0 <= at + by < len(entries):
        entries.insert(at + by, entries.pop(at))
    return with_entries(content, entries)


def offer_entry(content: Content, code: str, *, is_offered: bool) -> Content:
    """An entry on offer, or only known from older files."""
    found = (replace(one, is_offered=is_offered) if one.code == code else one for one in content.entries)
    return with_entries(content, list(found))


def remove_entry(content: Content, code: str) -> Content:
    """Without an entry; whether it may go is judged with the whole list."""
    return with_entries(content, [one for one in content.entries if one.code != code])


def write_names(content: Content, name: Label, groups: list[Words]) -> Content:
    """What the list and its groups are called. The Japanese words of a group stay: they name it."""
    return replace(content, name=name, groups=tuple(groups), _by_code={})
