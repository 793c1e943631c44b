"""Importing a bank's file into the database: counts, history, resuming, tenants, and the error file."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from audit.models import AuditEvent
from audit.services import Actor
from customers import services
from customers.models import AttributeChange, ContactPoint, Customer, CustomerImport, ImportChunk, RejectedRow
from customers.selectors import error_file, facts_of, facts_of_many
from customers.services import ImportRefused, run_import, run_waiting_imports, start_import
from customers.synthetic import make_book
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.customers.books import TODAY, book, company, person, upload

ACTOR = Actor.user(7)
WORKER = Actor.system("customers")


def take(content: bytes, now: datetime) -> CustomerImport:
    """Upload and read to the end."""
    started = start_import(file=upload(content), filename="顧客.csv", actor=ACTOR, now=now)
    run_import(import_id=started.pk, actor=WORKER, now=now)
    return CustomerImport.objects.get(pk=started.pk)


def counts(done: CustomerImport) -> tuple[int, int, int, int]:
    return done.rows_created, done.rows_updated, done.rows_unchanged, done.rows_rejected


def test_a_good_file_becomes_customers_with_everything_it_says(in_tenant: Tenant, now: datetime) -> None:
    with tenant_scope(in_tenant.pk):
        pass
    done = take(book(person(), company()), now)
    with tenant_scope(in_tenant.pk):
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
