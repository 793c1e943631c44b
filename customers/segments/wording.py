"""What the fields of segments, their values and ways are called, and conditions as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, gettext_lazy, ngettext
from django.utils.translation import gettext_lazy as _

from customers.accounts.selectors import product_name, products
from customers.codes import LANGUAGES, Label, label_of
from customers.contacts.wording import BANDS
from customers.facts.selectors import own_asked
from customers.flags.models import CustomerFlag
from customers.models import ContactPoint, Customer, DueDiligence, RiskTier
from customers.presenting import label
from customers.segments.conditions import (
    ANSWERS,
    ASKED,
    CHANNELS,
    FLAGS,
    NO,
    NOT_KNOWN,
    NUMBERS,
    YES,
    AnyOf,
    Condition,
    Day,
    Number,
    Way,
    legible_of,
)
from customers.segments.selectors import departments

TITLES: Mapping[str, Promise] = {
    "kind": _("Kind of customer"),
    "status": _("Relationship"),
    "risk_tier": _("Risk"),
    "due_diligence": _("Due diligence"),
    "branch_code": _("Branch"),
    "department": _("Department in charge"),
    "language": _("Language"),
    "has_channel": _("Has one of these on file"),
    "lacks_channels": _("Has none of these on file"),
    "channel_working": _("Last time it worked"),
    "channel_unreachable": _("Found unreachable"),
    "reachability": _("Reachability"),
    "has_product": _("Has an open account of one of these products"),
    "open_accounts": _("Number of open accounts"),
    "has_flag": _("Has one of these flags"),
    "lacks_flags": _("Has none of these flags"),
    "next_review_on": _("Next review"),
    "last_reviewed_on": _("Last review"),
    "stay_ends_on": _("End of the stay, with the two months of an extension applied for"),
    "account_opened_on": _("Opening of an open account"),
    **{key: gettext_lazy(fact.label) for key, fact in ASKED.items()},
}
_CODES: Mapping[str, Mapping[str, Label]] = {
    key: codes for key, fact in ASKED.items() if (codes := fact.list_of_codes()) is not None
} | {"language": LANGUAGES}
_ANSWERS = ((YES, _("Yes")), (NO, _("No")))
_WORDS: Mapping[str, Sequence[tuple[Any, Any]]] = {
    "kind": Customer.Kind.choices,
    "status": [one for one in Customer.Status.choices if one[0] != Customer.Status.MERGED],
    "risk_tier": RiskTier.choices,
    "due_diligence": DueDiligence.choices,
    "reachability": [(str(band), words) for band, words in BANDS.items()],
    "open_accounts": [*((number, number) for number in NUMBERS[:-1]), (NUMBERS[-1], _("5 or more"))],
    **dict.fromkeys(ANSWERS, _ANSWERS),
    **dict.fromkeys(CHANNELS, ContactPoint.Channel.choices),
    **dict.fromkeys(FLAGS, CustomerFlag.Kind.choices),
}
MAY_BE_UNKNOWN = frozenset(
    {"risk_tier", "department", "due_diligence", "open_accounts", *_CODES, *ANSWERS} - {"language"}
)
WAYS: Sequence[tuple[str, Promise]] = (
    (Way.PAST, _("already past")),
    (Way.WITHIN, _("from today, within so many days")),
    (Way.UNTIL, _("on this day or before")),
    (Way.SINCE, _("on this day or after")),
    (Way.BETWEEN, _("from this day to the second one")),
    (Way.AGO, _("longer ago than so many days")),
    (Way.MISSING, _("not on file")),
)

type Branches = Mapping[str, str]


def values_of(field: str, branches: Branches) -> Iterator[tuple[str, str]]:
    """The values that may be chosen, in words; ``branches``: code to name."""
    codes, own = codes_of(field), own_asked()
    if codes:
        yield from ((code, _word(codes, code)) for code in codes)
    elif field in own:
        yield from ((value, str(words)) for value, words in _ANSWERS)
    elif field == "branch_code":
        yield from ((code, _branch(code, branches)) for code in branches)
    elif field == "department":
        yield from ((name, name) for name in departments())
    elif field == "has_product":
        yield from ((code, f"{code} {product_name(code)}") for code in products())
    else:
        yield from ((str(value), str(words)) for value, words in _WORDS[field])
    if field in MAY_BE_UNKNOWN or field in own:
        yield NOT_KNOWN, gettext("Not known")


@dataclass(frozen=True, slots=True)
class Said:
    """A kept segment in words: what it asks, and what it cannot ask any more."""

    asks: list[tuple[str, str]]
    lost: list[tuple[str, str]]


def said_of(document: Mapping[str, Any], branches: Branches) -> Said:
    """A kept segment in words, also where lists or attributes have changed since."""
    kept, lost = legible_of(document, own_asked())
    gone = [(title_of(one.field), gettext(" or ").join(one.values)) for one in lost]
    return Said(sentences(kept, branches), gone)


def sentences(conditions: Iterable[Condition], branches: Branches) -> list[tuple[str, str]]:
    """Conditions as (what, how it must be)."""
    return [(title_of(one.field), _said(one, branches)) for one in conditions]


def title_of(field: str) -> str:
    """What a field is called."""
    return str(TITLES[field]) if field in TITLES else label(field)


def codes_of(field: str) -> Mapping[str, Label] | None:
    """The code list of a field that has one."""
    own = own_asked().get(field) if field not in TITLES else None
    return own.list_of_codes() if own else _CODES.get(field)


def _said(condition: Condition, branches: Branches) -> str:
    if isinstance(condition, Day):
        return _day(condition)
    if isinstance(condition, Number):
        return _number(condition)
    # A department is called what it is; the book is not asked for it.
    is_name = condition.field == "department"
    words = {NOT_KNOWN: gettext("Not known")} if is_name else dict(values_of(condition.field, branches))
    return gettext(" or ").join(words.get(value) or _unlisted(condition, value) for value in condition.values)


def _word(codes: Mapping[str, Label], code: str) -> str:
    """What a code is called, and whether only older files have it."""
    word = label_of(codes, code, get_language() or "ja")
    return word if codes[code].is_offered else gettext("%(word)s (no longer offered)") % {"word": word}


def _unlisted(condition: AnyOf, value: str) -> str:
    codes = codes_of(condition.field)
    return label_of(codes, value) if codes else value


def _day(condition: Day) -> str:
    match condition.way:
        case Way.WITHIN:
            said = ngettext("within %(days)s day", "within %(days)s days", condition.days) % {"days": condition.days}
        case Way.AGO:
            said = ngettext("more than %(days)s day ago", "more than %(days)s days ago", condition.days) % {
                "days": condition.days
            }
        case Way.UNTIL:
            said = gettext("by %(day)s") % {"day": _date(condition.day)}
        case Way.SINCE:
            said = gettext("on %(day)s or after") % {"day": _date(condition.day)}
        case Way.BETWEEN:
            said = gettext("from %(day)s to %(until)s") % {"day": _date(condition.day), "until": _date(condition.until)}
        case way:
            said = str(dict(WAYS)[way])
    return said + gettext(", or not on file") if condition.or_missing else said


def _number(condition: Number) -> str:
    least, most = (None if bound is None else f"{bound:,}" for bound in (condition.least, condition.most))
    if least is None and most is None:
        return gettext("not on file")
    if least is None:
        said = gettext("%(most)s or less") % {"most": most}
    elif most is None:
        said = gettext("%(least)s or more") % {"least": least}
    else:
        said = gettext("%(least)s to %(most)s") % {"least": least, "most": most}
    return said + gettext(", or not on file") if condition.or_missing else said


def _date(day: date | None) -> str:
    return date_format(day or date.max, "DATE_FORMAT")


def _branch(code: str, branches: Branches) -> str:
    return f"{code} {branches[code]}".strip()
