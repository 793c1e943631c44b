"""Every list of customers that can be filtered goes out as it is filtered, and nobody else with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from html import unescape

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from channels.models import OptOut
from companies.certificates.models import RegistryCertificate
from companies.listing import certificates_of_address, news_of_address
from companies.models import CompanyNews
from customers.exporting.lists import list_kind
from customers.exporting.models import CustomerExport
from customers.exporting.services import make_waiting
from customers.matching.models import MatchCandidate
from customers.models import ContactPoint, Customer
from outreach.listing import asked_of
from outreach.models import OutreachTask
from tenants.models import Role, Tenant, User
from tests.conftest import NOW, SYSTEM, MakeUser
from tests.customers.books import book, company, person
from tests.customers.exporting.ordering import lines, made
from tests.customers.test_imports import take

type Browse = Callable[[User], Client]


@pytest.fixture
def bank(in_tenant: Tenant, officer: User) -> Tenant:
    """Two people and two companies; of each pair one is in every list of theirs that is looked at."""
    rows = [person(), person(customer_number="2"), company(), company(customer_number="C-2")]
    assert take(book(*rows), NOW).rows_created == 4
    with transaction.atomic():
        one, two, firm, other = Customer.objects.order_by("entered_by", "pk")
        task = {"kind": "VISIT", "branch_code": "001", "due_on": NOW.date(), "created_at": NOW}
        OutreachTask.objects.create(customer=one, status="ASSIGNED", assignee=officer.pk, **task)
        OutreachTask.objects.create(customer=two, status="OPEN", **{**task, "kind": "TELEPHONE"})
        told = {"change": 1, "happened_on": NOW.date(), "found_at": NOW, "before": {"name": "秘密"}, "after": {}}
        CompanyNews.objects.create(customer=firm, kind="RENAMED", **told)
        CompanyNews.objects.create(
            customer=other, kind="CLOSED", status="NO_MATTER", decided_by=1, decided_at=NOW, **told
        )
        wanted = {"origin": "HAND", "requested_by": officer.pk, "requested_at": NOW, "due_on": date(2026, 12, 1)}
        RegistryCertificate.objects.create(customer=firm, assigned_to=officer.pk, **wanted)
        RegistryCertificate.objects.create(customer=other, assigned_to=officer.pk + 1, **wanted)
        for customer, channel in ((one, "EMAIL"), (two, "PHONE")):
            point = ContactPoint.objects.get(customer=customer, channel=channel)
            stopped = {"EMAIL": "EMAIL", "PHONE": "SMS"}[channel]
            OptOut.objects.create(contact_point=point, channel=stopped, since=NOW, code="keyword")
        first, second = sorted((one, two), key=lambda customer: customer.pk)
        MatchCandidate.objects.create(first=first, second=second, reasons=1, strength=2, found_at=NOW)
    return in_tenant


LISTS = [
    ("outreach", {"list": "own", "kind": "VISIT"}, "tasks", ["0000000001"], ["0000000001", "2"], {"list": "open"}),
    ("company-news", {"kind": "RENAMED"}, "news", ["C-1"], ["C-1", "C-2"], {"status": "all"}),
    ("certificates", {"mine": "1"}, "certificates", ["C-1"], ["C-1", "C-2"], {}),
    ("sending-opt-outs", {"channel": "EMAIL"}, "wishes", ["0000000001"], ["0000000001", "2"], {}),
    ("customer-matches", {}, "matches", ["0000000001", "2"], [], {"status": "DIFFERENT"}),
]


@pytest.mark.parametrize(("page", "filters", "name", "there", "wider", "wide"), LISTS, ids=[one[2] for one in LISTS])
def test_a_filtered_list_goes_out_as_its_page_shows_it(
    bank: Tenant,
    staff_client: Browse,
    officer: User,
    page: str,
    filters: dict[str, str],
    name: str,
    there: list[str],
    wider: list[str],
    wide: dict[str, str],
) -> None:
    """The control is the same list filtered in another way."""
    client = staff_client(officer)
    kind = list_kind(name)
    assert kind is not None
    ticked = {
        "columns": ["customer_number", *kind.columns], "purpose": "REVIEW", "matter": "R8-15", "encoding": "utf-8-sig",
    }  # fmt: skip

    def exported(asked: dict[str, str]) -> list[list[str]]:
        order = link_on(client, page, asked)
        if not order:
            return []
        shown = client.get(order)
        assert shown.context["words"], "what is asked stands on the page"
        assert client.post(order, ticked).status_code == 302
        make_waiting(actor=SYSTEM, now=NOW)
        with transaction.atomic():
            export = CustomerExport.objects.latest("ordered_at")
        return lines(export)[1:]

    rows = exported(filters)
    assert sorted(row[0] for row in rows) == there
    assert all(any(row[1:]) for row in rows), "what the list says of them"
    assert "秘密" not in str(rows)
    assert sorted(row[0] for row in exported(wide)) == wider


def link_on(client: Client, page: str, asked: dict[str, str]) -> str:
    """Where the page's list is exported; "" if it has nobody."""
    text = unescape(client.get(reverse(page), asked).content.decode())
    _, found, rest = text.partition(f'href="{reverse("export-new")}?')
    return f"{reverse('export-new')}?{rest.partition(chr(34))[0]}" if found else ""


def test_whoever_may_not_export_has_no_such_button(bank: Tenant, staff_client: Browse, make_user: MakeUser) -> None:
    auditor = staff_client(make_user(bank, Role.AUDITOR, "audit"))
    assert not any(link_on(auditor, page, wide) for page, _, _, _, _, wide in LISTS)
    assert auditor.get(reverse("export-new"), {"list": "news"}).status_code == 403


def test_a_customer_in_several_pairs_is_named_with_all_the_others(bank: Tenant, officer: User) -> None:
    with transaction.atomic():
        one, firm = Customer.objects.get(number="0000000001"), Customer.objects.get(number="C-1")
        first, second = sorted((one, firm), key=lambda customer: customer.pk)
        MatchCandidate.objects.create(first=first, second=second, reasons=1, strength=3, found_at=NOW)
    columns = ("customer_number", "matches_with", "matches_strength")
    found = made(officer, columns=columns, of="matches", asked={"status": "OPEN"}, now=NOW + timedelta(hours=1))
    told = {row[0]: row[1:] for row in lines(found)[1:]}
    assert set(told["0000000001"][0].split("・")) == {"C-1", "2"}
    assert told["2"][0] == "0000000001"


def test_what_an_address_says_that_there_is_not_is_not_asked() -> None:
    assert asked_of({"tasks": "everything"}) is None
    assert asked_of({"tasks": "own"}) is None, "whose?"
    assert asked_of({"tasks": "open", "kind": "x", "person": "x"}) == {"tasks": "open"}
    assert news_of_address({}) == {"status": "OPEN"}
    assert news_of_address({"status": "x", "kind": "x"}) == {"status": "all"}
    assert certificates_of_address({"person": "1 OR 1"}) == {"status": "REQUESTED"}
