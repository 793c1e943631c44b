"""Reading how customers come in: the policy in force, and the keys of the institution's own app."""

from __future__ import annotations

from collections.abc import Mapping

from customers.models import Customer
from questionnaires.models import EntranceKey, EntrancePolicy
from questionnaires.proving import Fact
from tenants.prepared import Prepared

Status = EntrancePolicy.Status
_FACTS: Mapping[str, tuple[Fact, ...]] = {
    EntrancePolicy.Individual.BIRTH_ACCOUNT: (Fact.BIRTH, Fact.ACCOUNT),
    EntrancePolicy.Individual.BIRTH_PHONE: (Fact.BIRTH, Fact.PHONE),
    EntrancePolicy.Individual.BIRTH_NUMBER: (Fact.BIRTH, Fact.CUSTOMER_NUMBER),
    EntrancePolicy.Company.PHONE_ACCOUNT: (Fact.PHONE, Fact.ACCOUNT),
    EntrancePolicy.Company.PHONE_NUMBER: (Fact.PHONE, Fact.CUSTOMER_NUMBER),
}


_IN_FORCE = Prepared(lambda: EntrancePolicy.objects.filter(status=Status.APPROVED).order_by("-approved_at", "-pk")[:1])


def policy_in_force() -> EntrancePolicy:
    """The newest approved policy, or the usual one. One query."""
    return _IN_FORCE.first() or EntrancePolicy()


def facts_asked(kind: str) -> tuple[Fact, ...]:
    """What customers of this kind (Customer.Kind) prove themselves by, in the order it is asked."""
    policy = policy_in_force()
    return _FACTS[policy.company if kind == Customer.Kind.COMPANY else policy.individual]


def key_named(key_id: str) -> EntranceKey | None:
    """The key of this name, if two people have let it and nobody has retired it."""
    keys = EntranceKey.objects.filter(status=Status.APPROVED, retired_at__isnull=True)
    found: EntranceKey | None = keys.filter(key_id=key_id).first()
    return found
