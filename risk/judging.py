"""Codes that came into a list after the policy was written: judged by two people, and until then never low."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import Actor
from customers.lists.selectors import own_lists
from risk.drafting import DraftRefused, propose
from risk.models import PolicyDraft
from risk.scoring import Policy
from risk.selectors import compiled, published_policy, unjudged_codes

# The verdict that a code of itself brings no points.
NO_POINTS = ""

type Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A code of a list that the policy reads and says nothing of. ``factors``: (code, factor) that could take it in."""

    key: str
    code: str
    factors: tuple[tuple[str, Mapping[str, Any]], ...]


def waiting(document: Document, rules: Policy) -> list[Unjudged]:
    """Every code that is to be judged, in the order of its list; of those on offer and of older files alike."""
    lists = own_lists()
    return [
        Unjudged(key, entry.code, tuple(_factors_that_list(document, key)))
        for key, codes in unjudged_codes(rules).items()
        for entry in lists[key].content.entries
        if entry.code in codes
    ]


@transaction.atomic
def propose_verdicts(*, verdicts: Mapping[tuple[str, str], str], actor: Actor, now: datetime) -> PolicyDraft:
    """Propose what codes bring: by (list, code) the code of a factor that takes it in, or NO_POINTS.

    Raises:
        DraftRefused: the actor may not, another draft waits, or a code or factor is none to be judged.
    """
    policy = published_policy()
    if policy is None or not verdicts:
        raise DraftRefused(_("Choose what at least one of them brings."))
    known = {(one.key, one.code): dict(one.factors) for one in waiting(policy.document, compiled(policy))}
    for judged, factor in verdicts.items():
        if judged not in known or (factor != NO_POINTS and factor not in known[judged]):
            raise DraftRefused(_("The policy or the list has changed since you opened this page. Reload it."))
    document = with_verdicts(policy.document, verdicts)
    return propose(policy=policy, document=document, added=[], actor=actor, now=now)


def with_verdicts(document: Document, verdicts: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """The policy with the codes in the factors that take them in, or among those that were thought of."""
    changed: dict[str, Any] = deepcopy(dict(document))
    judged: dict[str, list[str]] = changed.setdefault("judged", {})
    for (key, code), factor in verdicts.items():
        if factor == NO_POINTS:
            judged[key] = [*judged.get(key, ()), code]
            continue
        found = next(one for name, one in _factors_that_list(changed, key) if name == factor)
        _listed(found, key).append(code)
    return changed


def verdicts_between(before: Document, after: Document) -> list[tuple[str, str, Mapping[str, Any] | None]]:
    """What a draft would judge: (list, code, factor that takes it in or None)."""
    was, becomes = Policy(before).named, Policy(after).named
    return [
        (key, code, next((one for _, one in _factors_that_list(after, key) if code in _listed(one, key)), None))
        for key, codes in sorted(becomes.items())
        for code in sorted(codes - was.get(key, frozenset()))
    ]


def _factors_that_list(document: Document, key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The factors that hold for what is one of several codes, by their own codes."""
    for factor in document["factors"]:
        if len(factor["when"]) == 1 and _listed(factor, key):
            yield factor["code"], factor


def _listed(factor: Mapping[str, Any], key: str) -> list[str]:
    """The codes that a factor holds for; the list itself, so that it can be added to."""
    operands = factor["when"][0].get("in")
    if isinstance(operands, list) and len(operands) == 2 and operands[0] == {"var": key}:
        codes: list[str] = operands[1]
        return codes
    return []
