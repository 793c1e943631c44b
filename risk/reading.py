"""Whether the risk policy in force reads an institution's own attribute."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import get_language, gettext

from customers.facts.readers import Reader, register_readers
from risk.selectors import published_policy


def readers(key: str) -> Iterator[Reader]:
    """The policy in force, which could not judge its factors without it; earlier versions rate nobody any more."""
    policy = published_policy()
    if policy is not None and f'"{key}"' in json.dumps(policy.document):
        words = gettext("Version %(version)s of the risk policy") % {"version": policy.version}
        yield Reader(words, is_binding=True, details=tuple(_factors(policy.document, key)))


def _factors(document: Mapping[str, Any], key: str) -> Iterator[str]:
    """What the factors are called that judge by it."""
    language = "ja" if (get_language() or "ja").startswith("ja") else "en"
    for factor in document["factors"]:
        if f'{{"var": "{key}"}}' in json.dumps(factor["when"]):
            yield factor["label"][language]


def register() -> None:
    """Called when the apps are ready."""
    register_readers(readers)
