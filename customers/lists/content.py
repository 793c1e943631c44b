"""What a list says, and what may be wrong with it. No Django, no clock.

As kept: ``{"name": {"ja", "en"}, "groups": [{"ja", ...}], "entries": [{"code", "words": {"ja", ...}, "group", "also",
"retired"}]}``. A group is told by its Japanese words. Words are by language; Japanese is needed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from customers.codes import LANGUAGES, Label
from customers.folding import fold
from customers.importing import stray_in

MOST_ENTRIES = 1_000
MOST_GROUPS = 100
MOST_ALSO = 20
LONGEST = 100
# What an entry's code and what a list's key may be. A code becomes a customer's fact, whose column is so wide.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,23}")
_KEY = re.compile(r"[a-z][a-z0-9_]{1,39}")

type Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One choice. ``also``: what else files and people call it. One that is not offered says what older files have."""

    code: str
    words: Words
    group: str = ""
    also: tuple[str, ...] = ()
    is_offered: bool = True

    @property
    def ja(self) -> str:
        return self.words.get("ja", "")

    @property
    def names(self) -> frozenset[str]:
        """Everything a cell may say for it, folded."""
        said = (self.code, self.ja, self.words.get("en", ""), *self.also)
        return frozenset(filter(None, map(fold, said)))

    def document(self) -> dict[str, Any]:
        """As kept."""
        said: dict[str, Any] = {"code": self.code, "words": dict(self.words)}
        if self.group:
            said["group"] = self.group
        if self.also:
            said["also"] = list(self.also)
        return said if self.is_offered else {**said, "retired": True}


