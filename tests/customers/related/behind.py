"""Companies with people behind them, for the tests of related parties."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import Actor
from customers.models import Customer, RelatedParty
from customers.related.services import enter_party
from tests.conftest import NOW, SYSTEM


@transaction.atomic
def company(number: str = "C-1", **columns: Any) -> Customer:
    """A company; in the file since before anybody behind it was known."""
    profile = {"name": "㈱あさなぎ商事", "legal_form": "stock"}
    made: Customer = Customer.objects.create(number=number, kind="COMPANY", profile=profile, **columns)
    return made


@transaction.atomic
def individual(number: str = "1") -> Customer:
    made: Customer = Customer.objects.create(number=number, kind="INDIVIDUAL", profile={"name": "髙﨑　花子"})
    return made


def behind(
    customer: Customer,
    name: str,
    *roles: str,
    kind: str = "PERSON",
    share: str = "",
    actor: Actor = SYSTEM,
    now: datetime = NOW,
    replaces: RelatedParty | None = None,
    held: Mapping[str, str] | None = None,
) -> RelatedParty:
    """Enter a party; ``share`` is of the customer, ``held`` of other parties by their ids."""
    holds = [{"of": "", "share": share}] if share else []
    holds += [{"of": party, "share": part} for party, part in (held or {}).items()]
    return enter_party(
        customer=customer,
        kind=kind,
        roles=roles,
        details={"name": name, "holds": holds},
        actor=actor,
        now=now,
        replaces=replaces.pk if replaces else None,
    )
