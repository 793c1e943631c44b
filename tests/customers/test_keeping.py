"""How long values of own attributes are kept: found at night, let go by two people, and gone wherever they stood."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import transaction
from django.urls import reverse as address_of

from audit.models import AuditEvent
from audit.services import Actor
from customers.closing import close_customer
from customers.facts import keeping
from customers.facts.keeping import look_for_expired, set_keeping
from customers.facts.models import ExpiredValue, OwnAttribute, ValueKeeping
from customers.facts.own import key_of
from customers.facts.services import StepRefused, retire_attribute
from customers.models import AttributeChange, Customer, CustomerImport, ImportChange
from customers.selectors import facts_of, known_before
from customers.services import apply_facts, run_import, undo_import
from retention.executing import execute_approved
from retention.models import PurgeItem, PurgeProposal
from retention.services import (
    approve_proposal,
    find_due,
    look_for_due,
    place_hold,
    release_hold,
    submit_proposal,
)
from risk.models import RiskRating
from risk.services import default_document, publish_policy, rate_waiting_customers
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_context
from tests.conftest import NOW, SYSTEM, MakeUser, SignIn, english
from tests.customers.attributes import RANK, define, take, with_column
from tests.customers.books import book, person
from tests.customers.merging.acting import merge, reverse

NOTE = key_of("note")
# Of the fixture's `now` in Japan, and the first days on which what was set then may go after twelve months.
ENTERED = date(2026, 11, 24)
OVER = datetime(2027, 11, 25, 3, tzinfo=NOW.tzinfo)
LISTED = OVER + timedelta(days=2)


@pytest.fixture
def rank(in_tenant: Tenant, administrator: User) -> OwnAttribute:
    return define(administrator, NOW, bears_on_risk=True)


@pytest.fixture
def note(in_tenant: Tenant, administrator: User) -> OwnAttribute:
    return define(administrator, NOW, code="note", type="text", sensitivity="SEALED", titles=("備考",))


def keep(
    attribute: OwnAttribute, administrator: User, after_set: int | None = 12, after_end: int | None = None
) -> None:
    set_keeping(
        attribute=attribute, after_set=after_set, after_end=after_end, actor=Actor.user(administrator.pk), now=NOW
    )


def enter(title: str, *cells: str) -> CustomerImport:
    """So many customers, numbered from one, with what a column says; entered at `NOW`."""
    rows = [person(customer_number=str(number)) for number, _ in enumerate(cells, 1)]
    done = take(with_column(book(*rows), title, *cells), NOW)
    assert done.rows_created == len(cells), done.rows_rejected
    with transaction.atomic():
        Customer.objects.update(created_at=NOW)
    return done


@transaction.atomic
def customer(number: str = "1") -> Customer:
    found: Customer = Customer.objects.get(number=number)
    return found


def say(value: Any, now: datetime, number: str = "1", key: str = RANK) -> None:
    with transaction.atomic():
        apply_facts(customer=customer(number), changes={key: value}, source="STAFF", actor=SYSTEM, now=now)


@transaction.atomic
def numbers_found() -> list[str]:
    return list(ExpiredValue.objects.order_by("customer__number").values_list("customer__number", flat=True))


def purge(officer: User, approver: User, now: datetime = LISTED) -> PurgeProposal | None:
    """Everything that is due, by two people."""
    look_for_due(now=now)
    proposal = find_due(actor=SYSTEM, now=now)
    if proposal is not None:
        submit_proposal(proposal=proposal, actor=Actor.user(officer.pk), now=now)
        approve_proposal(proposal=proposal, seen_hash=proposal.list_hash, actor=Actor.user(approver.pk), now=now)
        execute_approved(actor=SYSTEM, now=now)
    return proposal


@pytest.mark.parametrize(("title", "cell"), [("会員ランク", "gold"), ("備考", "秘密の事情")])
def test_months_after_it_was_set_it_is_over_and_not_a_day_before(
    administrator: User, rank: OwnAttribute, note: OwnAttribute, title: str, cell: str
) -> None:
    """P5: plain and sealed alike; who has no value is not listed."""
    keep(rank if title == "会員ランク" else note, administrator)
    enter(title, cell, "")
    assert look_for_expired(now=OVER - timedelta(days=1)) == 0
    assert look_for_expired(now=OVER) == 1
    assert numbers_found() == ["1"]
    with transaction.atomic():
        assert ExpiredValue.objects.get().ended_on == date(2027, 11, 24)


def test_what_is_set_again_is_kept_from_then_on(administrator: User, rank: OwnAttribute) -> None:
    keep(rank, administrator)
    enter("会員ランク", "gold", "gold")
    say("silver", NOW + timedelta(days=30))
    assert look_for_expired(now=OVER) == 1
    assert numbers_found() == ["2"]
    say("silver", OVER, "2")
    look_for_expired(now=OVER + timedelta(days=1))
    assert numbers_found() == [], "what was found already is dropped when it is set again"
    assert look_for_expired(now=OVER + timedelta(days=30)) == 1, "the other one, by the day of its change"
    assert numbers_found() == ["1"]


def test_the_end_of_the_contract_counts_also_when_it_is_noted_long_after(
    administrator: User, note: OwnAttribute
) -> None:
    keep(note, administrator, None, 6)
    enter("備考", "一", "二", "三")
    end = date(2026, 11, 20)
    with transaction.atomic():
        close_customer(customer=customer("1"), closed_on=end, actor=SYSTEM, now=NOW)
    free = datetime(2027, 5, 21, 3, tzinfo=NOW.tzinfo)
    assert look_for_expired(now=free - timedelta(days=1)) == 0
    assert look_for_expired(now=free) == 1
    later = free + timedelta(days=90)
    look_for_expired(now=later)
    with transaction.atomic():
        close_customer(customer=customer("2"), closed_on=end, actor=SYSTEM, now=later)
    assert look_for_expired(now=later + timedelta(days=1)) == 1, "noted by now, over long ago"
    assert numbers_found() == ["1", "2"]


def test_a_search_that_died_goes_on_where_it_was(
    administrator: User, note: OwnAttribute, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R: each batch is kept, none is done twice, and the day it began for is finished first."""
    monkeypatch.setattr(keeping, "BATCH", 2)
    keep(note, administrator)
    enter("備考", *"一二三四五")
    opened, calls = keeping._with_something, []

    def dies(mine: ValueKeeping, ids: Any) -> Any:
        calls.append(len(ids))
        if len(calls) == 2:
            raise SystemExit
        return opened(mine, ids)

    monkeypatch.setattr(keeping, "_with_something", dies)
    with pytest.raises(SystemExit):
        look_for_expired(now=OVER)
    assert len(numbers_found()) == 2
    look_for_expired(now=OVER + timedelta(days=3))
    assert numbers_found() == list("12345")
    assert sum(calls) == 2 + 2 + 2 + 1, "two that were kept, two that were not, and the rest once"
    assert look_for_expired(now=OVER + timedelta(days=3)) == 0


