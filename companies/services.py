"""Asking the register about a customer, telling each tenant its news, and what people decide about it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record, record_many
from audit.transitions import transition
from companies.comparing import bare_name, registered_facts
from companies.keeping import keep_entries
from companies.loading import NEWS_DAYS, load_differences
from companies.models import CompanyNews, RegistryChange, RegistryLoad
from companies.protocols import Entry
from companies.registry import open_registry
from companies.selectors import customer_ids_with_numbers, entry_of, is_known, lines_of
from companies.standing import forget_standing, settle_standing
from customers.models import AttributeChange, Customer
from customers.parsing import Invalid, read_postal_code
from customers.selectors import facts_of, facts_of_many
from customers.services import apply_facts

BATCH = 2_000
Status = CompanyNews.Status


class DecisionRefused(Exception):
    """It cannot be decided so; its text is a sentence for the person who tried."""


class TooManyFound(Exception):
    """The register knows more companies of this name than one answer holds."""


def take_differences(*, today: date, now: datetime) -> list[RegistryLoad]:
    """What the register has written since the last time; once for all tenants. No transaction may be open.

    Raises:
        RegistryNotSetUp: there is no application id.
        RegistryUnavailable, RegistryRefused, RegistryUnreadable: what came before that is kept.
    """
    with open_registry() as registry:
        return load_differences(registry=registry, today=today, now=now)


def ask_register(*, customer_id: UUID, actor: Actor, now: datetime) -> int:
    """Ask about one customer, by number or else by name, and keep the answer; returns how many companies it names.

    Asks a provider, so no transaction may be open; the name goes to the tax agency, the bank's own does not.

    Raises:
        RegistryNotSetUp, RegistryUnavailable, RegistryRefused, RegistryUnreadable: there is no answer.
        TooManyFound: the name says too little.
    """
    with transaction.atomic():
        facts = facts_of(Customer.objects.get(pk=customer_id))
    number, name = str(facts.get("corporate_number") or ""), str(facts.get("name") or "")
    with open_registry() as registry:
        if number:
            entries: list[Entry] = registry.by_numbers([number])
        else:
            found = registry.by_name(bare_name(name))
            if found.size > 1:
                raise TooManyFound
            entries = list(found.entries)
    with transaction.atomic():
        keep_entries(entries, since=None, now=now)
        customer = Customer.objects.get(pk=customer_id)
        record("customer.register_asked", target=customer, actor=actor, at=now, count=len(entries))
        _settle(customer, now=now)
    return len(entries)


def match_news(*, actor: Actor, now: datetime) -> int:
    """Tell the tenant in scope what happened to its customers in the last `NEWS_DAYS` days; returns how much is new.

    The risk of those customers is rated anew, and of all who stand otherwise in the register than before. What was
    told is not told again; what the file says already is no news.
    """
    told, after = 0, None
    while True:
        with transaction.atomic():
            batch = customer_ids_with_numbers(after, BATCH)
            if not batch:
                forget_standing(now=now)
                return told
            after = batch[-1][0]
            told += _tell(batch, actor=actor, now=now)
            settle_standing(dict(batch), now=now)


def _tell(batch: list[tuple[UUID, str]], *, actor: Actor, now: datetime) -> int:
    customers: dict[str, list[UUID]] = {}
    for pk, number in batch:
        customers.setdefault(number, []).append(pk)
    changes = RegistryChange.objects.filter(number__in=list(customers), found_at__gte=now - timedelta(days=NEWS_DAYS))
    pairs = [(pk, change) for change in changes.order_by("pk") for pk in customers[change.number]]
    if not pairs:
        return 0
    known = CompanyNews.objects.filter(change__in={change.pk for _, change in pairs})
    told = set(known.values_list("customer_id", "change"))
    facts = facts_of_many(list({pk for pk, change in pairs if (pk, change.pk) not in told}))
    news = [
        _news(pk, change, now)
        for pk, change in pairs
        if (pk, change.pk) not in told and not is_known(change.kind, change.after, facts[pk])
    ]
    CompanyNews.objects.bulk_create(news)
    record_many("companynews.found", targets=news, actor=actor, at=now)
    _rate_anew({one.customer_id for one in news})
    return len(news)


def _news(customer_id: UUID, change: RegistryChange, now: datetime) -> CompanyNews:
    news = CompanyNews(
        customer_id=customer_id,
        kind=change.kind,
        change=change.pk,
        happened_on=change.happened_on,
        found_at=now,
    )
    news.before, news.after = change.before, change.after
    return news


def _rate_anew(ids: Collection[UUID]) -> None:
    Customer.objects.filter(pk__in=ids, is_rating_due=False).update(is_rating_due=True)


def decide_news(
    *, news_id: UUID, outcome: str, note: str, facts: Collection[str] = (), actor: Actor, now: datetime
) -> CompanyNews:
    """Take over (``facts``, of those that differ), or close it with a note: dealt with otherwise, or of no matter.

    Raises:
        DecisionRefused: somebody has decided already, there is nothing to take over, or no note says why not.
    """
    with transaction.atomic():
        news: CompanyNews = CompanyNews.objects.select_for_update(of=("self",)).get(pk=news_id)
        if news.status != Status.OPEN:
            raise DecisionRefused(_("Somebody has decided this already."))
        if outcome == Status.TAKEN_OVER:
            lines = lines_of(news, facts_of(news.customer))
            changes = {line.key: line.registered for line in lines if line.key in facts}
            if not changes:
                raise DecisionRefused(_("Choose what is to be taken over, or close the news with a note."))
            _take(news.customer, changes, reference=news.pk, actor=actor, now=now)
        elif not note.strip():
            raise DecisionRefused(_("Say in a few words why nothing is taken over."))
        decider = int(actor.id) if actor.kind == "user" else 0
        transition(news, outcome, actor=actor, at=now, decided_by=decider, decided_at=now, note=note.strip() or None)
        _settle(news.customer, now=now)
        _rate_anew({news.customer_id})
    return news


def take_over(*, customer_id: UUID, number: str, facts: Collection[str], actor: Actor, now: datetime) -> list[str]:
    """Write what the register says of a company into a customer's file; returns what changed.

    Raises:
        DecisionRefused: the register, as we hold it, has no such company, or nothing was chosen.
    """
    with transaction.atomic():
        customer: Customer = Customer.objects.select_for_update().get(pk=customer_id)
        entry = entry_of(number)
        if entry is None or customer.kind != Customer.Kind.COMPANY:
            raise DecisionRefused(_("The register has no such company. Look it up again."))
        registered = registered_facts(entry)
        changes = {key: value for key, value in registered.items() if key in facts}
        if not changes:
            raise DecisionRefused(_("Choose what is to be taken over."))
        changed = _take(customer, changes, reference=None, actor=actor, now=now)
        _settle(customer, now=now)
    return changed


def _settle(customer: Customer, *, now: datetime) -> None:
    customer.refresh_from_db()
    settle_standing({customer.pk: customer.corporate_number}, now=now)


def _take(
    customer: Customer, changes: dict[str, str], *, reference: UUID | None, actor: Actor, now: datetime
) -> list[str]:
    values: dict[str, str | None] = {**changes}
    if "postal_code" in values:
        values["postal_code"] = _postal_code(changes["postal_code"])
    return apply_facts(
        customer=customer,
        changes=values,
        source=AttributeChange.Source.REGISTRY,
        reference=reference,
        actor=actor,
        now=now,
    )


def _postal_code(code: str) -> str | None:
    """The register's, if it is one of Japan Post's; an old one beside a new address would be wrong."""
    try:
        return read_postal_code(code)
    except Invalid:
        return None
