"""The score: what each address is worth, what further ones add, and the same rule asked of the database."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import combinations
from random import Random

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from customers.contacts.health import DEAD, Health
from customers.contacts.reachability import FROM, Band, Way, reachability
from customers.contacts.selecting import reachable
from customers.models import ContactPoint, Customer
from retention.expiring import JAPAN
from tenants.models import Tenant

TODAY = date(2026, 11, 24)
CHANNELS = ("LINE", "PHONE", "EMAIL", "POST")
AGES = (None, 0, 1, 364, 365, 366, 1_094, 1_095, 1_096, 4_000)


def way(health: str, days_ago: int | None = None, channel: str = "PHONE") -> Way:
    return Way(channel, health, None if days_ago is None else TODAY - timedelta(days=days_ago))


@pytest.mark.parametrize(
    ("ways", "score", "band"),
    [
        ([], 0, Band.NONE),
        ([way("BOUNCED", 10), way("RETURNED"), way("BLOCKED", 1)], 0, Band.NONE),
        ([way("UNKNOWN")], 30, Band.LOW),
        ([way("UNKNOWN")] * 4, 39, Band.LOW),
        ([way("UNKNOWN", 10)], 30, Band.LOW),
        ([way("VERIFIED")], 50, Band.MEDIUM),
        ([way("VERIFIED", 1_096)], 50, Band.MEDIUM),
        ([way("VERIFIED", 1_095)], 70, Band.MEDIUM),
        ([way("VERIFIED", 366), way("UNKNOWN"), way("BOUNCED", 1)], 73, Band.MEDIUM),
        ([way("VERIFIED", 365)], 90, Band.HIGH),
        ([way("VERIFIED", 0)] * 4, 99, Band.HIGH),
    ],
)
def test_the_score_by_example(ways: list[Way], score: int, band: Band) -> None:
    found = reachability(ways, TODAY)
    assert (found.score, found.band) == (score, band)
    assert found.best + found.further == found.score


ways = st.lists(st.builds(way, st.sampled_from([*Health]), st.sampled_from(AGES)), max_size=4)


@given(ways=ways, more=st.builds(way, st.sampled_from([*Health]), st.sampled_from(AGES)))
def test_a_further_address_never_makes_a_customer_harder_to_reach(ways: list[Way], more: Way) -> None:
    """And the band is that of the best address, however many there are."""
    before, after = reachability(ways, TODAY), reachability([*ways, more], TODAY)
    assert 0 <= before.score <= after.score <= 100
    assert (after.score == before.score) == (more.health in DEAD)
    assert before.band is next(band for band, least in FROM.items() if before.best >= least)


def test_the_database_finds_the_same_bands(in_tenant: Tenant) -> None:
    """Random customers, each set of bands; a success in the first minute of its day counts for that day."""
    chance = Random(11)
    people, points = [], []
    expected: dict[str, Band] = {}
    for number in range(150):
        person = Customer(number=f"R{number}", kind="INDIVIDUAL", profile={"name": "某"})
        people.append(person)
        held = []
        for channel in chance.sample(CHANNELS, chance.randrange(5)):
            health, age, is_current = chance.choice([*Health]), chance.choice(AGES), chance.random() < 0.8
            at = None if age is None else moment(age, chance.choice((time(0, 0), time(8, 59), time(23, 59))))
            where = {"channel": channel, "value": "x", "value_index": b"x" * 16, "is_current": is_current}
            points.append(ContactPoint(customer=person, health=health, last_success_at=at, **where))
            held += [way(health, age, channel)] if is_current else []
        expected[person.number] = reachability(held, TODAY).band
    assert set(expected.values()) == set(Band), "control: every band is met"
    with transaction.atomic():
        Customer.objects.bulk_create(people)
        ContactPoint.objects.bulk_create(points)
        for bands in (wanted for size in range(5) for wanted in combinations(Band, size)):
            found = set(Customer.objects.filter(reachable(bands, TODAY)).values_list("number", flat=True))
            assert found == {number for number, band in expected.items() if band in bands}, bands


def moment(days_ago: int, at: time) -> datetime:
    return datetime.combine(TODAY - timedelta(days=days_ago), at, JAPAN)
