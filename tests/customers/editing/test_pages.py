"""Editing a customer by hand: shown first, read as files are, looked at before it is written, never over another."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from customers.editing.drafts import Draft, open_draft, seal_draft
from customers.editing.reasons import EditReason
from customers.models import AttributeChange, ContactPoint, Customer
from customers.selectors import facts_of
from customers.services import apply_facts
from tenants.models import Branch, Role, Tenant, User
from tenants.permissions import ROLE_PERMISSIONS, Permission
from tenants.shredding import shred_persons
from tests.campaigns.acting import enter
from tests.conftest import NOW, SYSTEM, MakeUser, SignIn
from tests.reporting.test_views import english

WHY = {"reason": EditReason.ASKED.value}


@pytest.fixture
def customer(in_tenant: Tenant) -> Customer:
    return enter(1, branch_code="001")


@pytest.fixture
def client(officer: User, staff_client: SignIn, customer: Customer) -> Client:
    """An officer to whom the customer's data are shown."""
    return shown_to(staff_client(english(officer)), customer)


def shown_to(client: Client, customer: Customer) -> Client:
    client.post(reverse("customer-reveal", args=[customer.pk]), {"reason": "INQUIRY", "page": "edit"})
    return client


def address(customer: Customer) -> str:
    return reverse("customer-edit", args=[customer.pk])


def fields_of(page: Any) -> dict[str, str]:
    """What the form on the page would send as it stands."""
    form = page.context["form"]
    return {
        "draft": page.context["draft"],
        **{field.name: str(field.value() or "") for field in form if field.name not in ("reason", "matter")},
    }


def send(client: Client, customer: Customer, **changes: str) -> Any:
    return client.post(address(customer), {**fields_of(client.get(address(customer))), **WHY, **changes})


def confirm(client: Client, customer: Customer, page: Any, **more: str) -> Any:
    return client.post(address(customer), {"draft": page.context["draft"], **more})


@transaction.atomic
def facts(customer: Customer) -> dict[str, Any]:
    return facts_of(Customer.objects.get(pk=customer.pk))


@transaction.atomic
def history(customer: Customer) -> list[tuple[str, object, object, str, str]]:
    rows = AttributeChange.objects.filter(customer=customer).order_by("attribute")
    return [(row.attribute, row.before, row.after, row.source, row.reason) for row in rows]


@transaction.atomic
def change(customer: Customer, by: User, **facts: object) -> None:
    source, actor = AttributeChange.Source.STAFF, Actor.user(by.pk)
    apply_facts(customer=customer, changes=facts, source=source, actor=actor, now=timezone.now())


def test_only_officers_may_and_only_while_the_data_are_shown(
    customer: Customer, officer: User, approver: User, staff_client: SignIn
) -> None:
    assert [role for role, held in ROLE_PERMISSIONS.items() if Permission.EDIT_CUSTOMER in held] == ["OFFICER"]
    assert staff_client(approver).get(address(customer)).status_code == 403
    assert address(customer) not in staff_client(approver).get(reverse("customer", args=[customer.pk])).content.decode()
    closed = staff_client(officer).get(address(customer))
    assert "draft" not in closed.context
    assert "taro@mail.example.jp" not in closed.content.decode()
    page = shown_to(staff_client(officer), customer).get(address(customer)).content.decode()
    assert "taro@mail.example.jp" in page
    assert "090-1234-5678" in page


def test_what_is_not_sensitive_is_saved_at_once_with_its_reason(client: Client, customer: Customer) -> None:
    answer = send(client, customer, occupation="retired", matter="R8-17")
    assert answer.status_code == 302
    assert facts(customer)["occupation"] == "retired"
    assert history(customer) == [("occupation", "employee", "retired", "STAFF", "ASKED")]
    with transaction.atomic():
        event = AuditEvent.objects.get(event="customer.changed")
        assert Customer.objects.get(pk=customer.pk).is_rating_due
    assert event.data == {"facts": ["occupation"], "source": "STAFF", "reason": "ASKED", "matter": "R8-17"}
    timeline = client.get(reverse("customer-timeline", args=[customer.pk])).content.decode()
    assert "Reason: The customer told us" in timeline
    assert "Number of the matter: R8-17" in timeline


