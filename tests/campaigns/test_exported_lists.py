"""Lists of campaigns and of cases go out as files: the customers of the page, with what the list says of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from campaigns.listing import asked_of
from campaigns.models import PeriodicReview
from customers.exporting.models import CustomerExport
from customers.exporting.services import ExportRefused, make_waiting
from reviews.models import Case
from tenants.models import Tenant, User
from tests.campaigns.acting import answer, enter, notified, open_for_business
from tests.conftest import NOW, SYSTEM
from tests.customers.exporting.ordering import lines, made, ordered

type Browse = Callable[[User], Client]
COLUMNS = ("customer_number", "campaign_state", "campaign_channel", "campaign_notified_at", "campaign_answered_at")


def asked(campaign_id: UUID, **more: str) -> dict[str, Any]:
    found = asked_of({"campaign": str(campaign_id), **more})
    assert found is not None
    return {"of": "campaign", "asked": found}


def test_the_list_behind_a_number_goes_out_with_the_states_of_its_customers(
    in_tenant: Tenant, staff_client: Browse, officer: User, approver: User
) -> None:
    open_for_business()
    first, second = enter(1), enter(2)
    enter(3, next_review_on=(NOW + timedelta(days=4_000)).date())
    campaign = notified(officer, approver)
    answer(first, postal_code="2310017", address="神奈川県横浜市中区港町1-1")
    client = staff_client(officer)
    page = client.get(reverse("campaign-customers", args=[campaign.pk]), {"stage": "answered"})
    order = page.context["export"]
    assert order.replace("&", "&amp;") in page.content.decode()
    shown = client.get(order)
    assert [how for _what, how in shown.context["words"]] == [campaign.name, page.context["title"]]
    assert shown.context["count"].customers == 1
    assert 'value="campaign_state"' in shown.content.decode()
    assert 'value="campaign_state"' not in client.get(reverse("export-new")).content.decode(), "of the book has none"
    ticked = {"columns": list(COLUMNS), "purpose": "REVIEW", "matter": "R8-15", "encoding": "utf-8-sig"}
    assert client.post(order, ticked).status_code == 302
    make_waiting(actor=SYSTEM, now=NOW)
    with transaction.atomic():
        export = CustomerExport.objects.get()
        review = PeriodicReview.objects.get(customer=first)
    head, row = lines(export)
    assert (head[0], len(head)) == ("顧客番号", len(COLUMNS))
    assert row[0] == first.number
    assert row[1] == str(review.get_status_display())
    assert all(row[2:]), "channel, notified, answered"
    everybody = made(approver, columns=COLUMNS, **asked(campaign.pk))
    assert {line[0]: bool(line[4]) for line in lines(everybody)[1:]} == {first.number: True, second.number: False}
    assert client.get(reverse("export", args=[export.pk])).status_code == 200


def test_a_list_by_channel_and_attempt_and_one_of_nobody(in_tenant: Tenant, officer: User, approver: User) -> None:
    open_for_business()
    one = enter(1)
    campaign = notified(officer, approver)
    with transaction.atomic():
        review = PeriodicReview.objects.get(customer=one)
    tried = asked(campaign.pk, channel=review.channel, status="DELIVERED")
    with pytest.raises(ExportRefused):
        ordered(officer, **asked(campaign.pk, stage="completed"))
    with pytest.raises(ExportRefused):
        ordered(officer, **{**tried, "asked": {"campaign": str(one.pk), "stage": "targeted"}})
    with pytest.raises(ExportRefused):
        ordered(officer, columns=COLUMNS), "columns of a list without the list"
    assert asked_of({"campaign": "x"}) is None
    assert asked_of({"campaign": str(campaign.pk), "stage": "x"}) is None


def test_an_unknown_list_is_not_found(in_tenant: Tenant, staff_client: Browse, officer: User, approver: User) -> None:
    open_for_business()
    enter(1)
    campaign = notified(officer, approver)
    client = staff_client(officer)
    own = reverse("export-new") + f"?list=campaign&stage=targeted&campaign={campaign.pk}"
    assert client.get(own).context["count"].customers == 1, "control"
    for query in ("list=nothing", "list=campaign", f"list=campaign&stage=x&campaign={campaign.pk}"):
        assert client.get(reverse("export-new") + "?" + query).status_code == 404


def test_the_cases_of_a_state_go_out_with_what_differs(
    in_tenant: Tenant, staff_client: Browse, officer: User, approver: User
) -> None:
    open_for_business()
    one = enter(1)
    enter(2)
    notified(officer, approver)
    answer(one, postal_code="2310017", address="神奈川県横浜市中区港町1-1")
    with transaction.atomic():
        case = Case.objects.get(customer=one)
    page = staff_client(officer).get(reverse("reviews"), {"status": case.status})
    assert page.context["export"].replace("&", "&amp;") in page.content.decode()
    export = made(
        officer,
        columns=("customer_number", "cases_state", "cases_differences"),
        of="cases",
        asked={"status": str(case.status)},
    )
    ((number, state, differences),) = lines(export)[1:]
    assert (number, state) == (one.number, str(case.get_status_display()))
    assert "住所" in differences
    assert "港町" not in differences, "the names of what differs, not the values"
    with transaction.atomic():
        told = " ".join(AuditEvent.objects.values_list("payload", flat=True).filter(event__startswith="customerexport"))
    assert "港町" not in told
