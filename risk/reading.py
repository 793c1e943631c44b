"""What the risk policy in force reads of an institution's own attributes and lists."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils.translation import get_language, gettext

from customers.facts.readers import Reader, register_readers
from customers.lists.uses import Concern, Use, register_concerns, register_uses
from risk.scoring import codes_named
from risk.selectors import compiled, published_policy, unknown_among


def readers(key: str) -> Iterator[Reader]:
    """The policy in force, which could not judge its factors without it; earlier versions rate nobody any more."""
    policy = published_policy()
    if policy is not None and f'"{key}"' in json.dumps(policy.document):
        words = gettext("Version %(version)s of the risk policy") % {"version": policy.version}
        yield Reader(words, is_binding=True, details=tuple(_factors(policy.document, key)))


def uses(key: str) -> Iterator[Use]:
    """The factors of the policy in force that speak of codes of a list."""
    policy = published_policy()
    parts = (*policy.document["factors"], *policy.document["simplified"]["reasons"]) if policy else ()
    language = "ja" if (get_language() or "ja").startswith("ja") else "en"
    for part in parts:
        if codes := codes_named(part["when"], key):
            yield Use(gettext("Risk policy: %(factor)s") % {"factor": part["label"][language]}, codes)


def concerns(key: str, codes: Collection[str]) -> Iterator[Concern]:
    """What the policy in force would not know what to make of."""
    policy = published_policy()
    if policy is not None and (unknown := unknown_among(compiled(policy), key, codes)):
        words = gettext(
            "The risk policy says nothing of these. Until two people have judged them on its page, customers who have"
            " one are not rated low."
        )
        yield Concern(words, tuple(code for code in codes if code in unknown))


def _factors(document: Mapping[str, Any], key: str) -> Iterator[str]:
    """What the factors are called that judge by it."""
    language = "ja" if (get_language() or "ja").startswith("ja") else "en"
    for factor in document["factors"]:
        if f'{{"var": "{key}"}}' in json.dumps(factor["when"]):
            yield factor["label"][language]


def register() -> None:
    """Called when the apps are ready."""
    register_readers(readers)
    register_uses(uses)
    register_concerns(concerns)