def test_what_is_sensitive_is_shown_before_and_after_and_written_when_confirmed(
    client: Client, customer: Customer
) -> None:
    check = send(client, customer, email="neu@mail.example.jp", phone="080-1111-2222", occupation="retired")
    assert check.status_code == 200
    page = check.content.decode()
    assert "<del>taro@mail.example.jp</del>" in page
    assert "<ins>neu@mail.example.jp</ins>" in page
    assert "<ins>080-1111-2222</ins>" in page
    assert "Date of birth" not in page
    assert history(customer) == []

    back = confirm(client, customer, check, back="1")
    assert fields_of(back)["email"] == "neu@mail.example.jp"
    check = client.post(address(customer), {**fields_of(back), **WHY})
    assert confirm(client, customer, check).status_code == 302
    found = facts(customer)
    assert (found["email"], found["phone"], found["occupation"]) == ("neu@mail.example.jp", "+818011112222", "retired")
    assert [key for key, *_ in history(customer)] == ["email", "occupation", "phone"]
    with transaction.atomic():
        points = ContactPoint.objects.filter(customer=customer, channel="EMAIL").order_by("created_at")
        assert [(point.value, point.is_current) for point in points] == [
            ("taro@mail.example.jp", False),
            ("neu@mail.example.jp", True),
        ]


def test_the_same_confirmation_twice_changes_once_and_blames_nobody(client: Client, customer: Customer) -> None:
    check = send(client, customer, email="neu@mail.example.jp")
    assert confirm(client, customer, check).status_code == 302
    assert confirm(client, customer, check).status_code == 302
    assert len(history(customer)) == 1


def test_of_two_officers_at_once_the_second_is_told_and_loses_nothing(
    client: Client, customer: Customer, in_tenant: Tenant, staff_client: SignIn, make_user: MakeUser
) -> None:
    second = shown_to(staff_client(english(make_user(in_tenant, Role.OFFICER, "second"))), customer)
    theirs = fields_of(second.get(address(customer)))
    assert send(client, customer, occupation="student").status_code == 302

    told = second.post(address(customer), {**theirs, **WHY, "purpose": "loan"})
    assert told.status_code == 409
    page = told.content.decode()
    assert "Somebody else changed this customer meanwhile." in page
    assert re.search(r"<b>Occupation</b>: Student .*officer, ", page)
    found = facts(customer)
    assert (found["occupation"], found["purpose"]) == ("student", "living")

    again = fields_of(told)
    assert (again["occupation"], again["purpose"]) == ("student", "loan")
    assert second.post(address(customer), {**again, **WHY}).status_code == 302
    found = facts(customer)
    assert (found["occupation"], found["purpose"]) == ("student", "loan")


def test_somebody_who_is_quicker_than_a_confirmation_is_told_too(
    client: Client, customer: Customer, approver: User
) -> None:
    check = send(client, customer, email="neu@mail.example.jp")
    change(customer, approver, email="andere@mail.example.jp")
    told = confirm(client, customer, check)
    assert told.status_code == 409
    assert "andere@mail.example.jp" in told.content.decode()
    assert fields_of(told)["email"] == "neu@mail.example.jp"
    assert facts(customer)["email"] == "andere@mail.example.jp"


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "", "A value is required."),
        ("name", "髙橋\x07", "control character U+0007"),
        ("name", "髙\ue000橋", "private character (外字) U+E000"),
        ("kana", "taro山", "Kana and Latin letters only."),
        ("birth_on", "2026-02-30", "There is no such day in the calendar."),
        ("birth_on", "2999-01-01", "The date lies in the future."),
        ("birth_on", "", "A value is required."),
        ("phone", "12", "Not a valid telephone number."),
        ("email", "taro@", "Not a valid e-mail address."),
        ("postal_code", "0000000", "Japan Post does not have this postal code."),
        ("address", "", "A value is required."),
        ("occupation", "astronaut", "Select a valid choice."),
        ("account_number", "12", "An account number has 4 to 20 digits."),
        ("reason", "", "Choose the reason."),
        ("matter", "髙橋様", "Use digits, letters and hyphens"),
    ],
)
def test_what_no_file_may_say_nobody_may_type(
    client: Client, customer: Customer, field: str, typed: str, sentence: str
) -> None:
    answer = send(client, customer, **{"purpose": "loan", field: typed})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert history(customer) == []


