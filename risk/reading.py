"""Whether the risk policy in force reads an institution's own attribute."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.utils.translation import gettext

from customers.facts.readers import Reader, register_readers
from risk.selectors import published_policy


def readers(key: str) -> Iterator[Reader]:
    """The policy in force, which could not judge its factors without it; earlier versions rate nobody any more."""
    policy = published_policy()
    if policy is not None and f'"{key}"' in json.dumps(policy.document):
        yield Reader(gettext("Version %(version)s of the risk policy") % {"version": policy.version}, is_binding=True)


def register() -> None:
    """Called when the apps are ready."""
    register_readers(readers)
