"""What a merge means for imports, planning, segments and the figures of the home page."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import connections, transaction

from campaigns.selectors import population
from customers.imports.sorting import Batch, Sorted, sort_batch
from customers.merging.services import MergeRefused
from customers.models import Customer, CustomerImport, ImportChange, RejectedRow
from customers.segments.selecting import customers_of
from customers.selectors import customer_count
from customers.services import run_import, start_import, undo_import
from reporting.home import home_figures
from tenants.models import Tenant, User
from tenants.scoping import tenant_context
from tests.conftest import NOW, SYSTEM
from tests.customers.books import TODAY, book, person, upload
from tests.customers.merging.acting import approve, customer, enter_pair, facts, merge, propose, reverse
from tests.customers.test_matching import GOOD

ONE = {**GOOD, "customer_number": "1"}
TWO = person(customer_number="2")


def take(*rows: dict[str, str]) -> CustomerImport:
    started = start_import(file=upload(book(*rows)), filename="顧客.csv", actor=SYSTEM, now=NOW)
    run_import(import_id=started.pk, actor=SYSTEM, now=NOW)
    with transaction.atomic():
        done: CustomerImport = CustomerImport.objects.get(pk=started.pk)
    return done


def test_the_banks_row_about_the_merged_number_is_taken_as_said_until_it_says_something_new(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    take(ONE, TWO)
    done = merge("1", "2", officer, approver)
    same = take(ONE, TWO)
    assert (same.rows_unchanged, same.rows_rejected) == (2, 0)
    new = take({**ONE, "email": "new@mail.example.jp"}, {**TWO, "occupation": "学生"})
    assert (new.rows_updated, new.rows_rejected) == (1, 1)
    with transaction.atomic():
        rejected = RejectedRow.objects.get()
    assert (rejected.line, rejected.column, rejected.code) == (3, "customer_number", "merged")
    assert rejected.params == {"number": "1"}
    assert facts("2")["occupation"] == facts("1")["occupation"] == "employee"
    reverse(done, approver)
    assert take(ONE, {**TWO, "occupation": "学生"}).rows_rejected == 0, "control"


def test_a_proposal_is_stale_once_an_import_has_changed_a_fact(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    take(ONE, TWO)
    made = propose("1", "2", officer)
    take(ONE, TWO)
    take({**ONE, "email": "new@mail.example.jp"}, TWO)
    with pytest.raises(MergeRefused, match="changed since"):
        approve(made, approver)


def test_a_merge_while_a_file_is_compared_writes_nothing_about_the_merged_one(
    in_tenant: Tenant, officer: User, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch was sorted before, and is written after: it is compared again."""
    take(ONE, TWO)
    made = propose("1", "2", officer)

    def elsewhere() -> None:
        with tenant_context(in_tenant.pk):
            approve(made, approver)
        connections.close_all()

    def sort_then_merge(batch: Batch) -> Sorted:
        found = sort_batch(batch)
        if customer("2").status == Customer.Status.ACTIVE:
            other = Thread(target=elsewhere)
            other.start()
            other.join()
        return found

    monkeypatch.setattr("customers.imports.running.sort_batch", sort_then_merge)
    new = take(ONE, {**TWO, "occupation": "学生"})
    assert (new.status, new.rows_updated, new.rows_rejected) == ("COMPLETED", 0, 1)
    assert facts("2")["occupation"] == "employee"


def test_an_import_is_not_taken_back_for_whoever_was_merged_since(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    item = take(ONE, TWO)
    done = merge("1", "2", officer, approver)
    with transaction.atomic():
        undo_import(customer_import=item, actor=SYSTEM, now=NOW)
    run_import(import_id=item.pk, actor=SYSTEM, now=NOW)
    with transaction.atomic():
        assert ImportChange.objects.exclude(refusal="").count() == 2
        assert Customer.objects.count() == 2
    reverse(done, approver)
    assert customer("2").status == Customer.Status.ACTIVE


def test_nobody_plans_counts_or_lists_the_merged_one(in_tenant: Tenant, officer: User, approver: User) -> None:
    enter_pair()
    one, two = customer("1").pk, customer("2").pk
    document = {"schema": 1, "conditions": [{"field": "kind", "any_of": ["INDIVIDUAL"]}]}
    for expected in ({one, two}, {one}):
        with transaction.atomic():
            assert {candidate.customer_id for candidate in population()} == expected
            assert set(customers_of(document, today=TODAY).values_list("pk", flat=True)) == expected
            assert customer_count().customers == len(expected)
            assert home_figures(allowed=set(), user_id=officer.pk, today=TODAY).customers == len(expected)
        if len(expected) == 2:
            merge("1", "2", officer, approver)