def test_what_was_wrong_before_does_not_stand_in_the_way_of_something_else(client: Client, customer: Customer) -> None:
    with transaction.atomic():
        old = Customer.objects.get(pk=customer.pk)
        old.profile = {**old.profile, "birth_on": None, "account_number": "12"}
        old.save(update_fields=["profile"])
    assert send(client, customer, occupation="retired").status_code == 302
    assert facts(customer)["occupation"] == "retired"


def test_nothing_changed_is_said_and_not_written(client: Client, customer: Customer) -> None:
    answer = send(client, customer)
    assert answer.status_code == 422
    assert "Nothing was changed." in answer.content.decode()


def test_branch_and_language_are_edited_and_remembered_too(client: Client, customer: Customer) -> None:
    with transaction.atomic():
        Branch.objects.get_or_create(code="002", defaults={"name": "新宿支店"})
    assert send(client, customer, branch_code="002", language="en").status_code == 302
    with transaction.atomic():
        found = Customer.objects.get(pk=customer.pk)
    assert (found.branch_code, found.language) == ("002", "en")
    assert history(customer) == [
        ("branch_code", "001", "002", "STAFF", "ASKED"),
        ("language", "ja", "en", "STAFF", "ASKED"),
    ]


def test_a_page_of_another_person_customer_or_hour_saves_nothing(
    client: Client, customer: Customer, officer: User, in_tenant: Tenant
) -> None:
    other = enter(2)
    with transaction.atomic():
        token = seal_draft(Draft(NOW, {"purpose": "living"}), customer_id=customer.pk, user_id=officer.pk)
        mine: dict[str, Any] = {"customer_id": customer.pk, "user_id": officer.pk, "now": NOW + timedelta(minutes=59)}
        assert open_draft(token, **mine) == Draft(NOW, {"purpose": "living"})
        assert open_draft(token, **{**mine, "now": NOW + timedelta(hours=1)}) is None
        assert open_draft(token, **{**mine, "user_id": officer.pk + 1}) is None
        assert open_draft(token, **{**mine, "customer_id": other.pk}) is None
        assert open_draft(token[:-8] + "AAAAAAAA", **mine) is None
        assert open_draft("？", **mine) is None
        old = Draft(timezone.now() - timedelta(hours=2), {"purpose": "living"})
        token = seal_draft(old, customer_id=customer.pk, user_id=officer.pk)
    stale = {**fields_of(client.get(address(customer))), **WHY, "occupation": "retired", "draft": token}
    answer = client.post(address(customer), stale, follow=True)
    assert "nothing was saved" in answer.content.decode()
    assert history(customer) == []


def test_whoever_was_destroyed_is_not_edited(client: Client, customer: Customer) -> None:
    shred_persons([customer.pk], actor=SYSTEM, now=NOW)
    answer = client.get(address(customer), follow=True)
    assert "cannot be edited any more" in answer.content.decode()


def test_a_postal_code_of_another_place_is_a_hint_and_no_obstacle(client: Client, customer: Customer) -> None:
    hinted = send(client, customer, postal_code="160-0022")
    assert hinted.status_code == 200
    assert hinted.context["doubt"], "on the page that shows before and after"
    assert confirm(client, customer, hinted).status_code == 302
    assert facts(customer)["postal_code"] == "1600022"
    assert client.get(address(customer)).context["doubt"], "and on the form from then on"
    sound = send(client, customer, address="東京都新宿区新宿1丁目2-3")
    assert sound.context["doubt"] == "", "control"
