"""What is known of a contact point: the newest news counts, both last moments stay, and an undo brings it back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from audit.services import Actor
from channels.models import OptOut
from channels.selectors import usable_channels
from customers.contacts.health import DEAD, Health, Reason, dead_health
from customers.models import ContactPoint
from customers.services import apply_facts, mark_contact_health
from outreach.outcomes import OFFERED, TELEPHONE, VISIT, learnt_of
from outreach.selectors import ways_to_people
from tenants.models import Tenant
from tests.campaigns.acting import enter, open_for_business
from tests.customers.books import book, company, person
from tests.customers.test_import_steps import taken
from tests.customers.test_import_undo import said_of_all, undone

HOUR = timedelta(hours=1)


@transaction.atomic
def point_of(channel: str, *, number: str | None = None, is_current: bool = True) -> ContactPoint:
    rows = ContactPoint.objects.filter(channel=channel, is_current=is_current)
    found: ContactPoint = rows.get(customer__number=number) if number else rows.get()
    return found


def state(point: ContactPoint) -> tuple[str, str, datetime | None, datetime | None, datetime | None]:
    return (point.health, point.health_reason, point.health_at, point.last_success_at, point.last_failure_at)


def hear(point: ContactPoint, health: Health, reason: str, at: datetime) -> None:
    mark_contact_health(contact_ids=[point.pk], health=health, reason=reason, now=at)


def test_success_and_failure_are_both_remembered_and_the_newest_counts(in_tenant: Tenant, now: datetime) -> None:
    taken(book(person()), now)
    phone = point_of("PHONE")
    assert state(phone) == ("UNKNOWN", "", None, None, None)
    hear(phone, Health.VERIFIED, Reason.DELIVERED, now)
    assert state(point_of("PHONE")) == ("VERIFIED", "delivered", now, now, None)
    hear(phone, Health.BOUNCED, "30005", now + HOUR)
    assert state(point_of("PHONE")) == ("BOUNCED", "30005", now + HOUR, now, now + HOUR)
    assert state(point_of("EMAIL"))[0] == "UNKNOWN", "nobody else's"


def test_news_told_late_does_not_undo_what_is_newer(in_tenant: Tenant, now: datetime) -> None:
    taken(book(person()), now)
    letter = point_of("POST")
    hear(letter, Health.RETURNED, "moved", now)
    hear(letter, Health.VERIFIED, Reason.DELIVERED, now - HOUR)
    assert state(point_of("POST")) == ("RETURNED", "moved", now, now - HOUR, now)
    hear(letter, Health.RETURNED, "unknown_address", now - 2 * HOUR)
    assert state(point_of("POST")) == ("RETURNED", "moved", now, now - HOUR, now)
    hear(letter, Health.VERIFIED, Reason.MET, now + HOUR)
    assert state(point_of("POST")) == ("VERIFIED", "met", now + HOUR, now + HOUR, now), "control: newer news counts"


@pytest.mark.parametrize("health", [*DEAD, Health.VERIFIED, Health.UNKNOWN])
def test_nothing_is_sent_to_what_bounced_came_back_or_blocked_us(
    in_tenant: Tenant, now: datetime, health: Health
) -> None:
    with transaction.atomic():
        open_for_business()
    customer = enter(1)
    with transaction.atomic():
        before = usable_channels([customer.pk])[customer.pk].keys()
        ContactPoint.objects.update(health=health)
        after = usable_channels([customer.pk])[customer.pk].keys()
        calls = ways_to_people([customer.pk])[customer.pk]
    assert before == {"LINE", "SMS", "EMAIL", "POST"}, "control"
    assert after == (set() if health in DEAD else before)
    assert calls == ({VISIT} if health in DEAD else {VISIT, TELEPHONE})


def test_an_import_taken_back_gives_back_what_was_known_of_the_addresses(in_tenant: Tenant, now: datetime) -> None:
    """With the health come the owner's wish to be left alone there, and the room for news of what was sent there."""
    taken(book(person(), company()), now)
    phone, letter, email = (point_of(channel, number="0000000001") for channel in ("PHONE", "POST", "EMAIL"))
    hear(phone, Health.VERIFIED, Reason.SPOKEN_TO, now)
    hear(letter, Health.RETURNED, "moved", now)
    with transaction.atomic():
        OptOut.objects.create(contact_point=phone, channel="SMS", code="keyword", since=now)
    before = said_of_all()
    item = taken(
        book(person(phone="080-9999-0000", postal_code="5300001", address="大阪府大阪市北区梅田1丁目")), now + HOUR
    )
    for channel in ("PHONE", "POST"):
        assert state(point_of(channel, number="0000000001")) == ("UNKNOWN", "", None, None, None), "a new address"
    hear(letter, Health.RETURNED, "unknown_address", now + 2 * HOUR)
    assert undone(item, now + 3 * HOUR).rows_undone == 1
    assert said_of_all() == before
    assert point_of("PHONE", number="0000000001").pk == phone.pk
    assert state(point_of("PHONE", number="0000000001")) == ("VERIFIED", "spoken_to", now, now, None)
    later = now + 2 * HOUR
    assert state(point_of("POST", number="0000000001")) == ("RETURNED", "unknown_address", later, None, later)
    assert point_of("EMAIL", number="0000000001").pk == email.pk, "what did not change was not touched"
    with transaction.atomic():
        assert ContactPoint.objects.filter(customer=phone.customer_id, is_current=False).count() == 2
        assert OptOut.objects.filter(contact_point__is_current=True).exists()


