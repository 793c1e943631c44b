"""Making two customers one and two again: what is kept, by how many people, and what stands in the way."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest
from django.db import DatabaseError, transaction

from audit.models import AuditEvent
from audit.services import Actor
from channels.models import ChannelKind, OptOut
from channels.stopping import remember_stop
from customers.closing import ClosingRefused, close_customer
from customers.destroying import destroy_customers
from customers.history import Known
from customers.matching.finding import find_candidates
from customers.matching.models import MatchCandidate
from customers.matching.services import judge
from customers.merging.models import CustomerMerge
from customers.merging.services import MergeRefused, reject_merge
from customers.models import AttributeChange, ContactPoint, Customer, RelatedParty
from customers.pointers import CustomerMerged, survivors_of, whole_of
from customers.related.selectors import related_to
from customers.related.services import enter_party
from customers.selectors import customer_page, known_before
from retention.classes import subjects
from retention.services import place_hold
from tenants.models import Role, Tenant, User
from tests.conftest import NOW, SYSTEM, MakeUser
from tests.customers.books import company, person
from tests.customers.merging.acting import (
    OTHER_MAIL,
    OTHER_PHONE,
    WHY,
    again,
    approve,
    change,
    customer,
    differing,
    enter_pair,
    facts,
    merge,
    pair_status,
    propose,
    reverse,
)
from tests.customers.test_matching import enter, other
from tests.questionnaires.filing import send_link

Status = CustomerMerge.Status


def history(number: str) -> list[tuple[str, object, object, str]]:
    with transaction.atomic():
        rows = AttributeChange.objects.filter(customer__number=number).order_by("pk")
        return [(row.attribute, row.before, row.after, row.source) for row in rows]


def test_what_is_chosen_is_kept_and_the_other_becomes_a_pointer(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    enter_pair()
    assert differing("1", "2") == ["name", "address", "phone", "email", "line_id", "opened_on"]
    was = facts("1")
    done = merge("1", "2", officer, approver, taken=["phone", "opened_on"])
    now = facts("1")
    assert {key for key in now if now[key] != was[key]} == {"phone"}
    assert now["phone"] == "+818099991111"
    survivor, merged = customer("1"), customer("2")
    assert (survivor.status, survivor.opened_on) == (Customer.Status.ACTIVE, date(2005, 6, 1))
    assert (merged.status, merged.merged_into_id) == (Customer.Status.MERGED, survivor.pk)
    assert facts("2")["phone"] == "+818099991111", "what was known of the merged one stays readable"
    assert history("1") == [("phone", "+819012345678", "+818099991111", "MERGE")]
    assert history("2") == []
    assert pair_status() == MatchCandidate.Status.MERGED
    with transaction.atomic():
        acts = list(
            AuditEvent.objects.filter(event__startswith="customermerge").order_by("id").values_list("event", "actor_id")
        )
        told = AuditEvent.objects.filter(event="customer.merged").values_list("target_id", flat=True)
        assert list(told) == [str(merged.pk)]
    assert acts == [("customermerge.proposed", str(officer.pk)), ("customermerge.approved", str(approver.pk))]
    stored = again(done.pk)
    assert (stored.reason, stored.approved_by) == (WHY, approver.pk)


def test_nothing_about_a_person_stands_in_the_trail(in_tenant: Tenant, officer: User, approver: User) -> None:
    enter_pair()
    reverse(merge("1", "2", officer, approver, taken=["phone", "address"]), approver)
    with transaction.atomic():
        text = str(list(AuditEvent.objects.values_list("event", "payload")))
    assert "customermerge.reversed" in text, "control"
    for secret in ("8099991111", "梅田", "花子", WHY, "別人"):
        assert secret not in text


def test_taking_it_back_restores_both_and_the_pair(in_tenant: Tenant, officer: User, approver: User) -> None:
    enter_pair()
    was, theirs, line = facts("1"), facts("2"), customer("1").opened_on
    done = merge("1", "2", officer, approver, taken=["name", "address", "phone", "email", "line_id", "opened_on"])
    assert facts("1")["email"] == OTHER_MAIL
    with transaction.atomic():
        assert not ContactPoint.objects.filter(customer__number="1", channel="LINE", is_current=True).exists()
    reverse(done, approver)
    assert (facts("1"), facts("2"), customer("1").opened_on) == (was, theirs, line)
    with transaction.atomic():
        assert ContactPoint.objects.filter(customer__number="1", channel="LINE", is_current=True).exists()
    freed = customer("2")
    assert (freed.status, freed.merged_into_id, freed.is_rating_due) == (Customer.Status.ACTIVE, None, True)
    assert pair_status() == MatchCandidate.Status.OPEN
    assert again(done.pk).status == Status.REVERSED
    with pytest.raises(MergeRefused):
        reverse(done, approver)
    again_merged = merge("2", "1", officer, approver)
    assert customer("1").merged_into_id == customer("2").pk, "and the other way round"
    assert again_merged.pk != done.pk


def test_the_days_before_still_say_what_was_known(in_tenant: Tenant, officer: User, approver: User) -> None:
    enter_pair()
    done = merge("1", "2", officer, approver, taken=["phone"])
    reverse(done, approver)
    with transaction.atomic():
        before = known_before(customer("1"), NOW + timedelta(days=1))
        other_side = known_before(customer("2"), NOW + timedelta(days=1))
    assert before is not None
    assert other_side is not None
    assert (before["phone"].value, before["phone"].is_doubtful) == ("+819012345678", False)
    assert not any(known.is_doubtful for known in other_side.values() if isinstance(known, Known))


def test_one_person_is_not_enough(
    in_tenant: Tenant, officer: User, approver: User, make_user: MakeUser, superuser: psycopg.Connection
) -> None:
    """Nor one person with two accounts; and the database refuses what a mistake of the code would let through."""
    enter_pair()
    number = "S-1"
    double = make_user(in_tenant, Role.APPROVER, "double", staff_number=number)
    both = make_user(in_tenant, Role.OFFICER, "both", staff_number=number)
    made = propose("1", "2", both)
    for wrong in (both, double, officer):
        with pytest.raises(MergeRefused):
            approve(made, wrong)
    with pytest.raises(MergeRefused):
        propose("1", "2", approver)
    with pytest.raises(DatabaseError, match="merge_four_eyes"), transaction.atomic():
        CustomerMerge.objects.filter(pk=made.pk).update(approved_by=both.pk, approved_person=number, approved_at=NOW)
    assert customer("2").status == Customer.Status.ACTIVE
    approve(made, approver)
    assert customer("2").status == Customer.Status.MERGED, "control"
    for wrong in (officer, both):
        with pytest.raises(MergeRefused):
            reverse(made, wrong)


def test_a_proposal_is_decided_once_and_there_is_one_at_a_time(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    enter_pair()
    enter(person(customer_number="3"))
    made = propose("1", "2", officer)
    for survivor, merged in (("1", "2"), ("2", "1"), ("3", "2"), ("1", "3")):
        with pytest.raises(MergeRefused, match="already"):
            propose(survivor, merged, officer)
    with transaction.atomic():
        reject_merge(merge=made, actor=Actor.user(officer.pk), now=NOW)
    with pytest.raises(MergeRefused):
        approve(made, approver)
    second = propose("2", "1", officer)
    with pytest.raises(MergeRefused), transaction.atomic():
        reject_merge(merge=made, actor=Actor.user(officer.pk), now=NOW)
    approve(second, approver)
    with pytest.raises(MergeRefused):
        approve(second, approver)


@pytest.mark.parametrize("number", ["1", "2"])
def test_what_changed_since_the_proposal_is_not_approved(
    in_tenant: Tenant, officer: User, approver: User, number: str
) -> None:
    enter_pair()
    made = propose("1", "2", officer)
    change(number, occupation="student")
    with pytest.raises(MergeRefused, match="changed since"):
        approve(made, approver)
    assert customer("2").status == Customer.Status.ACTIVE


def test_a_pair_judged_different_meanwhile_is_not_merged(in_tenant: Tenant, officer: User, approver: User) -> None:
    enter_pair()
    made = propose("1", "2", officer)
    with transaction.atomic():
        pair = MatchCandidate.objects.get()
        judge(candidate=pair, judgement="DIFFERENT", actor=Actor.user(officer.pk), now=NOW)
    with pytest.raises(MergeRefused, match="not the same"):
        approve(made, approver)
    assert customer("2").status == Customer.Status.ACTIVE, "all of it is rolled back"
    assert history("1") == []


def test_what_stands_in_the_way_is_said(in_tenant: Tenant, officer: User, approver: User) -> None:
    enter_pair()
    enter(company(customer_number="C-1"))
    with pytest.raises(MergeRefused, match="never one"):
        propose("1", "C-1", officer)
    with pytest.raises(MergeRefused, match="changed meanwhile"):
        propose("1", "2", officer, taken=["birth_on"])
    with transaction.atomic():
        place_hold(subject=customer("2").pk, reason="LITIGATION", matter="1", actor=SYSTEM, now=NOW)
    with pytest.raises(MergeRefused, match="legal hold"):
        propose("1", "2", officer)
    propose("2", "1", officer)
    with transaction.atomic():
        close_customer(customer=customer("C-1"), closed_on=date(2026, 11, 1), actor=SYSTEM, now=NOW)
    enter(company(customer_number="C-2"))
    with pytest.raises(MergeRefused, match="ended"):
        propose("C-2", "C-1", officer)


def test_an_open_link_stands_in_the_way_until_it_ends(in_tenant: Tenant, officer: User, approver: User) -> None:
    send_link(in_tenant, now=NOW, number="51", lives=timedelta(days=3))
    send_link(in_tenant, now=NOW - timedelta(days=30), number="52", lives=timedelta(days=3))
    with pytest.raises(MergeRefused, match="link"):
        propose("52", "51", officer)
    merge("51", "52", officer, approver)
    assert customer("52").status == Customer.Status.MERGED, "control: that link ended long ago"


def test_nothing_is_taken_back_that_somebody_has_built_on(in_tenant: Tenant, officer: User, approver: User) -> None:
    enter_pair()
    done = merge("1", "2", officer, approver, taken=["phone"])
    change("1", occupation="student")
    change("1", phone="03-3211-1111")
    with pytest.raises(MergeRefused, match="Telephone"):
        reverse(done, approver)
    change("1", phone=OTHER_PHONE)
    with transaction.atomic():
        place_hold(subject=customer("1").pk, reason="LITIGATION", matter="1", actor=SYSTEM, now=NOW)
    with pytest.raises(MergeRefused, match="legal hold"):
        reverse(done, approver)


def test_a_chain_is_followed_to_its_end_and_taken_back_from_there(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    """1 into 2, 2 into 3: whoever looks for 1 finds 3."""
    enter(*(person(customer_number=number) for number in "123"))
    first, second = merge("2", "1", officer, approver), merge("3", "2", officer, approver)
    one, two, three = (customer(number).pk for number in "123")
    with transaction.atomic():
        assert survivors_of([one, two, three]) == dict.fromkeys((one, two, three), three)
        assert set(whole_of([three])) == {one, two, three}
        for number in "123":
            assert [found.pk for found in customer_page(search=number).items] == [three]
        assert subjects().find("1") == three
    with pytest.raises(MergeRefused, match="Begin with that one"):
        reverse(first, approver)
    reverse(second, approver)
    with transaction.atomic():
        assert survivors_of([one])[one] == two
    reverse(first, approver)
    with transaction.atomic():
        assert survivors_of([one])[one] == one


def test_lists_and_counts_have_the_survivor_only(in_tenant: Tenant, officer: User, approver: User) -> None:
    enter_pair()
    merge("1", "2", officer, approver)
    with transaction.atomic():
        assert [found.number for found in customer_page().items] == ["1"]
        assert [found.number for found in customer_page(search=OTHER_PHONE).items] == ["1"], "reached as the merged one"
        assert [found.number for found in customer_page(search="花子").items] == ["1"]


def test_nothing_is_written_about_a_merged_customer(in_tenant: Tenant, officer: User, approver: User) -> None:
    enter_pair()
    merge("1", "2", officer, approver)
    with pytest.raises(CustomerMerged):
        change("2", occupation="student")
    with pytest.raises(ClosingRefused), transaction.atomic():
        close_customer(customer=customer("2"), closed_on=date(2026, 11, 1), actor=SYSTEM, now=NOW)
    with pytest.raises(CustomerMerged), transaction.atomic():
        enter_party(customer=customer("2"), kind="PERSON", roles=[], details={}, actor=SYSTEM, now=NOW)
    change("1", occupation="student")
    assert facts("1")["occupation"] == "student", "control"


def test_the_database_knows_no_pointer_to_nowhere(in_tenant: Tenant, superuser: psycopg.Connection) -> None:
    enter(person(customer_number="1"), person(customer_number="2"))
    for change_to in (
        "status = 'MERGED'",
        "merged_into_id = (SELECT id FROM customers_customer WHERE number = '2')",
        "status = 'MERGED', merged_into_id = id",
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            superuser.execute(f"UPDATE customers_customer SET {change_to} WHERE number = '1'")


def test_other_pairs_with_the_merged_one_leave_the_queue(in_tenant: Tenant, officer: User, approver: User) -> None:
    enter(*(person(customer_number=number) for number in "123"))
    find_candidates(actor=SYSTEM, now=NOW)
    merge("1", "2", officer, approver)
    with transaction.atomic():
        found = {
            frozenset((row.first.number, row.second.number)): row.status
            for row in MatchCandidate.objects.select_related("first", "second")
        }
    assert found == {frozenset("12"): "MERGED", frozenset("13"): "OPEN", frozenset("23"): "GONE"}
    find_candidates(actor=SYSTEM, now=NOW)
    with transaction.atomic():
        assert MatchCandidate.objects.filter(status="OPEN").count() == 1


def test_related_parties_are_carried_over_and_taken_away_again(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    enter(company(customer_number="C-1"), company(customer_number="C-2"))
    with transaction.atomic():
        holder = {"name": "親会社", "holds": [{"of": "", "share": "60"}]}
        parent = enter_party(
            customer=customer("C-2"), kind="COMPANY", roles=["HOLDER"], details=holder, actor=SYSTEM, now=NOW
        )
        owner = {"name": "山田", "holds": [{"of": str(parent.party), "share": "100"}]}
        enter_party(customer=customer("C-2"), kind="PERSON", roles=["HOLDER"], details=owner, actor=SYSTEM, now=NOW)
    done = merge("C-1", "C-2", officer, approver)
    with transaction.atomic():
        mine = related_to(customer("C-1"))
        assert {one.name for one in mine} == {"親会社", "山田"}
        assert [of for one in mine for of, _share in one.holds] == ["", mine[0].key], "they hold each other anew"
        assert len(related_to(customer("C-2"))) == 2
    reverse(done, approver)
    with transaction.atomic():
        assert related_to(customer("C-1")) == []
    done = merge("C-1", "C-2", officer, approver)
    with transaction.atomic():
        row = RelatedParty.objects.filter(customer__number="C-1", ended_at__isnull=True).order_by("pk")[0]
        enter_party(
            customer=customer("C-1"), kind="COMPANY", roles=[], details={}, actor=SYSTEM, now=NOW, replaces=row.pk
        )
    with pytest.raises(MergeRefused, match="Related parties"):
        reverse(done, approver)


def test_who_asked_to_be_left_alone_is_left_alone_at_every_address_kept(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    enter_pair()
    with transaction.atomic():
        phone = ContactPoint.objects.get(customer__number="2", channel="PHONE", is_current=True)
        remember_stop(contact_ids=[phone.pk], channel=ChannelKind.SMS, code="keyword", actor=SYSTEM, now=NOW)
    merge("1", "2", officer, approver)
    with transaction.atomic():
        stops = OptOut.objects.filter(contact_point__customer__number="1").values_list(
            "channel", "contact_point__channel"
        )
        assert list(stops) == [("SMS", "PHONE")]


def test_destroying_the_survivor_destroys_whoever_is_part_of_it(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    enter_pair()
    enter(other("3"))
    merge("1", "2", officer, approver)
    with transaction.atomic():
        destroy_customers([customer("1").pk], actor=SYSTEM, now=NOW)
        assert list(Customer.objects.values_list("number", flat=True)) == ["3"]
        assert not CustomerMerge.objects.exists()
        gone = AuditEvent.objects.filter(event="personkey.shredded").count()
    assert gone == 2