def test_two_people_let_it_go_and_nothing_of_it_is_left(
    administrator: User, officer: User, approver: User, rank: OwnAttribute, superuser: psycopg.Connection
) -> None:
    """P5: file, history, imports, ratings; the history and the trail say that a rule did it, and not what it was."""
    document = {**default_document()}
    document["factors"] = [
        *document["factors"],
        {
            "code": "rank",
            "label": {"ja": "会員ランク", "en": "Member rank"},
            "points": 1,
            "kinds": ["INDIVIDUAL"],
            "when": [{"==": [{"var": RANK}, "gold"]}],
        },
    ]
    publish_policy(document=document, actor=SYSTEM, now=NOW)
    enter("会員ランク", "gold", "basic")
    rate_waiting_customers(now=NOW)
    again = take(with_column(book(person(customer_number="1")), "会員ランク", "silver"), NOW)
    say("basic", NOW, "1")
    with transaction.atomic():
        assert ImportChange.objects.get(customer_import=again).after[RANK] == "silver"
        assert [rating.inputs.get(RANK) for rating in RiskRating.objects.order_by("customer__number")][:1] == ["gold"]
        assert AttributeChange.objects.filter(attribute=RANK).count() == 2
    keep(rank, administrator)
    proposal = purge(officer, approver)
    assert proposal is not None
    assert proposal.counts["own_values"] == 2
    with transaction.atomic():
        mine = customer("1")
        assert RANK not in facts_of(mine)
        (left,) = AttributeChange.objects.filter(customer=mine, attribute=RANK)
        assert (left.source, left.before, left.after, left.at) == ("RULE", None, None, LISTED)
        change = ImportChange.objects.get(customer_import=again)
        assert RANK not in {*change.attributes, *change.before, *change.after}
        assert not any(RANK in rating.inputs for rating in RiskRating.objects.all())
        assert mine.is_rating_due
        known = known_before(mine, NOW + timedelta(days=60))
        assert known is not None
        assert RANK not in known, "nor on an earlier day"
        assert known["name"].value, "while the rest of that day is there"
        act = AuditEvent.objects.get(event="customer.values_destroyed", target_id=str(mine.pk))
        assert act.data["facts"] == [RANK]
    said = superuser.execute("SELECT payload FROM audit_auditevent WHERE target_type = 'customers.customer'").fetchall()
    superuser.commit()
    assert said
    assert not any(word in str(row) for row in said for word in ('"gold"', '"silver"', '"basic"'))
    undo_import(customer_import=again, actor=Actor.user(administrator.pk), now=LISTED)
    run_import(import_id=again.pk, actor=SYSTEM, now=LISTED)
    with transaction.atomic():
        assert RANK not in facts_of(customer("1")), "nor does it come back with an import that is undone"
    assert look_for_expired(now=LISTED + timedelta(days=1)) == 0


