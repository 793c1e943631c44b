"""Stays that have ended, as the inbox that officers work from: each once, closed by a person or by a new period."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from audit.services import Actor
from customers.models import Customer
from customers.services import apply_facts
from customers.stays.models import EndedStay
from customers.stays.selectors import open_stays
from customers.stays.services import DecisionRefused, deal_with, note_stays
from customers.tasks import note_stays_that_ended
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_context
from tests.campaigns.acting import enter
from tests.conftest import SYSTEM, MakeUser, SignIn, english
from tests.customers.test_staying import LAST, OVER, STILL, abroad


def note(now: Any = OVER) -> int:
    return note_stays(actor=SYSTEM, now=now)


@transaction.atomic
def waiting() -> list[str]:
    return list(open_stays().order_by("customer__number").values_list("customer__number", flat=True))


@transaction.atomic
def the_stay() -> EndedStay:
    found: EndedStay = EndedStay.objects.select_related("customer").get()
    return found


def renew(customer: Customer, day: str) -> None:
    with transaction.atomic():
        apply_facts(customer=customer, changes={"residence_expires_on": day}, source="STAFF", actor=SYSTEM, now=OVER)


def test_it_stands_there_once_from_the_day_after_in_japan(in_tenant: Tenant) -> None:
    """A8: nationals, permanent residents, who applied in time and whose contract ended are not there."""
    ended = abroad(1)
    abroad(2, residence_applied_on=date(2026, 11, 1))
    abroad(3, nationality="JP")
    abroad(4, residence_status="permanent")
    closed = abroad(5)
    enter(6)
    with transaction.atomic():
        Customer.objects.filter(pk=closed.pk).update(status="CLOSED", closed_on=LAST)
    assert (note(STILL), waiting()) == (0, [])
    assert (note(), waiting()) == (1, [ended.number])
    assert (note(OVER + timedelta(days=30)), waiting()) == (0, [ended.number]), "once"


def test_it_is_there_also_when_the_customer_waits_to_be_rated(in_tenant: Tenant) -> None:
    """Whoever is rated anyway is not told as rated anew, but their stay is over all the same."""
    customer = abroad(1)
    with transaction.atomic():
        Customer.objects.update(is_rating_due=True)
    note_stays_that_ended.apply().get()
    assert waiting() == [customer.number]


def test_a_new_period_settles_it_and_its_end_is_another_one(in_tenant: Tenant) -> None:
    customer = abroad(1)
    note()
    renew(customer, "2027-11-20")
    assert waiting() == [], "at once for whoever looks"
    note()
    assert the_stay().status == "SETTLED"
    assert note(OVER + timedelta(days=366)) == 1
    with transaction.atomic():
        assert sorted(EndedStay.objects.values_list("status", flat=True)) == ["OPEN", "SETTLED"]


def test_an_officer_closes_it_with_what_was_done(in_tenant: Tenant, officer: User) -> None:
    abroad(1)
    note()
    actor = Actor.user(officer.pk)
    for text in ("", "  "):
        with pytest.raises(DecisionRefused):
            deal_with(ended_stay=the_stay(), note=text, actor=actor, now=OVER)
    deal_with(ended_stay=the_stay(), note="新しい在留カードを依頼", actor=actor, now=OVER)
    done = the_stay()
    assert (done.status, done.decided_by, done.note) == ("DEALT_WITH", officer.pk, "新しい在留カードを依頼")
    with pytest.raises(DecisionRefused):
        deal_with(ended_stay=done, note="もう一度", actor=actor, now=OVER)
    assert (note(), waiting()) == (0, []), "it does not come back"
    with pytest.raises(IntegrityError, match="dealt_with_by_somebody"), transaction.atomic():
        EndedStay.objects.update(decided_by=None)


def test_each_institution_and_each_branch_sees_its_own(
    tenant: Tenant, other_tenant: Tenant, make_user: MakeUser, staff_client: SignIn
) -> None:
    """T6, A3."""
    theirs = make_user(other_tenant, Role.OFFICER, "their-officer")
    for place in (tenant, other_tenant):
        with tenant_context(place.pk):
            abroad(1, branch_code="001")
            note()
    with tenant_context(tenant.pk):
        mine = the_stay().pk
    client = staff_client(theirs)
    assert client.get(reverse("ended-stay", args=[mine])).status_code == 404
    assert client.post(reverse("ended-stay-decide", args=[mine]), {"note": "x"}).status_code == 404


def test_the_pages_and_the_home_page_show_it_until_it_is_dealt_with(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    customer = abroad(1)
    note()
    client, address = staff_client(english(officer)), reverse("ended-stay", args=[the_stay().pk])
    home = client.get(reverse("home")).content.decode()
    assert "Ended stays to deal with" in home
    listed = client.get(reverse("ended-stays")).content.decode()
    assert customer.number in listed
    assert "Nov. 20, 2026" in listed
    shown = client.get(address).content.decode()
    assert "What the file says now" in shown
    decide = reverse("ended-stay-decide", args=[the_stay().pk])
    assert client.post(decide, {"note": ""}).status_code == 422
    assert client.post(decide, {"note": "Asked for the new card."}).status_code == 302
    assert "Asked for the new card." in client.get(address).content.decode()
    assert customer.number not in client.get(reverse("ended-stays")).content.decode()
    assert customer.number in client.get(reverse("ended-stays") + "?status=all").content.decode()
    assert "Ended stays to deal with" not in client.get(reverse("home")).content.decode()
