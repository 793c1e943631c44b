"""An institution's own attribute as an entry of the catalogue, and what may be wrong with one. No Django, no clock."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from customers.codes import Label
from customers.facts.catalogue import BY_KEY
from customers.facts.shape import COMPANY_ONLY, EITHER, PERSON_ONLY, Fact, Kept, Type
from customers.folding import fold
from customers.lists.standard import listed

# No fact of the product begins so: a later release cannot take a key that an institution has given.
PREFIX = "own_"
MOST = 100
MOST_CHOICES = 100
MOST_TITLES = 10
PLAIN, SEALED, SENSITIVE = "PLAIN", "SEALED", "SENSITIVE"
_CODE = re.compile(r"[a-z][a-z0-9_]{0,29}")
_CHOICE = re.compile(r"[a-z0-9][a-z0-9_]{0,23}")
_LONGEST = 60
_KINDS = {"EITHER": EITHER, "INDIVIDUAL": PERSON_ONLY, "COMPANY": COMPANY_ONLY}

type Choice = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Definition:
    """What somebody says of an attribute; choices are (code, Japanese, English)."""

    code: str
    type: str
    kinds: str
    sensitivity: str
    name: Label
    titles: tuple[str, ...]
    choices: tuple[Choice, ...] = ()
    list_key: str = ""  # of the list whose choices it has, instead of its own
    bears_on_risk: bool = False
    asks_customers: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a definition: the field, a code for the sentence, and what it speaks of."""

    field: str
    code: str
    what: str = ""


def key_of(code: str) -> str:
    """The key among the facts."""
    return PREFIX + code


def fact_from(definition: Definition, *, is_retired: bool = False) -> Fact:
    """The entry of the catalogue."""
    return Fact(
        key=key_of(definition.code),
        type=Type(definition.type),
        words=definition.name,
        titles=definition.titles,
        kept=Kept.ATTRIBUTES if definition.sensitivity == PLAIN else Kept.PROFILE,
        kinds=_KINDS[definition.kinds],
        codes=codes_of(definition) or None,
        is_masked=definition.sensitivity == SENSITIVE,
        bears_on_risk=definition.bears_on_risk,
        asks_customers=definition.asks_customers,
        is_retired=is_retired,
    )


def codes_of(definition: Definition) -> Mapping[str, Label]:
    """Its choices: of a list, as that one is in force wherever they are read, with what it offers no more."""
    if definition.list_key:
        return listed(definition.list_key)
    return {code: Label(ja, en) for code, ja, en in definition.choices}


def problems_of(definition: Definition, others: Mapping[str, Fact], lists: Collection[str] = ()) -> list[Problem]:
    """Everything that is wrong.

    ``others`` are the institution's other attributes by key, retired ones too; ``lists`` the keys of its lists.
    """
    return [
        *_of_code(definition, others),
        *_of_titles(definition, others),
        *_of_choices(definition, lists),
        *_of_rest(definition),
    ]


def _of_code(definition: Definition, others: Mapping[str, Fact]) -> Iterator[Problem]:
    code = definition.code
    if not _CODE.fullmatch(code):
        yield Problem("code", "bad_code")
    elif code in BY_KEY:
        yield Problem("code", "code_of_ours", code)
    elif key_of(code) in others:
        yield Problem("code", "code_taken", code)
    elif len(others) >= MOST:
        yield Problem("code", "too_many", str(MOST))


def _of_titles(definition: Definition, others: Mapping[str, Fact]) -> Iterator[Problem]:
    titles = definition.titles
    if not titles or len(titles) > MOST_TITLES or not all(0 < len(title) <= _LONGEST for title in titles):
        yield Problem("titles", "bad_titles", str(MOST_TITLES))
    names = [_folded(title) for title in titles]
    if len(set(names)) != len(names):
        yield Problem("titles", "titles_twice")
    taken = {_folded(name) for fact in (*BY_KEY.values(), *others.values()) for name in (fact.key, *fact.titles)}
    for title in titles:
        if _folded(title) in taken:
            yield Problem("titles", "title_taken", title)


def _of_choices(definition: Definition, lists: Collection[str]) -> Iterator[Problem]:
    choices = definition.choices
    if Type(definition.type) not in (Type.CODE, Type.CODES):
        if choices or definition.list_key:
            yield Problem("choices", "no_choices")
        return
    if definition.list_key:
        yield from _of_list(definition, lists)
        return
    if not 2 <= len(choices) <= MOST_CHOICES:
        yield Problem("choices", "number_of_choices", str(MOST_CHOICES))
    for code, ja, en in choices:
        if not _CHOICE.fullmatch(code) or not 0 < len(ja) <= _LONGEST or not 0 < len(en) <= _LONGEST:
            yield Problem("choices", "bad_choice", code)
    # A cell may say the code or either label.
    said = [{fold(text) for text in choice} for choice in choices]
    for number, names in enumerate(said):
        if any(names & earlier for earlier in said[:number]):
            yield Problem("choices", "choice_twice", choices[number][0])


def _of_list(definition: Definition, lists: Collection[str]) -> Iterator[Problem]:
    if definition.list_key not in lists:
        yield Problem("list_key", "no_list", definition.list_key)
    if definition.choices:
        yield Problem("choices", "list_or_choices")


def _of_rest(definition: Definition) -> Iterator[Problem]:
    for name in (definition.name.ja, definition.name.en):
        if not 0 < len(name.strip()) <= _LONGEST:
            yield Problem("name", "bad_name", str(_LONGEST))
            break
    if definition.type == Type.TEXT and definition.sensitivity == PLAIN:
        yield Problem("sensitivity", "text_is_sealed")
    if definition.bears_on_risk and definition.sensitivity != PLAIN:
        yield Problem("bears_on_risk", "risk_is_plain")


def choices_removed(before: Definition, after: Definition) -> list[str]:
    """The codes that nobody would know any more."""
    kept = codes_of(after)
    return [code for code in codes_of(before) if code not in kept]


def _folded(title: str) -> str:
    return fold(title).replace(" ", "")
