"""Customer books of any size within a minute or two: the rows by SQL, and whoever is looked at made whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import batched
from uuid import UUID

import psycopg
from django.db import transaction

from cdd.benchmarks.ground import Ground
from customers.indexing import contact_index
from customers.models import ContactPoint, Customer
from customers.searching import enter_parts, parts_of, tokens_of
from questionnaires.models import AccessLink, Response
from tenants.models import Tenant, TenantModel
from tenants.scoping import tenant_context

BATCH = 100_000
# So many customers share a moment, as an import's transactions enter them.
TOGETHER = 2_000
SURNAME, SURNAME_KANA = "佐藤", "サトウ"
# One customer in so many is called that; so many parts of names there are else, the first of them the commonest.
BEARERS = 64
PARTS = 4_000
_GIVEN = "花葉陽翔悠湊蓮凛結咲紬澪律湧颯奏樹栞遥椿楓茜葵杏桜梓"
_ADDRESS = {"postal_code": "1000005", "address": "東京都千代田区丸の内1丁目2-3"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be found, by what they are found."""

    pk: UUID
    number: str
    name: str
    phone: str


def id_of(tenant: Tenant, number: int) -> UUID:
    """The id of the customer with that place in the tenant's book."""
    return UUID(f"{_moment(tenant) + number // TOGETHER:012x}7000{0x8000 + tenant.pk:04x}{number:012x}")


def fill(ground: Ground, tenant: Tenant, rows: int, *, today: date) -> None:
    """``rows`` customers with three contact points and ten parts of names each, sealed values being a sample's."""
    with tenant_context(tenant.pk), transaction.atomic():
        sample = _sample()
        common = sorted(tokens_of(parts_of(SURNAME, SURNAME_KANA)).values())
    with psycopg.connect(ground.superuser, autocommit=True) as superuser:
        # Neither triggers nor foreign keys: what is written is what they would have let through.
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("SET synchronous_commit = off")
        superuser.execute("SET work_mem = '256MB'")
        given = {"tenant": tenant.pk, "moment": _moment(tenant), "today": today, "common": common, "sample": sample}
        for first in range(0, rows, BATCH):
            superuser.execute(_NUMBERED, {"first": first, "last": min(first + BATCH, rows) - 1, **given})
            superuser.execute(
                _insert(Customer, _CUSTOMER, "customers_customer t, places WHERE t.id = %(sample)s"), given
            )
            for number, channel in enumerate(("PHONE", "EMAIL", "POST")):
                of_channel = {**given, "channel": channel, "kind": f"{0x7001 + number:04x}"}
                superuser.execute(_insert(ContactPoint, _POINT, _POINTS), of_channel)
            superuser.execute(_PARTS, given)
            superuser.execute("DROP TABLE places")