def test_a_hold_keeps_it_until_it_is_released(
    administrator: User, officer: User, approver: User, note: OwnAttribute
) -> None:
    """P5: placed before the list is made, and between approval and execution."""
    keep(note, administrator)
    enter("備考", "一", "二", "三")
    first = place_hold(subject=customer("1").pk, reason="INQUIRY", matter="1", actor=SYSTEM, now=NOW)
    look_for_due(now=LISTED)
    proposal = find_due(actor=SYSTEM, now=LISTED)
    assert proposal is not None
    assert proposal.counts == {"own_values": 2}
    submit_proposal(proposal=proposal, actor=Actor.user(officer.pk), now=LISTED)
    approve_proposal(proposal=proposal, seen_hash=proposal.list_hash, actor=Actor.user(approver.pk), now=LISTED)
    place_hold(subject=customer("2").pk, reason="INQUIRY", matter="2", actor=SYSTEM, now=LISTED)
    say("新しい事情", LISTED, "3", NOTE)
    execute_approved(actor=SYSTEM, now=LISTED)
    with transaction.atomic():
        outcomes = dict(PurgeItem.objects.values_list("subject", "outcome"))
        assert outcomes == {customer("2").pk: "HELD", customer("3").pk: "NOT_DUE"}
        assert [facts_of(customer(number))[NOTE] for number in "123"] == ["一", "二", "新しい事情"]
    release_hold(hold=first, actor=SYSTEM, now=LISTED)
    assert purge(officer, approver, LISTED + timedelta(days=1)) is not None
    with transaction.atomic():
        assert [facts_of(customer(number)).get(NOTE) for number in "12"] == [None, "二"]


def test_who_was_merged_goes_with_the_survivors_contract_and_under_their_hold(
    administrator: User, officer: User, approver: User, rank: OwnAttribute
) -> None:
    enter("会員ランク", "silver", "gold")
    one = merge("1", "2", officer, approver, taken=[RANK])
    with transaction.atomic():
        assert facts_of(customer("1"))[RANK] == "gold"
        assert one.pk
    keep(rank, administrator)
    hold = place_hold(subject=customer("1").pk, reason="INQUIRY", matter="1", actor=SYSTEM, now=NOW)
    assert purge(officer, approver) is None
    assert numbers_found() == ["1", "2"]
    release_hold(hold=hold, actor=SYSTEM, now=LISTED)
    assert purge(officer, approver, LISTED + timedelta(days=1)) is not None
    reverse(one, approver)
    with transaction.atomic():
        assert [facts_of(customer(number)).get(RANK) for number in "12"] == [None, None], "nor by taking it back"


