"""What we knew on an earlier day: worked out from the history, compared with what was seen at the time."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from audit.services import Actor
from customers.history import Known, Turn, known_at
from customers.models import AttributeChange, Customer
from customers.selectors import days_of_changes, facts_of, known_before
from customers.services import apply_facts, run_import, start_import
from retention.expiring import end_of_day
from tenants.keys import PersonShredded
from tenants.models import Tenant
from tenants.shredding import shred_person
from tests.conftest import NOW, SYSTEM
from tests.customers.books import book, company, person, upload

STAFF, CUSTOMER, IMPORT = AttributeChange.Source.STAFF, AttributeChange.Source.CUSTOMER, AttributeChange.Source.IMPORT
CHOICES: dict[str, list[Any]] = {
    "name": ["髙﨑　花子", "高崎　花子", "佐々木　花子"],
    "kana": ["タカサキ　ハナコ", "ササキ　ハナコ", None],
    "address": ["東京都千代田区丸の内1丁目2-3", "神戸市中央区港島南町4丁目7番1号", None, ""],
    "postal_code": ["1000005", "650-0047", None],
    "phone": ["090-1234-5678", "080-1111-2222", None],
    "email": ["hanako@mail.example.jp", "h@b.example", None],
    "occupation": ["employee", "student", ""],
    "handles_cash": [True, False, None],
    "residence_expires_on": [date(2030, 1, 1), "2031-02-28", None],
    "owners": [[{"name": "山田　太郎", "share_percent": 60}], []],
    "source_of_funds": ["給与", "年金", None],
}


def take_in(*rows: dict[str, str], at: datetime) -> None:
    started = start_import(file=upload(book(*rows)), filename="顧客.csv", actor=SYSTEM, now=at)
    run_import(import_id=started.pk, actor=SYSTEM, now=at)


def change(
    number: str, changes: Mapping[str, Any], *, at: datetime, source: str = STAFF, actor: Actor = SYSTEM
) -> list[str]:
    with transaction.atomic():
        customer = Customer.objects.get(number=number)
        return apply_facts(customer=customer, changes=changes, source=source, actor=actor, now=at)


def customer_of(number: str) -> Customer:
    with transaction.atomic():
        found: Customer = Customer.objects.get(number=number)
    return found


def seen(number: str) -> dict[str, Any]:
    with transaction.atomic():
        return facts_of(Customer.objects.get(number=number))


def values(known: Mapping[str, Known] | None) -> dict[str, Any] | None:
    return None if known is None else {key: fact.value for key, fact in known.items()}


def looked_back(number: str, moment: datetime) -> dict[str, Known] | None:
    with transaction.atomic():
        return known_before(Customer.objects.get(number=number), moment)


def some_changes(chance: random.Random) -> dict[str, Any]:
    return {key: chance.choice(CHOICES[key]) for key in chance.sample(list(CHOICES), chance.randint(1, 5))}


def some_row(chance: random.Random, number: str) -> dict[str, str]:
    keys = ("name", "kana", "address", "phone", "email")
    cells = {key: chance.choice(CHOICES[key]) or "" for key in chance.sample(keys, chance.randint(0, 4))}
    return person(customer_number=number, **{**cells, "name": cells.get("name") or "髙﨑　花子"})


@dataclass
class Diary:
    """What was seen of one customer after each change, and where each fact came from."""

    number: str
    seen: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    origins: dict[str, tuple[datetime, str, str]] = field(default_factory=dict)

    def live(self, chance: random.Random, now: datetime) -> None:
        """Something happens, and is noted."""
        source, actor = chance.choice([(STAFF, Actor.user(7)), (CUSTOMER, Actor.user(8)), (IMPORT, SYSTEM)])
        if not self.seen:
            take_in(person(customer_number=self.number), at=now)
        elif source == IMPORT:
            take_in(some_row(chance, self.number), at=now)
        else:
            change(self.number, some_changes(chance), at=now, source=source, actor=actor)
        after = seen(self.number)
        before = self.seen[-1][1] if self.seen else after
        for key in (key for key in before.keys() | after.keys() if before.get(key) != after.get(key)):
            self.origins[key] = (now, source, str(actor))
        self.seen.append((now, after))

    def compare(self, end: datetime) -> None:
        """Just after each change and just before the next. An import takes time of its own: less than a minute."""
        assert looked_back(self.number, self.seen[0][0]) is None, "not in the book yet"
        ends = [at for at, _facts in self.seen[1:]] + [end]
        for (at, facts), until in zip(self.seen, ends, strict=True):
            for moment in (at + timedelta(seconds=59), until):
                assert values(looked_back(self.number, moment)) == facts, (self.number, at, moment)
        newest = looked_back(self.number, end) or {}
        assert not any(fact.is_doubtful for fact in newest.values())
        told = {key: (fact.origin.source, fact.origin.actor) for key, fact in newest.items() if fact.origin}
        assert told == {key: origin[1:] for key, origin in self.origins.items() if key in newest}
        for key, fact in newest.items():
            if fact.origin:
                assert timedelta() <= fact.origin.at - self.origins[key][0] < timedelta(minutes=1)


@pytest.mark.parametrize("seed", range(3))
def test_every_earlier_moment_is_told_as_it_was_seen(in_tenant: Tenant, seed: int) -> None:
    """Random imports, answers and corrections; after each, what the file said is noted and later compared."""
    chance = random.Random(seed)
    diaries = [Diary("1"), Diary("2")]
    now = NOW
    for step in range(40):
        now += timedelta(minutes=chance.choice([1, 30, 500, 3_000]))
        diary = diaries[step] if step < len(diaries) else chance.choice(diaries)
        diary.live(chance, now)
    for diary in diaries:
        diary.compare(now + timedelta(days=9))


def test_a_day_ends_in_japan(in_tenant: Tenant) -> None:
    """23:59 in Tokyo belongs to the day, 0:00 does not; UTC's midnight means nothing."""
    take_in(person(customer_number="1"), at=NOW - timedelta(days=9))
    late, early = datetime(2026, 11, 24, 14, 59, 59, tzinfo=UTC), datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    for name, at in (("佐々木　花子", late), ("高橋　花子", early)):
        change("1", {"name": name}, at=at)
    for day, name in ((23, "髙﨑　花子"), (24, "佐々木　花子"), (25, "高橋　花子")):
        known = looked_back("1", end_of_day(date(2026, 11, day)))
        assert known is not None
        assert known["name"].value == name
    with transaction.atomic():
        assert days_of_changes(customer_of("1")) == [(date(2026, 11, 25), 1), (date(2026, 11, 24), 1)]


