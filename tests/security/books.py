"""A synthetic book for plans: 100,000 customers of twenty banks with all that has happened to them."""

from __future__ import annotations

import hashlib

import psycopg
from django.db.models import Model

from audit.models import AuditEvent
from campaigns.models import PeriodicReview
from channels.models import DeliveryAttempt, Notice
from customers.models import AttributeChange, ContactPoint, Customer, NamePart
from ekyc.models import Verification
from questionnaires.models import AccessLink, Response
from reviews.models import Case, Decision, Discrepancy
from risk.models import RiskRating
from tests.security.world import Bank

BANKS = 20  # ours is one of so many on the same tables
CUSTOMERS = 100_000
OTHERS = 40_000

_CLOSED_MOSTLY = "(ARRAY['OPEN','AWAITING_APPROVAL','CLEARED','CLOSED','CLOSED','CLOSED','CLOSED'])[1 + i % 7]"
_REVIEWS = "(ARRAY['PLANNED','NOTIFIED','IN_REVIEW','COMPLETED','COMPLETED','COMPLETED','COMPLETED'])[1 + i % 7]"
_TIER = "(ARRAY['HIGH','MEDIUM','LOW','LOW','LOW','LOW','LOW'])[1 + i % 7]"


def id_of(model: type[Model]) -> str:
    """The SQL of the i-th row's id: the i-th rows of all tables belong together."""
    table = hashlib.sha256(model._meta.db_table.encode()).hexdigest()[:16]
    return f"('f190' || lpad(to_hex(i), 12, '0') || '{table}')::uuid"


# What differs between the copies of a bank's one row, by table.
VARIED: dict[type[Model], dict[str, str]] = {
    Customer: {
        # To the pages these people are erased: their keys are marked as destroyed.
        "profile": f"'\\x02'::bytea || uuid_send({id_of(Customer)}) || substring(profile FROM 18)",
        "number": "'B' || i",
        "kind": "CASE WHEN i % 9 = 0 THEN 'COMPANY' ELSE 'INDIVIDUAL' END",
        "risk_tier": _TIER,
        "name_index": "decode(md5('n' || i), 'hex')",
        "kana_index": "decode(md5('k' || i), 'hex')",
        "branch_code": "lpad((i / 20 % 200)::text, 3, '0')",
        "is_rating_due": "i % 997 = 0",
        "next_review_on": "date '2026-01-01' + i % 1500",
    },
    NamePart: {"token": "hashtextextended('t' || i / 20 % 3000, 0)", "moment": "i"},
    ContactPoint: {
        "customer_id": id_of(Customer),
        "value_index": "decode(md5('v' || i), 'hex')",
        "channel": "'POST'",
    },
    AttributeChange: {"customer_id": id_of(Customer)},
    RiskRating: {"customer_id": id_of(Customer)},
    Response: {"customer_id": id_of(Customer), "reference": id_of(PeriodicReview)},
    AccessLink: {"response_id": id_of(Response), "token_hash": "decode(md5('l' || i), 'hex')"},
    Verification: {"customer_id": id_of(Customer), "reference": id_of(PeriodicReview), "status": "'APPROVED'"},
    Case: {
        "customer_id": id_of(Customer),
        "response_id": id_of(Response),
        "verification_id": "NULL",
        "reference": id_of(PeriodicReview),
        "status": _CLOSED_MOSTLY,
        "tier": _TIER,
        "opened_at": "timestamptz '2026-01-01' + i * interval '10 minutes'",
    },
    Discrepancy: {"case_id": id_of(Case)},
    Decision: {
        "case_id": id_of(Case),
        "status": "'APPROVED'",
        "checked_by": "decided_by + 1",
        "checked_person": "'9'",
        "checked_at": "decided_at",
    },
    PeriodicReview: {
        "customer_id": id_of(Customer),
        "response_id": id_of(Response),
        "case_id": id_of(Case),
        "verification_id": id_of(Verification),
        "status": _REVIEWS,
        "tier": _TIER,
    },
    Notice: {"customer_id": id_of(Customer), "reference": id_of(PeriodicReview)},
    DeliveryAttempt: {
        "notice_id": id_of(Notice),
        "contact_point_id": id_of(ContactPoint),
        "status": "CASE WHEN i % 500 = 0 THEN 'QUEUED' ELSE 'DELIVERED' END",
    },
    AuditEvent: {
        "id": "1000000 + i",
        "event": "'customer.' || i % 30",
        "kind": "'ACT'",
        "target_id": f"({id_of(Customer)})::text",
        "at": "timestamptz '2026-01-01' + i * interval '1 minute'",
    },
}
LARGE = frozenset(model._meta.db_table for model in VARIED)


def rows_of(model: type[Model]) -> int:
    """How many copies there are of a table's row."""
    return CUSTOMERS if model in {Customer, ContactPoint} else OTHERS


def grow(superuser: psycopg.Connection, keys_superuser: psycopg.Connection, bank: Bank) -> None:
    """Fill the large tables: every twentieth copy is the bank's own.

    References are not checked (`session_replication_role`). The triggers of the trail do not let themselves be
    switched off so: for every row an event of its own joins the largest table.
    """
    with superuser.transaction():
        superuser.execute("SET LOCAL session_replication_role = replica")
        for model in VARIED:
            superuser.execute(_copies(model), {"bank": bank.tenant.pk, "rows": rows_of(model)})
    for table in sorted(LARGE):
        superuser.execute(f"VACUUM ANALYZE {table}")
    keys_superuser.execute(
        "INSERT INTO tenants_personkey (tenant_id, person_id, key_version, destroyed_at)"
        f" SELECT %s, {id_of(Customer)}, 1, now() FROM generate_series({BANKS}, {CUSTOMERS}, {BANKS}) AS i",
        [bank.tenant.pk],
    )


def _copies(model: type[Model]) -> str:
    table = model._meta.db_table
    columns = [str(field.column) for field in model._meta.concrete_fields]
    # Quoted: a column may be called as a word of SQL's own.
    values = {name: f'"{name}"' for name in columns} | {"id": id_of(model)} | VARIED[model]
    values["tenant_id"] = f"CASE WHEN i %% {BANKS} = 0 THEN tenant_id ELSE 1000 + i %% {BANKS} END"
    said = ", ".join(value if name == "tenant_id" else value.replace("%", "%%") for name, value in values.items())
    return (
        f"INSERT INTO {table} ({', '.join(f'"{name}"' for name in values)}) SELECT {said}"
        f" FROM (SELECT * FROM {table} WHERE tenant_id = %(bank)s LIMIT 1) AS model, generate_series(1, %(rows)s) AS i"
    )
