"""Importing a bank's file into the database: counts, history, resuming, tenants, and the error file."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from audit.services import Actor
from customers.models import Customer, CustomerImport
from customers.selectors import facts_of
from customers.services import run_import, start_import
from tenants.models import Tenant
from tests.customers.books import book, company, person, upload

ACTOR = Actor.user(7)
WORKER = Actor.system("customers")


def take(content: bytes, now: datetime) -> CustomerImport:
    """Upload and read to the end."""
    started = start_import(file=upload(content), filename="顧客.csv", actor=ACTOR, now=now)
    run_import(import_id=started.pk, actor=WORKER, now=now)
    with transaction.atomic():
        return CustomerImport.objects.get(pk=started.pk)


def counts(done: CustomerImport) -> tuple[int, int, int, int]:
    return done.rows_created, done.rows_updated, done.rows_unchanged, done.rows_rejected


def test_a_good_file_becomes_customers_with_everything_it_says(in_tenant: Tenant, now: datetime) -> None:
    done = take(book(person(), company()), now)
    with transaction.atomic():
        assert done.status == CustomerImport.Status.COMPLETED
        assert counts(done) == (2, 0, 0, 0)
        customer = Customer.objects.get(number="0000000001")
        assert facts_of(customer) == {
            "name": "髙﨑　花子",
            "kana": "タカサキ　ハナコ",
            "birth_on": "1980-05-03",
            "postal_code": "1000005",
            "address": "東京都千代田区丸の内1丁目2-3",
            "phone": "+819012345678",
            "email": "hanako@mail.example.jp",
            "nationality": "JP",
            "country_of_residence": "JP",
            "occupation": "employee",
            "purpose": "salary",
            "is_foreign_pep": False,
            "handles_cash": False,
            "account_number": "1234567",
        }
        assert (customer.opened_on, customer.last_reviewed_on) == (date(2010, 4, 1), date(2023, 2, 28))
        assert (customer.branch_code, customer.is_rating_due) == ("001", True)
        assert customer.contact_points.get(channel="LINE").value == "U" + "0a" * 16
        firm = Customer.objects.get(number="C-1")
        assert (firm.kind, firm.corporate_number, firm.industry) == ("COMPANY", "7000012050002", "wholesale_retail")
        assert facts_of(firm)["representative"] == "山田　太郎"