def test_each_institution_keeps_by_its_own_rule(tenant: Tenant, other_tenant: Tenant, make_user: MakeUser) -> None:
    """T6: the same code with another rule, of the same number of a customer."""
    for place, months in ((tenant, 12), (other_tenant, 24)):
        setter = make_user(place, Role.ADMINISTRATOR, f"keeper-{months}")
        with tenant_context(place.pk):
            keep(define(setter, NOW), setter, months)
            enter("会員ランク", "gold")
    with tenant_context(other_tenant.pk):
        assert look_for_expired(now=OVER) == 0
    with tenant_context(tenant.pk):
        assert look_for_expired(now=OVER) == 1
    with tenant_context(other_tenant.pk):
        assert numbers_found() == []
        assert look_for_expired(now=OVER.replace(year=2028)) == 1


def test_another_rule_finds_anew_and_no_rule_nothing(administrator: User, rank: OwnAttribute) -> None:
    enter("会員ランク", "gold")
    keep(rank, administrator)
    assert look_for_expired(now=OVER) == 1
    keep(rank, administrator)
    assert numbers_found() == ["1"], "the same rule again changes nothing"
    keep(rank, administrator, 24)
    assert numbers_found() == []
    assert look_for_expired(now=OVER) == 0
    keep(rank, administrator, 1)
    assert look_for_expired(now=OVER) == 1
    keep(rank, administrator, None, None)
    assert (numbers_found(), look_for_expired(now=OVER)) == ([], 0)


def test_only_administrators_set_it_and_of_what_is_in_use_or_was(
    administrator: User, officer: User, rank: OwnAttribute
) -> None:
    with pytest.raises(StepRefused):
        keep(rank, officer)
    retire_attribute(attribute=rank, actor=Actor.user(administrator.pk), now=NOW)
    keep(rank, administrator)
    proposed = define(administrator, NOW, code="health", sensitivity="SENSITIVE", titles=("健康",))
    with pytest.raises(StepRefused):
        keep(proposed, administrator)


def test_the_pages_say_how_long_what_is_over_and_what_went(
    administrator: User, officer: User, approver: User, rank: OwnAttribute, staff_client: SignIn
) -> None:
    admin, reader = staff_client(english(administrator)), staff_client(english(officer))
    address, page = address_of("attribute-keep", args=[rank.pk]), address_of("attribute", args=[rank.pk])
    assert reader.post(address, {"after_set": "12"}).status_code == 403
    assert admin.post(address, {"after_set": "0", "after_end": "601"}).status_code == 422
    assert admin.post(address, {"after_set": "12", "after_end": ""}).status_code == 302
    assert "Months after the value was last set" in reader.get(page).content.decode()
    enter("会員ランク", "gold")
    look_for_due(now=LISTED)
    assert "The time of 1 customer" in reader.get(page).content.decode()
    proposal = find_due(actor=SYSTEM, now=LISTED)
    assert proposal is not None
    listed = reader.get(address_of("retention-purge", args=[proposal.pk])).content.decode()
    assert "Values of own attributes" in listed
    assert "Member rank" in listed
    submit_proposal(proposal=proposal, actor=Actor.user(officer.pk), now=LISTED)
    approve_proposal(proposal=proposal, seen_hash=proposal.list_hash, actor=Actor.user(approver.pk), now=LISTED)
    execute_approved(actor=SYSTEM, now=LISTED)
    mine = customer("1")
    told = reader.get(address_of("customer-timeline", args=[mine.pk])).content.decode()
    assert "A rule destroyed values of customer 1" in told
    assert "Member rank" in told
    assert reader.get(address_of("customer", args=[mine.pk])).status_code == 200