@dataclass(frozen=True, slots=True)
class Content:
    """A whole list, in its order. ``groups``: their words by language, in order; the Japanese ones name them."""

    name: Label
    entries: tuple[Entry, ...]
    groups: tuple[Words, ...] = ()
    _by_code: dict[str, Entry] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_code.update({entry.code: entry for entry in self.entries})

    def entry(self, code: str) -> Entry | None:
        """The entry with this code."""
        return self._by_code.get(code)

    @property
    def offered(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.is_offered)

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(self._by_code)

    def group_words(self, group: str) -> Words:
        """What a group is called in every language it has words in."""
        return next((words for words in self.groups if words.get("ja") == group), {"ja": group})

    def labels(self) -> dict[str, Label]:
        """As the catalogue of facts has code lists."""
        return {entry.code: _label(entry) for entry in self.entries}

    def document(self) -> dict[str, Any]:
        """As kept."""
        return {
            "name": {"ja": self.name.ja, "en": self.name.en},
            "groups": [dict(words) for words in self.groups],
            "entries": [entry.document() for entry in self.entries],
        }

    @property
    def digest(self) -> str:
        """SHA-256 of what is kept, in hexadecimal."""
        text = json.dumps(self.document(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: with which entry ("" for the whole list), in which part, a code for the sentence, and of what."""

    entry: str
    part: str
    code: str
    what: str = ""


def content_from(document: Mapping[str, Any]) -> Content:
    """What is kept, as it was; nothing was written yet where a part is missing."""
    name = document.get("name", {"ja": "", "en": ""})
    return Content(
        Label(name["ja"], name["en"]),
        tuple(
            Entry(
                one["code"],
                dict(one["words"]),
                one.get("group", ""),
                tuple(one.get("also", ())),
                not one.get("retired", False),
            )
            for one in document.get("entries", ())
        ),
        tuple(dict(words) for words in document.get("groups", ())),
    )


def tidied(content: Content) -> Content:
    """Without groups that no entry is in, and with those that no words were said of, in the order of the entries."""
    used = dict.fromkeys(entry.group for entry in content.entries if entry.group)
    known = [words for words in content.groups if words.get("ja") in used]
    named = {words["ja"] for words in known}
    return replace(content, groups=(*known, *({"ja": group} for group in used if group not in named)), _by_code={})


def with_entries(content: Content, entries: Collection[Entry]) -> Content:
    """The list with these entries."""
    return tidied(replace(content, entries=tuple(entries), _by_code={}))


def is_key(key: str) -> bool:
    """Whether a list may be called so by questionnaires and files."""
    return _KEY.fullmatch(key) is not None


def problems_of(content: Content, base: Content | None) -> list[Problem]:
    """Everything that is wrong. ``base`` is the version in force: what it has may be retired, and never vanishes."""
    found = [*_of_whole(content), *_of_codes(content), *_of_words(content), *_of_names(content)]
    return [*found, *_of_turns(content, base)] if base else found


def untranslated(content: Content) -> dict[str, int]:
    """For each language how many entries on offer have no words in it and are said in another."""
    offered = content.offered
    lacking = {code: sum(1 for entry in offered if not entry.words.get(code, "").strip()) for code in LANGUAGES}
    return {code: count for code, count in lacking.items() if count}


def _label(entry: Entry) -> Label:
    more = {language: said for language, said in entry.words.items() if language not in ("ja", "en") and said}
    return Label(entry.ja, entry.words.get("en") or entry.ja, more, entry.also, entry.group, entry.is_offered)


def _of_whole(content: Content) -> Iterator[Problem]:
    for said in (content.name.ja, content.name.en):
        if not 0 < len(said.strip()) <= LONGEST or stray_in(said):
            yield Problem("", "name", "bad_name", str(LONGEST))
            break
    if not content.offered:
        yield Problem("", "entries", "none_offered")
    if len(content.entries) > MOST_ENTRIES:
        yield Problem("", "entries", "too_many", str(MOST_ENTRIES))
    if len(content.groups) > MOST_GROUPS:
        yield Problem("", "group", "too_many_groups", str(MOST_GROUPS))
    for words in content.groups:
        if any(_is_bad(said) for said in words.values()):
            yield Problem("", "group", "bad_group", words.get("ja", ""))


def _of_codes(content: Content) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for entry in content.entries:
        if not _CODE.fullmatch(entry.code):
            yield Problem(entry.code, "code", "bad_code", entry.code)
        elif (first := seen.setdefault(entry.code.lower(), entry.code)) != entry.code:
            yield Problem(entry.code, "code", "code_folds", first)
    if len(content.codes) < len(content.entries):
        codes = [entry.code for entry in content.entries]
        for code in dict.fromkeys(code for code in codes if codes.count(code) > 1):
            yield Problem(code, "code", "code_twice", code)


def _of_words(content: Content) -> Iterator[Problem]:
    for entry in content.entries:
        if not entry.ja.strip():
            yield Problem(entry.code, "ja", "no_japanese")
        for language, said in entry.words.items():
            if language not in LANGUAGES or (said and _is_bad(said)):
                yield Problem(entry.code, language, "bad_words", str(LONGEST))
        if len(entry.also) > MOST_ALSO or any(_is_bad(said) for said in entry.also):
            yield Problem(entry.code, "also", "bad_also", str(MOST_ALSO))
        if entry.group and _is_bad(entry.group):
            yield Problem(entry.code, "group", "bad_group", entry.group)


def _of_names(content: Content) -> Iterator[Problem]:
    """A cell of a file says one entry, not two."""
    owners: dict[str, str] = {}
    for entry in content.entries:
        for name in sorted(entry.names):
            if (first := owners.setdefault(name, entry.code)) != entry.code:
                yield Problem(entry.code, "also", "name_twice", first)
                break


def _of_turns(content: Content, base: Content) -> Iterator[Problem]:
    meant = {name: entry.code for entry in base.entries for name in entry.names}
    for entry in base.entries:
        if content.entry(entry.code) is None:
            yield Problem(entry.code, "code", "gone", entry.ja)
    for entry in content.entries:
        if moved := next(
            (meant[name] for name in sorted(entry.names) if meant.get(name, entry.code) != entry.code), ""
        ):
            # A row of a file that says the same as ever would mean something else from one day to the next.
            yield Problem(entry.code, "also", "word_moved", moved)


def _is_bad(said: str) -> bool:
    return not 0 < len(said.strip()) <= LONGEST or "\n" in said or "\r" in said or stray_in(said) is not None