def test_an_address_written_another_way_is_restored_as_it_was_written(in_tenant: Tenant, now: datetime) -> None:
    """The blind index folds width; the file does not."""
    taken(book(person(address="東京都千代田区丸の内１丁目")), now)
    before = said_of_all()
    taken(book(person(address="東京都千代田区丸の内1丁目")), now + HOUR)
    item = taken(book(person(address="大阪府大阪市北区梅田1丁目", postal_code="5300001")), now + 2 * HOUR)
    undone(item, now + 3 * HOUR)
    [facts] = [one[0] for one in said_of_all().values()]
    assert facts["address"] == "東京都千代田区丸の内1丁目"
    assert before != said_of_all(), "control: the folded twin is another row"


def test_the_same_number_told_again_later_is_a_new_address(in_tenant: Tenant, now: datetime) -> None:
    """Numbers are given to new people: only an undo brings back what was known."""
    taken(book(person()), now)
    first = point_of("PHONE")
    hear(first, Health.BOUNCED, "30005", now)
    actor = Actor.system("tests")
    with transaction.atomic():
        customer = first.customer
    for phone in ("08099990000", str(first.value)):
        with transaction.atomic():
            apply_facts(customer=customer, changes={"phone": phone}, source="STAFF", actor=actor, now=now)
    again = point_of("PHONE")
    assert (again.value, again.health) == (first.value, "UNKNOWN")
    assert again.pk != first.pk


def test_what_a_call_or_visit_says_of_an_address() -> None:
    said = {(kind, outcome): learnt_of(kind, outcome) for kind, outcomes in OFFERED.items() for outcome in outcomes}
    assert said[TELEPHONE, "PROMISED"] == said[TELEPHONE, "CALL_BACK"] == ("PHONE", "VERIFIED", "spoken_to")
    assert said[VISIT, "REFUSED"] == ("POST", "VERIFIED", "met")
    assert said[TELEPHONE, "WRONG_NUMBER"] == ("PHONE", "BOUNCED", "wrong_number")
    assert said[VISIT, "MOVED"] == said[TELEPHONE, "MOVED"] == ("POST", "RETURNED", "moved")
    assert said[VISIT, "NOT_AT_ADDRESS"] == ("POST", "RETURNED", "not_at_address")
    assert {outcome for (_, outcome), what in said.items() if what is None} == {
        "NO_ANSWER", "ENGAGED", "ABSENT", "DECEASED",
    }  # fmt: skip


def test_what_a_provider_found_dead_bounced_and_letters_came_back() -> None:
    assert [dead_health(channel) for channel in ("SMS", "EMAIL", "LINE", "POST")] == [
        "BOUNCED", "BOUNCED", "BOUNCED", "RETURNED",
    ]  # fmt: skip
