"""A merged customer's names find the one who goes on, and a flag for them is raised there."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from uuid import UUID

import psycopg
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse as address

from customers.flags.models import CustomerFlag
from customers.merging.models import CustomerMerge
from customers.merging.services import make_findable
from customers.pointers import CustomerMerged
from customers.searching import index_customers
from customers.selectors import customer_count, customer_page
from customers.tasks import find_match_candidates
from tenants.models import Tenant, User
from tests.campaigns.acting import in_parallel
from tests.campaigns.test_waiting import until_somebody_waits
from tests.customers.books import person
from tests.customers.flags.raising import flag
from tests.customers.flags.test_pages import FLAG
from tests.customers.merging.acting import approve, change, customer, enter_pair, merge, propose, reverse
from tests.customers.test_matching import enter

MAIDEN = "旧姓鈴木花子"


def found(wanted: str) -> list[str]:
    with transaction.atomic():
        numbers = [one.number for one in customer_page(search=wanted).items]
        assert customer_count(search=wanted).customers >= len(numbers)
    return numbers


def test_the_name_of_the_merged_customer_finds_the_one_who_goes_on(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    """A bank's clerk types the name by which the other branch knew the customer."""
    enter_pair()
    change("2", name="渡邊花子", former_name=MAIDEN)
    assert (found("渡邊"), found(MAIDEN)) == (["2"], ["2"])
    done = merge("1", "2", officer, approver)
    assert (found("渡邊"), found(MAIDEN), found("渡")) == (["1"], ["1"], ["1"])
    assert found("渡邊太郎") == []
    change("1", name="佐々木花子")
    assert (found("佐々木"), found("渡辺")) == (["1"], ["1"]), "also after the survivor's own name has changed"
    with transaction.atomic():
        index_customers(after=UUID(int=0))
    assert found("渡辺") == ["1"]
    reverse(done, approver)
    assert (found("渡辺"), found("佐々木")) == (["2"], ["1"])


def test_merges_from_before_are_put_right_by_night_each_once(
    in_tenant: Tenant, officer: User, approver: User, superuser: psycopg.Connection
) -> None:
    """As an institution has them that merged customers before merged names were looked for."""
    enter_pair()
    enter(person(customer_number="3", name="第三花子"))
    change("2", former_name=MAIDEN)
    merge("1", "2", officer, approver)
    propose("1", "3", officer)
    superuser.execute("DELETE FROM customers_namepart")
    with transaction.atomic():
        assert make_findable() == 0
    assert found(MAIDEN) == [], "control: those of now are not gone through"
    superuser.execute("UPDATE customers_customermerge SET is_findable = DEFAULT")
    find_match_candidates()
    assert found(MAIDEN) == ["1"]
    with transaction.atomic():
        assert not CustomerMerge.objects.filter(is_findable=False).exists()


def test_names_are_found_through_a_chain_of_merges(in_tenant: Tenant, officer: User, approver: User) -> None:
    enter_pair()
    enter(person(customer_number="3", name="第三花子"))
    change("1", name="第一花子")
    change("2", name="第二花子")
    merge("2", "1", officer, approver)
    last = merge("3", "2", officer, approver)
    assert (found("第一"), found("第二"), found("第三")) == (["3"], ["3"], ["3"])
    reverse(last, approver)
    assert (found("第一"), found("第二"), found("第三")) == (["2"], ["2"], ["3"])


def test_no_flag_is_raised_for_who_is_part_of_another(in_tenant: Tenant, officer: User, approver: User) -> None:
    enter_pair()
    merge("1", "2", officer, approver)
    with pytest.raises(CustomerMerged):
        flag(customer("2"), "VULNERABLE", officer)
    flag(customer("1"), "VULNERABLE", officer)


def test_a_flag_raised_while_a_merge_commits_waits_and_is_led_on(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    enter_pair()
    made, two, is_merged = propose("1", "2", officer), customer("2"), Event()

    def merging() -> None:
        with transaction.atomic():
            approve(made, approver)
            is_merged.set()
            until_somebody_waits()

    def raising() -> CustomerFlag:
        assert is_merged.wait(10)
        return flag(two, "VULNERABLE", officer)

    merged, raised = in_parallel(in_tenant, merging, raising)
    assert merged is None
    assert isinstance(raised, CustomerMerged)
    with transaction.atomic():
        assert not CustomerFlag.objects.exists()


def test_the_page_of_a_new_flag_leads_to_the_one_who_goes_on(
    in_tenant: Tenant, officer: User, approver: User, staff_client: Callable[[User], Client]
) -> None:
    enter_pair()
    merge("1", "2", officer, approver)
    client, two = staff_client(officer), customer("2")
    there = client.get(address("customer-flag-new", args=[two.pk]))
    assert there.headers["Location"] == address("customer-flag-new", args=[customer("1").pk])
    refused = client.post(address("customer-flag-new", args=[two.pk]), FLAG)
    assert refused.status_code == 409, "a page that was open before the merge"
    assert address("customer", args=[customer("1").pk]) in refused.content.decode()
