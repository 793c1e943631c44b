"""How a pair is shown: why it was found, in words, what speaks for a household, and the facts side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.folding import fold_address, fold_kana, fold_name
from customers.matching.models import MatchCandidate
from customers.matching.rules import Reason
from customers.matching.selectors import at_the_same_place, matches_of
from customers.models import ContactPoint, Customer
from customers.presenting import Shown, name_shown, present
from customers.selectors import Facts, facts_of_each

_WORDS: Mapping[Reason, Promise] = {
    Reason.CORPORATE_NUMBER: _("Same corporate number"),
    Reason.NAME_BIRTH: _("Same name and date of birth"),
    Reason.KANA_PHONE: _("Same kana and telephone"),
    Reason.KANA_ADDRESS: _("Same kana and address"),
    Reason.COMPANY_NAME: _("Same company name, whatever its legal form"),
    Reason.OTHER_BIRTH: _("But another date of birth"),
}
_FOLDS: Mapping[str, Callable[[str], str]] = {
    "name": fold_name,
    "kana": fold_kana,
    "representative": fold_name,
    "address": fold_address,
}


class Likeness(StrEnum):
    """How one fact of two customers compares."""

    SAME = "SAME"
    FOLDED = "FOLDED"
    ONE_SIDED = "ONE_SIDED"
    DIFFERENT = "DIFFERENT"


LIKENESS_WORDS: Mapping[Likeness, Promise] = {
    Likeness.SAME: _("Same"),
    Likeness.FOLDED: _("Same but for the writing"),
    Likeness.ONE_SIDED: _("Known on one side only"),
    Likeness.DIFFERENT: _("Different"),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """One fact of both."""

    first: Shown
    second: Shown
    likeness: Likeness

    @property
    def words(self) -> str:
        """The likeness in words."""
        return str(LIKENESS_WORDS[self.likeness])


def reasons_in_words(reasons: Reason) -> list[str]:
    """Why a pair was found, the strongest first."""
    return [str(words) for reason, words in _WORDS.items() if reason in reasons]


def advice(reasons: Reason, first: Facts, second: Facts) -> str:
    """What the facts suggest beyond the reasons; "" where they suggest nothing."""
    births = {facts.get("birth_on") for facts in (first, second)}
    if len(births) == 2 and None not in births:
        if reasons & (Reason.KANA_PHONE | Reason.KANA_ADDRESS):
            return gettext("The dates of birth differ: more likely one household than one person.")
        return gettext("The dates of birth differ.")
    return ""


def side_by_side(
    first: Customer,
    second: Customer,
    facts: tuple[Facts, Facts],
    masked: tuple[bool, bool],
    *,
    open_keys: Collection[str],
) -> list[Pair]:
    """The facts of both in reading order; what neither side knows is left out.

    ``masked`` says it for each, ``open_keys`` for all: the names that stand above the page anyway.
    """
    shown = [
        present(known, is_company=one.kind == Customer.Kind.COMPANY, masked=is_masked, open_keys=open_keys)
        for one, known, is_masked in zip((first, second), facts, masked, strict=True)
    ]
    seconds = {fact.key: fact for fact in shown[1]}
    return [
        Pair(fact, seconds[fact.key], compare(fact.key, facts[0].get(fact.key), facts[1].get(fact.key)))
        for fact in shown[0]
        if fact.key in seconds and (fact.key in facts[0] or fact.key in facts[1])
    ]


def compare(key: str, first: object, second: object) -> Likeness:
    """How two values of a fact compare; None is not known."""
    if first is None or second is None:
        return Likeness.ONE_SIDED
    if first == second:
        return Likeness.SAME
    fold = _FOLDS.get(key)
    return Likeness.FOLDED if fold and fold(str(first)) == fold(str(second)) else Likeness.DIFFERENT


@dataclass(frozen=True, slots=True)
class Alike:
    """Who is like one customer: pairs that were found, and who is reached at the same place."""

    matches: list[tuple[MatchCandidate, Customer, str]]
    places: list[tuple[Customer, str, str]]


def alike_of(customer: Customer, *, masked: bool) -> Alike:
    """For the customer's page; the household is no pair, and a pair is not shown twice."""
    found = [(one, one.second if one.first_id == customer.pk else one.first) for one in matches_of(customer)]
    paired = {other.pk for _match, other in found}
    places = [(other, channels) for other, channels in at_the_same_place(customer) if other.pk not in paired]
    others = [other for other, _channels in places] + [other for _match, other in found]
    facts = facts_of_each(others)
    names = {other.pk: name_shown(other, facts[other.pk], masked=masked) for other in others}
    return Alike(
        [(match, other, names[other.pk]) for match, other in found],
        [(other, names[other.pk], _shared(channels)) for other, channels in places],
    )


def _shared(channels: Sequence[str]) -> str:
    if len(channels) > 1:
        return gettext("Same address and telephone")
    return gettext("Same address") if ContactPoint.Channel.POST in channels else gettext("Same telephone")
