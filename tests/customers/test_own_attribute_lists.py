"""Own attributes whose choices are a list of the institution, which they follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils.translation import override

from audit.services import Actor
from customers.codes import Label
from customers.facts.models import OwnAttribute
from customers.facts.own import key_of
from customers.facts.selectors import own_facts
from customers.facts.services import (
    AttributeRefused,
    change_attribute,
    define_attribute,
)
from customers.lists.content import Entry
from customers.lists.selectors import content_of_version
from customers.lists.uses import uses_of
from tenants.models import Tenant, User
from tests.conftest import SignIn
from tests.customers.attributes import (
    CHOICES,
    FORM,
    customer,
    definition,
    take,
    with_column,
)
from tests.customers.books import book, person
from tests.customers.lists.publishing import entry, of, publish

AREAS = Label("取引地域", "Trade areas")
AREA = key_of("trade_area")


def area(**said: Any) -> Any:
    given = {"code": "trade_area", "choices": (), "list_key": "areas", "titles": ("取引地域",), **said}
    return definition(**given)


def publish_areas(first: User, second: User, now: datetime, *entries: Entry) -> None:
    with transaction.atomic():
        is_new = content_of_version("areas", 1) is None
        publish("areas", of(AREAS, entries), first, second, now, name=AREAS if is_new else None)


def test_an_attribute_has_the_choices_of_a_list_and_follows_it(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    east, west = entry("east", "東日本", en="East"), entry("west", "西日本", en="West")
    publish_areas(administrator, approver, now, east, west)
    with transaction.atomic():
        made = define_attribute(definition=area(), actor=Actor.user(administrator.pk), now=now)
    assert take(with_column(book(person()), "取引地域", "西日本"), now).rows_created == 1
    assert customer().attributes == {AREA: "west"}
    assert take(with_column(book(person()), "取引地域", "海外"), now).rows_rejected == 1
    publish_areas(administrator, approver, now, east, replace(west, is_offered=False), entry("abroad", "海外"))
    tried = take(with_column(book(person(), person(customer_number="2")), "取引地域", "西日本", "海外"), now)
    assert tried.rows_rejected == 0
    assert tried.warnings[f"{AREA}.retired_choice"] == 1
    assert customer("2").attributes == {AREA: "abroad"}
    with transaction.atomic():
        codes = own_facts()[AREA].codes or {}
        assert [code for code, label in codes.items() if label.is_offered] == ["east", "abroad"]
        with override("en"):
            assert [use.words for use in uses_of("areas")] == ["Own attribute “会員ランク”"]
    by: dict[str, Any] = {"attribute": made, "actor": Actor.user(administrator.pk), "now": now}
    own = (("east", "東日本", "East"), ("abroad", "海外", "Abroad"))
    with pytest.raises(AttributeRefused) as refused, transaction.atomic():
        change_attribute(definition=area(list_key="", choices=own), **by)
    assert [(one.code, one.what) for one in refused.value.problems] == [("choice_in_use", "west")]
    with transaction.atomic():
        change_attribute(definition=area(list_key="", choices=(*own, ("west", "西日本", "West"))), **by)
        assert list(own_facts()[AREA].codes or ()) == ["east", "abroad", "west"]
        change_attribute(definition=area(), **by)
        assert own_facts()[AREA].codes == codes, "and back, as nothing is lost by it"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"list_key": "no_such"}, "no_list"),
        ({"choices": CHOICES}, "list_or_choices"),
        ({"type": "day"}, "no_choices"),
    ],
)
def test_a_list_that_is_none_or_not_all_of_the_choices_is_refused(
    said: dict[str, Any], problem: str, in_tenant: Tenant, administrator: User, now: datetime
) -> None:
    with pytest.raises(AttributeRefused) as refused, transaction.atomic():
        define_attribute(
            definition=area(**{"list_key": "purpose", **said}), actor=Actor.user(administrator.pk), now=now
        )
    assert [one.code for one in refused.value.problems] == [problem]


def test_a_list_is_chosen_on_the_page(in_tenant: Tenant, administrator: User, staff_client: SignIn) -> None:
    client = staff_client(administrator)
    said = {**FORM, "choices": "", "list_key": "purpose"}
    assert client.post(reverse("attribute-new"), {**said, "list_key": "smuggled"}).status_code == 422
    assert client.post(reverse("attribute-new"), {**said, "choices": FORM["choices"]}).status_code == 422
    assert client.post(reverse("attribute-new"), said).status_code == 302
    with transaction.atomic():
        made = OwnAttribute.objects.get()
    assert (made.list_key, made.choices) == ("purpose", [])
    page = reverse("attribute", args=[made.pk])
    assert '<option value="purpose" selected>' in client.get(page).content.decode()
    client.post(reverse("attribute-retire", args=[made.pk]))
    assert reverse("list", args=["purpose"]) in client.get(page).content.decode()