def fill_drafts(ground: Ground, tenant: Tenant, sample: UUID, *, first: int, last: int) -> None:
    """A response and a link like those of the response ``sample`` for each customer of the book from ``first`` on."""
    with psycopg.connect(ground.superuser, autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("SET synchronous_commit = off")
        for start in range(first, last, BATCH):
            given = {
                "tenant": tenant.pk, "moment": _moment(tenant), "sample": sample,
                "first": start, "last": min(start + BATCH, last) - 1,
            }  # fmt: skip
            superuser.execute(_NUMBERED, given)
            superuser.execute(
                _insert(Response, _DRAFT, "questionnaires_response t, places WHERE t.id = %(sample)s"), given
            )
            superuser.execute(
                _insert(AccessLink, _LINK, "questionnaires_accesslink t, places WHERE t.response_id = %(sample)s"),
                given,
            )
            superuser.execute("DROP TABLE places")
    for table in ("questionnaires_response", "questionnaires_accesslink"):
        ground.tidy(table)


def open_up(ids: Sequence[UUID]) -> list[Person]:
    """Give customers names, addresses and keys of their own, as the product writes them; in a tenant's scope."""
    people: list[Person] = []
    for some in batched(ids, 500):
        with transaction.atomic():
            customers = list(Customer.objects.filter(pk__in=some).order_by("pk"))
            points = list(ContactPoint.objects.filter(customer_id__in=some))
            known = {one.pk: _person(one) for one in customers}
            for one in customers:
                name = known[one.pk].name
                one.profile = {
                    "name": name,
                    "kana": SURNAME_KANA,
                    "birth_on": "1980-05-03",
                    "account_number": "1234567",
                }
            for point in points:
                point.value = _value(point.channel, known[point.customer_id])
                point.value_index = contact_index(point.channel, point.value)
            Customer.objects.bulk_update(customers, ["profile"], batch_size=100)
            ContactPoint.objects.bulk_update(points, ["value", "value_index"], batch_size=100)
            enter_parts([(one.pk.bytes, [known[one.pk].name, SURNAME_KANA]) for one in customers])
        people += known.values()
    return people


def _person(customer: Customer) -> Person:
    place = customer.pk.int & 0xFFFFFFFFFFFF
    letters = [_GIVEN[place // len(_GIVEN) ** power % len(_GIVEN)] for power in range(4)]
    return Person(customer.pk, customer.number, f"{SURNAME}　{''.join(letters)}", f"+8190{place + 10_000_000:08d}")


def _value(channel: str, person: Person) -> object:
    return {"PHONE": person.phone, "EMAIL": f"{person.number}@mail.example.jp"}.get(channel, _ADDRESS)


def _sample() -> UUID:
    """A customer whose row the others are made from."""
    customer = Customer(number="sample", kind="INDIVIDUAL", is_rating_due=False, opened_on=date(2010, 4, 1))
    customer.profile = {
        "name": "山田　太郎",
        "kana": "ヤマダ　タロウ",
        "birth_on": "1980-05-03",
        "account_number": "1234567",
    }
    customer.save()
    point = ContactPoint(customer=customer, channel="LINE", value_index=b"x" * 16)
    point.value = _ADDRESS
    point.save()
    found: UUID = customer.pk
    return found


def _moment(tenant: Tenant) -> int:
    """Milliseconds of the first customers' entry; books do not mix."""
    return 1_600_000_000_000 + tenant.pk * 10_000_000


def _insert(model: type[TenantModel], values: Mapping[str, str], source: str) -> bytes:
    """Rows like the sample's (`t`), but for ``values``; a column added to the model later comes along."""
    columns = [str(field.column) for field in model._meta.concrete_fields]
    chosen = ", ".join(values.get(column, f"t.{column}") for column in columns)
    table = model._meta.db_table
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {source}".encode()  # noqa: S608  # our own


_NUMBERED = """
    CREATE TEMP TABLE places AS
    SELECT i, (lpad(to_hex(%(moment)s + i / 2000), 12, '0') || '7000' || to_hex(32768 + %(tenant)s)
               || lpad(to_hex(i), 12, '0'))::uuid AS id, %(moment)s + i / 2000 AS moment,
           hashint8(i) & 2147483647 AS h, hashint8(i + 1000000007) & 2147483647 AS g
    FROM generate_series(%(first)s::bigint, %(last)s) i"""
_CUSTOMER = {
    "id": "places.id",
    "number": "'B' || lpad(i::text, 9, '0')",
    "kind": "CASE WHEN h %% 16 = 0 THEN 'COMPANY' ELSE 'INDIVIDUAL' END",
    "name_index": "decode(md5('n' || i), 'hex')",
    "kana_index": "decode(md5('k' || i), 'hex')",
    "nationality": "CASE WHEN h %% 16 = 0 THEN '' WHEN h %% 37 = 0 THEN 'VN' ELSE 'JP' END",
    "country_of_residence": "'JP'",
    "residence_expires_on": "CASE WHEN h %% 16 <> 0 AND h %% 37 = 0 THEN %(today)s::date + (g %% 900)::int - 100 END",
    "occupation": "CASE WHEN h %% 16 <> 0 THEN (ARRAY['employee','retired','student'])[1 + g %% 3] ELSE '' END",
    "industry": "CASE WHEN h %% 16 = 0 THEN (ARRAY['it','construction','medical'])[1 + g %% 3] ELSE '' END",
    "is_foreign_pep": "h %% 5003 = 0",
    "handles_cash": "h %% 29 = 0",
    "sends_abroad": "g %% 31 = 0",
    "branch_code": "lpad((1 + g %% 100)::text, 3, '0')",
    "last_reviewed_on": "%(today)s::date - (h %% 1000)::int",
    "next_review_on": "%(today)s::date + (g %% 1100)::int - 200",
    "risk_tier": "CASE WHEN h %% 100 < 3 THEN 'HIGH' WHEN h %% 100 < 18 THEN 'MEDIUM' ELSE 'LOW' END",
    "due_diligence": "CASE WHEN h %% 100 < 3 THEN 'ENHANCED' WHEN h %% 100 < 70 THEN 'STANDARD' ELSE 'SIMPLIFIED' END",
    "source_hash": "decode(md5('s' || i) || md5('t' || i), 'hex')",
}
_POINT = {
    "id": "overlay(places.id::text placing %(kind)s::text from 15)::uuid",
    "customer_id": "places.id",
    "channel": "%(channel)s::text",
    "value_index": "decode(md5(%(channel)s::text || i), 'hex')",
    "health": "CASE WHEN h %% 20 = 0 THEN 'UNREACHABLE' WHEN h %% 3 = 0 THEN 'UNKNOWN' ELSE 'WORKING' END",
}
_POINTS = (
    "customers_contactpoint t, places WHERE t.customer_id = %(sample)s"
    " AND (%(channel)s::text <> 'EMAIL' OR g %% 4 <> 0)"
)
_DRAFT_ID = "overlay(places.id::text placing '7abc' from 15)::uuid"
_DRAFT = {"id": _DRAFT_ID, "customer_id": "places.id", "reference": "gen_random_uuid()"}
_DRAFTS = "questionnaires_response t, places WHERE t.id = %(sample)s"
_LINKS = "questionnaires_accesslink t, places WHERE t.response_id = %(sample)s"
_LINK = {"id": _DRAFT_ID, "response_id": _DRAFT_ID, "token_hash": "sha256(uuid_send(gen_random_uuid()))"}
# The commonest surname's parts are real ones; the others' ranks are skewed as those of names are.
_RANK = "((hashint8(i * 16 + n) & 2147483647) %% 10007) / 10007.0::float8"
_PARTS = f"""
    INSERT INTO customers_namepart (id, tenant_id, token, moment, customers)
    SELECT gen_random_uuid(), %(tenant)s, token, moment, string_agg(uuid_send(id), '' ORDER BY id)
    FROM (
        SELECT id, moment, ({PARTS} * ({_RANK}) ^ 2)::bigint AS token
        FROM places, generate_series(1, 10) n
        UNION ALL
        SELECT id, moment, unnest(%(common)s::bigint[]) FROM places WHERE g %% {BEARERS} = 0
    ) parts GROUP BY moment, token"""  # noqa: S608  # of constants
