"""Reading the register and the news about customers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext

from companies.changing import is_closed
from companies.comparing import Candidate, Line, agrees, candidates, compare, registered_facts
from companies.keeping import COLUMNS
from companies.models import ChangeKind, CompanyNews, CorporateRecord, RegistryLoad
from companies.protocols import Entry
from customers.folding import fold_name
from customers.models import Customer
from customers.presenting import name_shown, say
from customers.selectors import facts_of_each
from tenants.keyset import Page, keyset_page

CANDIDATES = 5
_LOOKED_AT = 200
# What may be taken over from news, and what the others leave to a person.
FACTS_OF_KIND = {ChangeKind.RENAMED: ("name", "kana"), ChangeKind.MOVED: ("postal_code", "address")}


@dataclass(frozen=True, slots=True)
class NewsShown:
    """One piece of news with its customer's name and its values."""

    news: CompanyNews
    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Match:
    """A company of the register beside the file."""

    candidate: Candidate
    lines: list[Line]

    @property
    def number(self) -> str:
        """The company's."""
        return self.candidate.entry.number

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it may be the one meant."""
        return self.candidate.reasons

    @property
    def is_closed(self) -> bool:
        """Whether the company is no more."""
        return is_closed(self.candidate.entry)

    @property
    def differs(self) -> bool:
        """Whether there is anything to take over."""
        return any(not line.is_same for line in self.lines)


def entry_of(number: str) -> Entry | None:
    """What the register, as we hold it, says of a number."""
    return next(iter(_entries(CorporateRecord.objects.filter(pk=number))), None) if number else None


def matches_of(facts: dict[str, Any]) -> list[Match]:
    """The company of the file's own number, or else the likeliest ones of its name and address."""
    entry = entry_of(str(facts.get("corporate_number") or ""))
    found = [Candidate(entry, ("number",))] if entry else _named(facts)
    return [Match(one, compare(facts, registered_facts(one.entry))) for one in found]


def _named(facts: dict[str, Any]) -> list[Candidate]:
    folded = fold_name(str(facts.get("name") or ""))
    if not folded or facts.get("corporate_number"):
        return []
    rows = CorporateRecord.objects.filter(is_hidden=False)
    same = list(_entries(rows.filter(name_fold=folded).order_by("pk")[:_LOOKED_AT]))
    # A name that only begins so is worth a look where no other has it whole.
    return candidates(same or _entries(rows.filter(name_fold__startswith=folded)[:_LOOKED_AT]), facts, limit=CANDIDATES)


def _entries(rows: Any) -> Iterable[Entry]:
    return (Entry._make((*values, True)) for values in rows.values_list(*COLUMNS))


def register_is_known_until() -> Any:
    """The last day of which we hold the register's entries, if any."""
    done = RegistryLoad.objects.filter(finished_at__isnull=False).order_by("-last_on")
    return done.values_list("last_on", flat=True).first()


def news_page(*, status: str = "", kind: str = "", cursor: str | None = None) -> Page[CompanyNews]:
    """News, the newest first."""
    rows = news_asked(status=status, kind=kind).select_related("customer")
    return keyset_page(rows, order=("-found_at", "-id"), cursor=cursor)


def news_asked(*, status: str = "", kind: str = "") -> QuerySet[CompanyNews]:
    """News, narrowed by what is not blank."""
    wanted = {"status": status, "kind": kind}
    found: QuerySet[CompanyNews] = CompanyNews.objects.filter(**{key: value for key, value in wanted.items() if value})
    return found


def news_of(customer: Customer) -> list[CompanyNews]:
    """What a customer's page shows: whatever nobody has looked at yet."""
    return list(CompanyNews.objects.filter(customer=customer, status=CompanyNews.Status.OPEN).order_by("-found_at"))


def news_shown(items: Iterable[CompanyNews], *, masked: bool) -> list[NewsShown]:
    """With names and values; a constant number of queries."""
    rows = list(items)
    facts = facts_of_each([news.customer for news in rows])
    return [
        NewsShown(
            news=news,
            name=name_shown(news.customer, facts[news.customer_id], masked=masked),
            old=_told(news.kind, news.before, is_after=False),
            new=_told(news.kind, news.after, is_after=True),
        )
        for news in rows
    ]


def lines_of(news: CompanyNews, facts: dict[str, Any]) -> list[Line]:
    """What of it may be taken over, beside the file as it is now."""
    after = {key: str(news.after.get(key) or "") for key in FACTS_OF_KIND.get(ChangeKind(news.kind), ())}
    return compare(facts, {key: value for key, value in after.items() if value})


def is_known(kind: str, after: dict[str, str], facts: dict[str, Any]) -> bool:
    """Whether the file says already what the register now says."""
    keys = [key for key in FACTS_OF_KIND.get(ChangeKind(kind), ()) if after.get(key)]
    main = [key for key in keys if key in ("name", "address")]
    return bool(main) and all(agrees(key, str(facts.get(key) or ""), after[key]) for key in main)


def _told(kind: str, values: dict[str, Any], *, is_after: bool) -> str:
    """The one value that a list has room for."""
    key = {"RENAMED": "name", "MOVED": "address"}.get(kind)
    if key:
        return say(key, values[key]) if values.get(key) else ""
    if values.get("successor"):
        return gettext("Merged into %(number)s") % {"number": values["successor"]}
    if values.get("closed_on"):
        return gettext("Closed on %(day)s") % {
            "day": date_format(date.fromisoformat(values["closed_on"]), "DATE_FORMAT")
        }
    is_gone = is_after and kind != ChangeKind.REOPENED
    return gettext("Registration closed") if is_gone else gettext("Open in the register")


def customer_ids_with_numbers(after: UUID | None, limit: int) -> list[tuple[UUID, str]]:
    """The next companies under due diligence that have a number, in the order of their ids."""
    rows = Customer.objects.filter(kind=Customer.Kind.COMPANY, status=Customer.Status.ACTIVE)
    rows = rows.filter(~Q(corporate_number=""))
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", "corporate_number")[:limit])
