"""What happens to companies becomes each tenant's own news; the file changes only when a person takes it over."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from audit.models import AuditEvent
from companies.keeping import keep_entries
from companies.models import CompanyNews, RegistryChange, RegistryLoad
from companies.reading import read_entry
from companies.selectors import news_shown
from companies.services import DecisionRefused, decide_news, match_news
from companies.tasks import take_differences
from customers.models import AttributeChange, Customer
from customers.selectors import facts_of
from sandbox.houjin_records import Record
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.companies.conftest import Agency, Make, number_of, record
from tests.companies.test_loading import moved
from tests.conftest import NOW, SYSTEM
from tests.customers.books import company

ADDRESS = "東京都千代田区大手町９丁目"


def keep(*records: Record, since: date | None = None) -> None:
    with transaction.atomic():
        keep_entries([read_entry(one.values(1)) for one in records], since=since, now=NOW)


def news() -> list[tuple[str, str]]:
    with transaction.atomic():
        found = CompanyNews.objects.select_related("customer").order_by("pk")
        return sorted((one.customer.number, one.kind) for one in found)


def only_news() -> CompanyNews:
    with transaction.atomic():
        one: CompanyNews = CompanyNews.objects.get()
    return one


def match() -> int:
    return match_news(actor=SYSTEM, now=NOW)


@pytest.fixture
def moved_customer(customer_of: Make) -> UUID:
    """A company that has moved since it came into the book."""
    pk = customer_of(corporate_number=number_of(1), name="㈱見本1")
    keep(record(1))
    keep(moved(record(1), postal_code="1000004"))
    with transaction.atomic():
        Customer.objects.update(is_rating_due=False)
    assert match() == 1
    return pk


def test_news_goes_to_whoever_has_the_company_as_a_customer(customer_of: Make) -> None:
    """Also to two customers of one number; not to other companies, nor to one without a number."""
    customer_of(customer_number="A", corporate_number=number_of(1))
    customer_of(customer_number="B", corporate_number=number_of(1), branch_code="002")
    customer_of(customer_number="C", corporate_number=number_of(2))
    customer_of(customer_number="D", corporate_number="")
    keep(record(1), record(2), record(3))
    keep(moved(record(1)), record(2), moved(record(3)))
    assert RegistryChange.objects.count() == 2, "control: one of them is nobody's customer"
    assert match() == 2
    assert news() == [("A", "MOVED"), ("B", "MOVED")]
    assert match() == 0, "it is told once"
    with transaction.atomic():
        assert AuditEvent.objects.filter(event="companynews.found").count() == 2


def test_each_bank_has_its_own_news(tenant: Tenant, other_tenant: Tenant) -> None:
    keep(record(1))
    keep(moved(record(1)))
    for bank in (tenant, other_tenant):
        with tenant_context(bank.pk), transaction.atomic():
            customer = Customer(number="7", kind="COMPANY", corporate_number=number_of(1))
            customer.profile = {"name": "株式会社見本1"}
            customer.save()
    with tenant_context(tenant.pk):
        assert match() == 1
    with tenant_scope(other_tenant.pk):
        assert not CompanyNews.objects.exists()
    with tenant_context(other_tenant.pk):
        assert match() == 1


def test_news_changes_nothing_in_the_file_and_makes_the_rating_due(moved_customer: UUID) -> None:
    with transaction.atomic():
        customer = Customer.objects.get(pk=moved_customer)
        assert customer.is_rating_due
        assert facts_of(customer)["address"] == "東京都千代田区丸の内1丁目2-3"
        assert not AttributeChange.objects.exists()
    assert only_news().before["address"] == "東京都千代田区丸の内１丁目２－３"
    assert only_news().after == {"address": ADDRESS, "postal_code": "1000004"}


def test_what_the_file_says_already_is_no_news(customer_of: Make) -> None:
    """In its own spelling, and with a building that the register does not know; an older address is (control)."""
    customer_of(customer_number="A", corporate_number=number_of(1), address="東京都千代田区大手町9丁目　海ビル3階")
    customer_of(customer_number="B", corporate_number=number_of(2))
    keep(record(1), record(2))
    keep(moved(record(1)), moved(record(2)))
    match()
    assert news() == [("B", "MOVED")]


def test_a_customer_who_left_has_no_news(customer_of: Make, moved_customer: UUID) -> None:
    keep(moved(record(1), date(2026, 11, 21), street="もう一度"))
    with transaction.atomic():
        Customer.objects.filter(pk=moved_customer).update(status="CLOSED")
    assert match() == 0
    with transaction.atomic():
        Customer.objects.filter(pk=moved_customer).update(status="ACTIVE")
    assert match() == 1, "control"


def test_taking_over_writes_the_file_with_the_register_as_the_source(moved_customer: UUID) -> None:
    decide_news(
        news_id=only_news().pk,
        outcome="TAKEN_OVER",
        note="",
        facts=["postal_code", "address"],
        actor=SYSTEM,
        now=NOW,
    )
    with transaction.atomic():
        facts = facts_of(Customer.objects.get(pk=moved_customer))
        changes = {one.attribute: one for one in AttributeChange.objects.all()}
    assert (facts["address"], facts["postal_code"]) == (ADDRESS, "1000004")
    assert changes["address"].source == AttributeChange.Source.REGISTRY
    assert (changes["address"].before, changes["address"].after) == ("東京都千代田区丸の内1丁目2-3", ADDRESS)
    assert changes["address"].source_reference == only_news().pk
    assert only_news().status == "TAKEN_OVER"


@pytest.mark.parametrize("outcome", ["NO_MATTER", "DEALT_WITH"])
def test_news_is_closed_with_a_note_and_the_file_stays(moved_customer: UUID, outcome: str) -> None:
    pk = only_news().pk
    with pytest.raises(DecisionRefused):
        decide_news(news_id=pk, outcome=outcome, note=" ", actor=SYSTEM, now=NOW)
    decide_news(news_id=pk, outcome=outcome, note="本店は登記のみ", actor=SYSTEM, now=NOW)
    assert (only_news().status, only_news().note) == (outcome, "本店は登記のみ")
    with transaction.atomic():
        assert not AttributeChange.objects.exists()
    with pytest.raises(DecisionRefused):
        decide_news(news_id=pk, outcome="TAKEN_OVER", note="", facts=["address"], actor=SYSTEM, now=NOW)


def test_of_a_closure_nothing_can_be_taken_over(customer_of: Make) -> None:
    customer_of(corporate_number=number_of(1))
    keep(record(1))
    keep(Record(**{**vars(record(1)), "process": "21", "changed_on": "2026-11-20", "closed_on": "2026-11-19"}))
    match()
    assert (only_news().kind, only_news().happened_on) == ("CLOSED", date(2026, 11, 19))
    with transaction.atomic(), translation.override("en"):
        (shown,) = news_shown([CompanyNews.objects.select_related("customer").get()], masked=False)
    assert (shown.old, "19" in shown.new) == ("Open in the register", True)
    with pytest.raises(DecisionRefused):
        decide_news(news_id=only_news().pk, outcome="TAKEN_OVER", note="", facts=["name"], actor=SYSTEM, now=NOW)


def test_the_number_of_queries_does_not_grow_with_the_news(customer_of: Make) -> None:
    counts = []
    for first in (0, 10):
        for n in range(first, first + 1 + first // 2):
            customer_of(customer_number=f"C{n}", corporate_number=number_of(n))
            keep(record(n))
            keep(moved(record(n)))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert match() == 1 + first // 2
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_from_the_agencys_file_to_a_changed_customer(
    agency: Agency, customer_of: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Full file by the command, then the morning's task over the web API, five fates, one taken over."""
    numbers = [number_of(n) for n in range(1, 7)]
    rows = [company(customer_number=f"C{n}", corporate_number=number) for n, number in enumerate(numbers)]
    for row in rows:
        customer_of(**row)
    agency.knows(*rows)
    path = agency.download(tmp_path / "00_zenkoku_all_20261120.zip")
    call_command("load_corporate_numbers", str(path))
    assert "10 rows, 10 new" in capsys.readouterr().out
    assert news() == []
    # The task has the real clock: the file is taken to end three days before its yesterday.
    yesterday = timezone.localdate() - timedelta(days=1)
    RegistryLoad.objects.update(last_on=yesterday - timedelta(days=3))
    fates = ["closed", "merged", "moved", "renamed", "reopened"]
    agency.happens(*[(number, f"{fate}:{yesterday}") for number, fate in zip(numbers, fates, strict=False)])
    take_differences()
    assert sorted(news()) == [("C0", "CLOSED"), ("C1", "MERGED"), ("C2", "MOVED"), ("C3", "RENAMED")]
    take_differences()
    assert len(news()) == 4


def test_without_an_application_id_the_task_asks_nobody(agency: Agency, customer_of: Make) -> None:
    settings.HOUJIN_API_ID = ""
    before = httpx.get(f"{agency.weather.sandbox.control}/summary", timeout=5).text
    take_differences()
    assert httpx.get(f"{agency.weather.sandbox.control}/summary", timeout=5).text == before