def test_a_postal_code_goes_with_its_address_and_the_history_says_so(in_tenant: Tenant) -> None:
    """It had gone in silence: the file holds both in one contact point."""
    take_in(person(customer_number="1"), at=NOW)
    changed = change("1", {"address": None}, at=NOW)
    assert set(changed) == {"address", "postal_code"}
    assert seen("1").keys().isdisjoint(changed)
    assert change("1", {"postal_code": "6500047"}, at=NOW) == []
    with transaction.atomic():
        assert AttributeChange.objects.filter(attribute="postal_code").count() == 1


def turn(before: Any, after: Any, minute: int, attribute: str = "name") -> Turn:
    return Turn(attribute, before, after, NOW + timedelta(minutes=minute), "STAFF", None, "user:7")


def told(minute: int, current: Any, *turns: Turn) -> Known:
    known = known_at(
        NOW + timedelta(minutes=minute), current={"name": current}, turns=turns, entered_at=NOW - timedelta(days=1)
    )
    assert known is not None
    return known["name"]


def test_a_change_without_a_record_makes_what_is_told_doubtful() -> None:
    """The history says 乙, and that it became 丁 from 丙; or ends with 乙 while the file says 丙."""
    first, second = turn("甲", "乙", 10), turn("丙", "丁", 20)
    assert (told(15, "丁", first, second).value, told(15, "丁", first, second).is_doubtful) == ("乙", True)
    assert (told(25, "丁", first, second).value, told(25, "丁", first, second).is_doubtful) == ("丁", False)
    assert told(25, "丙", first).is_doubtful
    assert not told(25, "乙", first).is_doubtful, "control"
    assert told(5, "丁", first, second) == Known("甲", None, first.at, is_doubtful=False)


def test_what_was_not_known_then_is_left_out() -> None:
    gained = turn(None, "x", 10, "email")
    entered = NOW - timedelta(days=1)
    assert known_at(NOW, current={"email": "x"}, turns=[gained], entered_at=entered) == {}
    later = known_at(NOW + timedelta(hours=1), current={"email": "x"}, turns=[gained], entered_at=entered)
    assert values(later) == {"email": "x"}
    lost = turn("x", None, 10, "email")
    assert known_at(NOW + timedelta(hours=1), current={}, turns=[lost], entered_at=entered) == {}


def test_clocks_of_two_servers_do_not_change_what_is_on_file_now() -> None:
    """Written second with an earlier time: the last that was written is what the file says."""
    assert told(30, "丙", turn("甲", "乙", 11), turn("乙", "丙", 10)).value == "丙"


def test_nothing_is_told_of_a_customer_whose_data_were_destroyed(in_tenant: Tenant) -> None:
    take_in(company(customer_number="C-1"), at=NOW)
    change("C-1", {"name": "㈱甲"}, at=NOW)
    assert looked_back("C-1", NOW + timedelta(days=1)), "control"
    shred_person(customer_of("C-1").pk, actor=SYSTEM, now=NOW)
    with pytest.raises(PersonShredded):
        looked_back("C-1", NOW + timedelta(days=1))
