"""What an identity verification says beside an answer: a refusal and another document are discrepancies."""

from __future__ import annotations

import pytest
from django.db import transaction

from campaigns.services import receive_verification
from reviews.comparing import Kind
from reviews.policies import (
    DecisionIncomplete,
)
from tenants.models import Tenant, User
from tests.campaigns.acting import review_of
from tests.conftest import NOW
from tests.reviews.acting import (
    case_of,
    decided,
    differences,
    high_risk_answer,
    verification,
)


def test_a_refused_identity_is_a_discrepancy(bank: Tenant, officer: User, approver: User) -> None:
    customer = high_risk_answer(officer, approver)
    with transaction.atomic():
        refused = verification(customer, status="REJECTED")
    receive_verification(reference=review_of(customer).pk, verification_id=refused.pk, now=NOW)
    assert differences(customer) == {"identity": (Kind.IDENTITY, "SERIOUS")}
    assert case_of(customer).verification_id == refused.pk


def test_a_document_that_says_otherwise_is_a_discrepancy(bank: Tenant, officer: User, approver: User) -> None:
    customer = high_risk_answer(officer, approver)
    with transaction.atomic():
        shown = verification(customer, name="高橋　二郎", birth_on="1960-04-01", address="東京都中央区日本橋１－２－３")
    receive_verification(reference=review_of(customer).pk, verification_id=shown.pk, now=NOW)
    assert differences(customer) == {"name": (Kind.IDENTITY, "SERIOUS")}
    with pytest.raises(DecisionIncomplete):
        decided(customer, officer, accepted=["name"])


def test_an_expired_verification_leaves_the_door_open(bank: Tenant, officer: User, approver: User) -> None:
    customer = high_risk_answer(officer, approver)
    with transaction.atomic():
        expired = verification(customer, status="EXPIRED")
    receive_verification(reference=review_of(customer).pk, verification_id=expired.pk, now=NOW)
    assert review_of(customer).status == "VERIFYING"
