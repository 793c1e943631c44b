"""Reading the lists of the institution in scope: those in force, once a scope, and what waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from uuid import UUID

from django.db import transaction
from django.db.models import Count, QuerySet

from customers.codes import Label
from customers.lists.content import Content, content_from
from customers.lists.models import CodeList, CodeListDraft
from customers.lists.standard import STANDARD_KEYS, standard_content
from customers.models import Customer
from tenants.scoping import remembered

_REMEMBERED = "code lists"
_BEING_WRITTEN = (CodeListDraft.Status.DRAFT, CodeListDraft.Status.PROPOSED)


@dataclass(frozen=True, slots=True)
class InForce:
    """A list as it stands. ``number``: of its version; 0: the product's own."""

    key: str
    number: int
    content: Content
    labels: Mapping[str, Label]

    @property
    def retired(self) -> int:
        """How many choices are offered no more."""
        return len(self.content.entries) - len(self.content.offered)


def own_lists() -> Mapping[str, InForce]:
    """The lists that the institution has published, by key; one query a scope, and one for each not read lately.

    Outside every scope there is no institution, and so there are none.
    """
    memory = remembered()
    if memory is None:
        return {}
    if _REMEMBERED not in memory:
        memory[_REMEMBERED] = _read()
    return cast("Mapping[str, InForce]", memory[_REMEMBERED])


def forget_lists() -> None:
    """They are other ones now; the next question in this scope reads them anew."""
    if (memory := remembered()) is not None:
        memory.pop(_REMEMBERED, None)


def labels_of_own(key: str) -> Mapping[str, Label] | None:
    """What stands in the place of the product's list: for `customers.codes`."""
    found = own_lists().get(key)
    return found.labels if found else None


def lists_in_force() -> dict[str, InForce]:
    """Every list there is here, those of the product first."""
    own = own_lists()
    first = {key: own.get(key) or _standard(key) for key in STANDARD_KEYS}
    return {**first, **{key: own[key] for key in sorted(own) if key not in first}}


def lists_named(language: str) -> list[tuple[str, str]]:
    """Every list there is here, as (key, what it is called)."""
    return [(key, one.content.name.in_language(language)) for key, one in lists_in_force().items()]


def list_in_force(key: str) -> InForce | None:
    """One of them."""
    return own_lists().get(key) or (_standard(key) if key in STANDARD_KEYS else None)


def word_of(key: str, code: str, language: str) -> str:
    """What a code of a list is called, also where it is offered no more; "" if the list never had it."""
    found = list_in_force(key)
    label = found.labels.get(code) if found else None
    return label.in_language(language) if label else ""


def versions_of(key: str) -> QuerySet[CodeList]:
    """The versions that were published, the newest first."""
    return cast("QuerySet[CodeList]", CodeList.objects.filter(key=key).order_by("-number"))


def content_of_version(key: str, number: int) -> Content | None:
    """What a version said; 0 is the product's own list."""
    if number == 0:
        return standard_content(key) if key in STANDARD_KEYS else None
    found = CodeList.objects.filter(key=key, number=number).first()
    return content_from(found.document) if found else None


def draft_of(key: str) -> CodeListDraft | None:
    """The draft that is being written, or waits for approval."""
    found: CodeListDraft | None = CodeListDraft.objects.filter(key=key, status__in=_BEING_WRITTEN).first()
    return found


def drafts_by_key() -> dict[str, CodeListDraft]:
    """All of them, also of lists that were never published."""
    return {draft.key: draft for draft in CodeListDraft.objects.filter(status__in=_BEING_WRITTEN).defer("document")}


def customers_by_code(key: str) -> dict[str, int]:
    """How many customers' files have each code; of a list that no fact of the file has its codes from, nothing."""
    if key not in STANDARD_KEYS:
        return {}
    rows = Customer.objects.exclude(**{key: ""}).order_by().values_list(key).annotate(Count("pk"))
    return dict(rows)


def _read() -> dict[str, InForce]:
    with transaction.atomic(savepoint=False):
        newest = CodeList.objects.order_by("key", "-number").distinct("key").values_list("key", "number", "pk")
        return {key: _in_force(key, number, pk) for key, number, pk in newest}


@lru_cache(maxsize=256)
def _in_force(key: str, number: int, pk: UUID) -> InForce:
    """A version never changes, so each is read once a process; who may know its id was asked before."""
    content = content_from(CodeList.objects.values_list("document", flat=True).get(pk=pk))
    return InForce(key, number, content, content.labels())


@lru_cache(maxsize=16)
def _standard(key: str) -> InForce:
    content = standard_content(key)
    return InForce(key, 0, content, content.labels())
