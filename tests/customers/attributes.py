"""Own attributes for tests: a rank that stands plain, and whatever else a test wants."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
from django.db import transaction

from audit.services import Actor
from customers.codes import Label
from customers.facts.models import OwnAttribute
from customers.facts.own import Definition, key_of
from customers.facts.services import define_attribute
from customers.models import Customer, CustomerImport
from customers.services import run_import, start_import
from tenants.models import User
from tests.customers.books import upload

ACTOR = Actor.user(7)
WORKER = Actor.system("worker")
RANK = key_of("member_rank")
CHOICES = (("gold", "ゴールド", "Gold"), ("silver", "シルバー", "Silver"), ("basic", "一般", "Basic"))
# What the page of a new one sends.
FORM = {
    "name_ja": "会員ランク",
    "name_en": "Member rank",
    "code": "member_rank",
    "type": "code",
    "choices": "gold, ゴールド, Gold\nsilver、シルバー、Silver\n",
    "kinds": "EITHER",
    "sensitivity": "PLAIN",
    "titles": "会員ランク\nランク",
}


def definition(**said: Any) -> Definition:
    given: dict[str, Any] = {
        "code": "member_rank",
        "type": "code",
        "kinds": "EITHER",
        "sensitivity": "PLAIN",
        "name": Label("会員ランク", "Member rank"),
        "titles": ("会員ランク", "ランク"),
        "choices": CHOICES if said.get("type", "code") in ("code", "codes") else (),
    }
    return Definition(**{**given, **said})


def define(administrator: User, now: datetime, **said: Any) -> OwnAttribute:
    with transaction.atomic():
        return define_attribute(definition=definition(**said), actor=Actor.user(administrator.pk), now=now)


def with_column(content: bytes, title: str, *cells: str) -> bytes:
    """A book with one more column."""
    head, *rows = content.decode("cp932").splitlines()
    lines = [f"{head},{title}", *(f"{row},{cell}" for row, cell in zip(rows, cells, strict=True))]
    return "\r\n".join([*lines, ""]).encode("cp932")


def take(content: bytes, now: datetime) -> CustomerImport:
    started = start_import(file=upload(content), filename="顧客.csv", actor=ACTOR, now=now)
    run_import(import_id=started.pk, actor=WORKER, now=now)
    with transaction.atomic():
        done: CustomerImport = CustomerImport.objects.get(pk=started.pk)
        return done


def unread(done: CustomerImport) -> int:
    return int(done.warnings.get(".unknown_columns", 0))


@transaction.atomic
def customer(number: str = "0000000001") -> Customer:
    found: Customer = Customer.objects.get(number=number)
    return found


def stored(superuser: psycopg.Connection) -> tuple[Any, ...]:
    """What stands plain of the only customer, seen past all walls."""
    row = superuser.execute("SELECT attributes, encode(profile, 'escape') FROM customers_customer").fetchone()
    superuser.commit()
    assert row is not None
    return tuple(row)
