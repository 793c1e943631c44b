"""The pages of retention, as each role meets them."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Customer
from retention.executing import execute_approved
from retention.models import DestructionRecord, LegalHold, PurgeProposal, RetentionClass
from tenants.models import Role, Tenant, User
from tests.conftest import SYSTEM, MakeUser, SignIn
from tests.retention.test_purging import customer


@pytest.fixture
def administrator(tenant: Tenant, make_user: MakeUser) -> User:
    """Changes settings."""
    return make_user(tenant, Role.ADMINISTRATOR, "administrator")


def english(user: User) -> User:
    user.language = "en"
    user.save()
    return user


def text_of(client: Client, name: str, *args: object) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def test_empty_pages_say_what_to_do(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client = staff_client(english(officer))
    assert "Nothing is waiting to be destroyed" in text_of(client, "retention")
    assert "Nobody is held" in text_of(client, "retention-holds")
    assert client.post(reverse("retention-find")).status_code == 302
    assert "Nothing is due." in text_of(client, "retention")


def test_a_purge_goes_through_the_pages_of_two_people(
    in_tenant: Tenant, officer: User, approver: User, auditor: User, staff_client: SignIn
) -> None:
    """A9, P5: found, proposed, approved, executed, and the record filed."""
    customer("0048213907")
    maker, checker = staff_client(english(officer)), staff_client(english(approver))
    address = maker.post(reverse("retention-find")).headers["Location"]
    page = maker.get(address).content.decode()
    assert "0048213907" in page
    assert "Propose it for approval" in page
    with transaction.atomic():
        purge = PurgeProposal.objects.get()
    assert checker.post(reverse("retention-purge-propose", args=[purge.pk])).status_code == 403
    assert maker.post(reverse("retention-purge-propose", args=[purge.pk])).status_code == 302
    assert maker.post(reverse("retention-purge-approve", args=[purge.pk])).status_code == 403
    stale = checker.post(reverse("retention-purge-approve", args=[purge.pk]), {"seen_hash": "0" * 64})
    if stale.status_code == 302:  # asks who it is again, before anything dangerous
        assert "reauthenticate" in stale.headers["Location"]
        sign_in_again(checker)
        stale = checker.post(reverse("retention-purge-approve", args=[purge.pk]), {"seen_hash": "0" * 64})
    assert stale.status_code == 422
    assert "The list has changed since you opened it." in stale.content.decode()
    done = checker.post(reverse("retention-purge-approve", args=[purge.pk]), {"seen_hash": purge.list_hash})
    assert done.status_code == 302
    execute_approved(actor=SYSTEM, now=timezone.now())
    with transaction.atomic():
        assert not Customer.objects.exists()
        record = DestructionRecord.objects.get()
    reader = staff_client(english(auditor))
    assert "Executed" in text_of(reader, "retention-purge", purge.pk)
    document = reader.get(reverse("retention-record", args=[record.pk]))
    assert "attachment" in document.headers["Content-Disposition"]
    said = document.content.decode()
    for words in ("officer", "approver", "7 years", "Destroyed: 1", record.destroyed_hash, purge.list_hash):
        assert words in said
    assert "0048213907" not in said


def sign_in_again(client: Client) -> None:
    """As if the person had just proven who they are."""
    session = client.session
    session["signed_in_at"] = timezone.now().timestamp()
    session.save()


def test_a_rejection_needs_a_reason(in_tenant: Tenant, officer: User, approver: User, staff_client: SignIn) -> None:
    customer()
    maker, checker = staff_client(officer), staff_client(english(approver))
    maker.post(reverse("retention-find"))
    with transaction.atomic():
        purge = PurgeProposal.objects.get()
    maker.post(reverse("retention-purge-propose", args=[purge.pk]))
    address = reverse("retention-purge-reject", args=[purge.pk])
    assert checker.post(address, {"reason": ""}).status_code == 422
    assert checker.post(address, {"reason": "調査中"}).status_code == 302
    assert "調査中" in text_of(checker, "retention-purge", purge.pk)


def test_holds_are_placed_and_released_by_number(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    customer("A-1")
    client = staff_client(english(officer))
    given = {"number": "ａ-1", "reason": "LITIGATION", "matter": "民-12"}
    wrong = client.post(reverse("retention-hold-place"), {**given, "number": "A-2"})
    assert wrong.status_code == 422
    assert "There is no customer with this number." in wrong.content.decode()
    assert client.post(reverse("retention-hold-place"), given).status_code == 302
    page = text_of(client, "retention-holds")
    assert "A-1" in page
    assert "民-12" in page
    assert client.post(reverse("retention-find")).headers["Location"] == reverse("retention")
    with transaction.atomic():
        hold = LegalHold.objects.get()
    client.post(reverse("retention-hold-release", args=[hold.pk]))
    assert "Released" in text_of(client, "retention-holds")


def test_lengths_are_changed_within_limits(
    in_tenant: Tenant, administrator: User, officer: User, staff_client: SignIn
) -> None:
    client, address = staff_client(english(administrator)), reverse("retention-length", args=["confirmation"])
    assert staff_client(officer).post(address, {"length": 8}).status_code == 403
    refused = client.post(address, {"length": 6})
    assert refused.status_code == 422
    assert "Enter a number from 7 to 30." in refused.content.decode()
    assert client.post(address, {"length": 10}).status_code == 302
    assert "10 years" in text_of(client, "retention")
    assert client.post(reverse("retention-length", args=["nothing"]), {"length": 8}).status_code == 404
    with transaction.atomic():
        assert RetentionClass.objects.get().length == 10


def test_the_end_of_a_contract_is_noted_and_taken_back(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    mine = customer(closed_on=None)
    client, address = staff_client(english(officer)), reverse("customer-end", args=[mine.pk])
    future = client.post(address, {"closed_on": "2999-01-01"})
    assert future.status_code == 422
    assert "Enter a day that is not in the future." in future.content.decode()
    for entered, noted in (("2019-03-31", date(2019, 3, 31)), ("2019-04-30", date(2019, 4, 30)), ("", None)):
        assert client.post(address, {"closed_on": entered}).status_code == 302
        with transaction.atomic():
            mine.refresh_from_db()
        assert mine.closed_on == noted
