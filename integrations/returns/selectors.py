"""Reading return files: what is due, which there were, and what was left out of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import ndiff

from django.db.models import Count, QuerySet

from customers.facts.catalogue import FACTS
from customers.facts.selectors import own_facts, own_facts_in_use
from customers.facts.shape import Fact, Type
from integrations.returns.building import due_changes
from integrations.returns.layouts import MARK, ReturnForm, form_from
from integrations.returns.models import ReturnBatch, ReturnedChange, ReturnLayout
from tenants.cells import csv_line
from tenants.keyset import Page, keyset_page


def returnable() -> Mapping[str, Fact]:
    """The facts that a return file can carry, in the order of our own files; the institution's own come last.

    Accounts have no cells: the core system is who keeps them.
    """
    facts = {**FACTS, **own_facts_in_use()}
    return {key: fact for key, fact in facts.items() if fact.type is not Type.ACCOUNTS}


def current_layout() -> ReturnLayout | None:
    """The layout in force, if one was set."""
    return ReturnLayout.objects.filter(status=ReturnLayout.Status.APPROVED).order_by("-version").first()


def open_layout() -> ReturnLayout | None:
    """The layout that waits for a second person, if there is one."""
    return ReturnLayout.objects.filter(status=ReturnLayout.Status.PROPOSED).first()


def form_of(layout: ReturnLayout) -> ReturnForm:
    """What a kept layout says; a fact that there is no more stays a field of it, which is empty."""
    kept = (cell["what"].removeprefix(MARK).partition(".")[0] for cell in layout.document["body"])
    gone = {key: Fact(key=key, type=Type.TEXT) for key in kept}
    return form_from(layout.document, facts={**gone, **own_facts(), **returnable()})


def lines_changed(layout: ReturnLayout) -> list[tuple[str, list[str]]]:
    """The lines of its table, each with a sign: "+" new, "-" no more, "" as in the version before that was in force."""
    from integrations.returns.tables import table_of

    earlier = ReturnLayout.objects.filter(status=ReturnLayout.Status.APPROVED, version__lt=layout.version)
    before = earlier.order_by("-version").first()
    old = table_of(form_of(before)).split("\n") if before else []
    told = [line for line in ndiff(old, table_of(form_of(layout)).split("\n")) if line[0] != "?"]
    return [(line[0].strip(), line[2:].split("\t")) for line in told]


def waiting(form: ReturnForm | None) -> tuple[int, int]:
    """How many changes of how many customers are due; those that the layout has no place for do not count."""
    if form is None:
        return 0, 0
    found = due_changes(form.facts).aggregate(changes=Count("pk"), customers=Count("customer", distinct=True))
    return found["changes"], found["customers"]


def without_place(form: ReturnForm | None) -> list[str]:
    """Facts that changed and wait because the layout has no place for them."""
    others = [fact for fact in returnable() if form is None or fact not in form.facts]
    found = set(due_changes(others).values_list("attribute", flat=True).distinct())
    return [fact for fact in others if fact in found]


def batch_page(*, cursor: str | None = None) -> Page[ReturnBatch]:
    """Return files, the newest first."""
    return keyset_page(ReturnBatch.objects.all(), order=("-number", "-id"), cursor=cursor)


def entry_page(batch: ReturnBatch, *, outcome: str, cursor: str | None = None) -> Page[ReturnedChange]:
    """What became of changes in one file, of one outcome."""
    return keyset_page(_entries(batch, outcome), order=("id",), cursor=cursor)


def left_out_file(batch: ReturnBatch) -> Iterator[bytes]:
    """What has to be entered by hand, as CSV in UTF-8: customer number, fact, reason. In the tenant's scope."""
    from integrations.returns.wording import fact_title, left_out_titles, reason

    yield csv_line(left_out_titles(), encoding="utf-8-sig")
    for entry in _entries(batch, ReturnedChange.Outcome.LEFT_OUT).order_by("customer__number", "attribute", "pk"):
        cells = [entry.customer.number, fact_title(entry.attribute), reason(entry.code, entry.params or {})]
        yield csv_line(cells, encoding="utf-8")


def _entries(batch: ReturnBatch, outcome: str) -> QuerySet[ReturnedChange]:
    rows: QuerySet[ReturnedChange] = ReturnedChange.objects.filter(batch=batch, outcome=outcome)
    return rows.select_related("customer")
