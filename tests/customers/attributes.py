"""Own attributes for tests: a rank that stands plain, and whatever else a test wants."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import Actor
from customers.codes import Label
from customers.facts.models import OwnAttribute
from customers.facts.own import Definition
from customers.facts.services import define_attribute
from tenants.models import User

CHOICES = (("gold", "ゴールド", "Gold"), ("silver", "シルバー", "Silver"), ("basic", "一般", "Basic"))


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
