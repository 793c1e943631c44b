"""An answer is the surest sign that a notice arrived: letters, too, are known to have reached somebody."""

from __future__ import annotations

from django.db import transaction

from customers.models import ContactPoint, Customer
from questionnaires.models import AccessLink
from tenants.models import Tenant, User
from tests.campaigns.acting import answer, enter, notified, settle_attempt
from tests.conftest import NOW


@transaction.atomic
def healths(customer: Customer) -> dict[str, tuple[str, str]]:
    points = ContactPoint.objects.filter(customer=customer)
    return {point.channel: (point.health, point.health_reason) for point in points}


def test_an_answer_through_a_letter_says_that_the_letter_arrived(bank: Tenant, officer: User, approver: User) -> None:
    by_letter, by_telephone = enter(1, contacts=("POST", "PHONE")), enter(2, contacts=("POST",))
    notified(officer, approver)
    settle_attempt(by_letter, "SMS", is_failure=True)
    for customer in (by_letter, by_telephone):
        settle_attempt(customer, "POST", is_failure=False)
    with transaction.atomic():
        links = AccessLink.objects.filter(response__customer=by_letter)
        assert set(links.values_list("channel", flat=True)) == {"SMS", "POST"}, "control"
        links.filter(channel="POST").update(proved_at=NOW)
    for customer in (by_letter, by_telephone):
        answer(customer)
    assert healths(by_letter) == {"POST": ("VERIFIED", "answered"), "PHONE": ("UNKNOWN", "")}
    assert healths(by_telephone) == {"POST": ("UNKNOWN", "")}, "who never opened the letter's link answered otherwise"
